//! A search for the limit: each step of the rate is judged by itself.

use std::time::Duration;

use common::assess::{ThresholdVerdict, Verdict};
use common::report::{Cell, Table};
use common::units::count_f64;

use crate::crowd::{Program, Roster, Tape};
use crate::limits::Limits;

/// The share of a step that is left to the service to settle.
const SETTLING: f64 = 0.2;
/// A step that less than this share of what was due could be started in is broken: the figures of the rest
/// would be those of another rate.
const LEAST_STARTED: f64 = 0.95;

/// The steps so far.
pub(super) struct Steps {
    length: Duration,
    tape: Tape,
    /// What the tape has seen: seconds.
    seen: f64,
    before: Duration,
    table: Table,
    held: Option<f64>,
    /// The verdicts of the highest step that held; of the first one where none did.
    verdicts: Vec<ThresholdVerdict>,
}

impl Steps {
    pub(super) fn new(length: Duration, roster: &Roster) -> Self {
        Self {
            length,
            tape: Tape::new(&roster.labels, roster.tasks.len()),
            seen: 0.0,
            before: Duration::ZERO,
            table: Table::new(
                "Search for the limit",
                &[
                    "iterations/s",
                    "requests/s",
                    "errors %",
                    "median ms",
                    "p95 ms",
                    "p99 ms",
                    "verdict",
                ],
            ),
            held: None,
            verdicts: Vec::new(),
        }
    }

    /// Adds a second that ended at a time; true when a step is broken, and with it the search is over.
    pub(super) fn second(
        &mut self,
        now: Duration,
        tape: &Tape,
        (limits, program, roster): (&Limits, &Program, &Roster),
    ) -> bool {
        let length = self.length.as_secs_f64();
        let second = now.saturating_sub(Duration::from_millis(500)).as_secs_f64();
        let inside = second % length;
        if inside >= SETTLING * length {
            self.tape.merge(tape);
            self.seen += now.saturating_sub(self.before).as_secs_f64();
        }
        self.before = now;
        if inside + 1.0 < length {
            return false;
        }
        let rate = program.height(Duration::from_secs_f64(second));
        let fresh = Tape::new(&roster.labels, roster.tasks.len());
        let tape = std::mem::replace(&mut self.tape, fresh);
        self.judge(rate, &tape, limits)
    }

    fn judge(&mut self, rate: f64, tape: &Tape, limits: &Limits) -> bool {
        let seconds = std::mem::take(&mut self.seen).max(1e-3);
        let verdicts = limits.judge(tape, Duration::from_secs_f64(seconds));
        let due = rate * seconds;
        let started = count_f64(tape.iterations.started);
        let is_started = started >= LEAST_STARTED * due;
        let broken: Vec<&str> = verdicts
            .iter()
            .filter(|it| it.verdict == Verdict::Fail)
            .map(|it| it.threshold.as_str())
            .collect();
        let holds = broken.is_empty() && is_started;
        let verdict = match (broken.is_empty(), is_started) {
            (true, true) => "holds".to_owned(),
            (true, false) => format!("only {started} of {due:.0} iterations could be started"),
            (false, _) => format!("broken: {}", broken.join(", ")),
        };
        let total = &tape.requests.total;
        let (succeeded, failed) = (count_f64(total.response.count()), count_f64(total.failed));
        let errors = (succeeded + failed > 0.0).then(|| 100.0 * failed / (succeeded + failed));
        let cell = |figure: Option<f64>| figure.map_or(Cell::Missing(()), Cell::Number);
        self.table.rows.push(vec![
            Cell::Number(rate),
            Cell::Number(succeeded / seconds),
            cell(errors),
            cell(total.response.quantile_ms(0.5)),
            cell(total.response.quantile_ms(0.95)),
            cell(total.response.quantile_ms(0.99)),
            Cell::Text(verdict),
        ]);
        if holds || self.verdicts.is_empty() {
            self.verdicts = verdicts;
        }
        if holds {
            self.held = Some(rate);
        }
        !holds
    }

    /// The highest rate that held, the verdicts at it, and all steps.
    pub(super) fn finish(self) -> (Option<f64>, Vec<ThresholdVerdict>, Table) {
        (self.held, self.verdicts, self.table)
    }
}
