//! `load-gen scenario list`, `show` and `check`.

use std::fmt::Write as _;
use std::io;

use common::cli::{self, Exit, Mistake};
use service::profile::given_variables;

use super::args::Check;
use super::builtin::{BUILT_IN, built_in};
use super::check::describe;
use super::error::suggestion;
use super::model::{Scenario, Source};

/// Lists the built-in scenarios.
pub(crate) fn list() -> io::Result<Exit> {
    let mut lines = String::new();
    for (name, text) in BUILT_IN {
        if let Ok(scenario) = Scenario::load(&Source::of_text(name, false, text)) {
            // Writing to a text does not fail.
            let _ = writeln!(lines, "{name:<20} {}", scenario.description);
        }
    }
    cli::print(&lines)?;
    Ok(Exit::Success)
}

/// Prints a built-in scenario.
pub(crate) fn show(name: &str) -> io::Result<Exit> {
    let Some(text) = built_in(name) else {
        let names: Vec<&str> = BUILT_IN.iter().map(|it| it.0).collect();
        let hint = suggestion(name, &names);
        cli::complain(
            &format!("there is no built-in scenario `{name}`{hint}"),
            Some("`load-gen scenario list` tells what there is"),
        );
        return Ok(Exit::Usage);
    };
    cli::print(text)?;
    Ok(Exit::Success)
}

/// Says what is wrong with a scenario, or what would run.
pub(crate) fn check(flags: &Check) -> io::Result<Exit> {
    let mut mistakes: Vec<Mistake> = Vec::new();
    let variables = given_variables(&flags.set, &mut mistakes);
    for mistake in &mistakes {
        cli::complain(&mistake.to_string(), None);
    }
    if !mistakes.is_empty() {
        return Ok(Exit::Usage);
    }
    let loaded = Source::read(&flags.file, variables).and_then(|it| Scenario::load(&it));
    match loaded {
        Ok(scenario) => {
            cli::print(&describe(&scenario))?;
            Ok(Exit::Success)
        }
        Err(errors) => {
            for error in &errors.0 {
                cli::complain(&error.to_string(), None);
            }
            Ok(Exit::Usage)
        }
    }
}
