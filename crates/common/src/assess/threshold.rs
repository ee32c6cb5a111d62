//! Limits that the user gives, such as `cone_search.p95_time_ms<100`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::report::{GroupResult, Report, TestResult};
use crate::units::count_f64;

/// How a figure is compared with its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// A limit on one figure of one test.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The test's name.
    pub test_name: String,
    /// The figure's name.
    pub metric: String,
    /// The comparison.
    pub operator: Operator,
    /// The limit, in the unit of the figure.
    pub limit: f64,
}

/// Why a threshold cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ThresholdError {
    /// There is no comparison in it.
    #[error("a threshold has the form `test.metric<limit` with <, <=, > or >=")]
    NoOperator,
    /// There is no dot between test and metric.
    #[error("`{0}` must name a test and a metric, such as `cone_search.p95_time_ms`")]
    NoMetric(String),
    /// The metric is none of the known ones.
    #[error("unknown metric `{0}`: use one of {known}", known = METRICS.join(", "))]
    UnknownMetric(String),
    /// The limit is not a number.
    #[error("`{0}` is not a finite number")]
    NoNumber(String),
}

/// The names that thresholds may use.
const METRICS: &[&str] = &[
    "avg_time_ms",
    "median_time_ms",
    "p95_time_ms",
    "p99_time_ms",
    "p999_time_ms",
    "min_time_ms",
    "max_time_ms",
    "throughput_ops_per_sec",
    "success_rate",
    "error_count",
    "items_per_sec",
    "avg_response_time_ms",
    "median_response_time_ms",
    "p95_response_time_ms",
    "p99_response_time_ms",
    "min_response_time_ms",
    "max_response_time_ms",
    "requests_per_second",
    "failed_requests",
    "throughput_mb_per_sec",
];

/// The figure of a test by the name that thresholds use; `None` for an unknown name, `Some(None)`
/// where it was not measured.
pub fn metric_of(test: &TestResult, metric: &str) -> Option<Option<f64>> {
    Some(match metric {
        "avg_time_ms" | "avg_response_time_ms" => test.avg_time_ms,
        "median_time_ms" | "median_response_time_ms" => test.median_time_ms,
        "p95_time_ms" | "p95_response_time_ms" => test.p95_time_ms,
        "p99_time_ms" | "p99_response_time_ms" => test.p99_time_ms,
        "p999_time_ms" => test.p999_time_ms,
        "min_time_ms" | "min_response_time_ms" => test.min_time_ms,
        "max_time_ms" | "max_response_time_ms" => test.max_time_ms,
        "throughput_ops_per_sec" => test.throughput_ops_per_sec,
        "success_rate" => test.success_rate,
        "requests_per_second" => test.http.as_ref().and_then(|http| http.requests_per_second),
        "throughput_mb_per_sec" => test
            .http
            .as_ref()
            .and_then(|http| http.throughput_mb_per_sec),
        "error_count" | "failed_requests" => {
            (test.accounting.planned > 0).then(|| count_f64(test.error_count))
        }
        "items_per_sec" => test.items.as_ref().and_then(|items| items.per_sec),
        _ => return None,
    })
}

/// The figure of a group; `None` where it was not measured or groups do not have it.
fn metric_of_group(group: &GroupResult, metric: &str) -> Option<f64> {
    let (succeeded, failed) = (count_f64(group.time.count), count_f64(group.error_count));
    match metric {
        "avg_time_ms" | "avg_response_time_ms" => group.time.avg_ms,
        "median_time_ms" | "median_response_time_ms" => group.time.median_ms,
        "p95_time_ms" | "p95_response_time_ms" => group.time.p95_ms,
        "p99_time_ms" | "p99_response_time_ms" => group.time.p99_ms,
        "max_time_ms" | "max_response_time_ms" => group.time.max_ms,
        "error_count" | "failed_requests" => Some(failed),
        "success_rate" => {
            (succeeded + failed > 0.0).then(|| 100.0 * succeeded / (succeeded + failed))
        }
        _ => None,
    }
}

/// The verdict on a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The figure keeps the limit.
    Pass,
    /// It does not.
    Fail,
    /// There is no figure. That is never a pass.
    NoData,
}

/// A threshold with its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ThresholdVerdict {
    /// The threshold as it was given.
    pub threshold: String,
    /// The figure; null where there is none.
    pub figure: Option<f64>,
    /// The samples the figure rests on.
    pub samples: u64,
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

impl Operator {
    /// Parts a text at its comparison: what stands before it, the comparison, what stands behind.
    pub fn split(text: &str) -> Option<(&str, Self, &str)> {
        // Two-character signs first: `<=` also contains `<`.
        let operators = [Self::AtMost, Self::AtLeast, Self::Below, Self::Above];
        operators.into_iter().find_map(|operator| {
            let (left, right) = text.split_once(operator.sign())?;
            Some((left.trim(), operator, right.trim()))
        })
    }

    /// Whether a figure keeps its limit.
    pub fn holds(self, figure: f64, limit: f64) -> bool {
        match self {
            Self::Below => figure < limit,
            Self::AtMost => figure <= limit,
            Self::Above => figure > limit,
            Self::AtLeast => figure >= limit,
        }
    }

