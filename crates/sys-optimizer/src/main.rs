//! `sys-optimizer`: analyses Kubernetes, cost, database and JVM services and recommends what to change first.

use std::process::ExitCode;

use clap::Parser;

/// Analyses Kubernetes, cost, database and JVM services and recommends what to change first.
///
/// This tool is not built yet.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {}

fn main() -> ExitCode {
    common::cli::not_built_yet::<Args>("sys-optimizer")
}
