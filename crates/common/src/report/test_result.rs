//! One measurement: an entry of `tests`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HttpFigures, Table};
use crate::record::{Accounting, Class, Series, Tally};
use crate::units::{count_f64, size_f64};

/// One measurement. Times are response times of successful iterations, counted from the moment
/// they were due, in milliseconds; null means not measured or too few samples to tell (a
/// percentile q needs 1 / (1 − q) of them).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TestResult {
    /// The name, unique in the document: `cone_search`, `complex_queries.spatial_join`.
    pub test_name: String,
    /// What was done, in a sentence.
    pub description: String,
    /// What `throughput_ops_per_sec` counts: `query`, `row`.
    pub operation: String,
    /// Iterations that ended, successful and failed.
    pub iterations: u64,
    /// Mean time.
    pub avg_time_ms: Option<f64>,
    /// Median time.
    pub median_time_ms: Option<f64>,
    /// 95th percentile.
    pub p95_time_ms: Option<f64>,
    /// 99th percentile.
    pub p99_time_ms: Option<f64>,
    /// 99.9th percentile.
    pub p999_time_ms: Option<f64>,
    /// Shortest time.
    pub min_time_ms: Option<f64>,
    /// Longest time.
    pub max_time_ms: Option<f64>,
    /// Successful operations per second of wall time.
    pub throughput_ops_per_sec: Option<f64>,
    /// Share of the ended iterations that succeeded, percent (0–100).
    pub success_rate: Option<f64>,
    /// Iterations that failed.
    pub error_count: u64,
    /// Wall time of the measured part in seconds.
    pub duration_s: f64,
    /// What the successful iterations brought.
    pub items: Option<Items>,
    /// Where the planned iterations went.
    pub accounting: Accounting,
    /// Times from start to end, without the wait for a free worker.
    pub service_time: Option<TimeSummary>,
    /// How late the tool's own timer was; null where nothing waited for a time.
    pub timer_lag: Option<TimeSummary>,
    /// Response times of the failed iterations.
    pub failed_time: Option<TimeSummary>,
    /// Failures by kind.
    pub errors: BTreeMap<String, ErrorCount>,
    /// The same figures for classes of iterations.
    pub groups: BTreeMap<String, GroupResult>,
    /// Parts of an iteration.
    pub spans: BTreeMap<String, TimeSummary>,
    /// The length of an entry of `timeline` in seconds.
    pub timeline_interval_s: f64,
    /// The course over time.
    pub timeline: Vec<TimelinePoint>,
    /// What distinguishes this measurement: sizes, users, rates, query text.
    pub parameters: BTreeMap<String, Value>,
    /// Sweeps and comparisons that belong to it.
    pub tables: Vec<Table>,
    /// The whole distributions.
    pub histograms: Histograms,
    /// The figures again under the names that scripts of HTTP tests know; absent in other tests.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpFigures>,
}

/// What the successful iterations brought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Items {
    /// What is counted: `rows`, `sources`.
    pub name: String,
    /// How many in all.
    pub total: u64,
    /// How many per second of wall time.
    pub per_sec: Option<f64>,
}

/// A distribution of times in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimeSummary {
    /// Samples.
    pub count: u64,
    /// Mean.
    pub avg_ms: Option<f64>,
    /// Median.
    pub median_ms: Option<f64>,
    /// 95th percentile; null with fewer than 20 samples.
    pub p95_ms: Option<f64>,
    /// 99th percentile; null with fewer than 100 samples.
    pub p99_ms: Option<f64>,
    /// Maximum.
    pub max_ms: Option<f64>,
}

/// Failures of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorCount {
    /// How many.
    pub count: u64,
    /// The first message that was seen.
    pub example: String,
}

/// A class of iterations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GroupResult {
    /// Response times of the successful ones.
    pub time: TimeSummary,
    /// How many failed.
    pub error_count: u64,
    /// What a successful one brought on average; null without any.
    pub items_per_iteration: Option<f64>,
}

/// What ended in one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelinePoint {
    /// The start of the interval, seconds since the start of the test.
    pub t_s: f64,
    /// Successful iterations.
    pub succeeded: u64,
    /// Failed iterations.
    pub failed: u64,
    /// Median response time, two significant digits.
    pub median_ms: Option<f64>,
    /// 95th percentile of the response time, two significant digits.
    pub p95_ms: Option<f64>,
    /// Longest response time.
    pub max_ms: Option<f64>,
}

/// HDR histograms of the successful iterations in nanoseconds: V2 compressed, base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Histograms {
    /// Response times.
    pub response_time_ns: String,
    /// Service times.
    pub service_time_ns: String,
}

