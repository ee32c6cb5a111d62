//! Values in answers that a user keeps.

use super::Answer;
use crate::profile::{Capture, CaptureSource, JobId, Operation};

/// What is kept of a body beside what its judge needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Keep {
    /// JSON pointers.
    pub(super) pointers: Vec<String>,
    /// The beginning of the body, as far as it is searched.
    pub(super) body: bool,
}

impl Keep {
    pub(super) fn pointers(pointers: Vec<String>) -> Self {
        Self {
            pointers,
            body: false,
        }
    }

    /// What the answer to an operation must be kept for: the name of its job, then its captures.
    pub(super) fn of(operation: &Operation) -> Self {
        let mut pointers = Vec::new();
        if let Some(JobId::Json(pointer)) = operation.job.as_ref().map(|it| &it.id) {
            pointers.push(pointer.clone());
        }
        let mut body = false;
        for capture in &operation.captures {
            match &capture.from {
                CaptureSource::Json(pointer) => pointers.push(pointer.clone()),
                CaptureSource::Regex(_) => body = true,
                CaptureSource::Header(_) => {}
            }
        }
        Self { pointers, body }
    }
}

/// How many pointers of [`Keep::of`] stand before those of the captures.
pub(super) fn offset(operation: &Operation) -> usize {
    let id = operation.job.as_ref().map(|it| &it.id);
    usize::from(matches!(id, Some(JobId::Json(_))))
}

/// The value of a capture; `pointers` are what the pointers of all captures led to, in their order.
pub(super) fn find<'a>(
    capture: &Capture,
    answer: &Answer,
    pointers: &mut impl Iterator<Item = &'a Option<String>>,
) -> Option<String> {
    match &capture.from {
        CaptureSource::Json(_) => pointers.next().cloned().flatten(),
        CaptureSource::Header(name) => {
            let value = answer.headers.get(name)?;
            value.to_str().ok().map(str::to_owned)
        }
        CaptureSource::Regex(regex) => {
            let body = String::from_utf8_lossy(&answer.body);
            let group = regex.captures(&body)?.get(1)?;
            Some(group.as_str().to_owned())
        }
    }
}

/// Where a value should have been, for people.
pub(super) fn place(capture: &Capture) -> String {
    match &capture.from {
        CaptureSource::Json(pointer) => format!("there is nothing at `{pointer}`"),
        CaptureSource::Header(name) => format!("there is no header `{name}`"),
        CaptureSource::Regex(regex) => format!("nothing matches `{regex}`"),
    }
}
