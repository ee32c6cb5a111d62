//! What ends a run without a result, with what to do next and the exit status.

use common::cli::{Exit, Mistake};
use common::files::FileError;
use service::client::{EndpointError, TransportError, TransportKind};
use service::setting::SettingError;
use thiserror::Error;

/// What ends a run without a result.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// The command line or a scenario is wrong.
    #[error("the command line is wrong")]
    Mistakes(Vec<Mistake>),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The service cannot be asked like this.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The service cannot be reached.
    #[error("{0}")]
    Unreachable(TransportError),
    /// What is asked for cannot be made ready.
    #[error(transparent)]
    Setting(SettingError),
    /// The machine gives no threads or addresses.
    #[error("{0}")]
    Machine(String),
    /// Workers or their master cannot be had.
    #[error("{0}")]
    Distributed(String),
    /// A run in a cluster ended without a result.
    #[error(transparent)]
    Kubernetes(crate::kubernetes::Trouble),
    /// Standard output cannot be written.
    #[error("failed to write to standard output: {0}")]
    Output(#[from] std::io::Error),
    /// Interrupted before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl From<SettingError> for Trouble {
    fn from(error: SettingError) -> Self {
        match error {
            SettingError::Unreachable(error) => Self::Unreachable(error),
            SettingError::Stopped => Self::Interrupted,
            other => Self::Setting(other),
        }
    }
}

impl Trouble {
    /// A mistake of a command line.
    pub(crate) fn mistake(message: impl Into<String>) -> Self {
        Self::Mistakes(vec![Mistake::new(message)])
    }

    /// One message each.
    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Self::Mistakes(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
            Self::Kubernetes(trouble) => trouble.messages(),
            other => vec![other.to_string()],
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Kubernetes(trouble) => return trouble.hint(),
            Self::Mistakes(_) => {
                "`load-gen --help` lists the flags, `load-gen scenario check FILE` explains a scenario"
            }
            Self::File(_) => "`--output FILE` names another file",
            Self::Unreachable(error) => match error.kind {
                TransportKind::Dns => "look at the host name of `--host`",
                TransportKind::Refused => {
                    "is the service up, and is `kubectl port-forward` running? look at the port of `--host`"
                }
                TransportKind::Tls => {
                    "`--ca FILE` names the authority to trust, `--cert` and `--key` a client certificate"
                }
                TransportKind::Timeout | TransportKind::ConnectTimeout => {
                    "the service accepts but does not answer: raise `--timeout`, or look at its log"
                }
                _ => return None,
            },
            Self::Setting(SettingError::Csv(_)) => {
                "`--catalog` reads CSV with columns `ra` and `dec`, plain or .gz"
            }
            Self::Setting(SettingError::Reference(_)) => {
                "`--host` asks a service of yours in place of a reference service"
            }
            Self::Distributed(_) => {
                "the master needs `--bind ADDR`, a worker `--master-host HOST`, and both the same token"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Mistakes(_)
            | Self::File(_)
            | Self::Endpoint(_)
            | Self::Setting(
                SettingError::Csv(_) | SettingError::Fits(_) | SettingError::Folder(_),
            ) => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            Self::Kubernetes(trouble) => trouble.exit(),
            Self::Unreachable(_)
            | Self::Setting(_)
            | Self::Machine(_)
            | Self::Distributed(_)
            | Self::Output(_) => Exit::Target,
        }
    }
}
