//! A request as a value: what is sent, apart from where and how.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A path with its query below the base URL of the service, percent-encoded, beginning with `/`;
    /// or nothing, or a query that begins with `?`, where the base URL itself is asked.
    Below(String),
    /// An absolute address, such as a `Location` that the service answered.
    Absolute(Uri),
}

impl Target {
    /// The same with more parameters, `a=1&b=2`, percent-encoded.
    #[must_use]
    pub fn with_parameters(&self, parameters: &str) -> Self {
        let add = |text: &str| {
            let separator = if text.contains('?') { '&' } else { '?' };
            format!("{text}{separator}{parameters}")
        };
        match self {
            Self::Below(path) => Self::Below(add(path)),
            Self::Absolute(uri) => add(&uri.to_string())
                .parse()
                .map_or_else(|_| self.clone(), Self::Absolute),
        }
    }
}

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Headers beside those of the client (`Host`, `Authorization`, `Accept-Encoding`, `Content-Length`).
    pub headers: HeaderMap,
    /// The body as pieces that are sent one after the other without being copied together.
    pub body: Vec<Bytes>,
    /// The limit of the whole exchange, from the first byte sent to the last one received.
    pub timeout: Duration,
}

impl Request {
    /// A GET below the base URL.
    pub fn get(path: impl Into<String>, timeout: Duration) -> Self {
        Self {
            method: Method::GET,
            target: Target::Below(path.into()),
            headers: HeaderMap::new(),
            body: Vec::new(),
            timeout,
        }
    }

    /// Bytes of the body.
    pub fn body_bytes(&self) -> u64 {
        self.body
            .iter()
            .map(|piece| common::units::size_u64(piece.len()))
            .sum()
    }
}
