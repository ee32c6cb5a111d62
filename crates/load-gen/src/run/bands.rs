//! The field's bands for many users at once and their cone searches.

use common::assess::{Band, BandVerdict, Better};
use common::report::TestResult;

use super::report::LOAD_TEST;

const CONCURRENT: Band = Band {
    name: "concurrent_load",
    metric: "success_rate",
    unit: "%",
    better: Better::Higher,
    target: 95.0,
    excellent: 99.0,
    good: 95.0,
    success: [0.0, 0.0],
};

/// The words of the seed's load test: excellent below 500 ms and 1 % of failures, good below 1 s and 5 %.
const CONE_SEARCH: Band = Band {
    name: "cone_search",
    metric: "avg_time_ms",
    unit: "ms",
    better: Better::Lower,
    target: 500.0,
    excellent: 500.0,
    good: 1000.0,
    success: [99.0, 95.0],
};

/// The verdicts. What was not measured is not assessed.
pub(super) fn rate(tests: &[TestResult]) -> Vec<BandVerdict> {
    let test = tests.iter().find(|it| it.test_name == LOAD_TEST);
    let sample = test.map_or_else(String::new, |it| {
        format!("{} requests, {} failed", it.iterations, it.error_count)
    });
    let success = test.and_then(|it| it.success_rate);
    let concurrent = CONCURRENT.rate(success, success, &sample);
    let cone = test.and_then(|it| it.groups.get("cone_search"));
    let cone = match cone {
        None => CONE_SEARCH.rate(None, None, "the scenario asked no cone_search"),
        Some(group) => {
            let count = group.time.count + group.error_count;
            let success = (count > 0).then(|| {
                100.0 * common::units::count_f64(group.time.count) / common::units::count_f64(count)
            });
            let sample = format!("{count} requests, {} failed", group.error_count);
            CONE_SEARCH.rate(group.time.avg_ms, success, &sample)
        }
    };
    vec![concurrent, cone]
}
