//! Results as files and streams: one file each.

mod csv;
mod harvest;
mod hlog;
mod html;
mod metrics;
mod prometheus;
mod remote_write;
#[cfg(test)]
pub(crate) mod sample;

use std::borrow::Cow;

use common::record::Errors;
use jiff::Timestamp;

use crate::crowd::{Roster, Tape};
use crate::live::Snapshot;

pub use csv::{CsvFiles, csv_stats};
pub use harvest::{Absence, Audit, Ending, Harvest, WorkerAudit};
pub use hlog::HistogramLog;
pub use html::page;
pub use prometheus::{Exposition, ExpositionError};
pub use remote_write::{RemoteWrite, RemoteWriteError, RemoteWriteTarget};

/// A second of a run, for streams that are written while it goes on.
#[derive(Debug, Clone, Copy)]
pub struct Second<'a> {
    /// Its end, wall clock.
    pub at: Timestamp,
    /// Its start, seconds since the start of the load.
    pub t_s: f64,
    /// What was seen in it.
    pub tape: &'a Tape,
    /// What was seen since the start of the measured part.
    pub total: &'a Tape,
    /// The picture at its end.
    pub snapshot: &'a Snapshot,
    /// The names of everything.
    pub roster: &'a Roster,
}

/// Failures by request and kind, the most frequent first.
fn frequent_failures(tape: &Tape) -> Vec<(&(u16, Cow<'static, str>), &Errors)> {
    let mut failures: Vec<_> = tape.failures.iter().collect();
    failures.sort_by_key(|(_, errors)| std::cmp::Reverse(errors.count));
    failures
}
