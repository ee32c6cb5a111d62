//! Variables: those of a file, and those of a command line.

use std::collections::BTreeMap;

use common::cli::Mistake;

use super::Profile;

/// Reads the `NAME=VALUE` pairs of `--set`.
pub fn given_variables(given: &[String], mistakes: &mut Vec<Mistake>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for pair in given {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                variables.insert(name.to_owned(), value.to_owned());
            }
            _ => mistakes.push(Mistake::of_flag("--set", "NAME=VALUE", pair)),
        }
    }
    variables
}

impl Profile {
    /// The variables of a profile as they stand in its text; none where it is no profile.
    pub fn variables_of(text: &str) -> BTreeMap<String, String> {
        let table: toml::Table = text.parse().unwrap_or_default();
        let variables = table.get("variables").and_then(toml::Value::as_table);
        let texts = variables.into_iter().flatten();
        texts
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect()
    }
}
