//! When, how and where a run took place.

use std::time::Duration;

use jiff::Timestamp;
use rand::TryRng as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Host;

/// The program that wrote a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `db-perf`, `app-perf`, `load-gen` or `sys-optimizer`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The size of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A minute, for a first look and for CI.
    Quick,
    /// The full sizes.
    Full,
}

/// When, how and where a run took place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// A name that no other run has: 12 hexadecimal digits.
    pub id: String,
    /// The start, RFC 3339 in UTC.
    pub started_at: String,
    /// Wall time of the whole run in seconds, preparation and clean-up included.
    pub duration_s: f64,
    /// The size of the run.
    pub mode: Mode,
    /// The seed of everything random.
    pub seed: u64,
    /// The machine the tool ran on.
    pub host: Host,
}

/// A run that goes on.
#[derive(Debug)]
pub struct RunClock {
    run: Run,
    begin: Instant,
}

impl RunClock {
    /// Starts the clock and looks at the machine.
    pub fn start(mode: Mode, seed: u64) -> Self {
        Self {
            run: Run {
                id: new_id(),
                started_at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                duration_s: 0.0,
                mode,
                seed,
                host: Host::observe(),
            },
            begin: Instant::now(),
        }
    }

    /// The name of the run.
    pub fn id(&self) -> &str {
        &self.run.id
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// The facts of the run as they are now.
    pub fn finish(&self) -> Run {
        let mut run = self.run.clone();
        run.duration_s = self.elapsed().as_secs_f64();
        run.host.observe_end();
        run
    }
}

fn new_id() -> String {
    let random = rand::rngs::SysRng
        .try_next_u64()
        .unwrap_or_else(|_| u64::from(std::process::id()));
    format!("{:012x}", random & 0xffff_ffff_ffff)
}
