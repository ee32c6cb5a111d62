//! What can be wrong with a connection, one message each, with what to do next as a separate hint.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// A connection that was described wrongly: nothing was tried yet.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The text of `--url` is no connection string; the reason never quotes it.
    #[error("`--url` is not a connection string: {reason}")]
    BadUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// A parameter that libpq does not know.
    #[error("unknown connection parameter `{name}` in {origin}")]
    UnknownParameter {
        /// The keyword.
        name: String,
        /// Where it was given.
        origin: &'static str,
    },
    /// A parameter with a value outside its rule.
    #[error("connection parameter `{name}` must be {rule}, got `{value}`")]
    BadValue {
        /// The keyword.
        name: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        rule: &'static str,
    },
    /// Lists of hosts, addresses and ports of different lengths.
    #[error("{hosts} hosts were given with {others} {what}: give one for all or one each")]
    Mismatch {
        /// How many hosts.
        hosts: usize,
        /// How many of the others.
        others: usize,
        /// `ports` or `addresses`.
        what: &'static str,
    },
    /// An environment variable that is not UTF-8.
    #[error("environment variable `{name}` is not UTF-8")]
    NotUtf8 {
        /// The variable.
        name: String,
    },
    /// The user running this has no name in the system's user table, and no user was given.
    #[error("no database user was given, and the user running this has no name")]
    NoUser,
    /// A service that no service file defines.
    #[error("connection service `{service}` is not defined in {}", list(files))]
    NoSuchService {
        /// The service.
        service: String,
        /// The files looked at.
        files: Vec<PathBuf>,
    },
    /// A service file with a broken line.
    #[error("failed to read service file `{}`: {reason}", path.display())]
    ServiceFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file that cannot be read.
    #[error("failed to read {what} `{}`: {source}", path.display())]
    Unreadable {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate or key that cannot be used.
    #[error("{what} `{}` cannot be used: {reason}", path.display())]
    BadCertificate {
        /// What the file is for.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A verifying mode without the certificate of an authority.
    #[error("`sslmode={mode}` needs a root certificate, and `{}` does not exist", path.display())]
    NoRootCertificate {
        /// The mode.
        mode: &'static str,
        /// The file looked for.
        path: PathBuf,
    },
    /// No root certificates of the system were found for `sslrootcert=system`.
    #[error("`sslrootcert=system` found no root certificates on this system")]
    NoSystemRoots,
}

impl SpecError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::BadUrl { .. } => {
                "use `postgres://user@host:5432/database` (escape `@`, `/`, `:`, `?` in a password as %40, %2F, %3A, %3F) or `host=… dbname=…`"
            }
            Self::NoUser => "give `--user` or set `PGUSER`",
            Self::NoRootCertificate { .. } => {
                "give the authority's certificate with `--sslrootcert FILE`, or `--sslrootcert system` for a public one"
            }
            Self::NoSystemRoots => {
                "install the package `ca-certificates` or give `--sslrootcert FILE`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

fn list(files: &[PathBuf]) -> String {
    let names: Vec<_> = files
        .iter()
        .map(|file| format!("`{}`", file.display()))
        .collect();
    names.join(" or ")
}

/// A connection that could not be opened.
#[derive(Debug, Error)]
#[error("failed to connect to {target}: {failure}")]
pub struct ConnectError {
    /// What was tried, without a password.
    pub target: String,
    /// Why it failed.
    pub failure: ConnectFailure,
}

impl ConnectError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        self.failure.hint()
    }
}

