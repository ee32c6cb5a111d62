//! Measures how an astronomical catalogue performs on PostgreSQL + PostGIS: cone searches checked
//! against an oracle, index strategies, bulk inserts, complex queries, concurrent load.
//!
//! The flow is argv → [`args::Args`] → [`plan::Plan`] → [`run`] → report → bytes, see
//! `docs/architecture.md`.

pub mod args;
pub mod bands;
pub mod catalog;
mod checks;
mod clean;
pub mod cone;
pub mod failure;
mod oracle_pass;
pub mod parameters;
pub mod plan;
pub mod plans;
pub mod run;
mod serve;
pub mod server;
mod subject;
pub mod target;
mod trouble;
mod user_table;
pub mod workloads;

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
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            cli::complain(&format!("failed to start the runtime: {error}"), None);
            return Exit::Target.into();
        }
    };
    let result = runtime.block_on(async {
        match args.command {
            Some(Command::Server(server)) => serve::serve(server).await,
            Some(Command::Clean(clean)) => clean::clean(clean).await,
            None => run::measure(args.measure).await,
        }
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result.unwrap_or_else(|trouble| complain(&trouble)).into()
}

/// A runtime that leaves most of the machine to a server on it. One thread asks more than 100,000
/// queries a second; more threads wake each other and ask fewer (measured on two cores: 87,000 with
/// two threads, 110,000 with one).
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads((cores / 2).clamp(1, 4))
        .enable_all()
        .build()
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
