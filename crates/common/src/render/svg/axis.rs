//! From values to places on a drawing.

use super::ticks;

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// By their logarithm; values are above 0.
    Log,
    /// Seconds, evenly, written as times.
    Time,
    /// Quantiles (0–1) by the number of nines in them.
    Nines,
}

/// An axis with its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// How values are spread.
    pub scale: Scale,
    /// The value at its beginning.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
}

/// An axis on a drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed {
    axis: Axis,
    from: f64,
    to: f64,
}

impl Axis {
    /// An axis from 0 to a round value above the highest one.
    pub fn up_to(highest: f64) -> Self {
        Self {
            scale: Scale::Linear,
            low: 0.0,
            high: ticks::round_above(highest),
        }
    }

    /// A logarithmic axis between round values around the lowest and the highest one.
    pub fn around(lowest: f64, highest: f64) -> Self {
        let lowest = if lowest > 0.0 { lowest } else { 0.001 };
        let (low, high) = ticks::round_around(lowest, highest.max(lowest));
        Self {
            scale: Scale::Log,
            low,
            high,
        }
    }

    /// An axis of time from 0.
    pub fn time(seconds: f64) -> Self {
        Self {
            scale: Scale::Time,
            low: 0.0,
            high: seconds.max(1.0),
        }
    }

    /// An axis of quantiles from 0 to 1 − 1/samples.
    pub fn nines(samples: f64) -> Self {
        Self {
            scale: Scale::Nines,
            low: 0.0,
            high: 1.0 - 1.0 / samples.max(10.0),
        }
    }

    /// The axis between two coordinates of a drawing.
    pub(super) fn on(self, from: f64, to: f64) -> Placed {
        Placed {
            axis: self,
            from,
            to,
        }
    }

    fn stretched(self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear | Scale::Time => value,
            Scale::Log => libm::log10(value.max(f64::MIN_POSITIVE)),
            Scale::Nines => -libm::log10((1.0 - value).max(1e-12)),
        }
    }
}

impl Placed {
    /// Where a value is; values beyond the ends are at the ends.
    pub(super) fn place(&self, value: f64) -> f64 {
        let [low, high, value] =
            [self.axis.low, self.axis.high, value].map(|it| self.axis.stretched(it));
        let share = if high > low {
            ((value - low) / (high - low)).clamp(0.0, 1.0)
        } else {
            0.0
        };
        self.from + (self.to - self.from) * share
    }

    /// Values to label, with their labels.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        ticks::of(self.axis)
    }
}
