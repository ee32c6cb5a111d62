//! One limit, and the verdict on it.

use std::time::Duration;

use common::assess::{Operator, ThresholdVerdict, Verdict};
use common::render::{figure as shown, grouped};
use common::units::round_u64;

use super::figure::{Figure, Sight, Subject, Unit};
use crate::crowd::Tape;

/// A limit on one figure. Its names were checked against the roster that it was read with, and it is judged on
/// tapes of that roster.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// As it was given.
    pub(super) text: String,
    /// The figure's name as it was given.
    pub(super) figure_name: String,
    pub(super) subject: Subject,
    pub(super) figure: Figure,
    pub(super) operator: Operator,
    /// In `unit`.
    pub(super) value: f64,
    pub(super) unit: Unit,
    /// The unit as it was given.
    pub(super) unit_name: String,
}

impl Limit {
    /// The limit as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it says nothing before the end: a number that is still to be reached.
    pub(super) fn is_settled_at_the_end(&self) -> bool {
        self.figure == Figure::Count && matches!(self.operator, Operator::Above | Operator::AtLeast)
    }

    /// The verdict on what a tape has seen in a measured time. Nothing, or too little, seen is no data and
    /// never a pass.
    pub fn judge_tape(&self, tape: &Tape, measured: Duration) -> ThresholdVerdict {
        let sight = Sight::of(self.subject, tape);
        let figure = sight
            .as_ref()
            .and_then(|it| it.figure(self.figure, self.unit, measured))
            .filter(|it| it.is_finite());
        let samples = sight.as_ref().map_or(0, |it| it.samples(self.figure));
        let (verdict, reason) = match figure {
            None => (Verdict::NoData, self.why_no_data(samples)),
            Some(figure) => {
                let holds = self.operator.holds(figure, self.value);
                (
                    if holds { Verdict::Pass } else { Verdict::Fail },
                    self.why(figure, samples),
                )
            }
        };
        ThresholdVerdict {
            threshold: self.text.clone(),
            figure,
            samples,
            verdict,
            reason,
        }
    }

    fn why(&self, figure: f64, samples: u64) -> String {
        let space = match self.unit_name.as_str() {
            "" => "",
            unit if unit.starts_with('/') => "",
            _ => " ",
        };
        let unit = match (self.unit_name.as_str(), self.unit) {
            ("", Unit::Time(_)) => " ms",
            ("", Unit::PerTime(_)) => "/s",
            (unit, _) => unit,
        };
        let counted = self.counted(samples);
        format!(
            "{} is {}{space}{unit} over {counted}",
            self.figure_name,
            shown(figure)
        )
    }

    fn why_no_data(&self, samples: u64) -> String {
        let counted = self.counted(samples);
        match self.figure {
            Figure::Quantile(quantile) if samples > 0 => format!(
                "{} needs at least {} samples, there are {counted}",
                self.figure_name,
                grouped(round_u64((1.0 / (1.0 - quantile) - 1e-9).ceil()))
            ),
            _ => format!("{} was not measured: there are {counted}", self.figure_name),
        }
    }

    fn counted(&self, samples: u64) -> String {
        let of_time = matches!(
            self.figure,
            Figure::Mean | Figure::Quantile(_) | Figure::Shortest | Figure::Longest
        );
        let noun = match (self.subject, self.figure) {
            (_, Figure::Dropped) => "planned iteration",
            (Subject::Iterations, _) => "iteration",
            _ => "request",
        };
        let plural = if samples == 1 { "" } else { "s" };
        let which = if of_time { " that succeeded" } else { "" };
        let amount = grouped(samples);
        format!("{amount} {noun}{plural}{which}")
    }
}
