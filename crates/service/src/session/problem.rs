//! Why an answer is not a success: one kind to count and one sentence to read.

use std::borrow::Cow;

use common::load::{Failure, Tags};
use common::redact::mask_urls;
use http::StatusCode;

use crate::client::TransportError;

/// The kinds of failure beside those of the transport ([`crate::client::TransportKind`]) and
/// `http_status_NNN`.
pub mod kinds {
    /// The service says in its answer that it failed: `QUERY_STATUS` ERROR, an `Error` of a cone search.
    pub const QUERY_ERROR: &str = "query_error";
    /// The document ends too early although HTTP was content.
    pub const TRUNCATED: &str = "truncated";
    /// Another media type, a page for people, a broken document, a value that must not be.
    pub const WRONG_CONTENT: &str = "wrong_content";
    /// Too few or too many rows.
    pub const WRONG_COUNT: &str = "wrong_count";
    /// Rows that lie outside of the cone.
    pub const OUTSIDE_CONE: &str = "outside_cone";
    /// A job that ended badly.
    pub const JOB_FAILED: &str = "job_failed";
    /// A job that did not end in its time.
    pub const JOB_TIMEOUT: &str = "job_timeout";
    /// A right answer without a value that the user must keep of it.
    pub const CAPTURE_MISSING: &str = "capture_missing";
    /// The request needs a value that the user does not have.
    pub const VALUE_MISSING: &str = "value_missing";
    /// The request could not be made.
    pub const BAD_REQUEST: &str = "request_not_made";
}

/// Why an answer is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind, for counting.
    pub kind: Cow<'static, str>,
    /// One line for people, without secrets.
    pub message: String,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl AsRef<str>) -> Self {
        Self {
            kind: kind.into(),
            message: one_line(&mask_urls(message.as_ref())),
        }
    }

    /// An answer with a status that is no success.
    pub(super) fn status(status: StatusCode, detail: &str) -> Self {
        let detail = if detail.is_empty() {
            String::new()
        } else {
            format!(": {detail}")
        };
        Self::new(
            format!("http_status_{}", status.as_u16()),
            format!("status {status}{detail}"),
        )
    }

    /// The problem as a counted failure.
    pub fn failure(self, tags: Tags) -> Failure {
        Failure::new(self.kind, self.message).tagged(tags)
    }
}

impl From<TransportError> for Problem {
    fn from(error: TransportError) -> Self {
        Self::new(error.kind.as_str(), error.message)
    }
}

/// Longest message that is kept, characters.
const LONGEST: usize = 300;

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    let mut cut: String = line.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}
