//! What can go wrong with the throwaway server.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::error::{ConnectError, SpecError};

/// The throwaway server could not be started, used or stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No PostgreSQL server is installed.
    #[error("no PostgreSQL server is installed on this machine")]
    NoPostgres,
    /// The folder given holds no server.
    #[error("no PostgreSQL server programs in `{}`", folder.display())]
    NoPostgresIn {
        /// The folder.
        folder: PathBuf,
    },
    /// A server is installed, without PostGIS.
    #[error("PostGIS is not installed for PostgreSQL {major}")]
    NoPostgis {
        /// The newest major version found.
        major: u32,
    },
    /// Run as root, and no user to run the server as.
    #[error("a server must not run as root, and neither user `postgres` nor `nobody` exists")]
    NoServerUser,
    /// The folder could not be made.
    #[error("failed to make a folder for the server in `{}`: {source}", parent.display())]
    Folder {
        /// Where.
        parent: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A program could not be run.
    #[error("failed to run `{}`: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `initdb` failed.
    #[error("`initdb` failed: {output}")]
    Initdb {
        /// Its last words.
        output: String,
    },
    /// The server ended while starting.
    #[error("the throwaway server ended while starting: {log}")]
    Ended {
        /// The last lines of its log.
        log: String,
    },
    /// The port is in use.
    #[error("port {port} on 127.0.0.1 is in use")]
    PortInUse {
        /// The port.
        port: u16,
    },
    /// Something took too long.
    #[error("{what} took longer than {} s", limit.as_secs())]
    TimedOut {
        /// What.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// A session could not be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Our own connection was described wrongly.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A statement failed while the database was set up.
    #[error("failed to set up the throwaway database: {0}")]
    Setup(String),
    /// The folder could not be removed.
    #[error("failed to remove `{}`: {source}", folder.display())]
    Remove {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl EmbeddedError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoPostgres | Self::NoPostgresIn { .. } => {
                "install the packages `postgresql` and `postgresql-NN-postgis-3` (NN: the server's version), or name a server with `--host` or `--url`".to_owned()
            }
            Self::NoPostgis { major } => format!(
                "install the package `postgresql-{major}-postgis-3`, or name a server with `--host` or `--url`"
            ),
            Self::NoServerUser => "run as an ordinary user".to_owned(),
            Self::Folder { .. } => "set `TMPDIR` to a folder with room".to_owned(),
            Self::PortInUse { .. } => "give another port, or none for a free one".to_owned(),
            Self::Connect(error) => return error.hint(),
            Self::Spec(error) => return error.hint(),
            _ => return None,
        };
        Some(hint)
    }
}
