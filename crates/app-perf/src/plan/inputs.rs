//! The profile and its variables.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use common::files;
use service::profile::{BUILT_IN, Profile, built_in};

use super::Mistake;

/// Reads a built-in profile or a file.
pub(crate) fn profile(
    name: &str,
    variables: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Arc<Profile>> {
    let text = match built_in(name) {
        Some(text) => text.to_owned(),
        None if Path::new(name).extension().is_none() && !Path::new(name).exists() => {
            let names: Vec<&str> = BUILT_IN.iter().map(|it| it.0).collect();
            let rule = format!("one of {} or a file", names.join(", "));
            mistakes.push(Mistake::of_flag("--api", &rule, &name));
            return None;
        }
        None => match files::read(Path::new(name)) {
            Ok(text) => text,
            Err(error) => {
                mistakes.push(Mistake::new(format!("`--api`: {error}")));
                return None;
            }
        },
    };
    match Profile::parse(&text, name, variables) {
        Ok(profile) => Some(Arc::new(profile)),
        Err(error) => {
            mistakes.push(Mistake::new(error.to_string()));
            None
        }
    }
}
