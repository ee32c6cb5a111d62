//! What can be seen of a run while it goes on, as plain data: every view shows the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A run at one moment. Rates and times of `now` are those of the last second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What the run is doing.
    pub state: State,
    /// Wall clock.
    pub at: Timestamp,
    /// Seconds since the start of the load.
    pub elapsed_s: f64,
    /// Seconds that it is planned for; null where only iterations or somebody ends it.
    pub planned_s: Option<f64>,
    /// The name of the scenario.
    pub scenario: String,
    /// What is asked, without secrets.
    pub target: String,
    /// How much should be offered now.
    pub wanted: Wanted,
    /// Users that are there, by persona in the order of the scenario.
    pub users: Vec<(String, u64)>,
    /// All requests.
    pub total: Row,
    /// The requests by name; those that were never asked are left out.
    pub requests: Vec<Row>,
    /// The requests by persona.
    pub personas: Vec<Row>,
    /// Cone searches by class of radii.
    pub radii: Vec<Row>,
    /// Whole iterations.
    pub iterations: IterationCounts,
    /// Failures, the most frequent first, at most 50.
    pub failures: Vec<FailureRow>,
    /// Figures that only this field has.
    pub sky: SkyFigures,
    /// How the generator itself does.
    pub generator: Generator,
    /// The workers of a distributed run; empty otherwise.
    pub workers: Vec<WorkerRow>,
    /// What limits say so far.
    pub limits: Vec<LimitRow>,
    /// What users should know, in sentences.
    pub notes: Vec<String>,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for somebody to start it, or for workers.
    Waiting,
    /// It offers load that is in no figure yet.
    WarmingUp,
    /// It offers load.
    Running,
    /// Somebody paused it.
    Paused,
    /// It offers nothing any more and waits for what is under way.
    Stopping,
    /// It is over.
    Finished,
}

/// How much should be offered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Users of a closed load.
    Users(u64),
    /// Iterations per second of an open one.
    Rate(f64),
}

/// Figures of requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What they have in common: a request's name, a persona, `total`.
    pub name: String,
    /// The method; empty where they have several.
    pub method: String,
    /// Requests that ended well, since the start of the measured part.
    pub succeeded: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Response times of those that ended well, milliseconds.
    pub avg_ms: Option<f64>,
    /// Shortest.
    pub min_ms: Option<f64>,
    /// Median.
    pub median_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
    /// Longest.
    pub max_ms: Option<f64>,
    /// Bytes of the answers on average.
    pub avg_bytes: Option<f64>,
    /// Requests that ended well, per second, in the last second.
    pub now_per_sec: f64,
    /// Requests that failed, per second, in the last second.
    pub now_failed_per_sec: f64,
    /// Median of the last second.
    pub now_median_ms: Option<f64>,
    /// 95th percentile of the last second.
    pub now_p95_ms: Option<f64>,
    /// 99th percentile of the last second.
    pub now_p99_ms: Option<f64>,
}

/// Where iterations went so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IterationCounts {
    /// Started.
    pub started: u64,
    /// All requests succeeded.
    pub succeeded: u64,
    /// A request failed.
    pub failed: u64,
    /// Under way.
    pub under_way: u64,
    /// Could not start in time, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// Failures of one kind of one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRow {
    /// The request.
    pub request: String,
    /// Its method.
    pub method: String,
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// The first message that was seen.
    pub example: String,
}

/// Figures that only this field has, since the start of the measured part; null where nothing of the kind
/// was done.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SkyFigures {
    /// Sources that catalogue answers brought, per second.
    pub sources_per_sec: Option<f64>,
    /// Cone searches per second.
    pub cone_searches_per_sec: Option<f64>,
    /// Cross-match searches per second.
    pub cross_matches_per_sec: Option<f64>,
    /// Pairs that cross-match searches brought, per second.
    pub matched_pairs_per_sec: Option<f64>,
    /// Megabytes (10⁶ bytes) of FITS files that were uploaded or processed.
    pub fits_megabytes: Option<f64>,
    /// FITS files per hour.
    pub fits_files_per_hour: Option<f64>,
    /// Median wait of a job in the queue, milliseconds.
    pub job_queue_wait_median_ms: Option<f64>,
    /// 95th percentile of that.
    pub job_queue_wait_p95_ms: Option<f64>,
    /// Median time of processing, milliseconds.
    pub fits_processing_median_ms: Option<f64>,
    /// 95th percentile of that.
    pub fits_processing_p95_ms: Option<f64>,
}

/// How the generator itself does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    /// The share (0–1) of its cores that it used in the last second; null where the system does not tell.
    pub cpu_ratio: Option<f64>,
    /// How late it started what was due, in the last second: 99th percentile, milliseconds.
    pub lag_p99_ms: Option<f64>,
    /// Since when it has been too busy for what was asked of it, if it is.
    pub limited_since: Option<Timestamp>,
    /// Resident memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Open descriptors.
    pub descriptors: Option<u64>,
    /// How many it may have.
    pub descriptors_limit: Option<u64>,
}

/// A worker of a distributed run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerRow {
    /// Its name.
    pub name: String,
    /// `ready`, `running`, `missing`, `left`.
    pub state: String,
    /// Users that it has.
    pub users: u64,
    /// Requests per second in the last second.
    pub now_per_sec: f64,
    /// Its share of its cores.
    pub cpu_ratio: Option<f64>,
    /// How far its clock is from the master's, milliseconds.
    pub clock_offset_ms: Option<f64>,
    /// How long a message takes to it and back, milliseconds.
    pub round_trip_ms: Option<f64>,
}

/// What a limit says so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitRow {
    /// The limit as it was given.
    pub limit: String,
    /// The figure; null where there is none yet.
    pub figure: Option<f64>,
    /// Whether it holds; null where there is no figure yet.
    pub holds: Option<bool>,
}

/// A second of the course of a run (more than a second in long runs).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Its start, seconds since the start of the load.
    pub t_s: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// Users that were there at its end.
    pub users: u64,
    /// Iterations per second that should have been offered; null in closed loads.
    pub wanted_per_sec: Option<f64>,
    /// Requests per second that ended well.
    pub succeeded_per_sec: f64,
    /// Requests per second that failed.
    pub failed_per_sec: f64,
    /// Iterations that were dropped.
    pub dropped: u64,
    /// Median response time, milliseconds.
    pub median_ms: Option<f64>,
    /// 95th percentile.
    pub p95_ms: Option<f64>,
    /// 99th percentile.
    pub p99_ms: Option<f64>,
    /// Longest.
    pub max_ms: Option<f64>,
    /// Share of the generator's cores.
    pub cpu_ratio: Option<f64>,
}
