//! What is wrong with a scenario, and where: as much of it at once as can be told.

use std::fmt;
use std::ops::Range;

use service::profile::{ProfileError, place_of};
use thiserror::Error;

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{origin}:{line}:{column}: {field}: {message}")]
pub struct ScenarioError {
    /// The file, or the name of a built-in scenario.
    pub origin: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The field, such as ``persona `researcher`: think``.
    pub field: String,
    /// The rule that is broken, and what was got.
    pub message: String,
}

/// Everything that is wrong; at least one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ScenarioErrors(pub Vec<ScenarioError>);

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl From<ProfileError> for ScenarioError {
    fn from(error: ProfileError) -> Self {
        let ProfileError {
            origin,
            line,
            column,
            field,
            message,
        } = error;
        Self {
            origin,
            line,
            column,
            field,
            message,
        }
    }
}

/// More mistakes than this are not told: the first ones are usually the reason of the others.
const MOST_TOLD: usize = 50;

/// Collects what is wrong with a file.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    text: &'a str,
    origin: &'a str,
    list: Vec<ScenarioError>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(text: &'a str, origin: &'a str) -> Self {
        Self {
            text,
            origin,
            list: Vec::new(),
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    pub(super) fn origin(&self) -> &'a str {
        self.origin
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Something is wrong at a place of this file.
    pub(super) fn at(&mut self, span: Range<usize>, field: &str, message: impl Into<String>) {
        let (line, column) = place_of(self.text, span.start);
        self.add(ScenarioError {
            origin: self.origin.to_owned(),
            line,
            column,
            field: field.to_owned(),
            message: message.into(),
        });
    }

    /// Something is wrong at a line of another file.
    pub(super) fn elsewhere(&mut self, origin: &str, line: usize, message: impl Into<String>) {
        self.add(ScenarioError {
            origin: origin.to_owned(),
            line,
            column: 1,
            field: "file".to_owned(),
            message: message.into(),
        });
    }

    pub(super) fn add(&mut self, error: ScenarioError) {
        if self.list.len() < MOST_TOLD && !self.list.contains(&error) {
            self.list.push(error);
        }
    }

    /// The mistakes in the order of the file; none is success.
    pub(super) fn finish(mut self) -> Result<(), ScenarioErrors> {
        if self.list.is_empty() {
            return Ok(());
        }
        let origin = self.origin;
        self.list
            .sort_by_key(|it| (it.origin != origin, it.line, it.column));
        Err(ScenarioErrors(self.list))
    }
}

/// What somebody may have meant: the nearest of the known words, or all of them.
pub(super) fn suggestion(word: &str, known: &[impl AsRef<str>]) -> String {
    let distance = |it: &str| strsim::damerau_levenshtein(word, it);
    let nearest = known
        .iter()
        .map(AsRef::as_ref)
        .min_by_key(|it| distance(it));
    match nearest {
        None => String::new(),
        Some(nearest) if word.len() <= 64 && distance(nearest) <= 1 + word.chars().count() / 4 => {
            format!(": did you mean `{nearest}`?")
        }
        Some(_) => {
            let names: Vec<&str> = known.iter().take(30).map(AsRef::as_ref).collect();
            format!(": use one of {}", names.join(", "))
        }
    }
}
