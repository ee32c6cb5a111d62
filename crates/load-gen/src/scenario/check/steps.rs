//! Steps in words.

use common::load::Think;
use common::render::amount;
use service::profile::Operation;

use super::super::model::{Comparison, Condition, Step};
use super::super::times::words;

/// A think time in words.
pub(super) fn think(think: Think) -> String {
    let time = |seconds: f64| words(common::units::seconds(seconds));
    match think {
        Think::None => "does not think".to_owned(),
        Think::Constant { seconds } => format!("thinks {}", time(seconds)),
        Think::Uniform {
            min_seconds,
            max_seconds,
        } => format!("thinks {} to {}", time(min_seconds), time(max_seconds)),
        Think::Exponential { mean_seconds } => {
            format!("thinks {} on average, exponentially", time(mean_seconds))
        }
        Think::LogNormal {
            median_seconds,
            sigma,
        } => format!(
            "thinks {} mostly, log-normally with σ {} ({} on average)",
            time(median_seconds),
            amount(sigma),
            time(think.mean_seconds())
        ),
    }
}

/// Steps in words, one a line.
pub(super) fn lines(steps: &[Step], operations: &[Operation], indent: usize, out: &mut String) {
    for step in steps {
        let line = words_of(step, operations);
        out.push_str(&" ".repeat(indent));
        out.push_str(&line);
        out.push('\n');
        match step {
            Step::Repeat { steps, .. } | Step::While { steps, .. } => {
                lines(steps, operations, indent + 2, out);
            }
            Step::Chance { steps, .. } if alone(steps).is_none() => {
                lines(steps, operations, indent + 2, out);
            }
            Step::If {
                then, otherwise, ..
            } => {
                lines(then, operations, indent + 2, out);
                if !otherwise.is_empty() {
                    out.push_str(&" ".repeat(indent));
                    out.push_str("otherwise:\n");
                    lines(otherwise, operations, indent + 2, out);
                }
            }
            _ => {}
        }
    }
}

/// The only step, when it is a request.
pub(super) fn alone(steps: &[Step]) -> Option<&Step> {
    match steps {
        [step @ Step::Request { .. }] => Some(step),
        _ => None,
    }
}

fn words_of(step: &Step, operations: &[Operation]) -> String {
    match step {
        Step::Request { operation, follow } => {
            let name = operations.get(*operation).map_or("?", |it| &it.name);
            let job = if *follow {
                ", follows its job to the end"
            } else {
                ""
            };
            format!("asks {name}{job}")
        }
        Step::Pause(pause) => {
            let pause = think(*pause);
            pause
                .replacen("thinks", "pauses", 1)
                .replacen("does not think", "pauses 0 s", 1)
        }
        Step::Repeat { times, .. } => format!("{} times:", times.source()),
        Step::While {
            condition, most, ..
        } => format!(
            "while {}, at most {most} times:",
            condition_words(condition)
        ),
        Step::If { condition, .. } => format!("if {}:", condition_words(condition)),
        Step::Chance { probability, steps } => {
            let percent = amount(probability * 100.0);
            match alone(steps) {
                Some(step) => format!("in {percent} % of cases {}", words_of(step, operations)),
                None => format!("in {percent} % of cases:"),
            }
        }
        Step::Set { name, value } => format!("sets {name} to `{}`", value.source()),
    }
}

fn condition_words(condition: &Condition) -> String {
    let sign = match condition.comparison {
        Comparison::Equal => "==",
        Comparison::Unequal => "!=",
        Comparison::Below => "<",
        Comparison::AtMost => "<=",
        Comparison::Above => ">",
        Comparison::AtLeast => ">=",
        Comparison::Contains => "contains",
        Comparison::Exists => return format!("{} exists", condition.left.source()),
    };
    let right = match condition.right.source() {
        "" => "''",
        text => text,
    };
    format!("{} {sign} {right}", condition.left.source())
}
