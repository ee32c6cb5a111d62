//! A scenario as it was given: its text and every file that it names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::builtin::{BUILT_IN, built_in};
use super::document::{self, Node};
use super::error::{Problems, ScenarioError, ScenarioErrors, suggestion};
use super::model::Source;

/// The largest file that a scenario may name, and all of them together, bytes.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
const LARGEST_SUM: u64 = 128 * 1024 * 1024;

impl Source {
    /// Reads a built-in scenario by its name or a file by its path, with the files that it names, which
    /// stand beside it. `.yaml` and `.yml` are YAML, anything else is TOML. `variables` replace those of
    /// the scenario and of its API.
    ///
    /// # Errors
    /// What cannot be read. A text that is no scenario is read; [`super::Scenario::load`] tells what is
    /// wrong with it.
    pub fn read(name: &str, variables: BTreeMap<String, String>) -> Result<Self, ScenarioErrors> {
        if let Some(text) = built_in(name) {
            return Ok(Self {
                origin: format!("{name} (built in)"),
                is_yaml: false,
                text: text.to_owned(),
                files: BTreeMap::new(),
                variables,
            });
        }
        let path = Path::new(name);
        let text = read_file(path, common::units::size_u64(document::LONGEST_TEXT)).map_err(
            |message| {
                let names: Vec<&str> = BUILT_IN.iter().map(|it| it.0).collect();
                let is_name = path.extension().is_none() && path.components().count() == 1;
                let hint = if is_name {
                    format!(
                        "; no built-in scenario has this name{}",
                        suggestion(name, &names)
                    )
                } else {
                    String::new()
                };
                one(name, format!("{message}{hint}"))
            },
        )?;
        let extension = path.extension().and_then(|it| it.to_str());
        let mut source = Self {
            origin: name.to_owned(),
            is_yaml: extension.is_some_and(|it| {
                it.eq_ignore_ascii_case("yaml") || it.eq_ignore_ascii_case("yml")
            }),
            text,
            files: BTreeMap::new(),
            variables,
        };
        let beside = path.parent().unwrap_or_else(|| Path::new(""));
        source.files = read_named(&source, beside)?;
        Ok(source)
    }

    /// A scenario from a text that needs no files.
    pub fn of_text(origin: &str, is_yaml: bool, text: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            is_yaml,
            text: text.to_owned(),
            files: BTreeMap::new(),
            variables: BTreeMap::new(),
        }
    }
}

/// A mistake with a whole file.
fn one(origin: &str, message: String) -> ScenarioErrors {
    ScenarioErrors(vec![ScenarioError {
        origin: origin.to_owned(),
        line: 1,
        column: 1,
        field: "file".to_owned(),
        message,
    }])
}

/// The files that a scenario names; what is wrong with its text is told when it is loaded.
fn read_named(source: &Source, beside: &Path) -> Result<BTreeMap<PathBuf, String>, ScenarioErrors> {
    let mut ignored = Problems::new(&source.text, &source.origin);
    let Some(root) = document::parse(source.is_yaml, &mut ignored) else {
        return Ok(BTreeMap::new());
    };
    let mut problems = Problems::new(&source.text, &source.origin);
    let mut files = BTreeMap::new();
    let mut left = LARGEST_SUM;
    for (node, name, field) in named(&root) {
        if files.contains_key(Path::new(name)) {
            continue;
        }
        match read_file(&beside.join(name), LARGEST_FILE.min(left)) {
            Ok(text) => {
                left = left.saturating_sub(common::units::size_u64(text.len()));
                files.insert(PathBuf::from(name), text);
            }
            Err(message) => problems.at(node.span.clone(), &field, message),
        }
    }
    problems.finish().map(|()| files)
}

/// Where files are named: the API, feeders, the replay.
fn named(root: &Node) -> Vec<(&Node, &str, String)> {
    let mut found = Vec::new();
    let api = root.get("api");
    let is_file = |it: &&Node| {
        it.text()
            .is_some_and(|it| service::profile::built_in(it).is_none())
    };
    found.push((api.filter(is_file), "api".to_owned()));
    for feeder in root.get("feeder").and_then(Node::elements).unwrap_or(&[]) {
        let name = feeder.get("name").and_then(Node::text).unwrap_or_default();
        found.push((feeder.get("file"), format!("feeder `{name}`: file")));
    }
    let replay = root.get("replay").and_then(|it| it.get("file"));
    found.push((replay, "replay: file".to_owned()));
    let texts = found.into_iter().filter_map(|(node, field)| {
        let node = node?;
        Some((node, node.text()?, field))
    });
    texts.collect()
}

/// The text of a file that is not larger than a limit.
fn read_file(path: &Path, limit: u64) -> Result<String, String> {
    let shown = path.display();
    let failed = |error: std::io::Error| format!("cannot read `{shown}`: {error}");
    let about = std::fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return Err(format!("cannot read `{shown}`: it is a folder"));
    }
    if about.len() > limit {
        return Err(format!(
            "`{shown}` has {} bytes, at most {limit} are read",
            about.len()
        ));
    }
    std::fs::read_to_string(path).map_err(failed)
}
