//! The pause of a simulated person between two requests.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
}
