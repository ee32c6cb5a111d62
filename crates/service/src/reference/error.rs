//! Why the reference service could not be started.

use std::net::SocketAddr;
use std::path::PathBuf;

use db_perf::catalog::LoadError;
use db_perf::target::{ConnectError, EmbeddedError, SchemaError};
use thiserror::Error;

/// The reference service could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// No PostgreSQL with PostGIS is installed: a catalogue in memory is what is left.
    #[error("{0}")]
    NoPostgres(#[source] EmbeddedError),
    /// The throwaway server failed.
    #[error(transparent)]
    Embedded(EmbeddedError),
    /// The given database could not be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The schema could not be made in the given database.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The catalogue could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The database refused a statement.
    #[error("failed to prepare the catalogue: {}", db_perf::failure::describe(.0))]
    Statement(#[from] tokio_postgres::Error),
    /// The pool could not be made.
    #[error("failed to make the connection pool: {0}")]
    Pool(#[from] deadpool_postgres::BuildError),
    /// The address is not ours to listen on.
    #[error("failed to listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The folder of raw images cannot be used.
    #[error("failed to use `{}` as folder of raw images: {source}", path.display())]
    Objects {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A raw image or master frame could not be made.
    #[error("failed to make raw images: {0}")]
    Images(String),
    /// A folder or thread could not be made.
    #[error("failed to start the service: {0}")]
    System(#[from] std::io::Error),
    /// An option is out of its range.
    #[error("{0}")]
    Options(String),
    /// The start was ended by [`super::ReferenceOptions::stop`].
    #[error("interrupted while the reference service was started")]
    Stopped,
}

impl From<EmbeddedError> for ReferenceError {
    fn from(error: EmbeddedError) -> Self {
        match error {
            EmbeddedError::NoPostgres
            | EmbeddedError::NoPostgresIn { .. }
            | EmbeddedError::NoPostgis { .. } => Self::NoPostgres(error),
            _ => Self::Embedded(error),
        }
    }
}
