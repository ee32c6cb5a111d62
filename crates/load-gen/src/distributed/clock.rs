//! Clocks of two machines: how far they are apart, and how long a message takes.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use common::units::{nanos, size_u64};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// A clock that never goes back, in nanoseconds since it was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// The clock now.
    pub(super) fn now_ns(self) -> u64 {
        self.at(Instant::now())
    }

    /// The clock at an instant; 0 before it was made.
    pub(super) fn at(self, instant: Instant) -> u64 {
        nanos(instant.saturating_duration_since(self.0))
    }

    /// When the clock shows, or showed, a number; its beginning stands for what was before.
    pub(super) fn instant(self, ns: i128) -> Instant {
        self.0 + Duration::from_nanos(u64::try_from(ns.max(0)).unwrap_or(u64::MAX >> 2))
    }
}

/// Nanoseconds since 1970 on the wall.
pub(super) fn wall_ns() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    i64::try_from(nanos(since.unwrap_or_default())).unwrap_or(i64::MAX)
}

/// What a worker knows of its master's clock from one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sight {
    /// The master's clock minus the worker's, nanoseconds.
    pub(super) ahead_ns: i64,
    /// How far the worker's wall clock is before the master's, nanoseconds.
    pub(super) wall_offset_ns: i64,
    /// How long a message takes there and back.
    pub(super) round_trip: Duration,
}

/// The four times of an exchange, and the wall clocks at both ends of the answer, all in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange {
    /// The worker's clock at the question.
    pub(super) sent: u64,
    /// The master's clock when it came.
    pub(super) received: u64,
    /// The master's clock at the answer.
    pub(super) answered: u64,
    /// The master's wall clock at the answer.
    pub(super) wall: i64,
    /// The worker's clock when that came.
    pub(super) back: u64,
    /// The worker's wall clock then.
    pub(super) wall_back: i64,
}

impl Exchange {
    /// What it says if both ways take the same time (RFC 5905, section 8); `None` where its times cannot be.
    pub(super) fn sight(&self) -> Option<Sight> {
        let [sent, received, answered, back] =
            [self.sent, self.received, self.answered, self.back].map(i128::from);
        let away = (back - sent) - (answered - received);
        if answered < received || away < 0 {
            return None;
        }
        let ahead = i128::midpoint(received - sent, answered - back);
        let way_back = back + ahead - answered;
        let wall = i128::from(self.wall_back) - way_back - i128::from(self.wall);
        Some(Sight {
            ahead_ns: i64::try_from(ahead).ok()?,
            wall_offset_ns: i64::try_from(wall).ok()?,
            round_trip: Duration::from_nanos(u64::try_from(away).ok()?),
        })
    }
}

/// The last exchanges. The one with the shortest way says most.
#[derive(Debug, Clone, Default)]
pub(super) struct Sights(VecDeque<Sight>);

/// Exchanges of the last eight seconds, so that drifting clocks are followed.
const KEPT: u64 = 16;

impl Sights {
    pub(super) fn add(&mut self, sight: Sight) {
        if size_u64(self.0.len()) >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(sight);
    }

    pub(super) fn best(&self) -> Option<Sight> {
        self.0.iter().min_by_key(|it| it.round_trip).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An exchange with a master whose clock is `ahead` and whose wall clock is `wall` behind.
    fn exchange(sent: u64, there: u64, work: u64, back: u64, ahead: u64, wall: i64) -> Exchange {
        let since = |ns: u64| i64::try_from(sent + ns).unwrap();
        Exchange {
            sent,
            received: sent + there + ahead,
            answered: sent + there + work + ahead,
            wall: since(there + work) - wall,
            back: sent + there + work + back,
            wall_back: since(there + work + back),
        }
    }

    proptest! {
        #[test]
        fn equal_ways_give_the_clocks_exactly_and_unequal_ones_within_half_their_difference(
            sent in 0..1_u64 << 50, there in 0..1_u64 << 30, work in 0..1_u64 << 30,
            back in 0..1_u64 << 30, ahead in 0..1_u64 << 50, wall in -(1_i64 << 50)..1 << 50,
        ) {
            let sight = exchange(sent, there, work, back, ahead, wall).sight().unwrap();
            let error = (i128::from(there) - i128::from(back)).abs() / 2 + 1;
            prop_assert_eq!(sight.round_trip, Duration::from_nanos(there + back));
            prop_assert!((i128::from(sight.ahead_ns) - i128::from(ahead)).abs() <= error);
            prop_assert!((i128::from(sight.wall_offset_ns) - i128::from(wall)).abs() <= error);
            let even = exchange(sent, there, work, there, ahead, wall).sight().unwrap();
            prop_assert_eq!(i128::from(even.ahead_ns), i128::from(ahead));
            prop_assert_eq!(even.wall_offset_ns, wall);
        }
    }

    #[test]
    fn the_shortest_way_of_the_last_ones_counts() {
        let mut sights = Sights::default();
        let sight = |ahead_ns, micros| Sight {
            ahead_ns,
            wall_offset_ns: 0,
            round_trip: Duration::from_micros(micros),
        };
        sights.add(sight(0, 1));
        for number in 1..=16 {
            sights.add(sight(number, 100 - number.unsigned_abs()));
        }
        assert_eq!(sights.best(), Some(sight(16, 84)));
    }

    #[test]
    fn an_exchange_that_cannot_be_says_nothing() {
        let mut wrong = exchange(100, 10, 5, 10, 0, 0);
        wrong.answered = wrong.received - 1;
        assert_eq!(wrong.sight(), None);
        let mut wrong = exchange(100, 10, 5, 10, 0, 0);
        wrong.back = 101;
        assert_eq!(wrong.sight(), None);
    }
}
