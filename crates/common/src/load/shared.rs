//! What the workers of a run share: the slots, the stop sign and the recorders.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Labels, RunOptions, Schedule, Stop, WarmUp};
use crate::record::Recorder;
use crate::units::{seconds, size_f64, size_u64};

/// Counters of a run that others may look at while it goes on.
#[derive(Debug, Default)]
pub struct Monitor {
    pub(super) succeeded: AtomicU64,
    pub(super) failed: AtomicU64,
}

impl Monitor {
    /// Iterations that ended well so far, warm-up included.
    pub fn succeeded(&self) -> u64 {
        self.succeeded.load(Ordering::Relaxed)
    }

    /// Iterations that ended with an error so far, warm-up included.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

pub(super) struct Shared {
    pub(super) schedule: Schedule,
    pub(super) options: RunOptions,
    pub(super) epoch: Instant,
    pub(super) monitor: Arc<Monitor>,
    /// Wakes workers that wait; `stopped` is what they look at between iterations, since it is cheaper.
    pub(super) wake: CancellationToken,
    stopped: AtomicBool,
    next_slot: AtomicU64,
    started: AtomicU64,
    shards: Vec<Mutex<Recorder>>,
}

impl Shared {
    pub(super) fn new(
        schedule: Schedule,
        options: RunOptions,
        labels: &Labels,
        monitor: Arc<Monitor>,
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let shards = cores.min(schedule.workers()).max(1);
        Self {
            epoch: Instant::now(),
            monitor,
            wake: CancellationToken::new(),
            stopped: AtomicBool::new(false),
            next_slot: AtomicU64::new(0),
            started: AtomicU64::new(0),
            shards: (0..shards)
                .map(|_| Mutex::new(Recorder::new(labels, options.timeline_interval)))
                .collect(),
            schedule,
            options,
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
        self.wake.cancel();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.epoch)
    }

    /// The next slot to work on; `None` when all are taken.
    pub(super) fn take_slot(&self) -> Option<u64> {
        let slot = self.next_slot.fetch_add(1, Ordering::Relaxed);
        (slot < self.slots()).then_some(slot)
    }

    /// All slots of the schedule with the warm-up.
    fn slots(&self) -> u64 {
        match &self.schedule {
            Schedule::Closed(closed) => match closed.stop {
                Stop::Iterations(planned) => planned + self.warm_up_iterations(),
                Stop::AfterSeconds(_) => u64::MAX,
            },
            Schedule::Open(open) => open.slots(),
        }
    }

    fn warm_up_iterations(&self) -> u64 {
        match self.options.warm_up {
            WarmUp::Iterations(warm_up) => warm_up,
            WarmUp::None | WarmUp::Seconds(_) => 0,
        }
    }

    pub(super) fn is_warm_up(&self, slot: u64, due: Duration) -> bool {
        match self.options.warm_up {
            WarmUp::None => false,
            WarmUp::Iterations(warm_up) => slot < warm_up,
            WarmUp::Seconds(length) => due < seconds(length),
        }
    }

    /// How many measured iterations the schedule has; `None` where only the run itself tells.
    pub(super) fn planned(&self) -> Option<u64> {
        match &self.schedule {
            Schedule::Closed(closed) => match closed.stop {
                Stop::Iterations(planned) => Some(planned),
                Stop::AfterSeconds(_) => None,
            },
            Schedule::Open(open) => {
                let warm_up = (0..open.slots())
                    .take_while(|slot| {
                        open.due(*slot)
                            .is_some_and(|due| self.is_warm_up(*slot, due))
                    })
                    .count();
                Some(open.slots() - size_u64(warm_up))
            }
        }
    }

    pub(super) fn count_start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    pub(super) fn with_recorder(&self, worker: usize, record: impl FnOnce(&mut Recorder)) {
        let shard = &self.shards[worker % self.shards.len()];
        // A worker that panicked while it recorded ends the run anyway; its shard stays readable.
        record(
            &mut shard
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
    }

    pub(super) fn merged(self) -> Recorder {
        let mut shards = self.shards.into_iter().map(|shard| {
            shard
                .into_inner()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        });
        let mut merged = shards.next().expect("there is at least one shard");
        for shard in shards {
            merged.merge(&shard);
        }
        merged
    }

    /// When worker `index` of a closed run begins.
    pub(super) fn begin_of(&self, index: usize) -> Duration {
        match &self.schedule {
            Schedule::Closed(closed) if closed.users > 0 => {
                let share = size_f64(index) / size_f64(closed.users);
                seconds(closed.ramp_up_seconds * share)
            }
            _ => Duration::ZERO,
        }
    }
}
