//! What is done with each second of a run: it is added up, shown, written and judged.

use std::sync::Arc;
use std::time::Duration;

use super::collector::{Collector, SecondOf};
use super::steps::Steps;
use super::streams::Streams;
use crate::crowd::{Program, Roster};
use crate::live::{Snapshot, State};
use crate::outputs::{Ending, Second};

/// A service that has never answered for this long will not do so any more.
const NEVER_ANSWERED: Duration = Duration::from_secs(30);

/// What is done with each second of a run.
pub(crate) struct Show {
    pub(crate) collector: Collector,
    pub(crate) streams: Streams,
    pub(crate) roster: Arc<Roster>,
    /// The steps of a search for the limit.
    pub(crate) steps: Option<Steps>,
}

impl Show {
    /// Does it; an ending where the run must end because of what was seen.
    pub(crate) fn second(
        &mut self,
        now: Duration,
        second: &SecondOf,
        (state, program): (State, &Program),
    ) -> Option<Ending> {
        let begin = self.collector.until();
        let snapshot = self.collector.second(now, second, (state, program));
        self.streams.second(&Second {
            at: snapshot.at,
            t_s: begin.as_secs_f64(),
            tape: &second.tape,
            total: &self.collector.total,
            snapshot: &snapshot,
            roster: &self.roster,
        });
        let rules = (&self.collector.limits, program, self.roster.as_ref());
        let steps = self.steps.as_mut().filter(|_| state == State::Running);
        if steps.is_some_and(|it| it.second(now, &second.tape, rules)) {
            return Some(Ending::Finished);
        }
        self.ending(now, &snapshot)
    }

    fn ending(&self, now: Duration, snapshot: &Snapshot) -> Option<Ending> {
        let measured = self.collector.measured(now);
        if let Some(broken) = self
            .collector
            .limits
            .broken(&self.collector.total, measured, now)
        {
            return Some(Ending::Aborted(broken));
        }
        let has_only_failed = snapshot.total.succeeded == 0
            && self.collector.total.requests.warm_up == 0
            && snapshot.total.failed > 0;
        (has_only_failed && now >= NEVER_ANSWERED).then_some(Ending::GaveUp)
    }
}
