//! `app-perf`: measures how an image-processing and catalogue service performs over HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    app_perf::main(std::env::args_os())
}
