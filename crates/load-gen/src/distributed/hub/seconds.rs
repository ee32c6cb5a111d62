//! What workers have seen, second by second: a second is complete when all have told theirs, or too late.

use std::collections::BTreeMap;

use crate::crowd::Tape;

/// Seconds that are not published yet. What comes late counts in the next one: once, and in every total.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    next: u64,
    tapes: BTreeMap<u64, Tape>,
}

impl Seconds {
    /// The second that is published next.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The last second of which something is known.
    pub(super) fn last(&self) -> Option<u64> {
        self.tapes.keys().next_back().copied()
    }

    /// Adds what somebody has seen in a second.
    pub(super) fn add(&mut self, second: u64, tape: Tape) {
        self.tapes
            .entry(second.max(self.next))
            .and_modify(|it| it.merge(&tape))
            .or_insert(tape);
    }

    /// The next second, with what is known of it.
    pub(super) fn take(&mut self) -> (u64, Option<Tape>) {
        let second = self.next;
        self.next += 1;
        (second, self.tapes.remove(&second))
    }
}

#[cfg(test)]
mod tests {
    use common::load::Labels;

    use super::*;

    fn tape(started: u64) -> Tape {
        let mut tape = Tape::new(&Labels::default(), 0);
        tape.iterations.started = started;
        tape
    }

    #[test]
    fn what_comes_late_counts_once_and_in_the_next_second() {
        let mut seconds = Seconds::default();
        let started = |it: Option<Tape>| it.map(|it| it.iterations.started);
        seconds.add(0, tape(1));
        seconds.add(1, tape(10));
        assert_eq!(started(seconds.take().1), Some(1));
        seconds.add(0, tape(100));
        assert_eq!(started(seconds.take().1), Some(110));
        seconds.add(9, tape(5));
        assert_eq!(started(seconds.take().1), None);
        assert_eq!((seconds.next(), seconds.last()), (3, Some(9)));
    }
}
