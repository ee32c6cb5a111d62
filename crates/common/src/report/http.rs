//! The figures of an HTTP test under the names of the first harness, which scripts read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TestResult;
use crate::record::Tally;

/// The figures of an HTTP test. Times are those of successful iterations, as in the rest of the entry;
/// rates count over wall time, not over the sum of the response times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HttpFigures {
    /// Iterations that ended.
    pub total_requests: u64,
    /// Iterations that succeeded: right answers, not just status 200.
    pub successful_requests: u64,
    /// Iterations that failed, whatever the kind.
    pub failed_requests: u64,
    /// Mean response time.
    pub avg_response_time_ms: Option<f64>,
    /// Median response time.
    pub median_response_time_ms: Option<f64>,
    /// 95th percentile of the response time.
    pub p95_response_time_ms: Option<f64>,
    /// 99th percentile of the response time.
    pub p99_response_time_ms: Option<f64>,
    /// Shortest response time.
    pub min_response_time_ms: Option<f64>,
    /// Longest response time.
    pub max_response_time_ms: Option<f64>,
    /// Successful iterations per second of wall time.
    pub requests_per_second: Option<f64>,
    /// Failed iterations per second of wall time.
    pub errors_per_second: Option<f64>,
    /// Megabytes (10⁶ bytes) per second of wall time that successful iterations received or, for jobs,
    /// that the service really processed; null where the bytes are not known.
    pub throughput_mb_per_sec: Option<f64>,
}

impl HttpFigures {
    /// The figures of a test and its tally.
    pub(super) fn of(test: &TestResult, tally: &Tally) -> Self {
        Self {
            total_requests: test.iterations,
            successful_requests: test.iterations - test.error_count,
            failed_requests: test.error_count,
            avg_response_time_ms: test.avg_time_ms,
            median_response_time_ms: test.median_time_ms,
            p95_response_time_ms: test.p95_time_ms,
            p99_response_time_ms: test.p99_time_ms,
            min_response_time_ms: test.min_time_ms,
            max_response_time_ms: test.max_time_ms,
            requests_per_second: tally.throughput_per_sec(),
            errors_per_second: tally.errors_per_sec(),
            throughput_mb_per_sec: (tally.recorded.total.bytes > 0)
                .then(|| tally.megabytes_per_sec())
                .flatten(),
        }
    }
}
