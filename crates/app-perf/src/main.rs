//! `app-perf`: measures how an image-processing and catalogue service performs over HTTP.

use std::process::ExitCode;

use clap::Parser;

/// Measures how an image-processing and catalogue service performs over HTTP.
///
/// This tool is not built yet.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {}

fn main() -> ExitCode {
    common::cli::not_built_yet::<Args>("app-perf")
}
