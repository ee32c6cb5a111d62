//! From measurements to recommendations: one file a check.

mod connections;
mod hidden_errors;
mod jobs;
mod overload;
mod queue_wait;
mod slow_kind;
mod wrong_answers;

use common::assess::{Category, Effort, Priority, Recommendation};
use common::report::{GroupResult, TestResult};

/// What checks look at.
pub(crate) struct Evidence<'a> {
    pub(crate) tests: &'a [TestResult],
    /// Whether connections were to be used for more than one request.
    pub(crate) reuses: bool,
}

/// Every check.
const CHECKS: &[fn(&Evidence<'_>) -> Vec<Recommendation>] = &[
    wrong_answers::check,
    hidden_errors::check,
    overload::check,
    jobs::check,
    queue_wait::check,
    connections::check,
    slow_kind::check,
];

/// What to change, the most urgent first.
pub(crate) fn recommend(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let mut all: Vec<Recommendation> = CHECKS.iter().flat_map(|check| check(evidence)).collect();
    Recommendation::sort(&mut all);
    all
}

/// A recommendation without savings of money.
fn advice(
    component: String,
    (priority, category, effort): (Priority, Category, Effort),
    issue: String,
    recommendation: &str,
    impact: String,
) -> Recommendation {
    Recommendation {
        component,
        priority,
        category,
        issue,
        recommendation: recommendation.to_owned(),
        expected_impact: impact,
        implementation_effort: effort,
        estimated_cost_savings: None,
    }
}

/// How often the failures of a test are of one of these kinds, with an example.
fn failures(test: &TestResult, is_wanted: impl Fn(&str) -> bool) -> Option<(u64, String)> {
    let found: Vec<_> = test.errors.iter().filter(|it| is_wanted(it.0)).collect();
    let count = found.iter().map(|it| it.1.count).sum();
    let example = found.first().map(|it| it.1.example.clone())?;
    Some((count, example))
}

/// The groups of a test with enough answers to speak of.
fn groups(test: &TestResult) -> impl Iterator<Item = (&String, &GroupResult)> {
    test.groups.iter().filter(|it| it.1.time.count >= 20)
}

#[cfg(test)]
mod tests;
