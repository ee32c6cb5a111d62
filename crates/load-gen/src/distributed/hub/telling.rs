//! What workers tell, and what is told of it every second.

use std::time::Duration;

use tokio::time::Instant;

use crate::crowd::Tape;
use crate::live::Generator;

use super::super::message::{Report, ToWorker};
use super::member::{Latest, State, per_second};
use super::{Hub, Merged};

/// How long after its end a second waits for workers that have not told theirs.
const LATE: Duration = Duration::from_secs(1);

impl Hub {
    pub(super) fn report(&mut self, index: usize, report: Report) {
        let (Some(run), member) = (&mut self.run, &mut self.members[index]) else {
            return;
        };
        let Report {
            run: id,
            number,
            second,
            covered,
            generation,
            fences,
            content,
            audit,
        } = report;
        if id != run.id {
            return;
        }
        member.tell(&ToWorker::Received { run: id, number });
        if number <= member.number {
            return;
        }
        member.number = number;
        member.second = Some(second);
        member.covered = member.covered.max(covered);
        member.latest = Latest {
            users: content.users,
            under_way: content.under_way,
            generator: content.generator,
            per_sec: per_second(&content.tape),
            over: content.over && covered >= member.from,
        };
        for (generation, until) in fences.into_iter().chain([(generation, covered)]) {
            run.load.covered((index, generation), until);
        }
        run.load.progress(&content.progress);
        run.seconds.add(second, content.tape);
        if audit.is_some() {
            member.audit = audit;
            member.latest.users.clear();
            if member.state == State::Leaving {
                member.state = State::Left;
                member.tell(&ToWorker::Quit);
            }
        }
    }

    /// Tells the seconds that are complete or too late.
    pub(super) fn publish(&mut self, now: Instant, start: Instant) {
        loop {
            let Some(run) = &self.run else { return };
            let second = run.seconds.next();
            let end = start + Duration::from_secs(second + 1);
            if now < end {
                return;
            }
            let all = self.members.iter().filter(|it| it.is_at_work());
            let mut at_work = all.filter(|it| it.audit.is_none()).peekable();
            let is_complete = at_work.peek().is_some()
                && at_work.all(|it| it.second.is_some_and(|it| it >= second));
            if !is_complete && now < end + LATE {
                return;
            }
            self.publish_next();
        }
    }

    fn publish_next(&mut self) {
        let users = self.users();
        let workers = self.rows();
        let (under_way, generator) = self.figures();
        let Some(run) = &mut self.run else { return };
        let (second, tape) = run.seconds.take();
        let merged = Merged {
            second,
            tape,
            users,
            under_way,
            generator,
            workers,
            notes: std::mem::take(&mut run.notes),
        };
        // Without anybody who listens the run goes on until it is ended.
        let _ = self.merged.send(merged);
    }

    /// The users of all that are there, by persona.
    fn users(&self) -> Vec<u64> {
        let mut sum: Vec<u64> = Vec::new();
        for member in self.members.iter().filter(|it| it.is_at_work()) {
            let users = &member.latest.users;
            if sum.len() < users.len() {
                sum.resize(users.len(), 0);
            }
            sum.iter_mut().zip(users).for_each(|(sum, it)| *sum += it);
        }
        sum
    }

    fn figures(&self) -> (u64, Generator) {
        let mut under_way = 0;
        let mut worst = Generator::default();
        for member in self.members.iter().filter(|it| it.is_at_work()) {
            under_way += member.latest.under_way;
            let its = &member.latest.generator;
            worst.cpu_ratio = highest(worst.cpu_ratio, its.cpu_ratio);
            worst.lag_p99_ms = highest(worst.lag_p99_ms, its.lag_p99_ms);
            worst.memory_bytes = worst.memory_bytes.max(its.memory_bytes);
            worst.limited_since = match (worst.limited_since, its.limited_since) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if its.descriptors >= worst.descriptors {
                worst.descriptors = its.descriptors;
                worst.descriptors_limit = its.descriptors_limit;
            }
        }
        (under_way, worst)
    }

    /// Publishes what is left, with what no worker can tell.
    pub(super) fn publish_rest(&mut self, correction: Option<Tape>) {
        let Some(run) = &mut self.run else { return };
        if let Some(tape) = correction {
            let second = run.seconds.last().unwrap_or(0);
            run.seconds.add(second, tape);
        }
        let Some(last) = run.seconds.last() else {
            return;
        };
        while self
            .run
            .as_ref()
            .is_some_and(|it| it.seconds.next() <= last)
        {
            self.publish_next();
        }
    }
}

fn highest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
