//! When work is due, as pure functions of the plan.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Think;
use crate::units::{count_f64, seconds};

/// How work is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum Schedule {
    /// A fixed number of users, each with one request at a time.
    Closed(Closed),
    /// Requests arrive at a rate, whether the target keeps up or not.
    Open(Open),
}

/// Users who ask, wait for the answer, think and ask again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// The number of users, at least 1.
    pub users: usize,
    /// The pause of a user before each request.
    pub think: Think,
    /// The seconds over which the users start, evenly; 0 starts all at once.
    pub ramp_up_seconds: f64,
    /// When the run ends.
    pub stop: Stop,
}

/// When a closed run ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// After this many iterations, shared by all users.
    Iterations(u64),
    /// After this many seconds, warm-up included.
    AfterSeconds(f64),
}

/// Arrivals at a rate that is constant or changes linearly in stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Open {
    /// The stages, one after the other.
    pub stages: Vec<Stage>,
    /// How many requests may be under way at once; further ones wait and count from their due time.
    pub max_workers: usize,
}

/// A stretch of an open schedule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stage {
    /// The arrival rate at the start, requests per second.
    pub from_per_sec: f64,
    /// The arrival rate at the end, requests per second.
    pub to_per_sec: f64,
    /// The length in seconds.
    pub seconds: f64,
}

/// What is left out of the figures at the start of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarmUp {
    /// Nothing.
    #[default]
    None,
    /// This many iterations, added to the planned ones.
    Iterations(u64),
    /// What is due in the first seconds.
    Seconds(f64),
}

/// Why a schedule cannot be run.
#[derive(Debug, Error, PartialEq)]
pub enum ScheduleError {
    /// Nobody would work.
    #[error("a schedule needs at least one user or worker")]
    NoWorkers,
    /// A rate, time or pause is negative or not a number.
    #[error("rates, times and pauses must be finite and not negative")]
    NotFinite,
    /// Nothing would be done.
    #[error("a schedule needs at least one iteration")]
    Empty,
}

impl Schedule {
    /// How many workers run it.
    pub fn workers(&self) -> usize {
        match self {
            Self::Closed(closed) => closed.users,
            Self::Open(open) => open.max_workers,
        }
    }

    /// When it stops to offer work, if that is known before.
    pub fn offered_for(&self) -> Option<Duration> {
        match self {
            Self::Closed(Closed {
                stop: Stop::AfterSeconds(length),
                ..
            }) => Some(seconds(*length)),
            Self::Closed(_) => None,
            Self::Open(open) => Some(open.length()),
        }
    }

    /// Checks what the types allow but no run can do.
    pub fn check(&self) -> Result<(), ScheduleError> {
        if self.workers() == 0 {
            return Err(ScheduleError::NoWorkers);
        }
        let numbers: Vec<f64> = match self {
            Self::Closed(closed) => match closed.stop {
                Stop::Iterations(0) => return Err(ScheduleError::Empty),
                Stop::Iterations(_) => vec![closed.ramp_up_seconds],
                Stop::AfterSeconds(length) => vec![closed.ramp_up_seconds, length],
            },
            Self::Open(open) => open
                .stages
                .iter()
                .flat_map(|stage| [stage.from_per_sec, stage.to_per_sec, stage.seconds])
                .collect(),
        };
        if numbers.iter().any(|n| !n.is_finite() || *n < 0.0) {
            return Err(ScheduleError::NotFinite);
        }
        match self {
            Self::Open(open) if open.slots() == 0 => Err(ScheduleError::Empty),
            _ => Ok(()),
        }
    }
}

impl Stage {
    /// Arrivals in the first `t` seconds of the stage: the integral of its rate.
    fn arrivals(&self, t: f64) -> f64 {
        let slope = if self.seconds > 0.0 {
            (self.to_per_sec - self.from_per_sec) / self.seconds
        } else {
            0.0
        };
        self.from_per_sec * t + 0.5 * slope * t * t
    }

    /// The time in the stage at which `arrivals` have arrived: the inverse of [`Stage::arrivals`].
    fn time_of(&self, arrivals: f64) -> f64 {
        if arrivals <= 0.0 || self.seconds <= 0.0 {
            return 0.0;
        }
        let half_slope = 0.5 * (self.to_per_sec - self.from_per_sec) / self.seconds;
        // The root in the form that does not lose digits when the slope is small.
        let root = libm::sqrt((self.from_per_sec.powi(2) + 4.0 * half_slope * arrivals).max(0.0));
        let time = 2.0 * arrivals / (self.from_per_sec + root);
        time.min(self.seconds)
    }
}

