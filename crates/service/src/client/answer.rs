//! The head of an answer, with the connection that its body comes on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::CONNECTION;
use http::response::Parts;
use http::{HeaderMap, Version};
use hyper::body::Incoming;

use super::pieces::Sent;
use super::receive::Received;
use super::wire::Wire;

pub(super) struct Answer {
    pub(super) wire: Box<Wire>,
    pub(super) sent: Sent,
    /// Whether the connection had been used before.
    pub(super) reused: bool,
    pub(super) first_byte: Duration,
    pub(super) head: Parts,
    /// `None` once it is being read.
    pub(super) body: Option<Incoming>,
}

impl Answer {
    /// Bytes of the request's body that were sent.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent
            .as_ref()
            .map_or(0, |sent| sent.load(Ordering::Relaxed))
    }

    /// The connection, where it can carry another exchange.
    pub(super) fn into_idle(
        self,
        headers: &HeaderMap,
        received: &Received,
        body_bytes: u64,
    ) -> Option<Box<Wire>> {
        let is_usable = received.complete == Some(true)
            && !self.wire.is_closed()
            // An answer that came before the whole request was sent.
            && self.sent.as_ref().is_none_or(|sent| sent.load(Ordering::Relaxed) == body_bytes)
            && stays_open(self.head.version, headers);
        is_usable.then_some(self.wire)
    }
}

/// Whether the server says that it keeps the connection.
fn stays_open(version: Version, headers: &HeaderMap) -> bool {
    let says = |wanted: &str| {
        headers.get_all(CONNECTION).iter().any(|value| {
            value.to_str().is_ok_and(|value| {
                value
                    .split(',')
                    .any(|token| token.trim().eq_ignore_ascii_case(wanted))
            })
        })
    };
    match version {
        Version::HTTP_10 => says("keep-alive"),
        Version::HTTP_11 => !says("close"),
        _ => true,
    }
}
