//! What a run brought: the merged recorders and the account of its iterations.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Recorder;
use crate::load::Labels;
use crate::units::count_f64;

/// Where the planned iterations went. `planned = succeeded + failed + interrupted + not_started`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accounting {
    /// Iterations the schedule had, warm-up not counted. For a closed run with a time limit: those
    /// that were started.
    pub planned: u64,
    /// Iterations that ended well.
    pub succeeded: u64,
    /// Iterations that ended with an error.
    pub failed: u64,
    /// Iterations that were under way when the drain limit ended.
    pub interrupted: u64,
    /// Iterations that were never started.
    pub not_started: u64,
    /// Iterations of the warm-up; they are in no other figure.
    pub warm_up: u64,
}

impl Accounting {
    /// Whether every planned iteration is accounted for.
    pub fn balances(&self) -> bool {
        self.planned == self.succeeded + self.failed + self.interrupted + self.not_started
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// As planned.
    Finished,
    /// Its time limit came before its last iteration.
    TimeLimit,
    /// Somebody stopped it.
    Stopped,
    /// Nothing had succeeded for longer than the plan allows.
    GaveUp,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The names of the classes and spans.
    pub labels: Labels,
    /// Everything recorded.
    pub recorded: Recorder,
    /// Where the iterations went.
    pub accounting: Accounting,
    /// How it ended.
    pub ending: Ending,
}

impl Tally {
    /// Wall time from the first measured iteration to the last completion.
    pub fn wall(&self) -> Duration {
        self.recorded
            .last
            .saturating_sub(self.recorded.first.unwrap_or_default())
    }

    /// Successful iterations per second of wall time; `None` where nothing was measured.
    pub fn throughput_per_sec(&self) -> Option<f64> {
        self.per_second(self.recorded.total.response.count())
    }

    /// Items per second of wall time; `None` where nothing was measured.
    pub fn items_per_sec(&self) -> Option<f64> {
        self.per_second(self.recorded.total.items)
    }

    /// Megabytes (10⁶ bytes) of the successful iterations per second of wall time; `None` where nothing
    /// was measured.
    pub fn megabytes_per_sec(&self) -> Option<f64> {
        self.per_second(self.recorded.total.bytes)
            .map(|it| it / 1e6)
    }

    /// Failed iterations per second of wall time; `None` where nothing was measured.
    pub fn errors_per_sec(&self) -> Option<f64> {
        self.per_second(self.recorded.total.failed)
    }

    fn per_second(&self, count: u64) -> Option<f64> {
        let wall = self.wall().as_secs_f64();
        (wall > 0.0).then(|| count_f64(count) / wall)
    }
}
