//! Answers that look right and are not: a wrong number of rows, rows outside of the cone.

use common::assess::{Category, Effort, Priority, Recommendation};

use super::{Evidence, advice, failures};

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let (count, example) =
            failures(test, |kind| kind == "wrong_count" || kind == "outside_cone")?;
        Some(advice(
            format!("service/{}", test.test_name),
            (Priority::High, Category::Reliability, Effort::Medium),
            format!(
                "{count} of {} answers had status 200 and were wrong: {example}",
                test.iterations
            ),
            "Search on the sphere (angles, not metres on the ellipsoid; right ascension wraps at 0h; the poles are \
             points) and say in the answer when rows were left out.",
            "Users get what is in the sky.".to_owned(),
        ))
    };
    evidence.tests.iter().filter_map(find).collect()
}
