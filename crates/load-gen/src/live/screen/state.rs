//! What the terminal view shows, and where its user is in it.

use std::cmp::Reverse;
use std::sync::Arc;

use super::super::{Moment, Row, Snapshot, Wanted};

/// What the terminal view shows, and where its user is in it.
#[derive(Debug, Clone)]
pub struct ViewState {
    /// The run now.
    pub now: Arc<Snapshot>,
    /// Its course so far.
    pub course: Vec<Moment>,
    pub(super) tab: Tab,
    pub(super) scroll: usize,
    pub(super) order: RowOrder,
    /// Whether `s` was pressed once and waits for its answer.
    pub(super) asks_to_stop: bool,
    pub(super) helps: bool,
    /// The load that was asked for and since which second; until the run has it, keys count from it.
    pub(super) asked: Option<(Wanted, f64)>,
}

/// A page of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Requests,
    Charts,
    Failures,
    Workers,
    Limits,
}

impl Tab {
    pub(super) const ALL: [Self; 6] = [
        Self::Overview,
        Self::Requests,
        Self::Charts,
        Self::Failures,
        Self::Workers,
        Self::Limits,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Requests => "Requests",
            Self::Charts => "Charts",
            Self::Failures => "Failures",
            Self::Workers => "Workers",
            Self::Limits => "Limits",
        }
    }

    pub(super) fn place(self) -> usize {
        Self::ALL.iter().position(|it| *it == self).unwrap_or(0)
    }
}

/// By what the requests are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowOrder {
    Count,
    Name,
    P95,
    Failed,
}

impl RowOrder {
    pub(super) fn next(self) -> Self {
        match self {
            Self::Count => Self::Name,
            Self::Name => Self::P95,
            Self::P95 => Self::Failed,
            Self::Failed => Self::Count,
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Count => "most first",
            Self::Name => "by name",
            Self::P95 => "slowest first",
            Self::Failed => "failed first",
        }
    }
}

/// For how many seconds keys count from what was asked, where the run does not follow.
const PATIENCE_S: f64 = 3.0;

impl ViewState {
    /// The first page.
    pub fn new(now: Arc<Snapshot>, course: Vec<Moment>) -> Self {
        Self {
            now,
            course,
            tab: Tab::Overview,
            scroll: 0,
            order: RowOrder::Count,
            asks_to_stop: false,
            helps: false,
            asked: None,
        }
    }

    /// Goes on to a newer picture.
    pub fn show(&mut self, now: Arc<Snapshot>, course: Vec<Moment>) {
        self.now = now;
        self.course = course;
        if let Some((wanted, since_s)) = self.asked
            && (wanted == self.now.wanted || self.now.elapsed_s - since_s > PATIENCE_S)
        {
            self.asked = None;
        }
        self.scroll = self.scroll.min(self.scroll_end());
    }

    /// The requests in the order that the user chose.
    pub(super) fn requests(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.now.requests.iter().collect();
        match self.order {
            RowOrder::Count => rows.sort_by_key(|it| Reverse(it.succeeded + it.failed)),
            RowOrder::Name => rows.sort_by(|one, other| one.name.cmp(&other.name)),
            RowOrder::P95 => rows.sort_by(|one, other| {
                let p95 = |row: &Row| row.p95_ms.unwrap_or(0.0);
                p95(other).total_cmp(&p95(one))
            }),
            RowOrder::Failed => rows.sort_by_key(|it| Reverse(it.failed)),
        }
        rows
    }

    /// The last row that scrolling can bring to the top.
    pub(super) fn scroll_end(&self) -> usize {
        let rows = match self.tab {
            Tab::Overview | Tab::Requests => {
                self.now.requests.len() + self.now.personas.len() + self.now.radii.len()
            }
            Tab::Charts => 0,
            Tab::Failures => self.now.failures.len(),
            Tab::Workers => self.now.workers.len(),
            Tab::Limits => self.now.limits.len(),
        };
        rows.saturating_sub(1)
    }
}
