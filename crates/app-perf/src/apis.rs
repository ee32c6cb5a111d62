//! `app-perf apis`: the profiles that there are, and how to make one.

use std::collections::BTreeMap;

use common::cli::{self, Exit};
use common::files;
use service::profile::{BUILT_IN, Profile, built_in, from_openapi};

use crate::args::Apis;
use crate::plan;
use crate::trouble::Trouble;
use common::cli::Mistake;

pub(crate) fn apis(args: &Apis) -> Result<Exit, Trouble> {
    if let Some(path) = &args.from_openapi {
        let text = files::read(path)?;
        let profile = from_openapi(&text).map_err(|error| {
            let message = format!("{}: {error}", path.display());
            Trouble::Mistakes(vec![Mistake::new(message)])
        })?;
        cli::print(&profile)?;
        return Ok(Exit::Success);
    }
    match &args.name {
        None => list(),
        Some(name) => match built_in(name) {
            Some(text) => cli::print(text)?,
            None => describe(name)?,
        },
    }
    Ok(Exit::Success)
}

fn list() {
    for (name, text) in BUILT_IN {
        if let Ok(profile) = Profile::parse(text, name, &BTreeMap::new()) {
            // A closed pipe is success.
            let _ = cli::print(&format!(
                "{name}: {}\n{}",
                profile.description,
                operations(&profile)
            ));
        }
    }
}

/// Checks a file and shows what it asks.
fn describe(name: &str) -> Result<(), Trouble> {
    let mut mistakes = Vec::new();
    let profile =
        plan::profile(name, &BTreeMap::new(), &mut mistakes).ok_or(Trouble::Mistakes(mistakes))?;
    cli::print(&format!(
        "{}: {}\n{}",
        profile.name,
        profile.description,
        operations(&profile)
    ))?;
    Ok(())
}

fn operations(profile: &Profile) -> String {
    let row = |it: &service::profile::Operation| {
        let job = if it.job.is_some() { " (job)" } else { "" };
        format!(
            "  {:<20} {:<11} {:>4}  {}{job}\n",
            it.name,
            it.group.as_str(),
            it.weight,
            it.description
        )
    };
    profile.operations.iter().map(row).collect()
}
