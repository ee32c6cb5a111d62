//! JSON pointers (RFC 6901), and which of them the current value is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The place of a value in a JSON document, such as `/data/rows`; the empty pointer is the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pointer(Vec<String>);

/// A text that is no JSON pointer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a JSON pointer is empty or begins with `/`, got `{0}`")]
pub struct PointerError(String);

impl Pointer {
    /// The pointer inside a row: a text with `/` in front is a pointer, any other is one name.
    pub fn inside_row(text: &str) -> Self {
        text.parse().unwrap_or_else(|_| Self(vec![text.to_owned()]))
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(text) = text.strip_prefix('/') else {
            return Err(PointerError(text.to_owned()));
        };
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        Ok(Self(text.split('/').map(unescape).collect()))
    }
}

impl TryFrom<String> for Pointer {
    type Error = PointerError;

    fn try_from(text: String) -> Result<Self, PointerError> {
        text.parse()
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.to_string()
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|part| write!(f, "/{}", part.replace('~', "~0").replace('/', "~1")))
    }
}

/// Follows the way through a document along one pointer.
#[derive(Debug)]
pub(super) struct Tracker {
    parts: Vec<Part>,
    /// Leading parts that agree with the way to the current value.
    matched: usize,
}

#[derive(Debug)]
enum Part {
    Name(String),
    /// Any element of the array of rows.
    Any,
}

/// A step into an object or array.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key<'a> {
    Name(&'a str),
    Index(u64),
}

impl Tracker {
    /// Follows a pointer from the root of the document.
    pub(super) fn new(pointer: &Pointer) -> Self {
        let parts = pointer.0.iter().cloned().map(Part::Name).collect();
        Self { parts, matched: 0 }
    }

    /// Follows a pointer from each element of the array that `rows` points to.
    pub(super) fn in_rows(rows: &Pointer, field: &Pointer) -> Self {
        let mut tracker = Self::new(rows);
        tracker.parts.push(Part::Any);
        tracker.parts.extend(Self::new(field).parts);
        tracker
    }

    /// The way takes this step from a value at depth `depth` (0 is the root).
    pub(super) fn enter(&mut self, depth: usize, key: Key<'_>) {
        self.matched = self.matched.min(depth);
        if self.matched < depth {
            return;
        }
        let agrees = match (self.parts.get(depth), key) {
            (None, _) => false,
            (Some(Part::Any), key) => matches!(key, Key::Index(_)),
            (Some(Part::Name(part)), Key::Name(name)) => part == name,
            (Some(Part::Name(part)), Key::Index(index)) => {
                part.parse() == Ok(index) && (part == "0" || !part.starts_with(['0', '+']))
            }
        };
        if agrees {
            self.matched += 1;
        }
    }

    /// Whether the pointer points to the current value at depth `depth`.
    pub(super) fn is_here(&self, depth: usize) -> bool {
        self.matched == depth && self.parts.len() == depth
    }
}
