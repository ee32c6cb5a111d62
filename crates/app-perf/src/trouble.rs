//! What ends a run without a result, with what to do next and the exit status.

use common::cli::Exit;
use common::files::FileError;
use common::fits::FitsError;
use db_perf::catalog::CsvError;
use service::client::{EndpointError, TransportError, TransportKind};
use service::reference::ReferenceError;
use service::setting::SettingError;
use thiserror::Error;

use common::cli::Mistake;

/// What ends a run without a result.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// The command line is wrong.
    #[error("the command line is wrong")]
    Mistakes(Vec<Mistake>),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The catalogue's file cannot be used.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A FITS file cannot be made.
    #[error(transparent)]
    Fits(#[from] FitsError),
    /// The service cannot be asked like this.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The service cannot be reached.
    #[error("{0}")]
    Unreachable(TransportError),
    /// The reference service could not be started.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Standard output cannot be written.
    #[error("failed to write to standard output: {0}")]
    Output(#[from] std::io::Error),
    /// Interrupted before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl Trouble {
    /// One message each.
    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Self::Mistakes(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
            other => vec![other.to_string()],
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Mistakes(_) => "`app-perf --help` lists the flags, `app-perf apis` the profiles",
            Self::File(_) => "`--output FILE` names another file",
            Self::Csv(_) => "`--catalog` reads CSV with columns `ra` and `dec`, plain or .gz",
            Self::Unreachable(error) => match error.kind {
                TransportKind::Dns => "look at the host name of `--url`",
                TransportKind::Refused => {
                    "is the service up, and is `kubectl port-forward` running? look at the port of `--url`"
                }
                TransportKind::Tls => {
                    "`--ca FILE` names the authority to trust, `--cert` and `--key` a client certificate"
                }
                TransportKind::Timeout | TransportKind::ConnectTimeout => {
                    "the service accepts but does not answer: raise `--timeout`, or look at its log"
                }
                TransportKind::Protocol => {
                    "the port speaks another protocol: http:// or https://? `--http 1.1` or `2`?"
                }
                _ => return None,
            },
            Self::Reference(_) => {
                "`app-perf serve --memory` needs no PostgreSQL; `--url` measures a service of yours"
            }
            Self::Fits(_) | Self::Endpoint(_) | Self::Output(_) | Self::Interrupted => return None,
        };
        Some(hint.to_owned())
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Mistakes(_)
            | Self::File(_)
            | Self::Csv(_)
            | Self::Fits(_)
            | Self::Endpoint(_) => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            Self::Unreachable(_) | Self::Reference(_) | Self::Output(_) => Exit::Target,
        }
    }
}

impl From<SettingError> for Trouble {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::Csv(error) => Self::Csv(error),
            SettingError::Fits(error) => Self::Fits(error),
            SettingError::Folder(message) => {
                Self::Mistakes(vec![Mistake::new(format!("`--fits`: {message}"))])
            }
            SettingError::Unreachable(error) => Self::Unreachable(error),
            SettingError::Reference(error) => Self::Reference(error),
            SettingError::Stopped => Self::Interrupted,
        }
    }
}
