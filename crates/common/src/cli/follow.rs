//! A schedule that is run while the progress line follows it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Progress;
use crate::load::{Labels, Monitor, RunOptions, Schedule, Stop, Workload, run};
use crate::record::Tally;
use crate::units::count_f64;

/// Runs a schedule as [`run`] does; `stage` is its name on the progress line.
pub async fn run_shown<W: Workload + 'static>(
    (stage, progress): (&str, &Progress),
    schedule: &Schedule,
    options: &RunOptions,
    labels: &Labels,
    workloads: Vec<W>,
    stop: &CancellationToken,
) -> Tally {
    let monitor = Arc::new(Monitor::default());
    tokio::select! {
        tally = run(schedule, options, labels, workloads, &monitor, stop) => tally,
        never = follow(stage, &monitor, progress, schedule, options.time_limit) => match never {},
    }
}

/// Moves the progress line until the run is over.
async fn follow(
    stage: &str,
    monitor: &Monitor,
    progress: &Progress,
    schedule: &Schedule,
    limit: Option<Duration>,
) -> std::convert::Infallible {
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
