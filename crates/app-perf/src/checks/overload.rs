//! A service that refuses or does not answer in time.

use common::assess::{Category, Effort, Priority, Recommendation};
use common::units::count_f64;

use super::{Evidence, advice, failures};

/// From this share of refusals on, it is no accident.
const LEAST_SHARE: f64 = 0.005;

const REFUSALS: [&str; 6] = [
    "http_status_429",
    "http_status_502",
    "http_status_503",
    "http_status_504",
    "timeout",
    "connection_refused",
];

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let (count, example) = failures(test, |kind| REFUSALS.contains(&kind))?;
        let share = count_f64(count) / count_f64(test.iterations.max(1));
        (share >= LEAST_SHARE && test.test_name != "find_limit").then(|| {
            advice(
                format!("service/{}", test.test_name),
                (Priority::High, Category::Reliability, Effort::Medium),
                format!("{:.1} % of the requests were refused or not answered in time: {example}", 100.0 * share),
                "Add replicas or workers, or bound the load before the service; `--find-limit` tells the rate that holds.",
                "Requests of the measured load are answered.".to_owned(),
            )
        })
    };
    evidence.tests.iter().filter_map(find).collect()
}
