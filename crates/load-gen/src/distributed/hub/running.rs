//! A run from the first wish to the last second.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::units::size_u64;
use tokio::time::Instant;

use crate::live::Order;
use crate::outputs::Ending;

use super::super::message::{Assignment, Change, ToWorker};
use super::load::Load;
use super::member::State;
use super::seconds::Seconds;
use super::{Begin, Begun, Hub, Outcome, Phase, Run, is_overdue};

/// How long workers may take to read the scenario; those that take longer join late.
const PREPARATION: Duration = Duration::from_mins(1);

/// How long before the start workers hear of it.
const COUNTDOWN: Duration = Duration::from_secs(1);

/// How long a run without any worker goes on.
const ALONE: Duration = Duration::from_secs(30);

impl Hub {
    pub(super) fn begin(&mut self, begin: Begin) {
        let Begin {
            job,
            replay,
            id,
            begun,
        } = begin;
        self.run = Some(Run {
            id,
            job,
            replay,
            phase: Phase::Preparing {
                until: Instant::now() + PREPARATION,
            },
            begun: Some(begun),
            load: Load::new(),
            shared_for: BTreeSet::new(),
            seconds: Seconds::default(),
            orders: Vec::new(),
            notes: Vec::new(),
            all_notes: Vec::new(),
            ending: Ending::Finished,
            alone: None,
        });
        for index in 0..self.members.len() {
            self.ask_to_prepare(index);
        }
    }

    pub(super) fn ask_to_prepare(&mut self, index: usize) {
        let (Some(run), member) = (&self.run, &mut self.members[index]) else {
            return;
        };
        if member.link.is_some() && member.state != State::Left {
            member.state = State::Preparing;
            member.prepared = false;
            member.tell(&ToWorker::Prepare {
                run: run.id,
                job: Box::new(run.job.clone()),
            });
        }
    }

    pub(super) fn prepared(&mut self, index: usize, id: u64, trouble: Option<String>) {
        let Some(run) = &self.run else { return };
        let member = &mut self.members[index];
        if id != run.id || member.state != State::Preparing {
            return;
        }
        if let Some(trouble) = trouble {
            member.state = State::Left;
            let note = format!("worker `{}` could not prepare: {trouble}", member.name);
            return self.note(note);
        }
        member.prepared = true;
        member.state = State::Ready;
        if !matches!(run.phase, Phase::Preparing { .. }) {
            self.enlist(index);
        }
    }

    /// Tells a worker that has prepared all that it must know to take part.
    pub(super) fn enlist(&mut self, index: usize) {
        let Some(run) = &self.run else { return };
        let (Phase::Running { start } | Phase::Finishing { start, .. }) = run.phase else {
            return;
        };
        let id = run.id;
        let at_ns = self.clock_ns(start);
        let member = &mut self.members[index];
        member.state = State::Running;
        member.latest.over = false;
        member.tell(&ToWorker::Start { run: id, at_ns });
        for change in &run.orders {
            member.tell(&ToWorker::Order(change.clone()));
        }
    }

    pub(super) fn look_preparing(&mut self, now: Instant, until: Instant) -> Option<Outcome> {
        let waiting = |it: &super::Member| it.state == State::Preparing;
        if self.members.iter().any(waiting) && now < until {
            return None;
        }
        let ready: Vec<usize> = (0..self.members.len())
            .filter(|it| self.members[*it].state == State::Ready && self.members[*it].prepared)
            .collect();
        let longest = self.lead();
        let run = self.run.as_mut()?;
        if ready.is_empty() {
            let mut why = run.all_notes.join("; ");
            if why.is_empty() {
                "no worker is left".clone_into(&mut why);
            }
            if let Some(begun) = run.begun.take() {
                // Nobody may wait for the answer any more.
                let _ = begun.send(Err(why));
            }
            return Some(self.conclude(Duration::ZERO));
        }
        let start = now + COUNTDOWN + longest;
        run.phase = Phase::Running { start };
        if let Some(begun) = run.begun.take() {
            let workers = ready.len();
            // Nobody may wait for the answer any more.
            let _ = begun.send(Ok(Begun { start, workers }));
        }
        for index in ready {
            self.enlist(index);
        }
        self.share_out(Duration::ZERO);
        None
    }

