//! The one runner: hands out slots, waits for their due time, executes, records.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use super::{Closed, Labels, Monitor, Open, Schedule, WarmUp, Workload};
use crate::record::{Accounting, Ending, Tally, Times};
use crate::units::size_u64;

/// How a schedule is run.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// What is left out of the figures at the start.
    pub warm_up: WarmUp,
    /// How long requests that are under way may take after the end.
    pub drain: Duration,
    /// The run ends when nothing has succeeded for this long while failures went on.
    pub give_up_after: Option<Duration>,
    /// No slot is handed out after this time, even where iterations are left.
    pub time_limit: Option<Duration>,
    /// The length of a cell of the timeline.
    pub timeline_interval: Duration,
    /// The seed of the think times.
    pub seed: u64,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            warm_up: WarmUp::None,
            drain: Duration::from_secs(10),
            give_up_after: Some(Duration::from_secs(15)),
            time_limit: None,
            timeline_interval: Duration::from_secs(1),
            seed: 1,
        }
    }
}

/// Runs a schedule with one workload value per worker until it ends, `stop` is cancelled, or
/// nothing succeeds any more.
///
/// Cancelling `stop` ends the handing out of slots; what is under way may finish within the drain
/// limit, and the tally tells what did not.
///
/// # Panics
/// When a workload panics, with its panic.
pub async fn run<W: Workload + 'static>(
    schedule: &Schedule,
    options: &RunOptions,
    labels: &Labels,
    workloads: Vec<W>,
    monitor: &Arc<Monitor>,
    stop: &CancellationToken,
) -> Tally {
    let shared = Arc::new(Shared::new(
        schedule.clone(),
        options.clone(),
        labels,
        Arc::clone(monitor),
    ));
    let mut workers = JoinSet::new();
    for (index, workload) in workloads.into_iter().enumerate() {
        workers.spawn(work(Arc::clone(&shared), index, workload));
    }
    let ending = supervise(&shared, &mut workers, stop).await;
    shared.stop();
    let drained = timeout(options.drain, join_all(&mut workers)).await;
    if drained.is_err() {
        workers.shutdown().await;
    }
    finish(shared, labels, ending)
}

/// Waits for the end of the run, whatever ends it.
async fn supervise(shared: &Shared, workers: &mut JoinSet<()>, stop: &CancellationToken) -> Ending {
    // An open schedule ends with its last slot, a closed one with its time: only the latter needs a watch.
    let offered_for = match &shared.schedule {
        Schedule::Closed(_) => shared.schedule.offered_for(),
        Schedule::Open(_) => None,
    };
    tokio::select! {
        () = join_all(workers) => Ending::Finished,
        () = wait(shared.epoch, offered_for) => Ending::Finished,
        () = wait(shared.epoch, shared.options.time_limit) => Ending::TimeLimit,
        () = stop.cancelled() => Ending::Stopped,
        () = nothing_succeeds(shared) => Ending::GaveUp,
    }
}

/// Returns at a time after the start, or never.
async fn wait(epoch: Instant, time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep_until(epoch + time).await,
        None => std::future::pending().await,
    }
}

