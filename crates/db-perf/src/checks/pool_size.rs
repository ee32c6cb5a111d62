//! A pool of connections that is too small or larger than is good for.

use common::assess::{Effort, Priority, Recommendation};
use common::render::figure;
use common::report::Cell;

use super::{Evidence, performance};

/// Reports a pool of `concurrent_load` that is smaller than the knee of the sweep.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let name = "concurrent_load";
    let (Some(used), Some(knee)) = (
        evidence.parameter(name, "pool_size"),
        evidence.parameter(name, "recommended_pool_size"),
    ) else {
        return Vec::new();
    };
    let Some(test) = evidence.test(name) else {
        return Vec::new();
    };
    let rates: Vec<(f64, f64)> = test
        .tables
        .iter()
        .filter(|table| table.title.contains("pool sizes"))
        .flat_map(|table| &table.rows)
        .filter_map(|row| match row.as_slice() {
            [Cell::Number(size), Cell::Number(rate), ..] => Some((*size, *rate)),
            _ => None,
        })
        .collect();
    let at = |size: f64| {
        rates
            .iter()
            .find(|it| (it.0 - size).abs() < 0.5)
            .map(|it| it.1)
    };
    let best = rates.iter().map(|it| it.1).fold(0.0, f64::max);
    let Some(rate) = at(knee) else {
        return Vec::new();
    };
    let curve: Vec<String> = rates
        .iter()
        .map(|(size, rate)| format!("{size}: {}/s", figure(*rate)))
        .collect();
    let wait = test.spans.get("pool_wait").and_then(|it| it.p95_ms);
    let undersized = used < knee;
    vec![Recommendation {
        issue: format!(
            "{:.0} % of the best throughput is reached with {knee} connections ({}); the pool of the \
             test had {used}{}",
            100.0 * rate / best,
            curve.join(", "),
            wait.map_or_else(String::new, |it| format!(
                ", p95 of the wait for one {} ms",
                figure(it)
            ))
        ),
        recommendation: format!(
            "Give the pool {knee} connections, not one for each user: more only queue inside the server."
        ),
        expected_impact: if undersized {
            format!("Up to {} queries/s in place of fewer", figure(best))
        } else {
            "The same throughput with fewer connections and less memory".to_owned()
        },
        ..performance(
            "database/connection_pool",
            if undersized {
                Priority::Medium
            } else {
                Priority::Low
            },
            Effort::Low,
        )
    }]
}
