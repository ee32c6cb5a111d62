//! What can go wrong: before the first request, and in an exchange.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a service cannot be asked with these options.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// A file of TLS cannot be read.
    #[error("failed to read the {what} `{path}`: {source}")]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A file of TLS holds something else.
    #[error("failed to use the {what} `{path}`: {reason}")]
    BadCertificate {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("a client {given} needs its {missing}: give both files or none")]
    HalfIdentity {
        /// What was given.
        given: &'static str,
        /// What is missing.
        missing: &'static str,
    },
    /// The system has no trusted authorities and none were given.
    #[error("the system has no certificate authorities: name a file of them")]
    NoSystemRoots,
    /// A value that no header can hold; the value may be a secret and is not shown.
    #[error("the {what} holds characters that no HTTP header can hold")]
    BadHeader {
        /// What the value is for.
        what: &'static str,
    },
    /// A source address that connections cannot come from.
    #[error("failed to open connections from `{address}`: {reason}")]
    BadSource {
        /// The address.
        address: IpAddr,
        /// The cause.
        reason: String,
    },
    /// A user name that basic authentication cannot carry.
    #[error("a user of basic authentication must not hold a colon")]
    BadUser,
}

/// What kind of trouble ended an exchange without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TransportKind {
    /// The name of the host cannot be resolved.
    Dns,
    /// Nobody listens at the port.
    Refused,
    /// The host cannot be reached for another reason.
    Connect,
    /// No local port is free, or no source address fits: the generator's own limit.
    AddressUnavailable,
    /// This process, or the system, may not open more files or sockets: the generator's own limit.
    TooManyFiles,
    /// No connection within the connect time-out.
    ConnectTimeout,
    /// The TLS handshake failed, or TLS failed later.
    Tls,
    /// The server reset the connection or the stream.
    Reset,
    /// The connection was closed before the head of the answer was complete.
    ClosedEarly,
    /// The body ended before its stated length or its last chunk.
    Truncated,
    /// The whole exchange took longer than it may.
    Timeout,
    /// The answer is not HTTP, or its body is not what its headers say.
    Protocol,
    /// The body is longer than it may be.
    TooLarge,
    /// Redirects that come back to where they began, or too many of them.
    RedirectLoop,
    /// The request itself cannot be sent: its path or headers are not valid.
    InvalidRequest,
}

impl TransportKind {
    /// All kinds.
    pub const ALL: [Self; 15] = [
        Self::Dns,
        Self::Refused,
        Self::Connect,
        Self::AddressUnavailable,
        Self::TooManyFiles,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Reset,
        Self::ClosedEarly,
        Self::Truncated,
        Self::Timeout,
        Self::Protocol,
        Self::TooLarge,
        Self::RedirectLoop,
        Self::InvalidRequest,
    ];

    /// The name of the kind in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns_failed",
            Self::Refused => "connection_refused",
            Self::Connect => "connect_failed",
            Self::AddressUnavailable => "address_unavailable",
            Self::TooManyFiles => "too_many_files",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls_failed",
            Self::Reset => "connection_reset",
            Self::ClosedEarly => "closed_early",
            Self::Truncated => "truncated",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol_error",
            Self::TooLarge => "body_too_large",
            Self::RedirectLoop => "redirect_loop",
            Self::InvalidRequest => "invalid_request",
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An exchange without a whole answer.
#[derive(Debug, Clone, Error)]
#[error("{message}")]
pub struct TransportError {
    /// What kind of trouble.
    pub kind: TransportKind,
    /// One line for people, without secrets: what was tried, on what, and the cause.
    pub message: String,
    /// From the start of the exchange to the trouble.
    pub elapsed: Duration,
    /// Bytes of the body that were received before, as received.
    pub wire_bytes: u64,
}

/// Trouble inside an exchange, before it is known what is said about the whole.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) kind: TransportKind,
    pub(super) cause: String,
}

impl Trouble {
    pub(super) fn new(kind: TransportKind, cause: impl Into<String>) -> Self {
        Self {
            kind,
            cause: cause.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = TransportKind::ALL
            .iter()
            .map(|kind| kind.as_str())
            .collect();
        assert_eq!(names.len(), TransportKind::ALL.len());
    }
}
