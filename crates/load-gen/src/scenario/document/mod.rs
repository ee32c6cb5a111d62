//! A file as a tree of values that know their places, whether it is written in TOML or in YAML.

mod deserialize;
mod toml_file;
mod yaml_file;

use std::ops::Range;

pub(super) use self::deserialize::{ReadError, read_as};
use super::error::Problems;

/// Longest text of a scenario, bytes.
pub(super) const LONGEST_TEXT: usize = 1024 * 1024;
/// How deep values may lie in each other.
const DEEPEST: usize = 48;

/// A value with its place in the file, in bytes.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) tree: Tree,
    pub(super) span: Range<usize>,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Tree {
    /// YAML's `null`.
    Nothing,
    Truth(bool),
    Whole(i64),
    Real(f64),
    Text(String),
    List(Vec<Node>),
    /// Entries in the order of the file.
    Table(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self.tree {
            Tree::Nothing => "nothing",
            Tree::Truth(_) => "a truth",
            Tree::Whole(_) | Tree::Real(_) => "a number",
            Tree::Text(_) => "a text",
            Tree::List(_) => "a list",
            Tree::Table(_) => "a table",
        }
    }

    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.tree {
            Tree::Table(entries) => Some(entries),
            _ => None,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries()?.iter().find(|it| it.key == key);
        found.map(|it| &it.node)
    }

    /// The elements of a list.
    pub(super) fn elements(&self) -> Option<&[Node]> {
        match &self.tree {
            Tree::List(list) => Some(list),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.tree {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match &self.tree {
            #[expect(
                clippy::cast_precision_loss,
                reason = "numbers of a scenario stay far below 2^53"
            )]
            Tree::Whole(number) => Some(*number as f64),
            Tree::Real(number) => Some(*number),
            _ => None,
        }
    }

    /// A value that is no list and no table, as text.
    pub(super) fn plain(&self) -> Option<String> {
        match &self.tree {
            Tree::Text(text) => Some(text.clone()),
            Tree::Whole(number) => Some(number.to_string()),
            Tree::Real(number) => Some(number.to_string()),
            Tree::Truth(truth) => Some(truth.to_string()),
            Tree::Nothing | Tree::List(_) | Tree::Table(_) => None,
        }
    }
}

/// Reads a text; whatever is wrong with it is told, and then there is no tree.
pub(super) fn parse(is_yaml: bool, problems: &mut Problems<'_>) -> Option<Node> {
    let text = problems.text();
    if text.len() > LONGEST_TEXT {
        let message = format!(
            "a scenario is at most {LONGEST_TEXT} bytes, this one has {}: put records into a [[feeder]]",
            text.len()
        );
        problems.at(0..0, "file", message);
        return None;
    }
    if is_yaml {
        yaml_file::parse(text, problems)
    } else {
        toml_file::parse(text, problems)
    }
}
