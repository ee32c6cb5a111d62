//! Which numbers are a lane's, found in one step however many parts there are.

use std::time::Duration;

use common::units::{count_usize, size_u64};

use super::Part;

/// The parts of a lane, and since when each is.
#[derive(Debug, Clone, Default)]
pub(super) struct Owned {
    /// By the index of the part; all parts are of one cut.
    since: Vec<Option<Duration>>,
    parts: Vec<Part>,
}

impl Owned {
    /// These parts; those that were not there before are since `since`.
    pub(super) fn replace(&mut self, parts: Vec<Part>, since: Duration) {
        let of = parts.first().map_or(0, |it| it.of);
        let known = std::mem::take(&mut self.since);
        let was_cut_alike = size_u64(known.len()) == of;
        self.since = vec![None; count_usize(of)];
        for part in &parts {
            let place = count_usize(part.index);
            let before = known.get(place).copied().flatten();
            self.since[place] = before.filter(|_| was_cut_alike).or(Some(since));
        }
        self.parts = parts;
    }

    /// Whether what has this number and is due then is of these parts.
    pub(super) fn has(&self, number: u64, due: Duration) -> bool {
        let of = size_u64(self.since.len());
        of > 0 && self.since[count_usize(number % of)].is_some_and(|since| due >= since)
    }

    /// The parts.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }
}
