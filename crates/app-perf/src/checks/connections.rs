//! Connections that are set up again and again although they could be kept.

use common::assess::{Category, Effort, Priority, Recommendation};
use common::render::figure;
use common::units::count_f64;

use super::{Evidence, advice};

/// From this share of requests with a new connection on.
const LEAST_SHARE: f64 = 0.5;
/// Fewer requests than this say nothing.
const LEAST_REQUESTS: u64 = 100;

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    if !evidence.reuses {
        return Vec::new();
    }
    let find = |test: &common::report::TestResult| {
        let connect = test.spans.get("connect")?;
        let requests = test.spans.get("first_byte")?.count;
        let share = count_f64(connect.count) / count_f64(requests.max(1));
        let median = connect.median_ms?;
        // Arrivals are spread over many connections, each of which is new once.
        let is_open = test
            .parameters
            .get("rate_per_sec")
            .is_some_and(|it| !it.is_null());
        let is_steady = !is_open && test.test_name != "find_limit";
        (is_steady && requests >= LEAST_REQUESTS && share >= LEAST_SHARE).then(|| {
            advice(
                format!("service/{}", test.test_name),
                (Priority::Medium, Category::Performance, Effort::Low),
                format!(
                    "{:.0} % of the requests needed a new connection, {} ms each (median): the service or a proxy \
                     closes them",
                    100.0 * share,
                    figure(median)
                ),
                "Keep connections alive (HTTP/1.1 keep-alive or HTTP/2) in the service and in proxies, longer than \
                 clients pause.",
                format!("{} ms less per request.", figure(median)),
            )
        })
    };
    evidence.tests.iter().filter_map(find).collect()
}
