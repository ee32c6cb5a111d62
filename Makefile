# `make quick` shows what a PostgreSQL + PostGIS does with an astronomical catalogue, on a machine with
# nothing installed yet; `make test` runs everything that CI runs.

export PATH := $(HOME)/.cargo/bin:$(PATH)
TARGET := $(or $(CARGO_TARGET_DIR),target)
CARGO_FLAGS ?= --locked

.DEFAULT_GOAL := help
.PHONY: help quick build test bench clean

help: ## Shows this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

quick: ## Installs what is missing, builds, runs `db-perf --quick` (more flags: ARGS="…")
	@scripts/setup --for quick
	cargo build --release $(CARGO_FLAGS)
	$(TARGET)/release/db-perf --quick $(ARGS)

build: ## Builds the four tools into target/release
	cargo build --release $(CARGO_FLAGS)

test: ## Installs what is missing, checks format, lints, tests and documentation
	@scripts/setup --for test
	cargo fmt --all --check
	cargo clippy --workspace --all-targets $(CARGO_FLAGS) -- -D warnings
	cargo test --workspace --no-fail-fast $(CARGO_FLAGS)
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps $(CARGO_FLAGS)

bench: ## Runs the benchmarks
	@scripts/setup --for quick
	cargo bench --workspace $(CARGO_FLAGS)

clean: ## Removes what was built
	cargo clean