/// Why a connection could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// Nothing listens at the address.
    #[error("connection refused")]
    Refused,
    /// There is no socket file of a local server.
    #[error("no server socket `{}`", path.display())]
    NoSocket {
        /// The socket's path.
        path: PathBuf,
    },
    /// The host name has no address.
    #[error("the host name `{host}` cannot be resolved")]
    UnknownHost {
        /// The name.
        host: String,
    },
    /// No answer within the limit.
    #[error("no answer within {} s", limit.as_secs_f64())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The network refused.
    #[error("{0}")]
    Network(String),
    /// The server wants a password and none was given.
    #[error("the server asks for a password and none was given")]
    PasswordMissing,
    /// The password was not accepted.
    #[error("the password of user `{user}` was not accepted")]
    WrongPassword {
        /// The user.
        user: String,
    },
    /// The server's rules forbid this user, host or database, or an authentication other than by
    /// password failed.
    #[error("the server does not let user `{user}` in: {message}")]
    NotAllowed {
        /// The user.
        user: String,
        /// The server's words.
        message: String,
    },
    /// The role does not exist.
    #[error("user `{user}` does not exist on the server")]
    NoSuchRole {
        /// The user.
        user: String,
    },
    /// The database does not exist.
    #[error("database `{database}` does not exist on the server")]
    NoSuchDatabase {
        /// The database.
        database: String,
    },
    /// The server has no free connection.
    #[error("the server has no free connection: {message}")]
    TooManyConnections {
        /// The server's words.
        message: String,
    },
    /// The server starts, stops or recovers.
    #[error("the server does not accept connections now: {message}")]
    NotReady {
        /// The server's words.
        message: String,
    },
    /// The server does not speak TLS.
    #[error("the server does not offer TLS, and the sslmode requires it")]
    TlsNotOffered,
    /// The certificate was signed by an unknown authority.
    #[error("the server's certificate is not signed by a trusted authority")]
    TlsUnknownAuthority,
    /// The certificate belongs to another name.
    #[error("the server's certificate is not for `{host}`")]
    TlsWrongName {
        /// The name connected to.
        host: String,
    },
    /// The certificate is no longer, or not yet, valid.
    #[error("the server's certificate has expired or is not valid yet")]
    TlsExpired,
    /// Any other failure of TLS.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The peer speaks something else.
    #[error("the answer is not that of a PostgreSQL server")]
    NotPostgres,
    /// The server closed the connection before the session began.
    #[error("the server closed the connection before the session began")]
    Closed,
    /// No server of the list has the wanted `target_session_attrs`.
    #[error("the session is not `{wanted}`, as `target_session_attrs` asks")]
    WrongSession {
        /// The wanted kind.
        wanted: &'static str,
    },
    /// Any other refusal by the server.
    #[error("{message} (SQLSTATE {code})")]
    Server {
        /// The SQLSTATE.
        code: String,
        /// The server's words.
        message: String,
    },
    /// Several servers were tried, all in vain.
    #[error("none of {} servers: {}", .0.len(), join(.0))]
    All(Vec<(String, ConnectFailure)>),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

fn join(failures: &[(String, ConnectFailure)]) -> String {
    let texts: Vec<_> = failures
        .iter()
        .map(|(server, failure)| format!("{server}: {failure}"))
        .collect();
    texts.join("; ")
}

impl ConnectFailure {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Refused => {
                "is the server running, and does it listen on this address and port (`listen_addresses`, `port`)?"
            }
            Self::NoSocket { .. } => {
                "is the server running? Give `--host localhost` for TCP, or `--host DIR` for another socket folder"
            }
            Self::UnknownHost { .. } => "check the spelling of the host, or give its address",
            Self::TimedOut { .. } => {
                "a firewall may drop the packets, or the server hangs; the limit is `PGCONNECT_TIMEOUT` (seconds)"
            }
            Self::PasswordMissing | Self::WrongPassword { .. } => {
                "give `--password`, `PGPASSWORD` or a line in `~/.pgpass`"
            }
            Self::NotAllowed { .. } => {
                "the server's `pg_hba.conf` decides who may connect from where, and how"
            }
            Self::NoSuchRole { .. } => {
                "give `--user`, or create the role with `CREATE ROLE … LOGIN`"
            }
            Self::NoSuchDatabase { .. } => "give `--database`, or create it with `CREATE DATABASE`",
            Self::TooManyConnections { .. } => {
                "close idle sessions, use fewer `--users`, or raise `max_connections`"
            }
            Self::NotReady { .. } => "try again when the server has started",
            Self::TlsNotOffered => {
                "turn `ssl` on at the server, or give `--sslmode prefer` to accept an unencrypted connection"
            }
            Self::TlsUnknownAuthority => {
                "give the authority's certificate with `--sslrootcert FILE`"
            }
            Self::TlsWrongName { .. } => {
                "connect with a name that is in the certificate, or give `--sslmode verify-ca` to skip this check"
            }
            Self::NotPostgres => "is this the port of the database?",
            Self::All(failures) => return failures.last().and_then(|(_, last)| last.hint()),
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether libpq would try the next host of a list after this failure.
    pub(super) fn next_host_may_help(&self) -> bool {
        !matches!(
            self,
            Self::PasswordMissing
                | Self::WrongPassword { .. }
                | Self::NotAllowed { .. }
                | Self::NoSuchRole { .. }
                | Self::NoSuchDatabase { .. }
                | Self::Server { .. }
        )
    }
}
