//! One kind of question that is far slower than the others.

use common::assess::{Category, Effort, Priority, Recommendation};
use common::render::figure;

use super::{Evidence, advice, groups};

/// Slower than the median of the kinds by this factor, and …
const FACTOR: f64 = 5.0;
/// … slow at all, ms.
const LEAST_MS: f64 = 100.0;

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let mut kinds: Vec<(&str, f64)> = groups(test)
            .filter(|it| !it.0.starts_with("radius "))
            .filter_map(|(name, group)| Some((name.as_str(), group.time.p95_ms?)))
            .collect();
        kinds.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (name, worst) = *kinds.last()?;
        let (_, middle) = kinds[(kinds.len() - 1) / 2];
        (kinds.len() >= 3 && worst > FACTOR * middle && worst > LEAST_MS).then(|| {
            advice(
                format!("service/{name}"),
                (Priority::Medium, Category::Performance, Effort::Medium),
                format!(
                    "`{name}` takes {} ms at its 95th percentile where half of the kinds of question take at most {} ms",
                    figure(worst),
                    figure(middle)
                ),
                "Look at its plan in the database (`db-perf` names missing indexes), bound its result, or give it a \
                 queue of its own so that it does not hold up the others.",
                "Its users wait less, and its load no longer delays the rest.".to_owned(),
            )
        })
    };
    evidence.tests.iter().filter_map(find).collect()
}
