//! A worker as its master knows it.

use std::time::Duration;

use common::units::{count_f64, ms};
use tokio::time::Instant;

use crate::live::{Generator, WorkerRow};
use crate::outputs::{Absence, Audit};

use super::super::clock::Sight;
use super::super::link::Link;
use super::super::message::ToWorker;

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is there and has nothing to do.
    Ready,
    /// It reads the scenario.
    Preparing,
    /// It offers load, or would if it had parts.
    Running,
    /// It wants to go, and gives its parts away.
    Leaving,
    /// Nothing is heard of it.
    Missing,
    /// It went, or could not prepare.
    Left,
}

/// A worker.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) session: u64,
    pub(super) link: Option<Link>,
    pub(super) state: State,
    /// When it was last heard of.
    pub(super) heard: Instant,
    pub(super) sight: Option<Sight>,
    /// Whether it has read the scenario of this run.
    pub(super) prepared: bool,
    /// The last assignment that was sent, and from when it counts.
    pub(super) generation: u64,
    pub(super) from: Duration,
    /// The last report that came.
    pub(super) number: u64,
    /// The second it ended with.
    pub(super) second: Option<u64>,
    /// Up to when it is known to have done its parts.
    pub(super) covered: Duration,
    pub(super) latest: Latest,
    /// What it saw of itself, once its last report is there.
    pub(super) audit: Option<Audit>,
    pub(super) absences: Vec<Absence>,
    /// An absence that nobody has ended yet: since when, and which share was missing.
    pub(super) absent: Option<(Duration, f64)>,
}

/// The last report, without its tape.
#[derive(Debug, Clone, Default)]
pub(super) struct Latest {
    pub(super) users: Vec<u64>,
    pub(super) under_way: u64,
    pub(super) generator: Generator,
    pub(super) per_sec: f64,
    pub(super) over: bool,
}

impl Member {
    pub(super) fn new(name: String, session: u64, link: Link) -> Self {
        Self {
            name,
            session,
            link: Some(link),
            state: State::Ready,
            heard: Instant::now(),
            sight: None,
            prepared: false,
            generation: 0,
            from: Duration::ZERO,
            number: 0,
            second: None,
            covered: Duration::ZERO,
            latest: Latest::default(),
            audit: None,
            absences: Vec::new(),
            absent: None,
        }
    }

    /// Tells it something; without effect where it is not there.
    pub(super) fn tell(&self, message: &ToWorker) {
        if let Some(link) = &self.link {
            link.send(message);
        }
    }

    /// Whether it takes part in the load, also as one that is about to go.
    pub(super) fn is_at_work(&self) -> bool {
        matches!(self.state, State::Running | State::Leaving)
    }

    /// Whether something is still expected of it.
    pub(super) fn owes_its_last(&self) -> bool {
        self.is_at_work() && self.audit.is_none()
    }

    /// Ends an absence, at a time since the start.
    pub(super) fn returns(&mut self, until: Duration) {
        if let Some((from, share)) = self.absent.take() {
            self.absences.push(Absence {
                from_s: from.as_secs_f64(),
                until_s: until.max(from).as_secs_f64(),
                share,
            });
        }
    }

    pub(super) fn row(&self) -> WorkerRow {
        let there = self.link.is_some();
        let state = match self.state {
            State::Ready | State::Preparing => "ready",
            State::Running | State::Leaving => "running",
            State::Missing => "missing",
            State::Left => "left",
        };
        let offset = |it: Sight| {
            let size = ms(Duration::from_nanos(it.wall_offset_ns.unsigned_abs()));
            if it.wall_offset_ns < 0 { -size } else { size }
        };
        WorkerRow {
            name: self.name.clone(),
            state: state.to_owned(),
            users: if there {
                self.latest.users.iter().sum()
            } else {
                0
            },
            now_per_sec: if there { self.latest.per_sec } else { 0.0 },
            cpu_ratio: self.latest.generator.cpu_ratio.filter(|_| there),
            clock_offset_ms: self.sight.map(offset),
            round_trip_ms: self.sight.map(|it| ms(it.round_trip)),
        }
    }
}

/// Requests per second of a tape of about a second.
pub(super) fn per_second(tape: &crate::crowd::Tape) -> f64 {
    let total = &tape.requests.total;
    count_f64(total.response.count() + total.failed)
}
