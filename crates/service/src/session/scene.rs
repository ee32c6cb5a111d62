//! What all users of a run share: targets, input files, limits.

use std::time::Duration;

use bytes::Bytes;
use common::sky::Target;

use super::litter::Litter;
use crate::profile::{Operation, Placeholder};

/// How many rows a right answer has. The sources on the very edge of a cone may be in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountRange {
    /// At least this many.
    pub low: u64,
    /// At most this many.
    pub high: u64,
}

/// A target with what is known of the right answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// The cone and how it was chosen.
    pub target: Target,
    /// The rows in the catalogue; none where that is not known.
    pub expected: Option<CountRange>,
}

/// An image that can be uploaded.
#[derive(Debug, Clone)]
pub struct FitsFile {
    /// Its name.
    pub name: String,
    /// Its content, shared by all users.
    pub bytes: Bytes,
}

/// How often the state of a job is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polling {
    /// The pause is this share of the time the job has taken so far …
    pub share: f64,
    /// … but not shorter than this …
    pub shortest: Duration,
    /// … and not longer than this.
    pub longest: Duration,
}

impl Default for Polling {
    fn default() -> Self {
        Self {
            share: 0.05,
            shortest: Duration::from_millis(5),
            longest: Duration::from_secs(2),
        }
    }
}

impl Polling {
    /// The pause after a job has taken `elapsed`.
    pub fn pause(&self, elapsed: Duration) -> Duration {
        elapsed
            .mul_f64(self.share)
            .clamp(self.shortest, self.longest)
    }
}

/// What all users of a run share.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The name of the run.
    pub run: String,
    /// The seed of everything that users draw.
    pub seed: u64,
    /// Targets in the order in which they were drawn; at least one where an operation has a target.
    pub targets: Vec<Asked>,
    /// Keys of images in the object storage of the service.
    pub keys: Vec<String>,
    /// Images that can be uploaded.
    pub files: Vec<FitsFile>,
    /// The limit of an exchange where the profile gives none.
    pub timeout: Duration,
    /// The limit of a job where the profile gives none.
    pub job_timeout: Duration,
    /// How often the state of a job is asked.
    pub polling: Polling,
    /// Jobs that are on the service because of this run.
    pub litter: Litter,
}

impl Scene {
    /// Whether an operation can be asked: its image must be there.
    pub fn can_ask(&self, operation: &Operation) -> bool {
        let request = &operation.call.request;
        (!request.uses(&Placeholder::FitsKey) || !self.keys.is_empty())
            && (!request.uploads_fits() || !self.files.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polling_backs_off_with_the_age_of_the_job() {
        let polling = Polling::default();
        assert_eq!(polling.pause(Duration::ZERO), Duration::from_millis(5));
        assert_eq!(
            polling.pause(Duration::from_secs(10)),
            Duration::from_millis(500)
        );
        assert_eq!(
            polling.pause(Duration::from_mins(5)),
            Duration::from_secs(2)
        );
    }
}
