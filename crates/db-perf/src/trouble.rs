//! What ends a run without a result, with what to do next and the exit status.

use common::cli::Exit;
use common::files::FileError;
use thiserror::Error;

use crate::catalog::{CsvError, LoadError};
use crate::failure::{describe, ends_session};
use crate::target::{ConnectError, EmbeddedError, SchemaError, SpecError};
use crate::user_table::TableError;
use common::cli::Mistake;

/// What ends a run without a result.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The command line is wrong.
    #[error("the command line is wrong")]
    Mistakes(Vec<Mistake>),
    /// The connection is described wrongly.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The catalogue's file cannot be used.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The user's table cannot be measured.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The server cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No throwaway server could be had.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// Our schema could not be made or dropped.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The catalogue could not be loaded.
    #[error(transparent)]
    Load(LoadError),
    /// The server refused something else.
    #[error("{}", describe(.0))]
    Server(#[from] tokio_postgres::Error),
    /// Standard output cannot be written.
    #[error("failed to write to standard output: {0}")]
    Output(#[from] std::io::Error),
    /// Interrupted before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl From<LoadError> for Trouble {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Stopped => Self::Interrupted,
            LoadError::Csv(error) => Self::Csv(error),
            other @ LoadError::Server(_) => Self::Load(other),
        }
    }
}

impl Trouble {
    /// One message each.
    pub fn messages(&self) -> Vec<String> {
        match self {
            Self::Mistakes(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Mistakes(_) => Some("`db-perf --help` lists the flags".to_owned()),
            Self::Spec(error) => error.hint(),
            Self::Connect(error) => error.hint(),
            Self::Embedded(error) => error.hint(),
            Self::Schema(error) => error.hint(),
            Self::Table(error) => error.hint(),
            Self::File(_) => Some("`--output FILE` names another file".to_owned()),
            Self::Csv(CsvError::NoColumn { .. }) => {
                Some("name the columns with --ra, --dec and --mag".to_owned())
            }
            Self::Load(_)
            | Self::Server(_)
            | Self::Csv(_)
            | Self::Output(_)
            | Self::Interrupted => None,
        }
    }

    /// Whether the server went away.
    pub(crate) fn is_lost_session(&self) -> bool {
        match self {
            Self::Server(error) | Self::Load(LoadError::Server(error)) => ends_session(error),
            Self::Connect(_) | Self::Schema(SchemaError::Connect(_)) => true,
            _ => false,
        }
    }

    /// The exit status.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Mistakes(_) | Self::Spec(_) | Self::File(_) | Self::Csv(_) => Exit::Usage,
            Self::Table(error) if error.is_usage() => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            Self::Table(_)
            | Self::Connect(_)
            | Self::Embedded(_)
            | Self::Schema(_)
            | Self::Load(_)
            | Self::Server(_)
            | Self::Output(_) => Exit::Target,
        }
    }
}
