//! How much is offered at which time, as pure functions; and which share of it is whose.

use std::sync::Arc;
use std::time::Duration;

use common::load::{Open, Stage};
use common::units::{count_f64, count_usize, round_u64, seconds, size_u64};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use serde::{Deserialize, Serialize};

use crate::scenario::Replay;

/// How much is offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model")]
pub enum Program {
    /// A number of users, each of which waits for its answer and thinks before it asks again.
    Users(Users),
    /// Iterations that arrive at a rate, whether the service keeps up or not.
    Arrivals(Arrivals),
}

/// Users over time: lines from one number to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Users {
    /// The stretches, one after the other; `from` and `to` are users.
    pub stretches: Vec<Stretch>,
    /// Iterations after which the run ends, shared by all users.
    pub iterations: Option<u64>,
}

/// A straight line over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// The height at its start.
    pub from: f64,
    /// The height at its end.
    pub to: f64,
    /// The length in seconds.
    pub seconds: f64,
}

/// Arrivals over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrivals {
    /// The stretches, one after the other; `from` and `to` are iterations per second.
    pub stretches: Vec<Stretch>,
    /// Whether they come at random, as independent people do, instead of evenly.
    pub poisson: bool,
    /// How many users may be needed at once; iterations beyond wait, and count from when they were due.
    pub max_users: u64,
    /// Iterations after which the run ends.
    pub iterations: Option<u64>,
}

/// A worker's part of a load. Users and iterations are numbered over the whole load; number n belongs to
/// part `n % of`, so that parts can move between workers without changing what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Part {
    /// Which one, below `of`.
    pub index: u64,
    /// How many there are.
    pub of: u64,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, of: 1 };

    /// Whether a number is of this part.
    pub fn has(self, number: u64) -> bool {
        number % self.of == self.index
    }
}

impl Program {
    /// How long something is offered; none where only iterations or somebody ends it.
    pub fn length(&self) -> Option<Duration> {
        let (stretches, iterations) = match self {
            Self::Users(it) => (&it.stretches, it.iterations),
            Self::Arrivals(it) => (&it.stretches, it.iterations),
        };
        let total: f64 = stretches.iter().map(|it| it.seconds).sum();
        (total.is_finite() && (iterations.is_none() || total < FOREVER)).then(|| seconds(total))
    }

    /// The height of the load at a time: users, or iterations per second.
    pub fn height(&self, at: Duration) -> f64 {
        let stretches = match self {
            Self::Users(it) => &it.stretches,
            Self::Arrivals(it) => &it.stretches,
        };
        height(stretches, at.as_secs_f64())
    }
}

/// A load that only iterations or somebody ends has a stretch of this many seconds: ten years.
pub const FOREVER: f64 = 315_360_000.0;

fn height(stretches: &[Stretch], at: f64) -> f64 {
    let mut offset = 0.0;
    for stretch in stretches {
        if at < offset + stretch.seconds {
            let share = (at - offset) / stretch.seconds;
            return stretch.from + (stretch.to - stretch.from) * share;
        }
        offset += stretch.seconds;
    }
    0.0
}

impl Users {
    /// So many users, of which `spawn_rate` start in a second (infinite: all at once), for `length` seconds
    /// in all.
    pub fn constant(users: u64, spawn_rate: f64, length: f64) -> Self {
        let height = count_f64(users);
        let ramp = if spawn_rate.is_finite() && spawn_rate > 0.0 {
            (height / spawn_rate).min(length)
        } else {
            0.0
        };
        let reached = if ramp > 0.0 && ramp >= length {
            spawn_rate * length
        } else {
            height
        };
        let line = |from, to, seconds| Stretch { from, to, seconds };
        let mut stretches = vec![
            line(0.0, reached, ramp),
            line(height, height, length - ramp),
        ];
        stretches.retain(|it| it.seconds > 0.0);
        Self {
            stretches,
            iterations: None,
        }
    }

    /// How many users there should be at a time; nobody behind the end.
    ///
    /// On a rising line user n is there as soon as the line is above n, so that the first comes at once.
    pub fn at(&self, at: Duration) -> u64 {
        round_u64(height(&self.stretches, at.as_secs_f64()).ceil())
    }

    /// The most users that there are at any time.
    pub fn most(&self) -> u64 {
        let heights = self.stretches.iter().map(|it| it.from.max(it.to));
        round_u64(heights.fold(0.0, f64::max).ceil())
    }

    /// Whether the number changes around a time.
    pub(super) fn is_ramp(&self, at: Duration) -> bool {
        let mut offset = 0.0;
        let at = at.as_secs_f64();
        self.stretches.iter().any(|it| {
            let inside = at >= offset && at < offset + it.seconds;
            offset += it.seconds;
            inside && (it.to - it.from).abs() > 1e-9
        })
    }

