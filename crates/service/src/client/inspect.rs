//! Looking at an answer while it streams.

use http::{HeaderMap, StatusCode};

/// Whether the rest of a body is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// The rest is not wanted: the connection is closed and the exchange ends as not complete.
    Stop,
}

/// Sees an answer as it streams: the head once, then the body in chunks of any size, decompressed.
///
/// Answers that are redirects which the client follows are not seen. Nor is the end of the body:
/// whether it was complete is in the exchange.
pub trait Inspect: Send {
    /// The head of the answer.
    fn head(&mut self, _status: StatusCode, _headers: &HeaderMap) {}

    /// The next bytes of the body.
    fn chunk(&mut self, bytes: &[u8]) -> Flow;
}

/// Reads the body to its end and keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Inspect for Discard {
    fn chunk(&mut self, _: &[u8]) -> Flow {
        Flow::Continue
    }
}

/// Keeps the first bytes of a body, up to a limit, and reads on to the end.
#[derive(Debug, Clone, Default)]
pub struct Keep {
    /// What was kept.
    pub bytes: Vec<u8>,
    /// Whether the body had more.
    pub is_cut: bool,
    limit: usize,
}

impl Keep {
    /// Keeps up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            is_cut: false,
            limit,
        }
    }

    /// What was kept as text, with replacement characters where it is not UTF-8.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl Inspect for Keep {
    fn chunk(&mut self, bytes: &[u8]) -> Flow {
        let room = self.limit - self.bytes.len();
        let kept = bytes.len().min(room);
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.is_cut |= kept < bytes.len();
        Flow::Continue
    }
}