    /// How it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let (left, operator, right) = Operator::split(text).ok_or(ThresholdError::NoOperator)?;
        let (test_name, metric) = left
            .rsplit_once('.')
            .filter(|(test, metric)| !test.is_empty() && !metric.is_empty())
            .ok_or_else(|| ThresholdError::NoMetric(left.to_owned()))?;
        if !METRICS.contains(&metric) {
            return Err(ThresholdError::UnknownMetric(metric.to_owned()));
        }
        let limit = right
            .parse()
            .ok()
            .filter(|limit: &f64| limit.is_finite())
            .ok_or_else(|| ThresholdError::NoNumber(right.to_owned()))?;
        Ok(Self {
            test_name: test_name.to_owned(),
            metric: metric.to_owned(),
            operator,
            limit,
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (test, metric) = (&self.test_name, &self.metric);
        write!(f, "{test}.{metric}{}{}", self.operator.sign(), self.limit)
    }
}

impl Threshold {
    /// Reads the thresholds of a command line for a run that has these tests; entries below a test's
    /// name (`complex_queries.spatial_join`) are not known before the run.
    ///
    /// # Errors
    /// A sentence for each that cannot be read or concerns no test of the run.
    pub fn parse_all(texts: &[String], tests: &[String]) -> Result<Vec<Self>, Vec<String>> {
        let (mut thresholds, mut mistakes) = (Vec::new(), Vec::new());
        for text in texts {
            let threshold: Self = match text.parse() {
                Ok(threshold) => threshold,
                Err(error) => {
                    mistakes.push(format!("`--threshold` `{text}`: {error}"));
                    continue;
                }
            };
            let family = threshold.test_name.split('.').next().unwrap_or_default();
            if tests.iter().any(|name| name == family) {
                thresholds.push(threshold);
            } else {
                mistakes.push(format!(
                    "`--threshold` `{text}`: this run has no test `{}`, it has: {}",
                    threshold.test_name,
                    tests.join(", ")
                ));
            }
        }
        if mistakes.is_empty() {
            Ok(thresholds)
        } else {
            Err(mistakes)
        }
    }

    /// Judges a report.
    pub fn judge(&self, report: &Report) -> ThresholdVerdict {
        self.judge_tests(&report.tests)
    }

    /// Judges the tests of a report that is not put together yet. A name that is no test's may be
    /// that of a group of one: `catalog_queries.cone_search`.
    pub fn judge_tests(&self, tests: &[TestResult]) -> ThresholdVerdict {
        let test = tests.iter().find(|test| test.test_name == self.test_name);
        let group = self.test_name.split_once('.').and_then(|(test, group)| {
            let test = tests.iter().find(|it| it.test_name == test)?;
            test.groups.get(group)
        });
        let samples = match (test, group) {
            (Some(test), _) => test.iterations,
            (None, Some(group)) => group.time.count + group.error_count,
            (None, None) => 0,
        };
        let figure = test
            .and_then(|test| metric_of(test, &self.metric).flatten())
            .or_else(|| metric_of_group(group?, &self.metric))
            .filter(|figure| figure.is_finite());
        let test = test.map(|_| ()).or(group.map(|_| ()));
        let (verdict, reason) = match (test, figure) {
            (None, _) => (
                Verdict::NoData,
                format!("the run has no test `{}`", self.test_name),
            ),
            (Some(()), None) => (
                Verdict::NoData,
                format!(
                    "`{}` was not measured: {samples} iterations are too few",
                    self.metric
                ),
            ),
            (Some(()), Some(figure)) => {
                let holds = self.operator.holds(figure, self.limit);
                let shown = crate::render::figure(figure);
                (
                    if holds { Verdict::Pass } else { Verdict::Fail },
                    format!("{} is {shown} over {samples} iterations", self.metric),
                )
            }
        };
        ThresholdVerdict {
            threshold: self.to_string(),
            figure,
            samples,
            verdict,
            reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_dot_parts_test_and_metric() {
        let threshold: Threshold = "complex_queries.spatial_join.p95_time_ms <= 12.5"
            .parse()
            .unwrap();
        assert_eq!(threshold.test_name, "complex_queries.spatial_join");
        assert_eq!(threshold.metric, "p95_time_ms");
        assert_eq!(threshold.operator, Operator::AtMost);
        assert_eq!(
            threshold.to_string(),
            "complex_queries.spatial_join.p95_time_ms<=12.5"
        );
    }

    #[test]
    fn wrong_thresholds_say_what_is_wrong() {
        let error = |text: &str| Threshold::from_str(text).unwrap_err();
        assert_eq!(error("cone_search"), ThresholdError::NoOperator);
        assert_eq!(
            error("p95_time_ms<3"),
            ThresholdError::NoMetric("p95_time_ms".into())
        );
        assert_eq!(
            error("cone_search.p96<3"),
            ThresholdError::UnknownMetric("p96".into())
        );
        assert_eq!(
            error("a.avg_time_ms<fast"),
            ThresholdError::NoNumber("fast".into())
        );
        assert_eq!(
            error("a.avg_time_ms<NaN"),
            ThresholdError::NoNumber("NaN".into())
        );
    }

    #[test]
    fn a_missing_test_is_no_data() {
        let threshold: Threshold = "cone_search.avg_time_ms<1".parse().unwrap();
        assert_eq!(threshold.judge_tests(&[]).verdict, Verdict::NoData);
    }
}
