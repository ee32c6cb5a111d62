//! Scenarios to start from, made of what there is already: recordings, API documents, logs of web servers.
//!
//! Each is the text of a scenario file with comments that say where its figures come from. Secrets of the
//! source (cookies, credentials, parameters with the names of secrets) never reach it.

mod access_log;
mod fit;
mod har;
mod openapi;
mod text;

use std::path::{Path, PathBuf};

use common::files::FileError;
use thiserror::Error;

pub(crate) use access_log::from_access_log;
pub(crate) use har::from_har;
pub(crate) use openapi::from_openapi;

/// Why no scenario could be made.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    /// The file cannot be read as a text.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file cannot be read to its end.
    #[error("cannot read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not what it should be, or has nothing to make a scenario of.
    #[error("cannot import `{}`: {message}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        message: String,
    },
    /// A flag breaks a rule.
    #[error("`{flag}` {message}")]
    Flag {
        /// The flag with its dashes.
        flag: &'static str,
        /// The rule, and what was got.
        message: String,
    },
}

impl ImportError {
    fn content(path: &Path, message: impl Into<String>) -> Self {
        let path = path.to_owned();
        let message = message.into();
        Self::Content { path, message }
    }
}

/// A scenario made of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imported {
    /// The text of the scenario file.
    pub(crate) scenario: String,
    /// The name and the text of a file that has to stand beside the scenario: what `[replay]` asks.
    pub(crate) beside: Option<(String, String)>,
}

impl Imported {
    /// A scenario that needs no other file.
    pub(crate) fn alone(scenario: String) -> Self {
        Self {
            scenario,
            beside: None,
        }
    }
}

#[cfg(test)]
mod tests;