    /// The same program with another number of users from a time on, reached at a rate per second, until the
    /// end it had.
    #[must_use]
    pub fn redirected(&self, at: Duration, users: u64, rate: f64) -> Self {
        let at = at.as_secs_f64();
        let total: f64 = self.stretches.iter().map(|it| it.seconds).sum();
        let before = height(&self.stretches, at);
        let mut stretches = cut(&self.stretches, at);
        let wanted = count_f64(users);
        let left = (total - at).max(0.0);
        let ramp = if rate.is_finite() && rate > 0.0 {
            ((wanted - before).abs() / rate).min(left)
        } else {
            0.0
        };
        let line = |from, to, seconds| Stretch { from, to, seconds };
        stretches.push(line(before, wanted, ramp));
        stretches.push(line(wanted, wanted, left - ramp));
        stretches.retain(|it| it.seconds > 0.0);
        Self {
            stretches,
            iterations: self.iterations,
        }
    }
}

/// What lies before a time.
fn cut(stretches: &[Stretch], at: f64) -> Vec<Stretch> {
    let mut before = Vec::new();
    let mut offset = 0.0;
    for stretch in stretches {
        if offset >= at {
            break;
        }
        let seconds = stretch.seconds.min(at - offset);
        let share = seconds / stretch.seconds;
        before.push(Stretch {
            from: stretch.from,
            to: stretch.from + (stretch.to - stretch.from) * share,
            seconds,
        });
        offset += stretch.seconds;
    }
    before
}

impl Arrivals {
    /// The same program with another rate from a time on, until the end it had.
    #[must_use]
    pub fn redirected(&self, at: Duration, rate: f64) -> Self {
        let at = at.as_secs_f64();
        let total: f64 = self.stretches.iter().map(|it| it.seconds).sum();
        let mut stretches = cut(&self.stretches, at);
        stretches.push(Stretch {
            from: rate,
            to: rate,
            seconds: (total - at).max(0.0),
        });
        Self {
            stretches,
            ..self.clone()
        }
    }

    fn open(&self) -> Open {
        let stages = self.stretches.iter().map(|it| Stage {
            from_per_sec: it.from,
            to_per_sec: it.to,
            seconds: it.seconds,
        });
        Open {
            stages: stages.collect(),
            max_workers: 1,
        }
    }

    /// The number of each iteration and when it is due, in order. Equal seeds give equal times, whoever asks.
    pub fn due(&self, seed: u64, replay: Option<Arc<Replay>>) -> Dues {
        Dues {
            open: self.open(),
            replay,
            random: self.poisson.then(|| {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                random.set_stream(ARRIVALS_STREAM);
                random
            }),
            arrived: 0.0,
            next: 0,
            most: self.iterations.unwrap_or(u64::MAX),
        }
    }
}

/// The stream of the seed that random arrivals use; users have those from 0 on.
const ARRIVALS_STREAM: u64 = u64::MAX - 1;

/// What a log offers, at its speed: iterations at its times, one for each of its entries.
pub fn replayed(replay: &Replay, max_users: u64) -> Program {
    let count = size_u64(replay.entries.len());
    let last = replay.entries.last().map_or(0.0, |it| it.at.as_secs_f64());
    // The last one must be begun, too.
    let length = last / replay.speed + 0.1;
    let rate = count_f64(count) / length;
    Program::Arrivals(Arrivals {
        stretches: vec![Stretch {
            from: rate,
            to: rate,
            seconds: length,
        }],
        poisson: false,
        max_users,
        iterations: Some(count),
    })
}

/// When iterations are due.
#[derive(Debug)]
pub struct Dues {
    open: Open,
    /// The times of a log in place of those of the rate.
    replay: Option<Arc<Replay>>,
    random: Option<ChaCha8Rng>,
    /// Of random arrivals: the integral of the rate up to the last one.
    arrived: f64,
    next: u64,
    most: u64,
}

impl Dues {
    /// Goes on with another program that is the same up to now.
    pub(super) fn redirect(&mut self, program: &Arrivals) {
        self.open = program.open();
        self.most = program.iterations.unwrap_or(u64::MAX);
    }
}

impl Iterator for Dues {
    type Item = (u64, Duration);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.most {
            return None;
        }
        if let Some(replay) = &self.replay {
            let entry = replay.entries.get(count_usize(self.next))?;
            let due = entry.at.div_f64(replay.speed);
            let number = self.next;
            self.next += 1;
            return Some((number, due));
        }
        let due = match &mut self.random {
            None => self.open.due(self.next)?,
            Some(random) => {
                self.arrived -= libm::log(1.0 - random.random::<f64>());
                self.open.time_of(self.arrived)?
            }
        };
        let number = self.next;
        self.next += 1;
        Some((number, due))
    }
}
