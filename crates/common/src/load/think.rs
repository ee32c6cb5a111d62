//! The pause of a simulated person between two requests.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sky::mathx::normal_quantile;
use crate::units::seconds;

/// A distribution of think times. Deviates come from outside, so that a seed decides them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "distribution")]
pub enum Think {
    /// No pause: the next request follows at once.
    None,
    /// Always the same pause.
    Constant {
        /// The pause in seconds.
        seconds: f64,
    },
    /// Any pause between two limits, equally likely.
    Uniform {
        /// The shortest pause in seconds.
        min_seconds: f64,
        /// The longest pause in seconds.
        max_seconds: f64,
    },
    /// Memoryless pauses.
    Exponential {
        /// The mean pause in seconds.
        mean_seconds: f64,
    },
    /// Pauses whose logarithm is normal, as those of people are: many short ones and a long tail.
    LogNormal {
        /// The median pause in seconds.
        median_seconds: f64,
        /// The standard deviation of the natural logarithm.
        sigma: f64,
    },
}

impl Think {
    /// The pause for a uniform deviate in [0, 1).
    pub fn pause(self, deviate: f64) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Constant { seconds: pause } => seconds(pause),
            Self::Uniform {
                min_seconds,
                max_seconds,
            } => seconds(min_seconds + (max_seconds - min_seconds) * deviate),
            Self::Exponential { mean_seconds } => seconds(-mean_seconds * libm::log(1.0 - deviate)),
            Self::LogNormal {
                median_seconds,
                sigma,
            } => {
                // The quantile of 0 is minus infinity, whose exponential is no pause.
                let normal = normal_quantile(deviate.max(f64::MIN_POSITIVE));
                seconds(median_seconds * libm::exp(sigma * normal))
            }
        }
    }

    /// The mean pause in seconds.
    pub fn mean_seconds(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Constant { seconds } => seconds,
            Self::Uniform {
                min_seconds,
                max_seconds,
            } => f64::midpoint(min_seconds, max_seconds),
            Self::Exponential { mean_seconds } => mean_seconds,
            Self::LogNormal {
                median_seconds,
                sigma,
            } => median_seconds * libm::exp(0.5 * sigma * sigma),
        }
    }

    /// Whether there is never a pause.
    pub fn is_none(self) -> bool {
        self.pause(0.999_999).is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_inside_their_limits() {
        let think = Think::Uniform {
            min_seconds: 2.0,
            max_seconds: 10.0,
        };
        assert_eq!(think.pause(0.0), Duration::from_secs(2));
        assert_eq!(think.pause(0.5), Duration::from_secs(6));
        assert!(think.pause(0.999_999) < Duration::from_secs(10));
    }

    #[test]
    fn an_exponential_pause_has_its_median_at_ln_2() {
        let pause = Think::Exponential { mean_seconds: 1.0 }.pause(0.5);
        assert!((pause.as_secs_f64() - core::f64::consts::LN_2).abs() < 1e-9);
    }

    #[test]
    fn a_log_normal_pause_has_its_median_and_its_quantiles() {
        let think = Think::LogNormal {
            median_seconds: 5.0,
            sigma: 0.5,
        };
        let at = |deviate: f64| think.pause(deviate).as_secs_f64();
        assert!((at(0.5) - 5.0).abs() < 1e-9);
        // One standard deviation above the median of the logarithm.
        assert!((at(0.841_344_746_068_542_9) - 5.0 * libm::exp(0.5)).abs() < 1e-6);
        assert!(at(0.0) < 1e-6);
        assert!(at(1.0 - f64::EPSILON / 2.0).is_finite());
    }

    #[test]
    fn means_are_those_of_many_pauses() {
        let think = [
            Think::Constant { seconds: 3.0 },
            Think::Uniform {
                min_seconds: 2.0,
                max_seconds: 10.0,
            },
            Think::Exponential { mean_seconds: 4.0 },
            Think::LogNormal {
                median_seconds: 5.0,
                sigma: 0.5,
            },
        ];
        for think in think {
            let steps = 100_000_u32;
            let deviates = (0..steps).map(|it| (f64::from(it) + 0.5) / f64::from(steps));
            let sum: f64 = deviates.map(|it| think.pause(it).as_secs_f64()).sum();
            let mean = sum / f64::from(steps);
            assert!(
                (mean / think.mean_seconds() - 1.0).abs() < 1e-3,
                "{think:?}: {mean}"
            );
        }
    }
}
