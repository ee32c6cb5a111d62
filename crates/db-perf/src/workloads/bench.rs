//! What all tests share: the server, the data, the plan, and how a schedule is run with progress.

use std::sync::Arc;
use std::time::Duration;

use common::cli::{Progress, run_shown};
use common::load::{Labels, RunOptions, Schedule, WarmUp, Workload};
use common::record::Tally;
use common::sky::Position;
use common::units::seconds;
use tokio_util::sync::CancellationToken;

use super::cone_search::ConeTable;
use crate::catalog::{Catalog, Loaded};
use crate::plan::Plan;
use crate::target::ConnectSpec;

/// The server, the data and the plan of a run.
pub struct Bench {
    /// Sessions in which the tables of the run are found.
    pub spec: ConnectSpec,
    /// The same without the time limit of statements, for building tables and indexes.
    pub setup: ConnectSpec,
    /// What will be done.
    pub plan: Plan,
    /// The table that cones are searched in.
    pub cone_table: ConeTable,
    /// The rows, where they are ours; none for a table of the user's.
    pub catalog: Option<Arc<Catalog>>,
    /// What was loaded; empty for a table of the user's.
    pub loaded: Loaded,
    /// Positions of a fair sample of rows.
    pub sample: Vec<Position>,
    /// The progress line.
    pub progress: Arc<Progress>,
    /// Cancelled when somebody stops the run.
    pub stop: CancellationToken,
}

impl Bench {
    /// Options of the runner with the seed of this run.
    pub fn options(&self, warm_up: WarmUp, limit_seconds: Option<f64>) -> RunOptions {
        RunOptions {
            warm_up,
            drain: self.plan.statement_timeout.min(Duration::from_secs(10)),
            time_limit: limit_seconds.map(seconds),
            timeline_interval: Duration::from_millis(500),
            seed: self.plan.seed,
            ..RunOptions::default()
        }
    }

    /// Runs a schedule while the progress line follows it. `stage` is the name for people.
    pub async fn run<W: Workload + 'static>(
        &self,
        stage: &str,
        schedule: &Schedule,
        options: &RunOptions,
        labels: &Labels,
        workloads: Vec<W>,
    ) -> Tally {
        let shown = (stage, &*self.progress);
        run_shown(shown, schedule, options, labels, workloads, &self.stop).await
    }
}
