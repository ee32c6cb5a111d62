//! The course of a run: what ended in each interval.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Series;
use crate::units::{count_usize, nanos};

/// Beyond this many cells the intervals double, so that a day's run stays small.
const MAX_CELLS: usize = 512;

/// What ended in one interval.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cell {
    /// Response times of the successful iterations, to two significant digits.
    pub response: Series,
    /// How many failed.
    pub failed: u64,
    /// What the successful ones brought.
    pub items: u64,
}

impl Cell {
    fn new() -> Self {
        Self {
            response: Series::with_digits(2),
            failed: 0,
            items: 0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.response.merge(&other.response);
        self.failed += other.failed;
        self.items += other.items;
    }
}

/// Equal intervals from the start of the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Timeline {
    interval: Duration,
    cells: Vec<Cell>,
}

/// A timeline as it travels, not yet checked.
#[derive(Deserialize)]
struct Parts {
    interval: Duration,
    cells: Vec<Cell>,
}

impl TryFrom<Parts> for Timeline {
    type Error = &'static str;

    fn try_from(Parts { interval, cells }: Parts) -> Result<Self, Self::Error> {
        let sane = Duration::from_millis(1)..=Duration::from_secs(1 << 40);
        if !sane.contains(&interval) || cells.len() > MAX_CELLS {
            return Err("a timeline with cells too many, too short or too long");
        }
        Ok(Self { interval, cells })
    }
}

impl Timeline {
    /// An empty timeline; `interval` is at least a millisecond.
    pub fn new(interval: Duration) -> Self {
        Self {
            interval: interval.max(Duration::from_millis(1)),
            cells: Vec::new(),
        }
    }

    /// The length of one cell.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// The cells from the start of the run on.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Adds a successful iteration that ended at `end`.
    pub fn record(&mut self, end: Duration, response: Duration, items: u64) {
        let cell = self.cell(end);
        cell.response.record(response);
        cell.items += items;
    }

    /// Adds a failed iteration that ended at `end`.
    pub fn record_failure(&mut self, end: Duration) {
        self.cell(end).failed += 1;
    }

    /// Adds what ended in an interval of another kind that began at a time.
    pub fn add(&mut self, at: Duration, cell: &Cell) {
        self.cell(at).merge(cell);
    }

    /// Adds times that all ended in the interval of a time, and failures.
    pub fn add_series(&mut self, at: Duration, response: &Series, failed: u64) {
        let cell = self.cell(at);
        cell.response.merge(response);
        cell.failed += failed;
    }

    /// Adds another timeline whose first interval was the same.
    pub fn merge(&mut self, other: &Self) {
        while self.interval < other.interval {
            self.coarsen();
        }
        let mut theirs = other.clone();
        while theirs.interval < self.interval {
            theirs.coarsen();
        }
        if self.cells.len() < theirs.cells.len() {
            self.cells.resize_with(theirs.cells.len(), Cell::new);
        }
        for (mine, theirs) in self.cells.iter_mut().zip(&theirs.cells) {
            mine.merge(theirs);
        }
    }

    fn cell(&mut self, end: Duration) -> &mut Cell {
        let mut index = self.index(end);
        while index >= MAX_CELLS {
            self.coarsen();
            index = self.index(end);
        }
        if index >= self.cells.len() {
            self.cells.resize_with(index + 1, Cell::new);
        }
        &mut self.cells[index]
    }

    fn index(&self, end: Duration) -> usize {
        count_usize(nanos(end) / nanos(self.interval))
    }

    fn coarsen(&mut self) {
        self.interval *= 2;
        let fine = std::mem::take(&mut self.cells);
        for pair in fine.chunks(2) {
            let mut cell = pair[0].clone();
            if let Some(second) = pair.get(1) {
                cell.merge(second);
            }
            self.cells.push(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_keeps_its_counts_in_wider_cells() {
        let mut timeline = Timeline::new(Duration::from_secs(1));
        for second in 0..86_400 {
            timeline.record(Duration::from_secs(second), Duration::from_millis(1), 1);
        }
        assert!(timeline.cells().len() <= MAX_CELLS);
        let count: u64 = timeline
            .cells()
            .iter()
            .map(|cell| cell.response.count())
            .sum();
        assert_eq!(count, 86_400);
    }

    #[test]
    fn timelines_of_different_width_merge() {
        let mut short = Timeline::new(Duration::from_secs(1));
        short.record(Duration::from_secs(3), Duration::from_millis(1), 1);
        let mut long = Timeline::new(Duration::from_secs(1));
        long.record(Duration::from_secs(2000), Duration::from_millis(1), 1);
        short.merge(&long);
        assert_eq!(short.interval(), long.interval());
        assert_eq!(short.cells()[0].response.count(), 1);
    }
}
