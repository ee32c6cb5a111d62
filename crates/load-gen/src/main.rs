//! `load-gen`: simulates astronomers and pipelines that use a service.

use std::process::ExitCode;

fn main() -> ExitCode {
    load_gen::main(std::env::args_os())
}
