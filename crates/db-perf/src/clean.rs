//! `db-perf clean`: lists and removes what crashed runs left behind.

use common::cli::{self, Exit};
use common::units::mebibytes;

use crate::args::Clean;
use crate::plan;
use crate::target::{
    ConnectSpec, Leftover, LibpqEnv, leftovers, remove, remove_server_leftover, server_leftovers,
};
use crate::trouble::Trouble;

pub(crate) async fn clean(args: Clean) -> Result<Exit, Trouble> {
    let flags = plan::flags(args.connection);
    let spec = ConnectSpec::resolve(&flags, &LibpqEnv::from_process())?;
    let mut exit = clean_servers(args.dry_run).await?;
    match spec {
        Some(spec) => {
            if clean_schemas(&spec, args.dry_run).await? == Exit::Target {
                exit = Exit::Target;
            }
        }
        None => cli::narrate(
            "no connection given: only throwaway servers were looked for (see --host, --url, PGHOST)",
        ),
    }
    Ok(exit)
}

async fn clean_servers(dry_run: bool) -> Result<Exit, Trouble> {
    let mut exit = Exit::Success;
    let found = server_leftovers();
    if found.is_empty() {
        cli::print("throwaway servers: nothing left behind\n")?;
    }
    for leftover in found {
        let what = format!(
            "throwaway server in {} of {} (process {} is gone)",
            leftover.folder.display(),
            leftover.created,
            leftover.run_pid
        );
        if dry_run {
            cli::print(&format!("{what}: left by a crashed run\n"))?;
            continue;
        }
        match remove_server_leftover(&leftover).await {
            Ok(()) => cli::print(&format!("{what}: removed\n"))?,
            Err(error) => {
                cli::complain(&error.to_string(), error.hint().as_deref());
                exit = Exit::Target;
            }
        }
    }
    Ok(exit)
}

async fn clean_schemas(spec: &ConnectSpec, dry_run: bool) -> Result<Exit, Trouble> {
    let mut exit = Exit::Success;
    let found = leftovers(spec).await?;
    if found.is_empty() {
        cli::print(&format!("{}: nothing left behind\n", spec.describe()))?;
    }
    for leftover in found {
        let what = describe(&leftover);
        if leftover.alive {
            cli::print(&format!("{what}: its run is still going on, left alone\n"))?;
        } else if !leftover.mine {
            cli::print(&format!("{what}: belongs to another user, left alone\n"))?;
        } else if dry_run {
            cli::print(&format!("{what}: left by a crashed run\n"))?;
        } else {
            match remove(spec, &leftover).await {
                Ok(()) => cli::print(&format!("{what}: removed\n"))?,
                Err(error) => {
                    cli::complain(&error.to_string(), error.hint().as_deref());
                    exit = Exit::Target;
                }
            }
        }
    }
    Ok(exit)
}

fn describe(leftover: &Leftover) -> String {
    let marker = &leftover.marker;
    format!(
        "schema {} of {} by {} on {} ({:.1} MB)",
        leftover.schema,
        marker.created,
        marker.owner,
        marker.host,
        mebibytes(leftover.size_bytes)
    )
}