async fn join_all(workers: &mut JoinSet<()>) {
    while let Some(joined) = workers.join_next().await {
        if let Err(error) = joined
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// Returns when failures, and only failures, have been seen for the time the plan allows.
async fn nothing_succeeds(shared: &Shared) {
    let Some(limit) = shared.options.give_up_after else {
        return std::future::pending().await;
    };
    let mut tick = tokio::time::interval(Duration::from_millis(250));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut succeeded, mut failed) = (0, 0);
    let mut since = Instant::now();
    loop {
        tick.tick().await;
        let monitor = &shared.monitor;
        if monitor.succeeded() != succeeded || monitor.failed() == failed {
            (succeeded, failed) = (monitor.succeeded(), monitor.failed());
            since = Instant::now();
        } else if since.elapsed() >= limit {
            return;
        }
    }
}

async fn work<W: Workload>(shared: Arc<Shared>, index: usize, mut workload: W) {
    let mut user = User::new(&shared, index);
    while let Some((slot, due, idle)) = user.next_slot().await {
        let measured = !shared.is_warm_up(slot, due);
        if measured {
            shared.count_start();
        }
        let start = shared.now();
        let outcome = workload.execute().await;
        let times = Times {
            due: due.min(start),
            start,
            end: shared.now(),
            idle,
        };
        let counter = match outcome {
            Ok(_) => &shared.monitor.succeeded,
            Err(_) => &shared.monitor.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        shared.with_recorder(index, |recorder| {
            if measured {
                recorder.record(&times, &outcome);
            } else {
                recorder.record_warm_up(&outcome);
            }
        });
        // A workload that is always ready would keep its thread from everybody else.
        tokio::task::coop::consume_budget().await;
    }
}

/// The pace of one worker.
struct User<'a> {
    shared: &'a Shared,
    index: usize,
    deviates: ChaCha8Rng,
    is_first: bool,
}

impl<'a> User<'a> {
    fn new(shared: &'a Shared, index: usize) -> Self {
        let mut deviates = ChaCha8Rng::seed_from_u64(shared.options.seed);
        deviates.set_stream(size_u64(index));
        Self {
            shared,
            index,
            deviates,
            is_first: true,
        }
    }

    /// Waits for the next iteration: its slot, its due time, and whether this worker was idle then.
    async fn next_slot(&mut self) -> Option<(u64, Duration, bool)> {
        // The futures of one schedule must not make those of the other larger.
        let shared = self.shared;
        match &shared.schedule {
            Schedule::Closed(closed) => self.next_of_closed(closed).await,
            Schedule::Open(open) => self.next_of_open(open).await,
        }
    }

    async fn next_of_closed(&mut self, closed: &Closed) -> Option<(u64, Duration, bool)> {
        let pause = if std::mem::take(&mut self.is_first) {
            self.shared.begin_of(self.index)
        } else if matches!(closed.think, super::Think::None) {
            Duration::ZERO
        } else {
            closed.think.pause(self.deviates.random::<f64>())
        };
        let due = self.shared.now() + pause;
        let idle = !pause.is_zero() && self.wait_until(due).await;
        if self.shared.is_stopped() {
            return None;
        }
        // A user without think time is ready at this very moment.
        let due = if pause.is_zero() {
            self.shared.now()
        } else {
            due
        };
        if self
            .shared
            .schedule
            .offered_for()
            .is_some_and(|end| due >= end)
        {
            return None;
        }
        self.shared.take_slot().map(|slot| (slot, due, idle))
    }

    async fn next_of_open(&mut self, open: &Open) -> Option<(u64, Duration, bool)> {
        let slot = self.shared.take_slot()?;
        let due = open.due(slot)?;
        let idle = self.shared.now() < due && self.wait_until(due).await;
        (!self.shared.is_stopped()).then_some((slot, due, idle))
    }

    /// Waits until `due` or until the run is stopped; true, since whoever waits was idle.
    async fn wait_until(&self, due: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(self.shared.epoch + due) => {}
            () = self.shared.wake.cancelled() => {}
        }
        true
    }
}

fn finish(shared: Arc<Shared>, labels: &Labels, ending: Ending) -> Tally {
    let planned = shared.planned();
    let started = shared.started();
    let shared = Arc::into_inner(shared).expect("all workers have ended");
    let recorded = shared.merged();
    let succeeded = recorded.total.response.count();
    let failed = recorded.total.failed;
    let planned = planned.unwrap_or(started);
    let accounting = Accounting {
        planned,
        succeeded,
        failed,
        interrupted: started - succeeded - failed,
        not_started: planned - started,
        warm_up: recorded.warm_up,
    };
    Tally {
        labels: labels.clone(),
        recorded,
        accounting,
        ending,
    }
}

#[cfg(test)]
mod tests;
