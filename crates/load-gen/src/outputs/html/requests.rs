//! Figures by request, by persona and by class of radii.

use common::record::{Class, Series};
use common::render::page::{Column, table};
use common::render::{figure, grouped};
use common::sky::RadiusClass;
use common::units::count_f64;
use maud::{Markup, html};

use super::{ms, percent};
use crate::outputs::Harvest;

/// All tables of requests.
pub(super) fn requests(harvest: &Harvest) -> Option<Markup> {
    let recorder = &harvest.tape.requests;
    let total = &recorder.total;
    if total.response.count() + total.failed == 0 {
        return None;
    }
    let class = |place: usize| recorder.classes.get(place);
    let roster = &harvest.roster;
    let names = roster.requests.iter().zip(&roster.methods);
    let by_request = names.enumerate().filter_map(|(place, (name, method))| {
        Some((html! { (name) " " span.note { (method) } }, class(place)?))
    });
    let by_persona = roster
        .personas
        .iter()
        .enumerate()
        .filter_map(|(place, name)| Some((html! { (name) }, class(roster.persona_label(place))?)));
    let by_radius = RadiusClass::ALL.into_iter().filter_map(|it| {
        Some((
            html! { (radius_words(it)) },
            class(roster.radius_label(it))?,
        ))
    });
    let seconds = harvest.measured_s;
    let mut requests = rows(by_request, seconds);
    requests.push(row(&html! { "all requests" }, total, seconds));
    let personas = rows(by_persona, seconds);
    let radii = rows(by_radius, seconds);
    Some(html! {
        (table("By request; times in ms", &columns("request"), &requests, true))
        @if !personas.is_empty() {
            h3 { "By persona" }
            (table("Times in ms", &columns("persona"), &personas, false))
        }
        @if !radii.is_empty() {
            h3 { "Cone searches by radius" }
            (table("Times in ms; items are sources", &columns("radius"), &radii, false))
        }
        h3 { "Response and service time" }
        (kinds_of_time(harvest))
    })
}

/// The columns of [`times`].
const TIMES: [Column; 6] = [
    Column::Figures("mean"),
    Column::Figures("median"),
    Column::Figures("p95"),
    Column::Figures("p99"),
    Column::Figures("p99.9"),
    Column::Figures("longest"),
];

fn columns(first: &'static str) -> Vec<Column> {
    let before = ["requests", "failed", "per second"].map(Column::Figures);
    let behind = ["items each", "kB each"].map(Column::Figures);
    let mut columns = vec![Column::Words(first)];
    columns.extend(before.into_iter().chain(TIMES).chain(behind));
    columns
}

/// A row for each class that was asked.
fn rows<'a>(classes: impl Iterator<Item = (Markup, &'a Class)>, seconds: f64) -> Vec<Vec<Markup>> {
    classes
        .filter(|(_, class)| class.response.count() + class.failed > 0)
        .map(|(name, class)| row(&name, class, seconds))
        .collect()
}

fn row(name: &Markup, class: &Class, seconds: f64) -> Vec<Markup> {
    let succeeded = class.response.count();
    let ended = succeeded + class.failed;
    let rate = (seconds > 0.0).then(|| count_f64(succeeded) / seconds);
    let each = |amount: f64| (succeeded > 0).then(|| amount / count_f64(succeeded));
    let failed = html! {
        @if class.failed > 0 {
            span.bad-text { (grouped(class.failed)) } " " span.note { (percent(class.failed, ended)) }
        } @else { "0" }
    };
    let mut row = vec![
        html! { (name) },
        html! { (grouped(ended)) },
        failed,
        ms(rate),
    ];
    row.extend(times(&class.response));
    row.push(ms(each(count_f64(class.items))));
    row.push(ms(each(count_f64(class.bytes) / 1e3)));
    row
}

fn times(series: &Series) -> [Markup; 6] {
    [
        series.mean_ms(),
        series.quantile_ms(0.5),
        series.quantile_ms(0.95),
        series.quantile_ms(0.99),
        series.quantile_ms(0.999),
        series.max_ms(),
    ]
    .map(ms)
}

/// Response times beside service times, those of failures, and the generator's own lateness.
fn kinds_of_time(harvest: &Harvest) -> Markup {
    let recorder = &harvest.tape.requests;
    let kinds = [
        (
            "response time, from when it was due",
            &recorder.total.response,
        ),
        ("service time, from when it was sent", &recorder.service),
        ("response time of failures", &recorder.failed_response),
        ("lateness of the generator", &recorder.timer_lag),
    ];
    let rows: Vec<Vec<Markup>> = kinds
        .into_iter()
        .filter(|(_, series)| !series.is_empty())
        .map(|(name, series)| {
            let mut row = vec![html! { (name) }, html! { (grouped(series.count())) }];
            row.extend(times(series));
            row
        })
        .collect();
    let mut columns = vec![Column::Words("what"), Column::Figures("samples")];
    columns.extend(TIMES);
    html! {
        (table("Times in ms", &columns, &rows, false))
        p.note {
            "A percentile needs as many samples as make it differ from the longest: 20 for p95, 100 for p99, "
            (figure(1000.0)) " for p99.9. A missing one is shown as –."
        }
    }
}

/// The class with the signs of angles.
fn radius_words(class: RadiusClass) -> String {
    class
        .as_str()
        .replace("<=", "≤ ")
        .replace('>', "> ")
        .replace('-', " – ")
        .replace('"', "″")
        .replace('\'', "′")
        .replace("deg", "°")
}
