//! What nobody did because workers were lost: counted from the program, since nobody could tell.

use std::collections::BTreeMap;
use std::time::Duration;

use common::units::size_u64;

use crate::crowd::{Arrivals, Dropped, Dues, Program, Tape};
use crate::live::Order;

use super::Run;
use super::load::Gap;

impl Run {
    /// When the load ends or should have ended, since its start.
    pub(super) fn planned_end(&self) -> Duration {
        let stopped = self.orders.iter().find(|it| it.order == Order::Stop);
        let stopped = stopped.map(|it| it.from);
        let length = self.job.program.length();
        stopped.or(length).unwrap_or(Duration::MAX)
    }

    /// What no worker can tell: the iterations of lost workers, those under way and those that nobody did.
    pub(super) fn correction(&self, interrupted: u64, end: Duration) -> Option<Tape> {
        let lost = match &self.job.program {
            Program::Arrivals(arrivals) => {
                let dues = self
                    .as_ordered(arrivals)
                    .due(self.job.seed, self.replay.clone());
                undone(dues, &self.load.gaps(end), self.job.warm_up)
            }
            Program::Users(_) => 0,
        };
        if interrupted == 0 && lost == 0 {
            return None;
        }
        let mut tape = Tape::new(&common::load::Labels::default(), 0);
        tape.iterations.interrupted = interrupted;
        if lost > 0 {
            tape.iterations.dropped.insert(Dropped::WorkerLost, lost);
        }
        Some(tape)
    }

    /// Arrivals with the rates that were ordered while they went on.
    fn as_ordered(&self, arrivals: &Arrivals) -> Arrivals {
        let mut ordered = arrivals.clone();
        for change in &self.orders {
            if let Order::Rate(rate) = change.order {
                ordered = ordered.redirected(change.from, rate);
            }
        }
        ordered
    }
}

/// How many iterations were due when nobody did their part, warm-up left out.
fn undone(dues: Dues, gaps: &[Gap], warm_up: Duration) -> u64 {
    let Some(until) = gaps.iter().map(|it| it.until).max() else {
        return 0;
    };
    let mut of_part: BTreeMap<u64, Vec<&Gap>> = BTreeMap::new();
    for gap in gaps {
        of_part.entry(gap.part.index).or_default().push(gap);
    }
    let parts = gaps.first().map_or(1, |it| it.part.of);
    let lost = dues
        .take_while(|(_, due)| *due < until)
        .filter(|(number, due)| {
            let gaps = of_part.get(&(number % parts));
            let in_gap = |it: &&Gap| it.since <= *due && *due < it.until;
            *due >= warm_up && gaps.is_some_and(|it| it.iter().any(in_gap))
        });
    size_u64(lost.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crowd::{Part, Stretch};

    #[test]
    fn what_was_due_while_nobody_did_it_is_counted_once() {
        let stretch = Stretch {
            from: 100.0,
            to: 100.0,
            seconds: 10.0,
        };
        let arrivals = Arrivals {
            stretches: vec![stretch],
            poisson: false,
            max_users: 10,
            iterations: None,
        };
        let gap = |index, since, until| Gap {
            part: Part { index, of: 10 },
            was: None,
            since: Duration::from_secs(since),
            until: Duration::from_secs(until),
        };
        let count = |gaps: &[Gap], warm_up| {
            undone(arrivals.due(1, None), gaps, Duration::from_secs(warm_up))
        };
        assert_eq!(count(&[], 0), 0);
        assert_eq!(count(&[gap(3, 2, 5)], 0), 30);
        assert_eq!(count(&[gap(3, 2, 5), gap(3, 4, 6), gap(4, 2, 3)], 0), 50);
        assert_eq!(count(&[gap(3, 2, 5)], 4), 10);
        assert_eq!(count(&[gap(0, 0, 61)], 0), 100);
    }
}
