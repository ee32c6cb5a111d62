//! Rows of `_stats.csv` and `_stats_history.csv`.

use common::record::{Class, Series};
use common::units::count_f64;

use crate::outputs::{Harvest, Second};

const QUANTILES: [(&str, f64); 11] = [
    ("50%", 0.5),
    ("66%", 0.66),
    ("75%", 0.75),
    ("80%", 0.8),
    ("90%", 0.9),
    ("95%", 0.95),
    ("98%", 0.98),
    ("99%", 0.99),
    ("99.9%", 0.999),
    ("99.99%", 0.9999),
    ("100%", 1.0),
];

/// The heading and a row a request, by name, then all together.
pub(super) fn rows(harvest: &Harvest) -> Vec<Vec<String>> {
    let Harvest {
        roster,
        tape,
        measured_s,
        ..
    } = harvest;
    let heading = "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,\
        Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s";
    let names = heading.split(',').chain(QUANTILES.iter().map(|it| it.0));
    let mut rows = vec![names.map(str::to_owned).collect()];
    let mut requests: Vec<_> = roster
        .requests
        .iter()
        .zip(&roster.methods)
        .zip(&tape.requests.classes)
        .filter(|(_, class)| ended(class) > 0)
        .collect();
    requests.sort_by_key(|(names, _)| *names);
    for ((name, method), class) in requests {
        rows.push(row(method, name, class, *measured_s));
    }
    rows.push(row("", "Aggregated", &tape.requests.total, *measured_s));
    rows
}

fn row(method: &str, name: &str, class: &Class, seconds: f64) -> Vec<String> {
    let per_second = |count: u64| number((seconds > 0.0).then(|| count_f64(count) / seconds));
    let mut row = vec![method.to_owned(), name.to_owned()];
    row.extend(totals(class));
    row.extend([per_second(ended(class)), per_second(class.failed)]);
    row.extend(percentiles(&class.response));
    row
}

pub(super) fn history_heading() -> Vec<String> {
    let before = [
        "Timestamp",
        "User Count",
        "Type",
        "Name",
        "Requests/s",
        "Failures/s",
    ];
    let behind = [
        "Total Request Count",
        "Total Failure Count",
        "Total Median Response Time",
        "Total Average Response Time",
        "Total Min Response Time",
        "Total Max Response Time",
        "Total Average Content Size",
    ];
    let quantiles = QUANTILES.iter().map(|it| it.0);
    let names = before.into_iter().chain(quantiles).chain(behind);
    names.map(str::to_owned).collect()
}

/// All requests so far, with the rates of the last second.
pub(super) fn history_row(second: &Second) -> Vec<String> {
    let (now, total) = (&second.tape.requests.total, &second.total.requests.total);
    let users: u64 = second.snapshot.users.iter().map(|(_, users)| users).sum();
    let mut row = vec![
        second.at.as_second().to_string(),
        users.to_string(),
        String::new(),
        "Aggregated".to_owned(),
        format!("{:.6}", count_f64(ended(now))),
        format!("{:.6}", count_f64(now.failed)),
    ];
    row.extend(percentiles(&total.response));
    row.extend(totals(total));
    row
}

/// Counts, median, mean, shortest, longest, mean size.
fn totals(class: &Class) -> Vec<String> {
    let response = &class.response;
    let size = (!response.is_empty()).then(|| count_f64(class.bytes) / count_f64(response.count()));
    vec![
        ended(class).to_string(),
        class.failed.to_string(),
        number(response.value_ms(0.5)),
        number(response.mean_ms()),
        number(response.min_ms()),
        number(response.max_ms()),
        number(size),
    ]
}

fn percentiles(response: &Series) -> impl Iterator<Item = String> {
    QUANTILES.iter().map(|&(_, quantile)| {
        let value = response.value_ms(quantile);
        value.map_or_else(|| "N/A".to_owned(), |it| number(Some(it)))
    })
}

fn ended(class: &Class) -> u64 {
    class.response.count() + class.failed
}

/// A number to three decimals, which is a microsecond; 0 where there is none, as Locust has it.
fn number(value: Option<f64>) -> String {
    let text = format!("{:.3}", value.unwrap_or_default());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}
