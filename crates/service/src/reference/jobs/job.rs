//! One job: what was asked, how far it is, what it brought.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::faults::{JobFault, scramble};
use super::ms_between;
use super::process::Outcome;
use super::request::{Input, JobRequest};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Queued,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    pub(crate) const ALL: [Self; 5] = [
        Self::Queued,
        Self::Processing,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Processing => "PROCESSING",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Processing)
    }
}

/// A job.
pub(crate) struct Job {
    pub(crate) id: String,
    pub(super) number: u64,
    pub(crate) request: JobRequest,
    /// Wall clock and steady clock of its creation; later times are counted from both, so that their
    /// differences are those of the steady clock.
    created: (Timestamp, Instant),
    /// What befalls it on purpose.
    pub(super) fault: Option<JobFault>,
    cancelled: AtomicBool,
    state: Mutex<State>,
}

struct State {
    status: Status,
    /// The image, until a worker takes it or the job is cancelled: an upload must not stay for long.
    input: Option<Input>,
    started: Option<Instant>,
    ended: Option<Instant>,
    outcome: Option<Outcome>,
    error: Option<String>,
    /// The result was removed to make room.
    given_up: bool,
}

/// The files of a job that has completed.
pub(crate) enum Results {
    /// The image and the list of sources.
    Files { image: PathBuf, sources: PathBuf },
    /// They were removed to make room.
    GivenUp,
    /// The job has not completed.
    NotThere(Status),
}

impl Job {
    pub(super) fn new(
        number: u64,
        seed: u64,
        fault: Option<JobFault>,
        mut request: JobRequest,
    ) -> Self {
        let input = std::mem::take(&mut request.input);
        Self {
            id: id_of(seed, number),
            number,
            request,
            fault,
            created: (Timestamp::now(), Instant::now()),
            cancelled: AtomicBool::new(false),
            state: Mutex::new(State {
                status: Status::Queued,
                input: Some(input),
                started: None,
                ended: None,
                outcome: None,
                error: None,
                given_up: false,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> Status {
        self.lock().status
    }

    /// Whether somebody cancelled it; read by the work between its steps.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Marks it as being worked on and gives the image; none when it was cancelled before.
    pub(super) fn start(&self) -> Option<Input> {
        let mut state = self.lock();
        if state.status != Status::Queued {
            return None;
        }
        state.status = Status::Processing;
        state.started = Some(Instant::now());
        state.input.take()
    }

    /// Ends it with a result or an error; false, and nothing is changed, when it was cancelled.
    pub(super) fn end(&self, result: Result<Outcome, String>) -> bool {
        let mut state = self.lock();
        if state.status != Status::Processing {
            return false;
        }
        state.ended = Some(Instant::now());
        match result {
            Ok(outcome) => {
                state.status = Status::Completed;
                state.outcome = Some(outcome);
            }
            Err(error) => {
                state.status = Status::Failed;
                state.error = Some(error);
            }
        }
        true
    }

    /// Cancels it, or says in which state it has ended.
    pub(super) fn cancel(&self) -> Result<(), Status> {
        let mut state = self.lock();
        if state.status.is_final() {
            return Err(state.status);
        }
        state.status = Status::Cancelled;
        state.input = None;
        state.ended = Some(Instant::now());
        self.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The files it made.
    pub(crate) fn results(&self) -> Results {
        let state = self.lock();
        match &state.outcome {
            _ if state.given_up => Results::GivenUp,
            Some(outcome) => Results::Files {
                image: outcome.image.clone(),
                sources: outcome.sources.clone(),
            },
            None => Results::NotThere(state.status),
        }
    }

    /// Its files are no longer given out: they are to be removed.
    pub(super) fn give_up_results(&self) -> Vec<PathBuf> {
        let mut state = self.lock();
        state.given_up = true;
        let files = state.outcome.as_ref();
        files.map_or_else(Vec::new, |it| vec![it.image.clone(), it.sources.clone()])
    }

    /// Milliseconds of work, once it has ended.
    pub(super) fn processing_ms(&self) -> Option<f64> {
        let state = self.lock();
        Some(ms_between(state.started?, state.ended?))
    }

    /// What the answer to its submission says.
    pub(crate) fn receipt(&self) -> Value {
        json!({
            "jobId": self.id,
            "status": Status::Queued,
            "inputBucket": self.request.input_bucket,
            "inputObjectKey": self.request.input_object_key,
            "processingType": self.request.processing_type,
            "createdAt": time_text(self.created.0),
        })
    }

    /// All that is known of it.
    pub(crate) fn view(&self) -> Value {
        let state = self.lock();
        let since = |begin: Instant, end: Option<Instant>| end.map(|end| ms_between(begin, end));
        let outcome = state.outcome.as_ref();
        let request = &self.request;
        json!({
            "jobId": self.id,
            "status": state.status,
            "processingType": request.processing_type,
            "userId": request.user_id,
            "inputBucket": request.input_bucket,
            "inputObjectKey": request.input_object_key,
            "outputBucket": request.output_bucket,
            "outputObjectKey": request.output_object_key,
            "createdAt": time_text(self.created.0),
            "startedAt": state.started.map(|it| self.time_of(it)),
            "completedAt": state.ended.map(|it| self.time_of(it)),
            "queueWaitMs": since(self.created.1, state.started),
            "processingMs": state.started.and_then(|started| since(started, state.ended)),
            "inputBytes": outcome.map(|it| it.input_bytes),
            "outputBytes": outcome.map(|it| it.output_bytes),
            "sourcesFound": outcome.map(|it| it.sources_found),
            "cosmicRayPixels": outcome.map(|it| it.cosmic_ray_pixels),
            "error": state.error,
            "steps": outcome.map(|it| &it.steps),
        })
    }

    fn time_of(&self, moment: Instant) -> String {
        let elapsed = moment.saturating_duration_since(self.created.1);
        let elapsed = SignedDuration::try_from(elapsed).unwrap_or(SignedDuration::ZERO);
        time_text(
            self.created
                .0
                .checked_add(elapsed)
                .unwrap_or(self.created.0),
        )
    }
}

/// RFC 3339 in UTC with microseconds.
pub(super) fn time_text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// A name that looks random and repeats with the seed, in the form of a UUID of version 4.
fn id_of(seed: u64, number: u64) -> String {
    let high = scramble(seed ^ scramble(2 * number));
    let low = scramble(seed ^ scramble(2 * number + 1));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_and_times_have_microseconds() {
        assert_ne!(id_of(1, 1), id_of(1, 2));
        assert_eq!(id_of(1, 1), id_of(1, 1));
        assert_eq!(id_of(1, 1).len(), 36);
        let time: Timestamp = "2026-01-02T03:04:05.6Z".parse().unwrap();
        assert_eq!(time_text(time), "2026-01-02T03:04:05.600000Z");
    }

    #[test]
    fn a_job_that_was_cancelled_stays_cancelled() {
        let job = Job::new(1, 1, None, JobRequest::default());
        assert!(job.start().is_some());
        job.cancel().unwrap();
        assert!(!job.end(Err("late".to_owned())));
        assert_eq!(job.status(), Status::Cancelled);
        assert_eq!(job.cancel(), Err(Status::Cancelled));
        assert_eq!(job.view()["error"], Value::Null);
    }
}
