//! Think times and pauses.

use std::time::Duration;

use common::load::Think;

use super::super::document::{Node, Tree};
use super::super::error::Problems;
use super::super::fields::Fields;
use super::super::times::{DAY, time_of};

/// The largest spread of a log-normal: at 3 the mean is 90 times the median.
const MOST_SIGMA: f64 = 3.0;

/// A think time: `none`, a time, or a table with one distribution.
pub(super) fn think(node: &Node, field: &str, problems: &mut Problems<'_>) -> Option<Think> {
    match &node.tree {
        Tree::Text(word) if word == "none" => return Some(Think::None),
        Tree::Text(_) | Tree::Whole(_) | Tree::Real(_) => {
            let pause = seconds_of(node, field, problems)?;
            return Some(Think::Constant { seconds: pause });
        }
        Tree::Table(entries) if entries.len() == 1 => {}
        _ => {
            let message = "must be `none`, a time, or one of { constant = \"1s\" }, \
{ uniform = [\"2s\", \"10s\"] }, { exponential = \"3s\" }, { log_normal = { median = \"5s\", sigma = 0.5 } }";
            problems.at(node.span.clone(), field, message);
            return None;
        }
    }
    let mut fields = Fields::of(node, field, problems)?;
    let mut found = None;
    let mut is_known = false;
    if let Some(inner) = fields.get("constant") {
        is_known = true;
        found = seconds_of(inner, field, problems).map(|seconds| Think::Constant { seconds });
    }
    if let Some(inner) = fields.get("uniform") {
        is_known = true;
        found = uniform(inner, field, problems);
    }
    if let Some(inner) = fields.get("exponential") {
        is_known = true;
        let mean = seconds_of(inner, field, problems);
        found = mean.map(|mean_seconds| Think::Exponential { mean_seconds });
    }
    if let Some(inner) = fields.get("log_normal") {
        is_known = true;
        found = log_normal(inner, field, problems);
    }
    if !is_known {
        fields.finish(problems);
    }
    found
}

fn seconds_of(node: &Node, field: &str, problems: &mut Problems<'_>) -> Option<f64> {
    match time_of(node, (Duration::ZERO, DAY)) {
        Ok(time) => Some(time.as_secs_f64()),
        Err(message) => {
            problems.at(node.span.clone(), field, message);
            None
        }
    }
}

fn uniform(node: &Node, field: &str, problems: &mut Problems<'_>) -> Option<Think> {
    let Some([shortest, longest]) = node.elements() else {
        let message = "`uniform` needs the shortest and the longest time: [\"2s\", \"10s\"]";
        problems.at(node.span.clone(), field, message);
        return None;
    };
    let min_seconds = seconds_of(shortest, field, problems);
    let max_seconds = seconds_of(longest, field, problems);
    let (min_seconds, max_seconds) = (min_seconds?, max_seconds?);
    if min_seconds > max_seconds {
        let message = format!(
            "`uniform` begins with the shortest time, got {min_seconds} s before {max_seconds} s"
        );
        problems.at(node.span.clone(), field, message);
        return None;
    }
    Some(Think::Uniform {
        min_seconds,
        max_seconds,
    })
}

fn log_normal(node: &Node, field: &str, problems: &mut Problems<'_>) -> Option<Think> {
    let mut fields = Fields::of(node, &format!("{field}.log_normal"), problems)?;
    let median = fields.time("median", (Duration::ZERO, DAY), problems);
    if median.is_none() && fields.get("median").is_none() {
        fields.wrong(problems, "needs `median`, such as \"5s\"");
    }
    let sigma = fields.get("sigma");
    let spread = sigma.and_then(Node::number);
    let is_sane = |it: &f64| *it > 0.0 && *it <= MOST_SIGMA;
    if !spread.as_ref().is_some_and(is_sane) {
        let message = format!(
            "`sigma`, the spread of the logarithm, must be above 0 and at most {MOST_SIGMA}, such as 0.5"
        );
        problems.at(sigma.unwrap_or(node).span.clone(), field, message);
    }
    fields.finish(problems);
    Some(Think::LogNormal {
        median_seconds: median?.as_secs_f64(),
        sigma: spread.filter(is_sane)?,
    })
}
