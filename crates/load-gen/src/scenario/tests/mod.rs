//! Tests of whole scenario files.

mod builtin;
mod described;
mod files;
mod fuzz;
mod mistakes;
mod yaml;

use std::collections::BTreeMap;

use super::{Scenario, ScenarioErrors, Source};

/// A scenario of a TOML text.
fn load(text: &str) -> Result<Scenario, ScenarioErrors> {
    Scenario::load(&Source::of_text("mine.toml", false, text))
}

/// A built-in scenario.
fn built_in(name: &str) -> Scenario {
    let source = Source::read(name, BTreeMap::new()).unwrap();
    Scenario::load(&source).unwrap_or_else(|errors| panic!("{errors}"))
}
