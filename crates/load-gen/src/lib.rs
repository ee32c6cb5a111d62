//! Simulates thousands of astronomers and pipelines that use a service, with load models that do not lie.
//!
//! The flow is argv → [`args::Args`] → plan → the crowd plays a scenario → [`outputs::Harvest`] → reports, see
//! `docs/architecture.md`.

pub mod args;
pub mod crowd;
pub mod distributed;
pub mod kubernetes;
pub mod limits;
pub mod live;
pub mod outputs;
pub mod plan;
mod run;
pub mod scenario;
mod trouble;
pub mod visitor;
mod words;

// Doubles that unit tests and integration tests share name the crate.
#[cfg(test)]
extern crate self as load_gen;

use std::ffi::OsString;
use std::process::ExitCode;

use common::cli::{self, Exit};

use crate::args::{Args, Command};
use crate::plan::Kind;
use crate::scenario::args::ScenarioCommand;
use crate::scenario::command;
use crate::scenario::import::{self, ImportError, Imported};
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
    let result = runtime.block_on(Box::pin(obey(args)));
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result.unwrap_or_else(|trouble| complain(&trouble)).into()
}

/// Does what another command line says, as part of this one.
pub(crate) async fn run_line(line: impl IntoIterator<Item = OsString>) -> Exit {
    match cli::parse(line) {
        Ok(args) => Box::pin(obey(args))
            .await
            .unwrap_or_else(|trouble| complain(&trouble)),
        Err(exit) => exit,
    }
}

async fn obey(args: Args) -> Result<Exit, Trouble> {
    match args.command {
        None if args.run.distributed.worker => run::work(args.run).await,
        None => Box::pin(run::load(args.run, Kind::Plain)).await,
        Some(Command::Stress(run)) => Box::pin(run::load(*run, Kind::Stress)).await,
        Some(Command::Endurance(run)) => Box::pin(run::load(*run, Kind::Endurance)).await,
        Some(Command::Spike(run)) => Box::pin(run::load(*run, Kind::Spike)).await,
        Some(Command::Breakpoint(run)) => Box::pin(run::load(*run, Kind::Breakpoint)).await,
        Some(Command::Kubernetes(command)) => {
            kubernetes::main(command).await.map_err(Trouble::Kubernetes)
        }
        Some(Command::Scenario(ScenarioCommand::List)) => Ok(command::list()?),
        Some(Command::Scenario(ScenarioCommand::Show { name })) => Ok(command::show(&name)?),
        Some(Command::Scenario(ScenarioCommand::Check(flags))) => Ok(command::check(&flags)?),
        Some(Command::Scenario(ScenarioCommand::FromHar(flags))) => {
            imported(import::from_har(&flags).map(Imported::alone))
        }
        Some(Command::Scenario(ScenarioCommand::FromOpenapi(flags))) => {
            imported(import::from_openapi(&flags).map(Imported::alone))
        }
        Some(Command::Scenario(ScenarioCommand::FromAccessLog(flags))) => {
            imported(import::from_access_log(&flags))
        }
    }
}

/// Prints a scenario that was begun from something else; what stands beside it is written to a file.
fn imported(imported: Result<Imported, ImportError>) -> Result<Exit, Trouble> {
    let Imported { scenario, beside } =
        imported.map_err(|error| Trouble::mistake(error.to_string()))?;
    if let Some((name, content)) = beside {
        let path = std::path::Path::new(&name);
        common::files::write_whole(path, content.as_bytes())?;
        cli::narrate(&format!(
            "the scenario names `{name}`, which is written here"
        ));
    }
    cli::print(&scenario)?;
    Ok(Exit::Success)
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
