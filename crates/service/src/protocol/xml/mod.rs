//! XML as it arrives: a push scanner over quick-xml's parsers of tags, comments and instructions.
//!
//! quick-xml's own reader pulls from a source that blocks or is whole; answers here come in chunks
//! of any size. The scanner finds the pieces, quick-xml reads what is inside a tag.

mod ends;
mod nesting;
mod scanner;
mod tag;
mod tree;

pub(super) use scanner::{Scanner, Sink};
pub(super) use tag::Tag;
pub(super) use tree::Node;
