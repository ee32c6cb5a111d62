//! Measures how an image-processing and catalogue service performs over HTTP: health, FITS jobs from
//! submission to completion, catalogue queries, a mixed workload; with the errors that HTTP hides.
//!
//! The flow is argv → [`args::Args`] → [`plan::Plan`] → `run` → report → bytes, see
//! `docs/architecture.md`.

mod apis;
pub mod args;
mod bands;
mod calibrate;
mod checks;
mod fits;
pub mod plan;
mod run;
mod serve;
mod subject;
mod trouble;
mod workloads;

use std::ffi::OsString;
use std::process::ExitCode;

use common::cli::{self, Exit};

use crate::args::{Args, Command};
use crate::trouble::Trouble;

/// The whole tool: parses the command line, does what it says, tells the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::init_logging();
    let args: Args = match cli::parse(args) {
        Ok(args) => args,
        Err(exit) => return exit.into(),
    };
    // The main thread drives the main task: a throwaway server ends with the thread that started it.
    let runtime = match db_perf::runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::complain(&format!("failed to start the runtime: {error}"), None);
            return Exit::Target.into();
        }
    };
    let result = runtime.block_on(async {
        match args.command {
            Some(Command::Serve(serve)) => serve::serve(serve).await,
            Some(Command::Apis(apis)) => apis::apis(&apis),
            Some(Command::Fits(fits)) => fits::write(&fits),
            Some(Command::Calibrate(calibrate)) => Box::pin(calibrate::calibrate(calibrate)).await,
            None => Box::pin(run::measure(args.measure)).await,
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result.unwrap_or_else(|trouble| complain(&trouble)).into()
}

fn complain(trouble: &Trouble) -> Exit {
    for message in trouble.messages() {
        cli::complain(&message, None);
    }
    if let Some(hint) = trouble.hint() {
        cli::narrate(&format!("hint: {hint}"));
    }
    trouble.exit()
}
