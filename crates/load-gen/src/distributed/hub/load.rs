//! Who has which part of the load, and what nobody had.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::units::{count_usize, size_f64, size_u64};

use crate::crowd::Part;

use super::super::Share;
use super::super::parts::{PARTS, deal};

/// Who has a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hold {
    /// Nobody, since a time; it was this worker's, who was lost.
    Nobody { since: Duration, was: Was },
    /// A worker.
    Held(usize),
    /// One worker gives it up at a time; another one gets it once the first has said so.
    Moving {
        from: usize,
        to: usize,
        at: Duration,
        generation: u64,
    },
}

/// The worker that was lost with a part, and its last assignment.
type Was = Option<(usize, u64)>;

/// A time in which nobody did a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// The part.
    pub(super) part: Part,
    /// The worker that was lost, and its last assignment.
    pub(super) was: Was,
    /// Since the start.
    pub(super) since: Duration,
    /// Since the start.
    pub(super) until: Duration,
}

/// The parts of a load.
#[derive(Debug)]
pub(super) struct Load {
    holds: Vec<Hold>,
    turns: Vec<Turn>,
    done: Vec<u64>,
    gaps: Vec<Gap>,
}

/// When the holder of a part began, and who had it before.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    since: Duration,
    before: Option<usize>,
}

/// How much longer a move between two workers takes than the first assignment: the answer of the one that
/// gives comes in between.
const HANDOVER: Duration = Duration::from_millis(700);

impl Load {
    pub(super) fn new() -> Self {
        let nobody = Hold::Nobody {
            since: Duration::ZERO,
            was: None,
        };
        Self {
            holds: vec![nobody; PARTS],
            turns: vec![Turn::default(); PARTS],
            done: vec![0; PARTS],
            gaps: Vec::new(),
        }
    }

    /// The share of the load (0–1) that a worker has.
    pub(super) fn share_of(&self, worker: usize) -> f64 {
        let held = |it: &&Hold| match it {
            Hold::Held(holder) => *holder == worker,
            Hold::Moving { from, .. } => *from == worker,
            Hold::Nobody { .. } => false,
        };
        size_f64(self.holds.iter().filter(held).count()) / size_f64(PARTS)
    }

    /// What a worker is told to do.
    pub(super) fn shares(&self, worker: usize) -> Vec<Share> {
        let parts = self.holds.iter().zip(&self.done).zip(0..);
        parts
            .filter(|((hold, _), _)| **hold == Hold::Held(worker))
            .map(|((_, done), index)| Share {
                part: part(index),
                done: *done,
            })
            .collect()
    }

    /// Notes how many iterations of parts were started.
    pub(super) fn progress(&mut self, progress: &[(Part, u64)]) {
        for (part, started) in progress {
            if let Some(done) = self.done.get_mut(count_usize(part.index)) {
                *done = (*done).max(*started);
            }
        }
    }

    /// Whether every part is with somebody.
    pub(super) fn is_settled(&self) -> bool {
        self.holds.iter().all(|it| matches!(it, Hold::Held(_)))
    }

    /// Whether nobody has yet what a lost worker had.
    pub(super) fn misses(&self, worker: usize) -> bool {
        let lost = |it: &Hold| matches!(it, Hold::Nobody { was: Some(was), .. } if was.0 == worker);
        self.holds.iter().any(lost)
    }

    /// Takes its parts from a worker that is lost; nobody is known to have done them since `covered`.
    pub(super) fn lose(&mut self, (worker, generation): (usize, u64), covered: Duration) {
        for index in 0..self.holds.len() {
            let turn = self.turns[index];
            let holder = match self.holds[index] {
                Hold::Held(holder) => Some(holder),
                Hold::Moving { from, .. } => Some(from),
                Hold::Nobody { .. } => None,
            };
            let was = Some((worker, generation));
            if holder == Some(worker) {
                let since = covered.max(turn.since);
                self.holds[index] = Hold::Nobody { since, was };
            } else if turn.before == Some(worker) {
                self.gap(index, was, covered, turn.since);
                self.turns[index].before = None;
            }
        }
    }

