//! JSON as it arrives: whether it is one complete document, how many rows it has, a few values of it.

mod pointer;
mod walk;

#[cfg(test)]
mod tests;

use common::units::size_u64;
use json_event_parser::{JsonEvent, JsonSyntaxError, LowLevelJsonParser, LowLevelJsonParserResult};

pub use self::pointer::{Pointer, PointerError};
use self::walk::Walk;
use super::Malformed;
use super::position::OnRow;

/// The longest string or number that is read, bytes.
const MAX_TOKEN_BYTES: usize = 1024 * 1024;

/// What a reader of JSON looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonRules {
    /// The array whose elements are rows.
    pub rows: Option<Pointer>,
    /// Values that are kept, when they are no objects or arrays; strings up to 1024 bytes.
    pub captures: Vec<Pointer>,
    /// Right ascension and declination inside a row: a name (`ra`) or a pointer (`/position/ra`,
    /// `/0`).
    pub row_fields: Option<(String, String)>,
}

/// A value that is no object or array.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as written.
    Number(String),
    /// A string, its first 1024 bytes.
    String(String),
}

impl Scalar {
    /// The string, when it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, when it is one that is finite as a float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(text) => super::position::number(text.as_bytes()),
            _ => None,
        }
    }
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(text) | Self::String(text) => f.write_str(text),
        }
    }
}

/// What was found in a complete JSON document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JsonSummary {
    /// Elements of the array of rows; `None` when the document has no array there.
    pub rows: Option<u64>,
    /// The values asked for, in that order; `None` when the document has no such value. Of several
    /// with one name the last one counts.
    pub captures: Vec<Option<Scalar>>,
}

/// Reads a JSON document in chunks.
pub struct JsonReader {
    parser: LowLevelJsonParser,
    walk: Walk,
    /// The unfinished token of earlier chunks.
    held: Vec<u8>,
    /// Bytes before `held`.
    before: u64,
    failed: Option<Malformed>,
}

impl std::fmt::Debug for JsonReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonReader")
            .field("walk", &self.walk)
            .field("before", &self.before)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl JsonReader {
    /// A reader for one document.
    pub fn new(rules: &JsonRules) -> Self {
        Self {
            parser: LowLevelJsonParser::new(),
            walk: Walk::new(rules),
            held: Vec::new(),
            before: 0,
            failed: None,
        }
    }

    /// Takes the next chunk, of any size, and tells of each row that it completes. After an error
    /// it does nothing.
    pub fn feed(&mut self, chunk: &[u8], on_row: &mut OnRow<'_>) {
        if self.failed.is_none() && !chunk.is_empty() {
            self.failed = self.try_feed(chunk, on_row).err();
        }
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what was found, or why it is no complete JSON document.
    pub fn finish(mut self) -> Result<JsonSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let end = self.before + size_u64(self.held.len());
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        loop {
            let LowLevelJsonParserResult {
                event,
                consumed_bytes,
            } = self.parser.parse_next(rest, true);
            let before = self.before;
            self.before += size_u64(consumed_bytes);
            match event {
                Some(Ok(JsonEvent::Eof)) => return Ok(self.walk.summary()),
                Some(Ok(event)) => {
                    too_long(&rest[..consumed_bytes], before)?;
                    self.walk.event(&event, before, &mut |_| {})?;
                }
                Some(Err(error)) => {
                    too_long(&rest[..consumed_bytes], before)?;
                    return Err(at_the_end(&error, end));
                }
                None => {}
            }
            rest = &rest[consumed_bytes..];
        }
    }

    fn try_feed(&mut self, chunk: &[u8], on_row: &mut OnRow<'_>) -> Result<(), Malformed> {
        if self.held.is_empty() {
            let consumed = self.parse(chunk, on_row)?;
            self.held.extend_from_slice(&chunk[consumed..]);
            return Ok(());
        }
        // A long string is not scanned again before its end may have come.
        let is_waiting = self.held[0] == b'"' && memchr::memchr(b'"', chunk).is_none();
        self.held.extend_from_slice(chunk);
        if is_waiting && self.held.len() <= MAX_TOKEN_BYTES {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let consumed = self.parse(&held, on_row)?;
        self.held = held;
        self.held.drain(..consumed);
        Ok(())
    }

    /// Parses what is complete in `bytes`; says how much that was.
    fn parse(&mut self, bytes: &[u8], on_row: &mut OnRow<'_>) -> Result<usize, Malformed> {
        let mut consumed = 0;
        loop {
            let rest = &bytes[consumed..];
            let LowLevelJsonParserResult {
                event,
                consumed_bytes,
            } = self.parser.parse_next(rest, false);
            let token = &rest[..consumed_bytes];
            let before = self.before;
            self.before += size_u64(consumed_bytes);
            consumed += consumed_bytes;
            let Some(event) = event else {
                too_long(&bytes[consumed..], self.before)?;
                return Ok(consumed);
            };
            too_long(token, before)?;
            let event = event.map_err(|error| wrong(&error))?;
            self.walk.event(&event, before, on_row)?;
        }
    }
}

/// Fails when the one string or number in `bytes`, which begin at `before`, is longer than is read.
fn too_long(bytes: &[u8], before: u64) -> Result<(), Malformed> {
    if bytes.len() <= MAX_TOKEN_BYTES {
        return Ok(());
    }
    let is_between = |it: &&u8| matches!(it, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let between = bytes.iter().take_while(is_between).count();
    if bytes.len() - between <= MAX_TOKEN_BYTES {
        return Ok(());
    }
    let what = format!("a string or number longer than {MAX_TOKEN_BYTES} bytes");
    Err(Malformed::too_long(before + size_u64(between), what))
}

fn wrong(error: &JsonSyntaxError) -> Malformed {
    Malformed::at(error.location().start.offset, clause(error))
}

/// An error after the last byte: what is missing, or what is wrong in the last token.
fn at_the_end(error: &JsonSyntaxError, end: u64) -> Malformed {
    let is_missing =
        error.location().start.offset >= end || error.message() == "Unexpected end of file";
    if !is_missing {
        return wrong(error);
    }
    let what = if end == 0 {
        "the body is empty"
    } else {
        "the body ends before the JSON document does"
    };
    Malformed::truncated(end, what)
}

/// The parser's message as a clause.
fn clause(error: &JsonSyntaxError) -> String {
    let message = error.message();
    let mut characters = message.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "no JSON".into(),
    }
}
