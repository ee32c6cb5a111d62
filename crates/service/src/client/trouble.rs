//! Telling kinds of trouble apart from the errors of hyper, h2, rustls and the system.

use std::error::Error;
use std::io;

use nix::errno::Errno;
use rustls::{AlertDescription, CertificateError};

use super::error::{TransportKind, Trouble};

/// Which part of an answer was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Head,
    Body,
}

impl Part {
    /// What a connection that ends here means.
    fn ended(self) -> Trouble {
        match self {
            Self::Head => Trouble::new(
                TransportKind::ClosedEarly,
                "the connection was closed before the head of the answer was complete",
            ),
            Self::Body => Trouble::new(
                TransportKind::Truncated,
                "the connection was closed before the body was complete",
            ),
        }
    }
}

impl Trouble {
    /// The trouble behind an error of hyper.
    pub(super) fn of_hyper(error: &hyper::Error, part: Part) -> Self {
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(trouble) = of_cause(cause, part) {
                return trouble;
            }
            source = cause.source();
        }
        if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
            part.ended()
        } else if error.is_parse_too_large() {
            Self::new(
                TransportKind::Protocol,
                "the head of the answer is too large",
            )
        } else if error.is_parse() {
            Self::new(
                TransportKind::Protocol,
                format!("the answer is not HTTP: {error}"),
            )
        } else if error.is_user() {
            Self::new(TransportKind::InvalidRequest, error.to_string())
        } else {
            Self::new(TransportKind::Protocol, one_line(error))
        }
    }

    /// The trouble behind an error of the system while a connection was being made.
    pub(super) fn of_connect(error: &io::Error) -> Self {
        if let Some(trouble) = Self::of_descriptors(error) {
            return trouble;
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                Self::new(TransportKind::Refused, "connection refused")
            }
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Self::new(
                TransportKind::AddressUnavailable,
                "no local port is free: each open connection takes one, and each closed one for a minute",
            ),
            _ => Self::new(TransportKind::Connect, plain(error)),
        }
    }

    /// The trouble of having opened as many files and sockets as one may.
    pub(super) fn of_descriptors(error: &io::Error) -> Option<Self> {
        let cause = match Errno::from_raw(error.raw_os_error()?) {
            Errno::EMFILE => {
                "this process has as many files and sockets open as it may (`ulimit -n`)"
            }
            Errno::ENFILE => {
                "the system has as many files and sockets open as it may (`fs.file-max`)"
            }
            _ => return None,
        };
        Some(Self::new(TransportKind::TooManyFiles, cause))
    }

    /// The trouble behind an error of a TLS handshake.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        tls_inside(error).unwrap_or_else(|| {
            let cause = if error.kind() == io::ErrorKind::UnexpectedEof {
                "the server closed the connection during the TLS handshake".to_owned()
            } else {
                format!("the TLS handshake failed: {}", plain(error))
            };
            Self::new(TransportKind::Tls, cause)
        })
    }
}

fn of_cause(cause: &(dyn Error + 'static), part: Part) -> Option<Trouble> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return Some(of_io(error, part));
    }
    let error = cause.downcast_ref::<h2::Error>()?;
    if let Some(error) = error.get_io() {
        // h2 says "broken pipe" for a connection that simply ended.
        return Some(match error.kind() {
            io::ErrorKind::BrokenPipe => part.ended(),
            _ => of_io(error, part),
        });
    }
    let kind = if error.is_remote() {
        TransportKind::Reset
    } else {
        TransportKind::Protocol
    };
    Some(Trouble::new(kind, one_line(error)))
}

fn of_io(error: &io::Error, part: Part) -> Trouble {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, InvalidData, InvalidInput, TimedOut,
        UnexpectedEof,
    };
    if let Some(trouble) = tls_inside(error) {
        return trouble;
    }
    match error.kind() {
        UnexpectedEof => part.ended(),
        InvalidData | InvalidInput => Trouble::new(
            TransportKind::Protocol,
            format!("the answer is not valid HTTP: {}", plain(error)),
        ),
        ConnectionReset | ConnectionAborted | BrokenPipe => Trouble::new(
            TransportKind::Reset,
            "the server reset the connection".to_owned(),
        ),
        TimedOut => Trouble::new(TransportKind::Timeout, plain(error)),
        _ => Trouble::new(TransportKind::Reset, plain(error)),
    }
}

/// The trouble of rustls that an error of the system carries.
fn tls_inside(error: &io::Error) -> Option<Trouble> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(Trouble::new(TransportKind::Tls, tls_cause(error)))
}

fn tls_cause(error: &rustls::Error) -> String {
    let known = match error {
        rustls::Error::InvalidCertificate(cause) => match cause {
            // A bad signature is one of another authority of the same name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "the server's certificate is not signed by a trusted authority"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another host"
            }
            _ => "",
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server requires a client certificate"
        }
        rustls::Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            "the server does not speak the asked version of HTTP"
        }
        rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS"
        }
        _ => "",
    };
    if known.is_empty() {
        one_line(error)
    } else {
        known.to_owned()
    }
}

/// The text of an error of the system without its number.
fn plain(error: &io::Error) -> String {
    let text = one_line(error);
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

fn one_line(error: &dyn Error) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
