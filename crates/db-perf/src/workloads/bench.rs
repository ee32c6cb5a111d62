//! What all tests share: the server, the data, the plan, and how a schedule is run with progress.

use std::sync::Arc;
use std::time::Duration;

use common::cli::Progress;
use common::load::{Labels, Monitor, RunOptions, Schedule, Stop, WarmUp, Workload, run};
use common::record::{Ending, Tally};
use common::render::figure;
use common::report::Limitation;
use common::sky::Position;
use common::units::{count_f64, seconds};
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
        let monitor = Arc::new(Monitor::default());
        let follower = {
            let (monitor, progress) = (Arc::clone(&monitor), Arc::clone(&self.progress));
            let (schedule, limit) = (schedule.clone(), options.time_limit);
            let stage = stage.to_owned();
            tokio::spawn(async move {
                follow(&stage, &monitor, &progress, &schedule, limit).await;
            })
        };
        let tally = run(schedule, options, labels, workloads, &monitor, &self.stop).await;
        follower.abort();
        tally
    }
}

/// What a tally's end, and the tool's own lateness, mean for its figures.
pub(super) fn limitations_of(test: &str, tally: &Tally) -> Vec<Limitation> {
    let ending = ending_of(test, tally);
    ending.into_iter().chain(lateness(test, tally)).collect()
}

fn ending_of(test: &str, tally: &Tally) -> Option<Limitation> {
    let accounting = &tally.accounting;
    let left = accounting.not_started + accounting.interrupted;
    match tally.ending {
        Ending::Finished if accounting.interrupted == 0 => None,
        Ending::Finished => Some(Limitation::of_test(
            "interrupted_iterations",
            test,
            format!(
                "{} iterations had not ended when the drain limit was over",
                accounting.interrupted
            ),
        )),
        Ending::TimeLimit => Some(Limitation::of_test(
            "time_limit",
            test,
            format!(
                "the time limit ended it with {left} of {} iterations left",
                accounting.planned
            ),
        )),
        Ending::Stopped => Some(Limitation::of_test(
            "interrupted",
            test,
            format!(
                "it was interrupted with {left} of {} iterations left",
                accounting.planned
            ),
        )),
        Ending::GaveUp => Some(Limitation::of_test(
            "gave_up",
            test,
            format!("nothing succeeded for 15 s, so it was ended with {left} iterations left"),
        )),
    }
}

/// The timer of the tool must be fine against what is measured.
const LAG_SHARE: f64 = 0.5;

/// Says when the tool's timer was late by an amount that is not small against the response time.
fn lateness(test: &str, tally: &Tally) -> Option<Limitation> {
    let lag = tally.recorded.timer_lag.quantile_ms(0.5)?;
    let response = tally.recorded.total.response.quantile_ms(0.5)?;
    (lag > LAG_SHARE * response).then(|| {
        let message = format!(
            "the tool's timer was late by {} ms (median) where a response takes {} ms: requests came \
             somewhat later than planned; their times count from when they were really sent",
            figure(lag),
            figure(response)
        );
        Limitation::of_test("timer_lag", test, message)
    })
}

/// Moves the progress line until the run is over.
async fn follow(
    stage: &str,
    monitor: &Monitor,
    progress: &Progress,
    schedule: &Schedule,
    limit: Option<Duration>,
) {
    let begin = tokio::time::Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    let share_of = |time: Duration| begin.elapsed().as_secs_f64() / time.as_secs_f64().max(1e-3);
    loop {
        tick.tick().await;
        let (done, failed) = (monitor.succeeded() + monitor.failed(), monitor.failed());
        let by_time = schedule.offered_for().map(share_of);
        let by_count = match schedule {
            Schedule::Closed(closed) => match closed.stop {
                Stop::Iterations(planned) => Some(count_f64(done) / count_f64(planned)),
                Stop::AfterSeconds(_) => None,
            },
            Schedule::Open(_) => None,
        };
        let limited = limit.map_or(0.0, share_of);
        let share = by_time.or(by_count).unwrap_or(0.0).max(limited);
        let errors = if failed > 0 {
            format!(", {failed} failed")
        } else {
            String::new()
        };
        progress.update(share, &format!("{stage} {done} done{errors}"));
    }
}
