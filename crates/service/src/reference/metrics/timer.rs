//! Durations: count, sum and recent maximum, and how they spread.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Upper ends of the buckets, seconds.
const BUCKETS: [f64; 15] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// How long a maximum counts, as Micrometer's does.
const MAX_LIFE: Duration = Duration::from_mins(2);

/// Count, sum and recent maximum of durations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timer {
    pub(super) count: u64,
    pub(super) total: Duration,
    max: Duration,
    /// The maximum of the period before this one.
    max_before: Duration,
    period_began: Instant,
}

impl Timer {
    pub(super) fn new(now: Instant) -> Self {
        Self::of(0, Duration::ZERO, now)
    }

    /// A sum of others, whose maximum is not known.
    pub(super) fn of(count: u64, total: Duration, now: Instant) -> Self {
        Self {
            count,
            total,
            max: Duration::ZERO,
            max_before: Duration::ZERO,
            period_began: now,
        }
    }

    pub(super) fn observe(&mut self, now: Instant, took: Duration) {
        self.count += 1;
        self.total += took;
        self.turn(now);
        self.max = self.max.max(took);
    }

    fn turn(&mut self, now: Instant) {
        let half = MAX_LIFE / 2;
        let age = now.saturating_duration_since(self.period_began);
        if age >= half {
            self.max_before = if age >= MAX_LIFE {
                Duration::ZERO
            } else {
                self.max
            };
            self.max = Duration::ZERO;
            self.period_began = now;
        }
    }

    pub(super) fn recent_max(mut self, now: Instant) -> Duration {
        self.turn(now);
        self.max.max(self.max_before)
    }

    pub(super) fn measurements(self, max: Duration) -> Value {
        json!([
            {"statistic": "COUNT", "value": self.count},
            {"statistic": "TOTAL_TIME", "value": self.total.as_secs_f64()},
            {"statistic": "MAX", "value": max.as_secs_f64()},
        ])
    }
}

/// Durations for both ways out.
pub(super) struct Timed {
    pub(super) histogram: Histogram,
    timer: Mutex<Timer>,
}

impl Timed {
    pub(super) fn new() -> Self {
        Self {
            histogram: histogram(),
            timer: Mutex::new(Timer::new(Instant::now())),
        }
    }

    pub(super) fn observe(&self, took: Duration) {
        self.histogram.observe(took.as_secs_f64());
        let mut timer = self.timer.lock().unwrap_or_else(PoisonError::into_inner);
        timer.observe(Instant::now(), took);
    }

    pub(super) fn timer(&self) -> Timer {
        *self.timer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Durations by their size.
pub(super) fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}
