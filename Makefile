# `make quick` shows what a PostgreSQL + PostGIS and the services in front of it do with an astronomical
# catalogue, on a machine with nothing installed yet; `make test` runs all tests; `make test-dachs` runs
# those against a real IVOA server of somebody else's, which it installs in a folder of its own (root);
# `make test-kubernetes` those against a real Kubernetes API server, which it builds in a folder of its own.

export PATH := $(HOME)/.cargo/bin:$(PATH)
TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO_FLAGS ?= --locked

.DEFAULT_GOAL := help
.PHONY: help quick build test test-dachs test-kubernetes bench clean

help: ## Shows this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

quick: ## Installs what is missing, builds, runs `db-perf --quick` and `app-perf --quick`
	@scripts/setup --for quick
	cargo build --release $(CARGO_FLAGS)
	$(TARGET)/release/db-perf --quick
	$(TARGET)/release/app-perf --quick

build: ## Builds the four tools into target/release
	cargo build --release $(CARGO_FLAGS)

test: ## Installs what is missing, checks format, lints, tests and documentation
	@scripts/setup --for test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(CARGO_FLAGS) -- -D warnings
	cargo test --workspace --no-fail-fast $(CARGO_FLAGS)
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps $(CARGO_FLAGS)

test-dachs: ## Tests against GAVO DaCHS in a Debian of its own (root; 2 GB in the user's cache folder)
	@scripts/setup --for test
	@scripts/dachs install
	url=$$(scripts/dachs start) && trap 'scripts/dachs stop' EXIT && \
	ASTRO_PERF_DACHS_URL=$$url cargo test --workspace --test dachs $(CARGO_FLAGS) -- --test-threads 1

test-kubernetes: ## Tests against a real Kubernetes API server (145 MB in the user's cache folder)
	@scripts/setup --for test
	@scripts/kubernetes install
	kubeconfig=$$(scripts/kubernetes start) && trap 'scripts/kubernetes stop' EXIT && \
	ASTRO_PERF_KUBECONFIG=$$kubeconfig cargo test --workspace --test kubernetes $(CARGO_FLAGS)

bench: ## Runs the benchmarks
	@scripts/setup --for quick
	cargo bench --workspace $(CARGO_FLAGS)

clean: ## Removes what was built
	cargo clean
