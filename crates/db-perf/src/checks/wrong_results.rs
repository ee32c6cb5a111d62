//! Answers that are not the right ones.

use common::assess::{Category, Effort, Priority, Recommendation};

use super::{Evidence, performance};

/// Reports tests whose answers differed from the oracle.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let wrong = evidence
        .tests
        .iter()
        .filter_map(|test| Some((test, test.errors.get("wrong_result")?)));
    wrong
        .map(|(test, errors)| Recommendation {
            category: Category::Reliability,
            issue: format!(
                "{} of {} answers of {} were wrong, such as: {}",
                errors.count, test.iterations, test.test_name, errors.example
            ),
            recommendation: "Check the coordinates (degrees, ICRS, 0 to 360), their SRID and the \
                 condition of the query before looking at its speed."
                .to_owned(),
            expected_impact: "Right answers.".to_owned(),
            ..performance(
                &format!("database/{}", test.test_name),
                Priority::High,
                Effort::Medium,
            )
        })
        .collect()
}
