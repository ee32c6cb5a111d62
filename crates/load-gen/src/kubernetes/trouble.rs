//! What ends a command without a result, with what to do next and the exit status.

use std::path::PathBuf;

use common::cli::Exit;
use common::files::FileError;
use thiserror::Error;

/// What ends a command without a result.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// The command line is wrong.
    #[error("the command line is wrong")]
    Mistakes(Vec<String>),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Standard output cannot be written.
    #[error("failed to write to standard output: {0}")]
    Output(std::io::Error),
    /// Objects cannot be written as YAML.
    #[error("failed to write the objects as YAML: {0}")]
    Yaml(String),
    /// A pod was started from manifests in which the token was not replaced.
    #[error("the token of this run is the placeholder of the rendered manifests")]
    Placeholder,
    /// The results of a pod cannot be read.
    #[error("failed to read the results in `{}`: {error}", folder.display())]
    Results {
        /// Where they should be.
        folder: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// There is no usable kubeconfig.
    #[error("failed to find a cluster: {0}")]
    Config(String),
    /// The account lacks rights.
    #[error("this account may not do in namespace `{namespace}`: {}", missing.join(", "))]
    Denied {
        /// The namespace.
        namespace: String,
        /// Verb and resource each.
        missing: Vec<String>,
    },
    /// An object of the name is there already.
    #[error(
        "failed to create {kind} `{name}`: there is one of this name in namespace `{namespace}`"
    )]
    Taken {
        /// The kind of object.
        kind: String,
        /// Its name.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// The API server refuses or cannot be reached.
    #[error("{doing}: {cause}")]
    Cluster {
        /// What was tried on what.
        doing: String,
        /// The cause.
        cause: String,
        /// The HTTP status, where it answered.
        code: Option<u16>,
        /// What to do next.
        hint: Option<&'static str>,
    },
    /// The run cannot come to its end in the cluster.
    #[error("{what}")]
    Failed {
        /// A sentence.
        what: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// Interrupted before there was a result.
    #[error("interrupted before there was a result")]
    Interrupted,
}

impl Trouble {
    /// Of a request that failed.
    pub(super) fn of(doing: impl Into<String>, error: kube::Error) -> Self {
        let doing = doing.into();
        let (cause, code, hint) = match error {
            kube::Error::Api(status) => {
                let code = status.code;
                (status.message, Some(code), hint_of_status(code))
            }
            other => (
                cause_of(&other),
                None,
                Some("does `kubectl version` work with this `--kubeconfig` and `--context`?"),
            ),
        };
        Self::Cluster {
            doing,
            cause,
            code,
            hint,
        }
    }

    /// Whether the API server refuses because of this field.
    pub(super) fn is_about(&self, field: &str) -> bool {
        matches!(self, Self::Cluster { code: Some(403 | 422), cause, .. } if cause.contains(field))
    }

    /// Whether it is of no use to ask again.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Cluster {
                code: Some(401 | 403),
                ..
            }
        )
    }

    /// One message each.
    pub(crate) fn messages(&self) -> Vec<String> {
        match self {
            Self::Mistakes(mistakes) => mistakes.clone(),
            other => vec![other.to_string()],
        }
    }

    /// What to do next.
    pub(crate) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed { hint, .. } => return hint.clone(),
            Self::Cluster { hint, .. } => (*hint)?,
            Self::Mistakes(_) => "`load-gen kubernetes run --help` lists the flags",
            Self::File(_) => "`--output FILE` names another file",
            Self::Placeholder => "put a random text in its place in the Secret",
            Self::Config(_) => "`--kubeconfig FILE` and `--context NAME` say which cluster",
            Self::Denied { .. } => {
                "`load-gen kubernetes rbac` prints a Role with just these rights"
            }
            Self::Taken { .. } => {
                "give another `--name`; what a killed run left is removed by `load-gen kubernetes clean`"
            }
            Self::Output(_) | Self::Yaml(_) | Self::Results { .. } | Self::Interrupted => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    /// The exit status.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Mistakes(_) | Self::File(_) | Self::Placeholder | Self::Config(_) => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Target,
        }
    }
}

fn hint_of_status(code: u16) -> Option<&'static str> {
    match code {
        401 => Some("the credentials of the kubeconfig are not, or no longer, accepted"),
        403 => Some("`load-gen kubernetes rbac` prints a Role with the rights that a run needs"),
        404 => Some("is the namespace there? `--namespace NAME` says which"),
        _ => None,
    }
}

/// The innermost cause, which says what the outer ones only name.
fn cause_of(error: &kube::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    if let kube::Error::Service(inner) = error {
        innermost = inner.as_ref();
    }
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
