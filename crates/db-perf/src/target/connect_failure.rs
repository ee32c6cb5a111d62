//! What a driver's error means for the user.

use std::error::Error;
use std::io;

use tokio_postgres::error::{DbError, SqlState};

use super::certificate_check::is_wrong_name;
use super::error::ConnectFailure;
use super::spec::{ConnectSpec, Host, Server};

/// The driver's words for the step before anything is said: look-up and the socket.
const CONNECTING: &str = "error connecting to server";

/// Names the failure behind `error`, met while connecting to `server`.
pub(super) fn classify(
    error: &tokio_postgres::Error,
    spec: &ConnectSpec,
    server: &Server,
) -> ConnectFailure {
    if let Some(refusal) = error.as_db_error() {
        return from_server(refusal, spec);
    }
    if let Some(tls) = find_tls(error) {
        return from_tls(tls, server);
    }
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(io) = find::<io::Error>(error) {
        return from_io(io, &error.to_string(), server);
    }
    match (error.to_string().as_str(), cause.as_str()) {
        (_, "password missing") => ConnectFailure::PasswordMissing,
        (_, "server does not support TLS") => ConnectFailure::TlsNotOffered,
        ("connection closed", _) => ConnectFailure::Closed,
        ("unexpected message from server", _) => ConnectFailure::NotPostgres,
        (text, "") => ConnectFailure::Other(text.to_owned()),
        (text, cause) => ConnectFailure::Other(format!("{text}: {cause}")),
    }
}

fn from_server(refusal: &DbError, spec: &ConnectSpec) -> ConnectFailure {
    let message = refusal.message().to_owned();
    let user = spec.user.clone();
    let code = refusal.code();
    if *code == SqlState::INVALID_PASSWORD {
        return ConnectFailure::WrongPassword { user };
    }
    if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        // The message may be in any language; the server's function is not.
        return match refusal.routine() {
            Some("InitializeSessionUserId") if !message.contains("log in") => {
                ConnectFailure::NoSuchRole { user }
            }
            _ => ConnectFailure::NotAllowed { user, message },
        };
    }
    if *code == SqlState::INVALID_CATALOG_NAME {
        return ConnectFailure::NoSuchDatabase {
            database: spec.database.clone(),
        };
    }
    if *code == SqlState::TOO_MANY_CONNECTIONS {
        return ConnectFailure::TooManyConnections { message };
    }
    if *code == SqlState::CANNOT_CONNECT_NOW {
        return ConnectFailure::NotReady { message };
    }
    ConnectFailure::Server {
        code: code.code().to_owned(),
        message,
    }
}

fn from_tls(error: &rustls::Error, server: &Server) -> ConnectFailure {
    use rustls::CertificateError as Certificate;
    match error {
        error if is_wrong_name(error) => ConnectFailure::TlsWrongName {
            host: server.host.to_string(),
        },
        // `BadSignature`: an authority of the same name with another key.
        rustls::Error::InvalidCertificate(
            Certificate::UnknownIssuer | Certificate::BadSignature,
        ) => ConnectFailure::TlsUnknownAuthority,
        rustls::Error::InvalidCertificate(
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. },
        ) => ConnectFailure::TlsExpired,
        other => ConnectFailure::Tls(other.to_string()),
    }
}

fn from_io(error: &io::Error, step: &str, server: &Server) -> ConnectFailure {
    match (&server.host, error.kind()) {
        (Host::Unix(folder), io::ErrorKind::NotFound) => ConnectFailure::NoSocket {
            path: folder.join(format!(".s.PGSQL.{}", server.port)),
        },
        (_, io::ErrorKind::ConnectionRefused) => ConnectFailure::Refused,
        (_, io::ErrorKind::TimedOut) => ConnectFailure::Network("connection timed out".to_owned()),
        (_, io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
            ConnectFailure::Closed
        }
        _ if error.raw_os_error().is_some() => ConnectFailure::Network(error.to_string()),
        (
            Host::Tcp {
                name,
                address: None,
            },
            _,
        ) if step == CONNECTING => ConnectFailure::UnknownHost { host: name.clone() },
        (_, io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other)
            if step != CONNECTING =>
        {
            ConnectFailure::NotPostgres
        }
        _ => ConnectFailure::Network(error.to_string()),
    }
}

/// The first error of type `T` in the chain of causes.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// rustls' error, which travels inside an `io::Error`.
fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    find::<rustls::Error>(error).or_else(|| {
        find::<io::Error>(error)?
            .get_ref()?
            .downcast_ref::<rustls::Error>()
    })
}
