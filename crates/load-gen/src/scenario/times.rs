//! Times in files and in messages.

use std::fmt::Display;
use std::time::Duration;

use common::cli::parse_duration;
use common::render::amount;
use common::units::seconds;

use super::document::{Node, Tree};
use super::fields::shown;

/// The longest think time and pause.
pub(super) const DAY: Duration = Duration::from_hours(24);
/// The longest run.
pub(super) const YEAR: Duration = Duration::from_hours(24 * 366);
/// The shortest time that is not zero.
pub(super) const MICROSECOND: Duration = Duration::from_micros(1);

/// A time from an inclusive range.
pub(super) fn time_of(
    node: &Node,
    (least, most): (Duration, Duration),
) -> Result<Duration, String> {
    let time = match &node.tree {
        Tree::Text(text) => parse_duration(text),
        _ => node
            .number()
            .filter(|it| *it >= 0.0 && *it <= YEAR.as_secs_f64() * 2.0)
            .map(seconds),
    };
    let range = |least: &dyn Display, most: &dyn Display| {
        format!(
            "must be a time from {least} to {most}, such as `30s` or `1h30m`, got {}",
            shown(node)
        )
    };
    match time {
        Some(time) if time >= least && time <= most => Ok(time),
        _ => Err(range(&words(least), &words(most))),
    }
}

/// A time as people write it.
pub(super) fn words(time: Duration) -> String {
    let all = time.as_secs_f64();
    if time.is_zero() {
        return "0 s".to_owned();
    }
    if all < 1e-3 {
        return format!("{} µs", time.as_micros());
    }
    if all < 1.0 {
        return format!("{} ms", amount(all * 1e3));
    }
    if all < 120.0 {
        return format!("{} s", amount(all));
    }
    let whole = time.as_secs();
    let parts = [
        (whole / 86_400, "d"),
        (whole / 3600 % 24, "h"),
        (whole / 60 % 60, "min"),
        (whole % 60, "s"),
    ];
    let parts = parts.iter().filter(|it| it.0 > 0);
    let parts: Vec<String> = parts.map(|it| format!("{} {}", it.0, it.1)).collect();
    parts.join(" ")
}