    /// Gives every part to one of these workers. The result: who must be told, and from when on it counts.
    ///
    /// What nobody has goes first. `soon` is when everybody can have heard of it; `last` tells from when on a
    /// worker's last assignment counts, and its number.
    pub(super) fn rebalance(
        &mut self,
        workers: &BTreeSet<usize>,
        soon: Duration,
        last: impl Fn(usize) -> (Duration, u64),
    ) -> BTreeMap<usize, Duration> {
        let owners: Vec<Option<usize>> = self.holds.iter().map(Hold::owner).collect();
        let dealt = deal(&owners, workers);
        let mut told = BTreeMap::new();
        let orphans = self.orphans();
        let moving = self
            .holds
            .iter()
            .any(|it| matches!(it, Hold::Moving { .. }));
        for (index, to) in dealt.into_iter().enumerate() {
            let Some(to) = to else { continue };
            match self.holds[index] {
                Hold::Nobody { since, was } => {
                    let until = soon.max(last(to).0);
                    self.gap(index, was, since, until);
                    self.give(index, to, (None, until));
                    told.insert(to, until);
                }
                Hold::Held(from) if from != to && !orphans && !moving => {
                    let (before, generation) = last(from);
                    let at = (soon + HANDOVER).max(before);
                    self.holds[index] = Hold::Moving {
                        from,
                        to,
                        at,
                        generation: generation + 1,
                    };
                    told.insert(from, at);
                }
                Hold::Held(_) | Hold::Moving { .. } => {}
            }
        }
        told
    }

    fn orphans(&self) -> bool {
        self.holds
            .iter()
            .any(|it| matches!(it, Hold::Nobody { .. }))
    }

    /// A worker does what its assignment says: what it gave away goes to those it is for, unless they are
    /// gone. The result: who must be told, and from when on it counts.
    pub(super) fn obeyed(
        &mut self,
        (worker, obeyed): (usize, u64),
        workers: &BTreeSet<usize>,
        soon: Duration,
        last: impl Fn(usize) -> Duration,
    ) -> BTreeMap<usize, Duration> {
        let mut told = BTreeMap::new();
        for index in 0..self.holds.len() {
            let Hold::Moving {
                from,
                to,
                at,
                generation,
            } = self.holds[index]
            else {
                continue;
            };
            if from != worker || generation > obeyed {
                continue;
            }
            if workers.contains(&to) {
                let begin = at.max(soon).max(last(to));
                self.gap(index, None, at, begin);
                self.give(index, to, (Some(from), begin));
                told.insert(to, begin);
            } else {
                let since = at;
                self.holds[index] = Hold::Nobody { since, was: None };
            }
        }
        told
    }

    /// Gives up the parts of a worker that wants to go while nobody can take them, from a time on.
    pub(super) fn drop_all(&mut self, worker: usize, at: Duration) {
        for hold in &mut self.holds {
            if *hold == Hold::Held(worker) {
                *hold = Hold::Nobody {
                    since: at,
                    was: None,
                };
            }
        }
    }

    fn give(&mut self, index: usize, to: usize, (before, since): (Option<usize>, Duration)) {
        self.holds[index] = Hold::Held(to);
        self.turns[index] = Turn { since, before };
    }

    fn gap(&mut self, index: usize, was: Was, since: Duration, until: Duration) {
        // Before the start there is nothing to do.
        if since < until && until > Duration::ZERO {
            let part = part(size_u64(index));
            self.gaps.push(Gap {
                part,
                was,
                since,
                until,
            });
        }
    }

    /// A lost worker told late up to when it had done what an assignment said.
    pub(super) fn covered(&mut self, assignment: (usize, u64), until: Duration) {
        for gap in self.gaps.iter_mut().filter(|it| it.was == Some(assignment)) {
            gap.since = gap.since.max(until.min(gap.until));
        }
        for hold in &mut self.holds {
            if let Hold::Nobody { since, was } = hold
                && *was == Some(assignment)
            {
                *since = (*since).max(until);
            }
        }
    }

    /// All times in which nobody did a part, up to the end of the run.
    pub(super) fn gaps(&self, end: Duration) -> Vec<Gap> {
        let open = self.holds.iter().zip(0..).filter_map(|(hold, index)| {
            let Hold::Nobody { since, was } = *hold else {
                return None;
            };
            Some(Gap {
                part: part(index),
                was,
                since,
                until: end,
            })
        });
        let all = self.gaps.iter().copied().chain(open);
        all.filter(|it| it.since < it.until).collect()
    }
}

impl Hold {
    fn owner(&self) -> Option<usize> {
        match self {
            Self::Nobody { .. } => None,
            Self::Held(worker) => Some(*worker),
            Self::Moving { to, .. } => Some(*to),
        }
    }
}

fn part(index: u64) -> Part {
    Part {
        index,
        of: size_u64(PARTS),
    }
}

#[cfg(test)]
mod tests;
