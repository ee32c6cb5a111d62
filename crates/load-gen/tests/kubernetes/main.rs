//! `load-gen kubernetes` against a real Kubernetes API server with its controllers and scheduler
//! (`scripts/kubernetes`), named by `ASTRO_PERF_KUBECONFIG`; a stand-in plays the kubelet.
//! `make test-kubernetes` starts it and runs this; without one the tests say that they did not run.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![allow(clippy::print_stdout, reason = "a test that did not run must say so")]

mod cluster;
mod left_overs;
mod manifests;
mod processes;
mod rights;
mod runs;
mod trouble;
