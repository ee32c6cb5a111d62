//! What a whole run brought: the source of every report.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::crowd::{Roster, Tape};
use crate::live::{Moment, Snapshot, WorkerRow};

/// What a whole run brought.
#[derive(Debug, Clone)]
pub struct Harvest {
    /// The names of everything.
    pub roster: Roster,
    /// All that was measured, warm-up left out.
    pub tape: Tape,
    /// The course, in seconds or wider steps.
    pub course: Vec<Moment>,
    /// The last picture.
    pub last: Snapshot,
    /// When the load began.
    pub began: Timestamp,
    /// Seconds from the first measured request to the last answer.
    pub measured_s: f64,
    /// How it ended.
    pub ending: Ending,
    /// What the generator saw of itself.
    pub audit: Audit,
    /// The workers of a distributed run, with what was lost of each.
    pub workers: Vec<WorkerAudit>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// As planned.
    Finished,
    /// Somebody stopped it.
    Stopped,
    /// A limit that ends the run was broken.
    Aborted(String),
    /// Nothing had succeeded for long while failures went on.
    GaveUp,
    /// No worker was left.
    NoWorkers,
}

/// What the generator saw of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Threads that offered load.
    pub lanes: u64,
    /// CPU seconds that the process used during the load.
    pub cpu_seconds: Option<f64>,
    /// The highest share (0–1) of its cores in one second.
    pub peak_cpu_ratio: Option<f64>,
    /// The largest resident memory in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// The most descriptors that were open.
    pub peak_descriptors: Option<u64>,
    /// How many descriptors it may have.
    pub descriptors_limit: Option<u64>,
    /// Ports for connections from one address to one server.
    pub ports: Option<u64>,
    /// When it was too busy for what was asked of it: from, to.
    pub limited: Vec<(Timestamp, Timestamp)>,
}

/// A worker of a distributed run, at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerAudit {
    /// The last that was seen of it.
    pub row: WorkerRow,
    /// When it was away: seconds since the start of the load, and the share (0–1) of the load that was
    /// missing until others had it.
    pub absences: Vec<Absence>,
    /// What it saw of itself.
    pub audit: Audit,
}

/// A time without a worker.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Absence {
    /// When it was last heard of, seconds since the start of the load.
    pub from_s: f64,
    /// When others had its share, or the run ended.
    pub until_s: f64,
    /// The share of the load (0–1) that was missing.
    pub share: f64,
}
