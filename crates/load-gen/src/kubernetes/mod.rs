//! Load from many machines: `load-gen kubernetes run` makes a master and workers as one Job of a cluster,
//! follows it, fetches its results and removes it.
//!
//! ```text
//! argv ─→ Plan ─→ Objects ─create→ cluster ─watch, log→ Board, Unpacker ─→ files, exit status
//! ```

pub mod args;
mod board;
mod carried;
mod clean;
mod cluster;
mod egress;
mod follow;
mod hand_over;
mod log;
mod manifests;
mod parcel;
mod plan;
mod pod;
mod pod_env;
mod quantity;
mod rights;
mod run;
mod state;
mod trouble;
mod watch;

use common::cli::{self, Exit};

use args::Command;
pub(crate) use trouble::Trouble;

/// Does what the command says.
pub(crate) async fn main(command: Command) -> Result<Exit, Trouble> {
    match command {
        Command::Run(run) => run::run(*run).await,
        Command::Pod(pod) => pod::pod(pod).await,
        Command::Clean(clean) => clean::clean(clean).await,
        Command::Rbac(rbac) => {
            cli::print(&rights::printed(&rbac)?).map_err(Trouble::Output)?;
            Ok(Exit::Success)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::args::{Command, Run};

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }

    /// The flags of a run, with an image and a service.
    pub(super) fn run_of(flags: &[&str]) -> Run {
        let mut line = vec!["kubernetes", "run", "--image", "load-gen:1"];
        line.extend(flags);
        line.extend(["--", "--host", "http://archive:8080"]);
        match Line::try_parse_from(line) {
            Ok(Line {
                command: Command::Run(run),
            }) => *run,
            other => panic!("not a run: {other:?}"),
        }
    }
}
