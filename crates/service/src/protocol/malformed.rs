//! What is wrong with a body, and where.

use thiserror::Error;

/// Why a body is not the document it should be: the first error, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} at byte {offset}")]
pub struct Malformed {
    /// Where the error begins, bytes from the start of the body (after decompression).
    pub offset: u64,
    /// What is wrong, as a clause: lower case, no period.
    pub what: String,
    /// The kind of error, for counting.
    pub kind: Fault,
}

/// The kinds of error in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The body ends before the document does.
    Truncated,
    /// The body breaks the rules of its format.
    Malformed,
    /// Elements are nested deeper than any real answer nests them.
    TooDeep,
    /// One token or the metadata are longer than is kept in memory.
    TooLong,
}

impl Malformed {
    /// A body that ends too early; `offset` is its length.
    pub(crate) fn truncated(offset: u64, what: impl Into<String>) -> Self {
        Self {
            offset,
            what: what.into(),
            kind: Fault::Truncated,
        }
    }

    /// A body that breaks a rule.
    pub(crate) fn at(offset: u64, what: impl Into<String>) -> Self {
        Self {
            offset,
            what: what.into(),
            kind: Fault::Malformed,
        }
    }

    /// A token or a whole that is longer than is kept.
    pub(crate) fn too_long(offset: u64, what: impl Into<String>) -> Self {
        Self {
            offset,
            what: what.into(),
            kind: Fault::TooLong,
        }
    }

    /// Nesting without end.
    pub(crate) fn too_deep(offset: u64, limit: usize) -> Self {
        Self {
            offset,
            what: format!("more than {limit} levels of nesting"),
            kind: Fault::TooDeep,
        }
    }
}
