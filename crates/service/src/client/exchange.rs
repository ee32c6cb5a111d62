//! What is known of an exchange that brought an answer.

use std::time::Duration;

use http::header::LOCATION;
use http::{HeaderMap, StatusCode, Version};

use crate::request::Target;

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redirects {
    /// A redirect is the answer: its status and `Location` are for the caller (UWS needs this).
    Return,
    /// GET and HEAD follow 301, 302, 303, 307 and 308; any other method follows 303, with a GET.
    Follow {
        /// How many redirects one exchange may take; a further one is a [`RedirectLoop`].
        ///
        /// [`RedirectLoop`]: super::TransportKind::RedirectLoop
        at_most: u32,
    },
}

/// How long the parts of setting up a connection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetUp {
    /// Name resolution; `None` where the address was known.
    pub dns: Option<Duration>,
    /// TCP, with all addresses that were tried.
    pub tcp: Duration,
    /// The TLS handshake; `None` without TLS.
    pub tls: Option<Duration>,
}

impl SetUp {
    /// All parts together.
    pub fn total(&self) -> Duration {
        self.dns.unwrap_or_default() + self.tcp + self.tls.unwrap_or_default()
    }
}

/// An exchange that brought an answer, of whatever status.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The status of the answer.
    pub status: StatusCode,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The version of HTTP of the answer.
    pub version: Version,
    /// Setting up connections: name, TCP and TLS; `None` where an open one was used.
    pub connect: Option<Duration>,
    /// The parts of the last set-up.
    pub set_up: Option<SetUp>,
    /// From the request, on the open connection, to the complete head of the answer. With redirects
    /// that of the last request.
    pub first_byte: Duration,
    /// From the beginning, set-up and redirects included, to the last byte of the body.
    pub total: Duration,
    /// Bytes of the body as received, still compressed but without the framing of HTTP.
    pub wire_bytes: u64,
    /// Bytes of the body, decompressed.
    pub decoded_bytes: u64,
    /// Bytes of the request's body that were sent; fewer than it has where the server answered early.
    pub sent_bytes: u64,
    /// Whether the connection had been used before.
    pub reused: bool,
    /// How many connections the server had closed since they were last used.
    pub reconnects: u32,
    /// How many redirects were followed.
    pub redirects: u32,
    /// Where the answer came from: the request's own target, or where redirects led.
    pub final_target: Target,
    /// Whether the body was complete: `None` where HTTP/1 marks its end by closing the connection only,
    /// `Some(false)` where the inspector did not want the rest.
    pub complete: Option<bool>,
}

impl Exchange {
    /// The `Location` of the answer, as sent.
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }
}
