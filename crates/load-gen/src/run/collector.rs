//! Puts the seconds of a run together: the total, the course, the picture that others see.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use common::record::Timeline;
use jiff::Timestamp;

use super::course::Course;
use super::rows::{row, sky};
use crate::crowd::{Program, Roster, Tape};
use crate::limits::Limits;
use crate::live::{
    Desk, FailureRow, Generator, IterationCounts, Snapshot, State, Wanted, WorkerRow,
};
use crate::scenario::Scenario;

/// Failures that a picture has.
const MOST_FAILURES: usize = 50;

/// What one second brought, of whatever lanes and machines.
#[derive(Debug)]
pub(crate) struct SecondOf {
    pub(crate) tape: Tape,
    pub(crate) users: Vec<u64>,
    pub(crate) under_way: u64,
    pub(crate) generator: Generator,
    pub(crate) workers: Vec<WorkerRow>,
}

/// What stays the same while a run goes on.
pub(crate) struct Facts {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) roster: Arc<Roster>,
    pub(crate) target: String,
    pub(crate) warm_up: Duration,
}

/// Puts the seconds of a run together.
pub(crate) struct Collector {
    facts: Facts,
    pub(crate) desk: Desk,
    pub(crate) limits: Limits,
    pub(crate) total: Tape,
    timeline: Timeline,
    course: Course,
    before: Duration,
    pub(crate) notes: Vec<String>,
}

impl Collector {
    pub(crate) fn new(facts: Facts, desk: Desk, limits: Limits) -> Self {
        Self {
            total: Tape::new(&facts.roster.labels, facts.roster.tasks.len()),
            timeline: Timeline::new(Duration::from_secs(1)),
            course: Course::default(),
            before: Duration::ZERO,
            notes: Vec::new(),
            facts,
            desk,
            limits,
        }
    }

    /// Adds what happened up to a time since the start, and shows it.
    pub(crate) fn second(
        &mut self,
        now: Duration,
        second: &SecondOf,
        (state, program): (State, &Program),
    ) -> Arc<Snapshot> {
        let length = now.saturating_sub(self.before).as_secs_f64().max(1e-3);
        let cells = second.tape.requests.timeline.cells();
        if let Some(cell) = cells.first() {
            self.timeline.add(self.before, cell);
        }
        self.course.add(self.before, length, second, program);
        self.total.merge(&second.tape);
        self.before = now;
        *self
            .desk
            .course
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = self.course.moments().to_vec();
        let snapshot = Arc::new(self.snapshot(now, length, second, (state, program)));
        self.desk.now.send_replace(Arc::clone(&snapshot));
        snapshot
    }

    /// Up to when seconds were added, since the start.
    pub(crate) fn until(&self) -> Duration {
        self.before
    }

    /// Seconds that were measured so far.
    pub(crate) fn measured(&self, now: Duration) -> Duration {
        now.saturating_sub(self.facts.warm_up)
    }

    fn snapshot(
        &self,
        now: Duration,
        length: f64,
        second: &SecondOf,
        (state, program): (State, &Program),
    ) -> Snapshot {
        let roster = &self.facts.roster;
        let (total, last) = (&self.total.requests, &second.tape.requests);
        let class = |label: usize, name: &str, method: &str| {
            row(
                (name, method),
                &total.classes[label],
                &last.classes[label],
                length,
            )
        };
        let asked = |label: &usize| {
            let class = &total.classes[*label];
            !class.response.is_empty() || class.failed > 0
        };
        let requests = (0..roster.requests.len()).filter(asked);
        let measured = self.measured(now);
        Snapshot {
            state,
            at: Timestamp::now(),
            elapsed_s: now.as_secs_f64(),
            planned_s: program.length().map(|it| it.as_secs_f64()),
            scenario: self.facts.scenario.name.clone(),
            target: self.facts.target.clone(),
            wanted: wanted(program, now),
            users: roster
                .personas
                .iter()
                .cloned()
                .zip(second.users.iter().copied())
                .collect(),
            total: row(("total", ""), &total.total, &last.total, length),
            requests: requests
                .map(|label| class(label, &roster.requests[label], &roster.methods[label]))
                .collect(),
            personas: roster
                .personas
                .iter()
                .enumerate()
                .map(|(place, name)| class(roster.persona_label(place), name, ""))
                .collect(),
            radii: common::sky::RadiusClass::ALL
                .iter()
                .filter(|it| asked(&roster.radius_label(**it)))
                .map(|it| class(roster.radius_label(*it), it.as_str(), ""))
                .collect(),
            iterations: counts(&self.total, second.under_way),
            failures: failures(&self.total, roster),
            sky: sky(&self.total, &self.facts.scenario.profile, measured),
            generator: second.generator.clone(),
            workers: second.workers.clone(),
            limits: self.limits.rows(&self.total, measured),
            notes: self.notes.clone(),
        }
    }

    /// All that was put together: the total with its course.
    pub(crate) fn finish(mut self) -> (Tape, Vec<crate::live::Moment>, Facts) {
        self.total.requests.timeline = self.timeline;
        (self.total, self.course.into_moments(), self.facts)
    }
}

fn wanted(program: &Program, now: Duration) -> Wanted {
    match program {
        Program::Users(users) => Wanted::Users(users.at(now)),
        Program::Arrivals(_) => Wanted::Rate(program.height(now)),
    }
}

fn counts(total: &Tape, under_way: u64) -> IterationCounts {
    let iterations = &total.iterations;
    IterationCounts {
        started: iterations.started,
        succeeded: iterations.succeeded(),
        failed: iterations.failed,
        under_way,
        dropped: iterations
            .dropped
            .iter()
            .map(|(reason, count)| (reason.as_str().to_owned(), *count))
            .collect::<BTreeMap<_, _>>(),
    }
}

pub(crate) fn failures(total: &Tape, roster: &Roster) -> Vec<FailureRow> {
    let name = |names: &[String], operation: u16| {
        names
            .get(usize::from(operation))
            .cloned()
            .unwrap_or_default()
    };
    let mut rows: Vec<FailureRow> = total
        .failures
        .iter()
        .map(|((operation, kind), errors)| FailureRow {
            request: name(&roster.requests, *operation),
            method: name(&roster.methods, *operation),
            kind: kind.to_string(),
            count: errors.count,
            example: errors.example.clone(),
        })
        .collect();
    rows.sort_by_key(|it| std::cmp::Reverse(it.count));
    rows.truncate(MOST_FAILURES);
    rows
}
