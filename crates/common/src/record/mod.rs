//! Honest recording: exact counts, whole distributions, nothing pooled that does not belong together.

mod carried;
mod series;
mod tally;
mod timeline;

use std::collections::BTreeMap;
use std::time::Duration;

pub use carried::{Bytes, SeriesParts};
pub use series::Series;
pub use tally::{Accounting, Ending, Tally};
pub use timeline::{Cell, Timeline};

use serde::{Deserialize, Serialize};

use crate::load::{Done, Failure, Labels};

/// When an iteration was due, started and ended, since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it should have started.
    pub due: Duration,
    /// When it did start.
    pub start: Duration,
    /// When it ended.
    pub end: Duration,
    /// Whether the worker was waiting for the due time. If so, being late is the tool's timer and
    /// not a backlog, and the response time counts from the start.
    pub idle: bool,
}

impl Times {
    /// Completion − due time, or − start for a worker that was idle when it was due.
    pub fn response(&self) -> Duration {
        self.end
            .saturating_sub(if self.idle { self.start } else { self.due })
    }

    /// Completion − start.
    pub fn service(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }

    /// Start − due time.
    pub fn lag(&self) -> Duration {
        self.start.saturating_sub(self.due)
    }
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errors {
    /// How many.
    pub count: u64,
    /// The first message that was seen.
    pub example: String,
}

/// The iterations of one class.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Class {
    /// Response times of the successful ones.
    pub response: Series,
    /// How many failed.
    pub failed: u64,
    /// What the successful ones brought.
    pub items: u64,
    /// Bytes that the successful ones moved or processed.
    pub bytes: u64,
}

/// What one worker, or one shard of workers, has seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorder {
    /// All iterations.
    pub total: Class,
    /// Service times of the successful iterations.
    pub service: Series,
    /// How late idle workers started.
    pub timer_lag: Series,
    /// Response times of the failed iterations, apart so that fast failures do not flatter.
    pub failed_response: Series,
    /// The classes, in the order of [`Labels::tags`].
    pub classes: Vec<Class>,
    /// The parts of successful iterations, in the order of [`Labels::spans`].
    pub spans: Vec<Series>,
    /// Failures by kind.
    pub errors: BTreeMap<String, Errors>,
    /// The course over time.
    pub timeline: Timeline,
    /// When the first recorded iteration was due or started.
    pub first: Option<Duration>,
    /// When the last recorded iteration ended.
    pub last: Duration,
    /// Iterations of the warm-up, which are in no other figure.
    pub warm_up: u64,
    /// Failures of the warm-up by kind: left out of the figures, but not hidden.
    pub warm_up_errors: BTreeMap<String, Errors>,
}

impl Recorder {
    /// An empty recorder for these labels with timeline cells of `interval`.
    pub fn new(labels: &Labels, interval: Duration) -> Self {
        Self {
            total: Class::default(),
            service: Series::default(),
            timer_lag: Series::default(),
            failed_response: Series::default(),
            classes: vec![Class::default(); labels.tags.len()],
            spans: vec![Series::default(); labels.spans.len()],
            errors: BTreeMap::new(),
            timeline: Timeline::new(interval),
            first: None,
            last: Duration::ZERO,
            warm_up: 0,
            warm_up_errors: BTreeMap::new(),
        }
    }

    /// Records one finished iteration.
    pub fn record(&mut self, times: &Times, outcome: &Result<Done, Failure>) {
        let begin = if times.idle { times.start } else { times.due };
        self.first = Some(self.first.map_or(begin, |first| first.min(begin)));
        self.last = self.last.max(times.end);
        if times.idle {
            self.timer_lag.record(times.lag());
        }
        match outcome {
            Ok(done) => self.record_done(times, done),
            Err(failure) => self.record_failure(times, failure),
        }
    }

    fn record_done(&mut self, times: &Times, done: &Done) {
        let response = times.response();
        self.service.record(times.service());
        self.timeline.record(times.end, response, done.items);
        self.total.record(response, done);
        for tag in done.tags.iter() {
            if let Some(class) = self.classes.get_mut(tag) {
                class.record(response, done);
            }
        }
        for (index, time) in done.spans.iter() {
            if let Some(span) = self.spans.get_mut(index) {
                span.record(time);
            }
        }
    }

    fn record_failure(&mut self, times: &Times, failure: &Failure) {
        self.failed_response.record(times.response());
        self.timeline.record_failure(times.end);
        self.total.failed += 1;
        for tag in failure.tags.iter() {
            if let Some(class) = self.classes.get_mut(tag) {
                class.failed += 1;
            }
        }
        count(&mut self.errors, failure);
    }

    /// Counts an iteration of the warm-up.
    pub fn record_warm_up(&mut self, outcome: &Result<Done, Failure>) {
        self.warm_up += 1;
        if let Err(failure) = outcome {
            count(&mut self.warm_up_errors, failure);
        }
    }

    /// Adds what another recorder with the same labels has seen; the result is the same as if one
    /// had recorded everything.
    pub fn merge(&mut self, other: &Self) {
        self.total.merge(&other.total);
        self.service.merge(&other.service);
        self.timer_lag.merge(&other.timer_lag);
        self.failed_response.merge(&other.failed_response);
        for (mine, theirs) in self.classes.iter_mut().zip(&other.classes) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.spans.iter_mut().zip(&other.spans) {
            mine.merge(theirs);
        }
        add(&mut self.errors, &other.errors);
        add(&mut self.warm_up_errors, &other.warm_up_errors);
        self.timeline.merge(&other.timeline);
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(other.last);
        self.warm_up += other.warm_up;
    }
}

fn count(errors: &mut BTreeMap<String, Errors>, failure: &Failure) {
    // `entry` would copy the name of the kind for each of a million equal failures.
    if let Some(known) = errors.get_mut(failure.kind.as_ref()) {
        known.count += 1;
        return;
    }
    let first = Errors {
        count: 1,
        example: failure.message.clone(),
    };
    errors.insert(failure.kind.to_string(), first);
}

fn add(mine: &mut BTreeMap<String, Errors>, theirs: &BTreeMap<String, Errors>) {
    for (kind, theirs) in theirs {
        mine.entry(kind.clone())
            .and_modify(|mine| mine.count += theirs.count)
            .or_insert_with(|| theirs.clone());
    }
}

impl Class {
    fn record(&mut self, response: Duration, done: &Done) {
        self.response.record(response);
        self.items += done.items;
        self.bytes += done.bytes;
    }

    fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.failed += other.failed;
        self.items += other.items;
        self.bytes += other.bytes;
    }
}
