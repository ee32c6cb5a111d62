//! Added latency as a distribution, whose percentiles are known exactly.

use std::f64::consts::TAU;
use std::time::Duration;

use common::units::seconds;

/// How much later answers come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Delay {
    /// Always the same.
    Fixed(Duration),
    /// Anything between the two, equally likely.
    Uniform {
        /// The least.
        low: Duration,
        /// The most.
        high: Duration,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// Log-normal.
    LogNormal {
        /// The median.
        median: Duration,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
}

impl Delay {
    /// The delay below which a share of all delays lies, `quantile` from 0 to 1 (1 excluded where
    /// the distribution has no end).
    pub fn quantile(self, quantile: f64) -> Duration {
        match self {
            Self::Fixed(delay) => delay,
            Self::Uniform { low, high } => {
                low + high.saturating_sub(low).mul_f64(quantile.clamp(0.0, 1.0))
            }
            Self::Exponential { mean } => seconds(-mean.as_secs_f64() * (-quantile).ln_1p()),
            Self::LogNormal { median, sigma } => {
                seconds(median.as_secs_f64() * (sigma * normal_quantile(quantile)).exp())
            }
        }
    }

    /// The delay for two independent numbers, uniform in [0, 1).
    pub(crate) fn draw(self, first: f64, second: f64) -> Duration {
        match self {
            Self::LogNormal { median, sigma } => {
                // Box and Muller 1958.
                let normal = (-2.0 * (-first).ln_1p()).sqrt() * (TAU * second).cos();
                seconds(median.as_secs_f64() * (sigma * normal).exp())
            }
            _ => self.quantile(first),
        }
    }
}

/// The inverse of the normal distribution: bisection on its integral, which is exact enough (1e-12)
/// and never in a hurry.
fn normal_quantile(quantile: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if normal_share_below(middle) < quantile {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The share of a normal distribution below `x`, by the series of its integral near the middle
/// and by its continued fraction in the tails (Abramowitz and Stegun 26.2.11, 26.2.14).
fn normal_share_below(x: f64) -> f64 {
    let density = (-0.5 * x * x).exp() / TAU.sqrt();
    if x.abs() < 3.0 {
        let (mut term, mut sum, mut odd) = (x, x, 1.0);
        while term.abs() > 1e-17 * sum.abs() && odd < 200.0 {
            odd += 2.0;
            term *= x * x / odd;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let mut fraction = 0.0;
    for k in (1..=60).rev() {
        fraction = f64::from(k) / (x.abs() + fraction);
    }
    let tail = density / (x.abs() + fraction);
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_tables() {
        for (quantile, normal) in [
            (0.5, 0.0),
            (0.95, 1.644_854),
            (0.99, 2.326_348),
            (0.001, -3.090_232),
        ] {
            let found = normal_quantile(quantile);
            assert!((found - normal).abs() < 1e-6, "{quantile}: {found}");
        }
        let mean = Duration::from_millis(20);
        let p99 = Delay::Exponential { mean }.quantile(0.99).as_secs_f64();
        assert!((p99 - 0.02 * 100_f64.ln()).abs() < 1e-9, "{p99}");
        let uniform = Delay::Uniform {
            low: Duration::from_millis(10),
            high: Duration::from_millis(30),
        };
        assert_eq!(uniform.quantile(0.5), Duration::from_millis(20));
    }
}
