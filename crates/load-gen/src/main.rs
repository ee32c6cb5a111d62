//! `load-gen`: simulates astronomers and pipelines that use a service.

use std::process::ExitCode;

use clap::Parser;

/// Simulates astronomers and pipelines that use a service.
///
/// This tool is not built yet.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {}

fn main() -> ExitCode {
    common::cli::not_built_yet::<Args>("load-gen")
}