impl Open {
    /// A constant rate.
    pub fn constant(per_sec: f64, length_seconds: f64, max_workers: usize) -> Self {
        Self {
            stages: vec![Stage {
                from_per_sec: per_sec,
                to_per_sec: per_sec,
                seconds: length_seconds,
            }],
            max_workers,
        }
    }

    /// The length of all stages.
    pub fn length(&self) -> Duration {
        seconds(self.stages.iter().map(|stage| stage.seconds).sum())
    }

    /// How many requests arrive in all: those due before the end.
    pub fn slots(&self) -> u64 {
        let arrivals: f64 = self
            .stages
            .iter()
            .map(|stage| stage.arrivals(stage.seconds))
            .sum();
        // 100/s for 1 s is 100 requests, due at 0, 10 … 990 ms; the rounding error of the sum must not add one.
        crate::units::round_u64((arrivals - 1e-9).ceil().max(0.0))
    }

    /// When request `slot` (from 0) is due after the start; `None` behind the last one.
    pub fn due(&self, slot: u64) -> Option<Duration> {
        if slot >= self.slots() {
            return None;
        }
        // Rounding may place the last one behind the end.
        Some(self.time_of(count_f64(slot)).unwrap_or(self.length()))
    }

    /// When so many requests have arrived, fractions included: the inverse of the integral of the rate.
    /// `None` where fewer arrive in all.
    pub fn time_of(&self, arrivals: f64) -> Option<Duration> {
        let mut before = 0.0;
        let mut offset = 0.0;
        for stage in &self.stages {
            let here = stage.arrivals(stage.seconds);
            if arrivals < before + here {
                return Some(seconds(offset + stage.time_of(arrivals - before)));
            }
            before += here;
            offset += stage.seconds;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_constant_rate_is_due_at_equal_distances() {
        let open = Open::constant(100.0, 1.0, 1);
        assert_eq!(open.slots(), 100);
        assert_eq!(open.due(0), Some(Duration::ZERO));
        assert_eq!(open.due(99), Some(Duration::from_millis(990)));
        assert_eq!(open.due(100), None);
    }

    #[test]
    fn a_ramp_from_zero_has_a_quarter_of_its_requests_in_its_first_half() {
        let open = Open {
            stages: vec![Stage {
                from_per_sec: 0.0,
                to_per_sec: 200.0,
                seconds: 10.0,
            }],
            max_workers: 1,
        };
        assert_eq!(open.slots(), 1000);
        let half = open.due(250).unwrap();
        assert!((half.as_secs_f64() - 5.0).abs() < 1e-9, "{half:?}");
    }

    #[test]
    fn plans_without_work_or_workers_are_refused() {
        let open = |rate, length, workers| Schedule::Open(Open::constant(rate, length, workers));
        assert_eq!(open(1.0, 1.0, 0).check(), Err(ScheduleError::NoWorkers));
        assert_eq!(open(0.0, 1.0, 1).check(), Err(ScheduleError::Empty));
        assert_eq!(
            open(f64::NAN, 1.0, 1).check(),
            Err(ScheduleError::NotFinite)
        );
        assert_eq!(open(5.0, 1.0, 1).check(), Ok(()));
    }

    proptest! {
        #[test]
        fn due_times_are_monotone_and_inside_the_schedule(
            rates in prop::collection::vec((0.0..300.0f64, 0.0..300.0f64, 0.0..5.0f64), 1..5)
        ) {
            let stages = rates.into_iter().map(|(from_per_sec, to_per_sec, seconds)| Stage {
                from_per_sec, to_per_sec, seconds,
            }).collect();
            let open = Open { stages, max_workers: 1 };
            let mut last = Duration::ZERO;
            for slot in 0..open.slots() {
                let due = open.due(slot).unwrap();
                prop_assert!(due + Duration::from_nanos(10) >= last);
                prop_assert!(due <= open.length() + Duration::from_nanos(10));
                last = due;
            }
            prop_assert_eq!(open.due(open.slots()), None);
        }
    }
}