impl TimeSummary {
    /// The summary of a series; `None` without samples.
    pub fn of(series: &Series) -> Option<Self> {
        (!series.is_empty()).then(|| Self {
            count: series.count(),
            avg_ms: series.mean_ms(),
            median_ms: series.quantile_ms(0.5),
            p95_ms: series.quantile_ms(0.95),
            p99_ms: series.quantile_ms(0.99),
            max_ms: series.max_ms(),
        })
    }
}

impl GroupResult {
    fn of(class: &Class) -> Option<Self> {
        if class.response.is_empty() && class.failed == 0 {
            return None;
        }
        let count = class.response.count();
        Some(Self {
            time: TimeSummary::of(&class.response).unwrap_or(TimeSummary {
                count: 0,
                avg_ms: None,
                median_ms: None,
                p95_ms: None,
                p99_ms: None,
                max_ms: None,
            }),
            error_count: class.failed,
            items_per_iteration: (count > 0).then(|| count_f64(class.items) / count_f64(count)),
        })
    }
}

impl TestResult {
    /// The measurement that a tally holds. `operation` names what the throughput counts, `item`
    /// what an iteration brings.
    pub fn new(name: &str, description: &str, operation: &str, item: &str, tally: &Tally) -> Self {
        let recorded = &tally.recorded;
        let response = &recorded.total.response;
        let failed = recorded.total.failed;
        let iterations = response.count() + failed;
        Self {
            test_name: name.to_owned(),
            description: description.to_owned(),
            operation: operation.to_owned(),
            iterations,
            avg_time_ms: response.mean_ms(),
            median_time_ms: response.quantile_ms(0.5),
            p95_time_ms: response.quantile_ms(0.95),
            p99_time_ms: response.quantile_ms(0.99),
            p999_time_ms: response.quantile_ms(0.999),
            min_time_ms: response.min_ms(),
            max_time_ms: response.max_ms(),
            throughput_ops_per_sec: tally.throughput_per_sec(),
            success_rate: (iterations > 0)
                .then(|| 100.0 * count_f64(response.count()) / count_f64(iterations)),
            error_count: failed,
            duration_s: tally.wall().as_secs_f64(),
            items: Some(Items {
                name: item.to_owned(),
                total: recorded.total.items,
                per_sec: tally.items_per_sec(),
            }),
            accounting: tally.accounting,
            service_time: TimeSummary::of(&recorded.service),
            timer_lag: TimeSummary::of(&recorded.timer_lag),
            failed_time: TimeSummary::of(&recorded.failed_response),
            errors: recorded
                .errors
                .iter()
                .map(|(kind, errors)| {
                    let count = ErrorCount {
                        count: errors.count,
                        example: errors.example.clone(),
                    };
                    (kind.clone(), count)
                })
                .collect(),
            groups: named(&tally.labels.tags, &recorded.classes, GroupResult::of),
            spans: named(&tally.labels.spans, &recorded.spans, TimeSummary::of),
            timeline_interval_s: recorded.timeline.interval().as_secs_f64(),
            timeline: timeline(tally),
            parameters: BTreeMap::new(),
            tables: Vec::new(),
            histograms: Histograms {
                response_time_ns: response.to_base64(),
                service_time_ns: recorded.service.to_base64(),
            },
            http: None,
        }
    }

    /// The same measurement with the throughput in items instead of iterations, for tests whose
    /// operation is the row and whose iteration is a batch.
    #[must_use]
    pub fn counting_items(mut self) -> Self {
        self.throughput_ops_per_sec = self.items.as_ref().and_then(|items| items.per_sec);
        self
    }

    /// The same measurement with its figures under the names of HTTP tests too.
    #[must_use]
    pub fn with_http_figures(mut self, tally: &Tally) -> Self {
        self.http = Some(HttpFigures::of(&self, tally));
        self
    }

    /// The same measurement with a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Whether every planned iteration succeeded, and there was one.
    pub fn is_clean(&self) -> bool {
        self.accounting.planned > 0 && self.accounting.succeeded == self.accounting.planned
    }
}

fn named<T, R>(
    names: &[String],
    values: &[T],
    convert: impl Fn(&T) -> Option<R>,
) -> BTreeMap<String, R> {
    names
        .iter()
        .zip(values)
        .filter_map(|(name, value)| convert(value).map(|value| (name.clone(), value)))
        .collect()
}

fn timeline(tally: &Tally) -> Vec<TimelinePoint> {
    let timeline = &tally.recorded.timeline;
    let interval = timeline.interval().as_secs_f64();
    timeline
        .cells()
        .iter()
        .enumerate()
        .map(|(index, cell)| TimelinePoint {
            t_s: size_f64(index) * interval,
            succeeded: cell.response.count(),
            failed: cell.failed,
            median_ms: cell.response.quantile_ms(0.5),
            p95_ms: cell.response.quantile_ms(0.95),
            max_ms: cell.response.max_ms(),
        })
        .collect()
}
