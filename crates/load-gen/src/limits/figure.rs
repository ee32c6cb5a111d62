//! What limits look at: figures, their units, and how they are taken from a tape.

use std::time::Duration;

use common::record::{Class, Series};
use common::units::count_f64;

use crate::crowd::Tape;

/// Whose figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// All requests.
    All,
    /// Those with a label of the roster: of one name, or of one persona.
    Label(usize),
    /// Whole iterations.
    Iterations,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figure {
    /// The mean response time.
    Mean,
    /// The response time at a quantile (0–1).
    Quantile(f64),
    /// The shortest.
    Shortest,
    /// The longest.
    Longest,
    /// How many ended well, per second.
    Rate,
    /// How many failed, or their share of those that ended.
    Errors,
    /// How many iterations could not start, or their share of those planned.
    Dropped,
    /// How many ended.
    Count,
    /// The share of those that ended well.
    Success,
    /// What they brought, per second.
    Items,
    /// Megabytes (10⁶ bytes) per second.
    Megabytes,
}

/// The unit of a limit's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    /// A time; how many of it make a millisecond.
    Time(f64),
    /// A rate; how many seconds it counts over.
    PerTime(f64),
    /// A share in percent (0–100).
    Percent,
    /// A number.
    Count,
}

/// What is known of a subject.
pub(super) struct Sight<'a> {
    response: &'a Series,
    failed: u64,
    class: Option<&'a Class>,
    dropped: u64,
    planned: u64,
}

impl<'a> Sight<'a> {
    /// What a tape has seen of a subject; `None` where it has no such label.
    pub(super) fn of(subject: Subject, tape: &'a Tape) -> Option<Self> {
        let iterations = &tape.iterations;
        let of_class = |class: &'a Class| Self {
            response: &class.response,
            failed: class.failed,
            class: Some(class),
            dropped: iterations.dropped(),
            planned: iterations.planned(),
        };
        Some(match subject {
            Subject::All => of_class(&tape.requests.total),
            Subject::Label(index) => of_class(tape.requests.classes.get(index)?),
            Subject::Iterations => Self {
                response: &iterations.response,
                failed: iterations.failed,
                class: None,
                dropped: iterations.dropped(),
                planned: iterations.planned(),
            },
        })
    }

    /// How many ended.
    pub(super) fn ended(&self) -> u64 {
        self.response.count() + self.failed
    }

    /// How many ended well.
    pub(super) fn succeeded(&self) -> u64 {
        self.response.count()
    }

    /// What a figure rests on.
    pub(super) fn samples(&self, figure: Figure) -> u64 {
        match figure {
            Figure::Dropped => self.planned,
            Figure::Mean | Figure::Quantile(_) | Figure::Shortest | Figure::Longest => {
                self.succeeded()
            }
            _ => self.ended(),
        }
    }

    /// A figure in a unit over a measured time; `None` where nothing, or too little, was seen.
    pub(super) fn figure(&self, figure: Figure, unit: Unit, measured: Duration) -> Option<f64> {
        if self.samples(figure) == 0 {
            return None;
        }
        let seconds = measured.as_secs_f64();
        let per_second = |count: f64| (seconds > 0.0).then(|| count / seconds);
        let share = |part: u64, of: u64| (of > 0).then(|| count_f64(part) / count_f64(of));
        let part = |part: u64, of: u64| match unit {
            Unit::Percent => share(part, of).map(|it| 100.0 * it),
            _ => Some(count_f64(part)),
        };
        let value = match figure {
            Figure::Mean => self.response.mean_ms(),
            Figure::Quantile(quantile) => self.response.quantile_ms(quantile),
            Figure::Shortest => self.response.min_ms(),
            Figure::Longest => self.response.max_ms(),
            Figure::Rate => per_second(count_f64(self.succeeded())),
            Figure::Errors => part(self.failed, self.ended()),
            Figure::Dropped => part(self.dropped, self.planned),
            Figure::Count => Some(count_f64(self.ended())),
            Figure::Success => part(self.succeeded(), self.ended()),
            Figure::Items => per_second(count_f64(self.class?.items)),
            Figure::Megabytes => per_second(count_f64(self.class?.bytes) / 1e6),
        };
        value.map(|it| match unit {
            Unit::Time(in_ms) => it * in_ms,
            Unit::PerTime(seconds) => it * seconds,
            Unit::Percent | Unit::Count => it,
        })
    }
}
