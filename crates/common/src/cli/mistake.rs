//! What is wrong with a command line, and the values that all command lines check alike.

use std::fmt::Display;
use std::time::Duration;

use thiserror::Error;

use super::parse_duration;

/// A mistake on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Mistake(String);

impl Mistake {
    /// A mistake in these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A flag with a value that breaks a rule.
    pub fn of_flag(flag: &str, rule: &str, value: &dyn Display) -> Self {
        Self(format!("`{flag}` must be {rule}, got `{value}`"))
    }
}

/// Checks a limit in seconds; 30 s stand for one that is wrong.
pub fn check_seconds(flag: &str, given: f64, mistakes: &mut Vec<Mistake>) -> Duration {
    if given.is_finite() && (0.001..=86_400.0).contains(&given) {
        return crate::units::seconds(given);
    }
    mistakes.push(Mistake::of_flag(
        flag,
        "between 0.001 and 86400 seconds",
        &given,
    ));
    Duration::from_secs(30)
}

/// Checks a time above 0 such as `30s` or `1h30m`; 0 stands for one that is wrong.
pub fn check_time(flag: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Duration {
    parse_duration(text)
        .filter(|it| !it.is_zero())
        .unwrap_or_else(|| {
            mistakes.push(Mistake::of_flag(flag, "a time such as 30s or 5m", &text));
            Duration::ZERO
        })
}
