//! Jobs that wait longer than they are worked on.

use common::assess::{Category, Effort, Priority, Recommendation};
use common::render::figure;

use super::{Evidence, advice};

/// A wait below this is nobody's problem, ms.
const LEAST_MS: f64 = 50.0;

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let median = |name: &str| test.spans.get(name).and_then(|it| it.median_ms);
        let (wait, work) = (median("queue_wait")?, median("processing")?);
        (wait > work && wait > LEAST_MS).then(|| {
            advice(
                format!("service/{}", test.test_name),
                (Priority::Medium, Category::Performance, Effort::Low),
                format!(
                    "a job waits {} ms for a worker and is worked on for {} ms (medians)",
                    figure(wait),
                    figure(work)
                ),
                "Add workers or replicas up to the number of cores; where all cores are busy, make the processing \
                 cheaper first.",
                format!("Up to {} ms less per job at this load.", figure(wait)),
            )
        })
    };
    evidence.tests.iter().filter_map(find).collect()
}