    /// Gives every part to somebody who is there, from a time on.
    fn share_out(&mut self, soon: Duration) {
        let workers = self.workers();
        let (Some(run), members) = (&mut self.run, &self.members) else {
            return;
        };
        if run.load.is_settled() {
            run.shared_for.clone_from(&workers);
        }
        let last = |it: usize| (members[it].from, members[it].generation);
        let told = run.load.rebalance(&workers, soon, last);
        // An absence ends when others have all that was missing.
        if let Some(until) = told.values().max() {
            for (index, member) in self.members.iter_mut().enumerate() {
                if !run.load.misses(index) {
                    member.returns(*until);
                }
            }
        }
        self.assign(told);
    }

    fn assign(&mut self, told: BTreeMap<usize, Duration>) {
        let Some(run) = &self.run else { return };
        for (index, from) in told {
            let member = &mut self.members[index];
            member.generation += 1;
            member.from = from;
            member.latest.over = false;
            member.tell(&ToWorker::Assign(Assignment {
                run: run.id,
                generation: member.generation,
                shares: run.load.shares(index),
                from,
            }));
        }
    }

    pub(super) fn obeyed(&mut self, index: usize, id: u64, generation: u64) {
        let workers = self.workers();
        let soon = self.soon();
        let (Some(run), members) = (&mut self.run, &self.members) else {
            return;
        };
        if id != run.id {
            return;
        }
        let last = |it: usize| members[it].from;
        let told = run.load.obeyed((index, generation), &workers, soon, last);
        self.assign(told);
        self.let_go(index);
    }

    /// Takes its parts from a worker that wants to go.
    pub(super) fn give_up(&mut self, index: usize) {
        let soon = self.soon();
        let nobody = self.workers().is_empty();
        if nobody {
            let at = soon.max(self.members[index].from);
            if let Some(run) = &mut self.run {
                run.load.drop_all(index, at);
            }
            self.assign(BTreeMap::from([(index, at)]));
        } else {
            self.share_out(soon);
        }
        self.let_go(index);
    }

    /// Ends the part of a worker that wants to go and has nothing to do any more.
    fn let_go(&mut self, index: usize) {
        let Some(run) = &self.run else { return };
        let graceful = run.job.graceful_stop;
        if self.members[index].state == State::Leaving && run.load.share_of(index) <= 0.0 {
            self.ask_to_finish(index, graceful);
        }
    }

    pub(super) fn order(&mut self, order: Order) {
        let soon = self.soon();
        let Some(run) = &mut self.run else { return };
        if !matches!(run.phase, Phase::Running { .. }) {
            return;
        }
        let before = run.orders.last().map(|it| it.from).unwrap_or_default();
        if order == Order::Stop {
            run.ending = Ending::Stopped;
        }
        let change = Change {
            run: run.id,
            number: size_u64(run.orders.len()) + 1,
            order,
            from: soon.max(before),
        };
        run.orders.push(change.clone());
        let message = ToWorker::Order(change);
        for member in self.members.iter().filter(|it| it.is_at_work()) {
            member.tell(&message);
        }
    }

    pub(super) fn look_running(&mut self, now: Instant, start: Instant) -> Option<Outcome> {
        self.publish(now, start);
        let workers = self.workers();
        let since_start = now.saturating_duration_since(start);
        let run = self.run.as_mut()?;
        if workers.is_empty() {
            let since = *run.alone.get_or_insert(now);
            if now.saturating_duration_since(since) < ALONE {
                return None;
            }
            run.ending = Ending::NoWorkers;
            self.note(format!("no worker was left for {} s", ALONE.as_secs()));
            return Some(self.conclude(since_start));
        }
        run.alone = None;
        let length = run.job.program.length();
        let stopped = run.orders.iter().find(|it| it.order == Order::Stop);
        let planned = stopped.map(|it| it.from).or(length);
        let overdue = is_overdue(planned, run.job.graceful_stop, since_start);
        let settled = run.load.is_settled();
        let is_over = |index: &usize| self.members[*index].latest.over;
        if overdue || (settled && workers.iter().all(is_over)) {
            self.finish(now, start);
        } else if !settled || run.shared_for != workers {
            self.share_out(self.soon());
        }
        None
    }
}
