//! Values that users keep of answers, and use later.

use http::HeaderName;
use regex::Regex;

use super::{Operation, Template};

/// A value that a user keeps of an answer, for `{value.NAME}` in later requests.
#[derive(Debug, Clone)]
pub struct Capture {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub from: CaptureSource,
    /// What it is where the answer has none; without a default that is a failure.
    pub default: Option<String>,
}

/// Where in an answer a value is.
#[derive(Debug, Clone)]
pub enum CaptureSource {
    /// JSON pointer.
    Json(String),
    /// A header.
    Header(HeaderName),
    /// The only group of an expression, searched in the first 256 KiB of the body.
    Regex(Regex),
}

impl Operation {
    /// The names of the values that it captures.
    pub fn captured(&self) -> impl Iterator<Item = &str> {
        self.captures.iter().map(|it| it.name.as_str())
    }

    /// The names of the values (`{value.NAME}`) that it or its job needs.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        let of_job = self.job.iter().flat_map(|job| {
            let others = [&job.start, &job.result, &job.cleanup];
            std::iter::once(&job.poll).chain(others.into_iter().flatten())
        });
        std::iter::once(&self.call)
            .chain(of_job)
            .flat_map(|it| it.request.templates())
            .flat_map(Template::values)
    }
}
