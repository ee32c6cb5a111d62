//! Visits: the requests of one client without a long pause.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use common::units::count_f64;

use super::super::fit::{Fit, fit};
use super::robots::Kind;

/// Visits that are followed at once; more end early, so that memory stays bounded.
const MOST_OPEN: usize = 50_000;
/// Requests of a visit that wait until it is known who is behind it.
const MOST_WAITING: usize = 200;
/// A client with so many requests, but for assets, that come within a second of each other is a program.
const MACHINE_GUN: u32 = 30;
/// What a pause below the resolution of the log was on average, seconds: that of two times in one second.
const BELOW_A_SECOND: f64 = 1.0 / 3.0;

/// A request in a visit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) at_s: i64,
    /// Its shape.
    pub(super) shape: u32,
    pub(super) is_asset: bool,
    /// What it says about who asks.
    pub(super) told: Option<Kind>,
}

#[derive(Debug)]
struct Open {
    first_s: i64,
    last_s: i64,
    pages: u32,
    kind: Option<Kind>,
    /// Shapes and pauses that wait.
    waiting: Vec<(u32, Option<u32>)>,
    is_counted: bool,
}

/// What one kind of client did.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) visits: u64,
    /// Requests by their shapes.
    pub(super) shapes: BTreeMap<u32, u64>,
    /// Pauses in whole seconds.
    pauses: BTreeMap<u32, u64>,
}

impl Class {
    /// The think time between two requests.
    pub(super) fn think(&self) -> Option<Fit> {
        let seconds = |(&pause, &count): (&u32, &u64)| {
            let pause = if pause == 0 {
                BELOW_A_SECOND
            } else {
                f64::from(pause)
            };
            (pause, count)
        };
        let pauses: Vec<(f64, u64)> = self.pauses.iter().map(seconds).collect();
        fit(&pauses, 0.5)
    }

    /// Requests in a visit, on average.
    pub(super) fn requests_a_visit(&self) -> f64 {
        let requests = self.shapes.values().sum::<u64>();
        count_f64(requests) / count_f64(self.visits.max(1))
    }
}

/// All visits.
#[derive(Debug)]
pub(super) struct Visits {
    gap_s: i64,
    open: HashMap<u64, Open>,
    now_s: i64,
    swept_s: i64,
    pub(super) classes: [Class; 3],
    /// Visits that ended early since there were too many at once.
    pub(super) cut: u64,
}

impl Visits {
    pub(super) fn new(gap_s: i64) -> Self {
        Self {
            gap_s,
            open: HashMap::new(),
            now_s: i64::MIN,
            swept_s: i64::MIN,
            classes: Default::default(),
            cut: 0,
        }
    }

    /// A request of a client.
    pub(super) fn add(&mut self, host: &str, agent: &str, asked: Asked) {
        let mut hasher = DefaultHasher::new();
        (host, agent).hash(&mut hasher);
        let client = hasher.finish();
        self.now_s = self.now_s.max(asked.at_s);
        self.sweep();
        let is_over = |it: &Open| (asked.at_s - it.last_s).abs() > self.gap_s;
        if self.open.get(&client).is_some_and(is_over)
            && let Some(open) = self.open.remove(&client)
        {
            self.end(open);
        }
        let classes = &mut self.classes;
        let open = self.open.entry(client).or_insert_with(|| Open {
            first_s: asked.at_s,
            last_s: asked.at_s,
            pages: 0,
            kind: None,
            waiting: Vec::new(),
            is_counted: false,
        });
        // Servers write a line when its answer is through: lines may be a little out of order.
        let pause = u32::try_from((asked.at_s - open.last_s).max(0)).unwrap_or(u32::MAX);
        let is_first = open.waiting.is_empty() && !open.is_counted;
        open.last_s = open.last_s.max(asked.at_s);
        open.pages += u32::from(!asked.is_asset);
        if open.kind.is_none() || asked.told == Some(Kind::Robots) {
            open.kind = asked.told.or(open.kind);
        }
        open.waiting
            .push((asked.shape, (!is_first).then_some(pause)));
        if open.kind.is_none() && open.pages >= MACHINE_GUN {
            let is_fast = open.last_s - open.first_s <= i64::from(open.pages);
            open.kind = Some(if is_fast { Kind::Scripts } else { Kind::People });
        }
        if open.kind.is_some() || open.waiting.len() >= MOST_WAITING {
            settle(classes, open);
        }
    }

    /// Ends the visits that are over, and all of them where there are too many.
    fn sweep(&mut self) {
        let is_full = self.open.len() >= MOST_OPEN;
        if !is_full && self.now_s.saturating_sub(self.swept_s) < self.gap_s {
            return;
        }
        self.swept_s = self.now_s;
        let over = self.now_s.saturating_sub(self.gap_s);
        self.end_where(|it| it.last_s < over);
        if self.open.len() >= MOST_OPEN / 2 && is_full {
            self.cut += common::units::size_u64(self.open.len());
            self.end_where(|_| true);
        }
    }

    fn end_where(&mut self, is_over: impl Fn(&Open) -> bool) {
        let ended: Vec<Open> = self
            .open
            .extract_if(|_, it| is_over(it))
            .map(|it| it.1)
            .collect();
        for open in ended {
            self.end(open);
        }
    }

    fn end(&mut self, mut open: Open) {
        settle(&mut self.classes, &mut open);
    }

    /// The log is at its end.
    pub(super) fn finish(&mut self) {
        self.end_where(|_| true);
    }
}

/// Counts what waits for the kind of client that it is known to be of, or people.
fn settle(classes: &mut [Class; 3], open: &mut Open) {
    let kind = *open.kind.get_or_insert(Kind::People);
    let class = &mut classes[kind.place()];
    if !std::mem::replace(&mut open.is_counted, true) {
        class.visits += 1;
    }
    for (shape, pause) in open.waiting.drain(..) {
        *class.shapes.entry(shape).or_default() += 1;
        if let Some(pause) = pause {
            *class.pauses.entry(pause).or_default() += 1;
        }
    }
}
