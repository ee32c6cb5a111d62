//! How work is offered to a target: pure schedules, the [`Workload`] trait and the one runner.

mod runner;
mod schedule;
mod shared;
mod think;
mod workload;

pub use runner::{RunOptions, run};
pub use schedule::{Closed, Open, Schedule, ScheduleError, Stage, Stop, WarmUp};
pub use shared::Monitor;
pub use think::Think;
pub use workload::{Done, Failure, Labels, Null, Spans, Tags, Workload};
