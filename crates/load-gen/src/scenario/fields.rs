//! The keys of a table, read one after the other; what is left at the end is unknown.

use std::ops::Range;
use std::time::Duration;

use common::units::round_u64;

use super::document::{Entry, Node, Tree};
use super::error::{Problems, suggestion};
use super::times::time_of;

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    /// What the table is, for messages.
    pub(super) owner: String,
    pub(super) span: Range<usize>,
    entries: &'a [Entry],
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The keys of a table; anything else is told.
    pub(super) fn of(node: &'a Node, owner: &str, problems: &mut Problems<'_>) -> Option<Self> {
        let Some(entries) = node.entries() else {
            let message = format!("must be a table, got {}", node.kind());
            problems.at(node.span.clone(), owner, message);
            return None;
        };
        Some(Self {
            owner: owner.to_owned(),
            span: node.span.clone(),
            entries,
            asked: Vec::new(),
        })
    }

    /// Whether there are no keys at all.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let found = self.entries.iter().find(|it| it.key == key)?;
        (!matches!(found.node.tree, Tree::Nothing)).then_some(&found.node)
    }

    /// A mistake in the table itself.
    pub(super) fn wrong(&self, problems: &mut Problems<'_>, message: impl Into<String>) {
        problems.at(self.span.clone(), &self.owner, message);
    }

    /// A mistake in the value of a key.
    pub(super) fn wrong_at(
        &self,
        node: &Node,
        key: &str,
        problems: &mut Problems<'_>,
        message: impl Into<String>,
    ) {
        problems.at(node.span.clone(), &self.field(key), message);
    }

    /// A key of this table in messages.
    pub(super) fn field(&self, key: &str) -> String {
        match self.owner.as_str() {
            "" => key.to_owned(),
            owner => format!("{owner}: {key}"),
        }
    }

    pub(super) fn text(
        &mut self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<&'a str> {
        let node = self.get(key)?;
        let text = node.text();
        if text.is_none() {
            let message = format!("must be a text in quotes, got {}", node.kind());
            self.wrong_at(node, key, problems, message);
        }
        text
    }

    pub(super) fn truth(&mut self, key: &'static str, problems: &mut Problems<'_>) -> bool {
        match self.get(key) {
            None => false,
            Some(Node {
                tree: Tree::Truth(truth),
                ..
            }) => *truth,
            Some(node) => {
                let message = format!("must be true or false, got {}", node.kind());
                self.wrong_at(node, key, problems, message);
                false
            }
        }
    }

    /// A number that follows a rule.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        rule: Rule,
        problems: &mut Problems<'_>,
    ) -> Option<f64> {
        let node = self.get(key)?;
        let number = node.number().filter(|it| rule.holds(*it));
        if number.is_none() {
            self.wrong_at(node, key, problems, rule.broken(node));
        }
        number
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, key: &'static str, problems: &mut Problems<'_>) -> Option<u64> {
        self.number(key, Rule::Count, problems).map(round_u64)
    }

    /// A time such as `30s`, or seconds, from an inclusive range.
    pub(super) fn time(
        &mut self,
        key: &'static str,
        range: (Duration, Duration),
        problems: &mut Problems<'_>,
    ) -> Option<Duration> {
        let node = self.get(key)?;
        match time_of(node, range) {
            Ok(time) => Some(time),
            Err(message) => {
                self.wrong_at(node, key, problems, message);
                None
            }
        }
    }

    /// The elements of a list; none where there is no such key.
    pub(super) fn list(&mut self, key: &'static str, problems: &mut Problems<'_>) -> &'a [Node] {
        let Some(node) = self.get(key) else {
            return &[];
        };
        node.elements().unwrap_or_else(|| {
            let message = format!("must be a list, got {}", node.kind());
            self.wrong_at(node, key, problems, message);
            &[]
        })
    }

    /// Tells the keys that nobody asked for; whether there are any.
    pub(super) fn finish(self, problems: &mut Problems<'_>) -> bool {
        let mut any = false;
        for entry in self.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                any = true;
                let hint = suggestion(&entry.key, &self.asked);
                let message = format!("unknown key `{}`{hint}", entry.key);
                let owner = match self.owner.as_str() {
                    "" => "file",
                    owner => owner,
                };
                problems.at(entry.key_span.clone(), owner, message);
            }
        }
        any
    }
}

/// What a number must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// Above 0, at most 10⁷.
    AboveZero,
    /// From 0 to 10⁷.
    NotNegative,
    /// From 0 to 1.
    Share,
    /// Whole, from 1 to 10⁷.
    Count,
}

/// The largest number of users, arrivals or weights that is read.
const MOST: f64 = 1e7;

impl Rule {
    pub(super) fn holds(self, number: f64) -> bool {
        match self {
            Self::AboveZero => number > 0.0 && number <= MOST,
            Self::NotNegative => (0.0..=MOST).contains(&number),
            Self::Share => (0.0..=1.0).contains(&number),
            Self::Count => (1.0..=MOST).contains(&number) && number.fract() == 0.0,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::AboveZero => "a number above 0 and at most 10 million",
            Self::NotNegative => "a number from 0 to 10 million",
            Self::Share => "a number from 0 to 1",
            Self::Count => "a whole number from 1 to 10 million",
        }
    }

    pub(super) fn broken(self, node: &Node) -> String {
        format!("must be {}, got {}", self.words(), shown(node))
    }
}

/// A value in a message.
pub(super) fn shown(node: &Node) -> String {
    match node.plain() {
        Some(text) if text.len() <= 80 => format!("`{text}`"),
        _ => node.kind().to_owned(),
    }
}
