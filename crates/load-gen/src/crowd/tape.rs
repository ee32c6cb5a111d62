//! What was seen in a stretch of time: requests, iterations, failures. Tapes of lanes and of machines
//! merge to the same as one that had seen everything.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use common::load::{Done, Failure, Labels};
use common::record::{Errors, Recorder, Series, Times};
use serde::{Deserialize, Serialize};

/// The timeline is kept by the collector: a recorder of a tape has one cell.
const NO_TIMELINE: Duration = Duration::from_secs(1 << 32);

/// What was seen in a stretch of time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tape {
    /// The requests, by the labels of the [`super::Roster`].
    pub requests: Recorder,
    /// The iterations.
    pub iterations: Iterations,
    /// Failures of requests by request (index of the operation) and kind.
    pub failures: BTreeMap<(u16, Cow<'static, str>), Errors>,
    /// FITS files that were uploaded or processed.
    pub fits_files: u64,
    /// Their bytes, where they are known.
    pub fits_bytes: u64,
}

/// Where iterations went. `planned = succeeded + failed + interrupted + dropped`, where `planned` is what an
/// open load had due, and what a closed one started.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Iterations {
    /// Response times of the iterations whose requests all succeeded, from when they were due.
    pub response: Series,
    /// The same from their start.
    pub service: Series,
    /// Iterations that were started, warm-up not counted.
    pub started: u64,
    /// Iterations with a failed request.
    pub failed: u64,
    /// Iterations that were under way when the graceful stop was over.
    pub interrupted: u64,
    /// Among those that succeeded: iterations without a request, such as asking for a job of a user that has none.
    pub idle: u64,
    /// Iterations that could not start in time, by reason.
    pub dropped: BTreeMap<Dropped, u64>,
    /// Iterations of the warm-up; they are in no other figure.
    pub warm_up: u64,
    /// By task, in the order of the roster: how many were started.
    pub by_task: Vec<u64>,
}

/// Why an iteration could not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// All users that the load may need at once were busy until the end.
    NoFreeUser,
    /// The load was paused.
    Paused,
    /// The run was stopped before.
    Stopped,
    /// The machine of the generator was too busy to start it before the end.
    GeneratorBusy,
    /// A worker was lost, and nobody had its share yet.
    WorkerLost,
}

impl Dropped {
    /// The reason in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFreeUser => "no_free_user",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::GeneratorBusy => "generator_busy",
            Self::WorkerLost => "worker_lost",
        }
    }
}

impl Tape {
    /// An empty tape.
    pub fn new(labels: &Labels, tasks: usize) -> Self {
        Self {
            requests: Recorder::new(labels, NO_TIMELINE),
            iterations: Iterations {
                by_task: vec![0; tasks],
                ..Iterations::default()
            },
            failures: BTreeMap::new(),
            fits_files: 0,
            fits_bytes: 0,
        }
    }

    /// Records a request of an operation.
    pub fn record(&mut self, operation: u16, times: &Times, outcome: &Result<Done, Failure>) {
        self.requests.record(times, outcome);
        if let Err(failure) = outcome {
            self.failures
                .entry((operation, failure.kind.clone()))
                .and_modify(|it| it.count += 1)
                .or_insert_with(|| Errors {
                    count: 1,
                    example: failure.message.clone(),
                });
        }
    }

    /// Adds what another tape of the same roster has seen.
    pub fn merge(&mut self, other: &Self) {
        self.requests.merge(&other.requests);
        self.iterations.merge(&other.iterations);
        self.fits_files += other.fits_files;
        self.fits_bytes += other.fits_bytes;
        for (key, theirs) in &other.failures {
            self.failures
                .entry(key.clone())
                .and_modify(|mine| mine.count += theirs.count)
                .or_insert_with(|| theirs.clone());
        }
    }
}

impl Iterations {
    /// How many were dropped, for whatever reason.
    pub fn dropped(&self) -> u64 {
        self.dropped.values().sum()
    }

    /// Those that were started and whose requests all succeeded.
    pub fn succeeded(&self) -> u64 {
        self.response.count()
    }

    /// What should have been done: see [`Iterations`].
    pub fn planned(&self) -> u64 {
        self.started + self.dropped()
    }

    /// Whether every iteration is accounted for; holds when nothing is under way any more.
    pub fn balances(&self) -> bool {
        self.started == self.succeeded() + self.failed + self.interrupted
    }

    /// Adds other iterations.
    pub fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.service.merge(&other.service);
        self.started += other.started;
        self.failed += other.failed;
        self.interrupted += other.interrupted;
        self.idle += other.idle;
        self.warm_up += other.warm_up;
        for (reason, count) in &other.dropped {
            *self.dropped.entry(*reason).or_default() += count;
        }
        for (mine, theirs) in self.by_task.iter_mut().zip(&other.by_task) {
            *mine += theirs;
        }
    }
}
