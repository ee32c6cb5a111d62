//! The end of a run: the last of every worker, what was lost, and farewell.

use std::collections::BTreeSet;
use std::time::Duration;

use common::units::seconds;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::outputs::WorkerAudit;

use super::super::link::Event;
use super::super::message::ToWorker;
use super::member::Member;
use super::{Hub, Outcome, Phase};

/// How long workers may take to tell the last, beyond what is under way.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// How long the end of all connections may take.
const FAREWELL: Duration = Duration::from_secs(2);

impl Hub {
    /// Asks all for the last.
    pub(super) fn finish(&mut self, now: Instant, start: Instant) {
        if let Some(run) = &mut self.run {
            run.phase = Phase::Finishing {
                start,
                until: now + LAST_WORDS,
            };
        }
        for index in 0..self.members.len() {
            if self.members[index].owes_its_last() {
                self.ask_to_finish(index, Duration::ZERO);
            }
        }
    }

    pub(super) fn ask_to_finish(&self, index: usize, graceful: Duration) {
        if let Some(run) = &self.run {
            let run = run.id;
            self.members[index].tell(&ToWorker::Finish { run, graceful });
        }
    }

    pub(super) fn look_finishing(
        &mut self,
        now: Instant,
        start: Instant,
        until: Instant,
    ) -> Option<Outcome> {
        let waits = self.members.iter().any(Member::owes_its_last);
        (!waits || now >= until).then(|| self.conclude(now.saturating_duration_since(start)))
    }

    /// Adds up what is there, and says what is not.
    pub(super) fn conclude(&mut self, end: Duration) -> Outcome {
        let planned_end = self
            .run
            .as_ref()
            .map_or(end, |it| it.planned_end().min(end));
        let interrupted = self.left_under_way();
        let correction = self.run.as_ref();
        let correction = correction.and_then(|it| it.correction(interrupted, planned_end));
        self.publish_rest(correction);
        for member in &mut self.members {
            member.returns(planned_end);
        }
        self.tell_unknown(end);
        let audits = self.members.iter().map(|it| WorkerAudit {
            row: it.row(),
            absences: it.absences.clone(),
            audit: it.audit.clone().unwrap_or_default(),
        });
        let workers = audits.collect();
        match self.run.take() {
            Some(run) => Outcome {
                ending: run.ending,
                workers,
                notes: run.all_notes,
            },
            None => unreachable!("only a run is concluded"),
        }
    }

    /// What workers had under way that were never heard of again.
    fn left_under_way(&self) -> u64 {
        let gone = self
            .members
            .iter()
            .filter(|it| it.prepared && it.audit.is_none());
        gone.map(|it| it.latest.under_way).sum()
    }

    /// Says of how many seconds it is unknown what a worker did in them.
    fn tell_unknown(&mut self, end: Duration) {
        let mut notes = Vec::new();
        for member in self
            .members
            .iter()
            .filter(|it| it.prepared && it.audit.is_none())
        {
            let heard = member.absences.last().map_or(end, |it| seconds(it.from_s));
            let unknown = heard.saturating_sub(member.covered).as_secs_f64();
            if unknown > 0.0 {
                notes.push(format!(
                    "what worker `{}` did in its last {unknown:.1} s is unknown",
                    member.name
                ));
            }
        }
        for note in notes {
            self.note(note);
        }
    }

    /// Sends everybody home, and waits until they know.
    pub(super) async fn dismiss(&mut self, events: &mut mpsc::Receiver<Event>) {
        let mut there: BTreeSet<u64> = BTreeSet::new();
        for member in &mut self.members {
            member.tell(&ToWorker::Quit);
            there.extend(member.link.take().map(|it| it.id));
        }
        let gone = async {
            while !there.is_empty() {
                match events.recv().await {
                    Some(Event::Gone { link, .. }) => {
                        there.remove(&link);
                    }
                    // Who comes now finds the door closed.
                    Some(_) => {}
                    None => break,
                }
            }
        };
        // Those that do not answer notice by themselves.
        let _ = timeout(FAREWELL, gone).await;
    }
}
