//! Which metrics there are.

use common::load::Labels;
use common::record::Series;
use common::sky::RadiusClass;
use common::units::count_f64;
use service::profile::Group;

use super::Family;
use super::Kind::{Counter, Gauge, Histogram};
use crate::live::Wanted;
use crate::outputs::Second;

/// Upper limits of the buckets of response times, seconds: a millisecond to half a minute, three a decade.
const RESPONSE_LIMITS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// The same of the processing of FITS files, with the limits of its bands (5 and 15 s).
const PROCESSING_LIMITS: [f64; 12] = [
    0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0,
];
/// The part of a job that its processing is.
const PROCESSING: &str = "processing";

/// All metrics of a run at the end of a second.
pub(in crate::outputs) fn families(second: &Second) -> Vec<Family> {
    let mut all = Vec::from(requests(second));
    all.extend(astronomy(second));
    all.extend(crowd(second));
    all.extend(generator(second));
    all
}

fn requests(second: &Second) -> [Family; 5] {
    let mut ended = Family::new(
        Counter,
        "load_gen_requests_total",
        "Requests that ended, warm-up left out.",
    );
    let mut times = Family::new(
        Histogram,
        "load_gen_request_duration_seconds",
        "Response times of requests that succeeded, from when they were due.",
    );
    let mut items = Family::new(
        Counter,
        "load_gen_items_total",
        "Sources and other items that answers brought.",
    );
    let mut bytes = Family::new(
        Counter,
        "load_gen_bytes_total",
        "Bytes that requests moved or had processed.",
    );
    let mut failures = Family::new(
        Counter,
        "load_gen_failures_total",
        "Requests that failed, by kind of failure.",
    );
    let (roster, tape) = (second.roster, second.total);
    let names = roster.requests.iter().zip(&roster.methods);
    for ((name, method), class) in names.zip(&tape.requests.classes) {
        let count = class.response.count();
        if count + class.failed == 0 {
            continue;
        }
        let request = ("request", name.as_str());
        let method = ("method", method.as_str());
        ended.count(&[request, method, ("outcome", "success")], count);
        ended.count(&[request, method, ("outcome", "failure")], class.failed);
        times.distribution(&[request], &class.response, &RESPONSE_LIMITS);
        items.count(&[request], class.items);
        bytes.count(&[request], class.bytes);
    }
    for ((place, kind), errors) in &tape.failures {
        let name = roster.requests.get(usize::from(*place));
        let name = name.map_or("", String::as_str);
        failures.count(&[("request", name), ("kind", kind)], errors.count);
    }
    [ended, times, items, bytes, failures]
}

fn astronomy(second: &Second) -> [Family; 4] {
    let (roster, recorder) = (second.roster, &second.total.requests);
    let mut cones = Family::new(
        Histogram,
        "cone_search_duration_seconds",
        "Response times of cone searches that succeeded.",
    );
    let mut by_radius = Family::new(
        Histogram,
        "load_gen_cone_search_duration_seconds",
        "Response times of cone searches that succeeded, by class of radii.",
    );
    let mut together = Series::default();
    for class in RadiusClass::ALL {
        let Some(seen) = recorder.classes.get(roster.radius_label(class)) else {
            continue;
        };
        together.merge(&seen.response);
        if !seen.response.is_empty() {
            let radius = [("radius", class.as_str())];
            by_radius.distribution(&radius, &seen.response, &RESPONSE_LIMITS);
        }
    }
    cones.distribution(&[], &together, &RESPONSE_LIMITS);
    let mut fits = Family::new(
        Histogram,
        "fits_processing_duration_seconds",
        "Time that the service processed FITS files for.",
    );
    if let Some(series) = span(&roster.labels, &recorder.spans, PROCESSING) {
        fits.distribution(&[], series, &PROCESSING_LIMITS);
    }
    let mut queries = Family::new(
        Counter,
        "catalog_queries_total",
        "Questions to the catalogue that were answered rightly.",
    );
    let names = roster.requests.iter().zip(&roster.groups);
    for ((name, group), class) in names.zip(&recorder.classes) {
        if *group == Group::Catalog {
            queries.count(&[("query", name)], class.response.count());
        }
    }
    [cones, by_radius, fits, queries]
}

fn span<'a>(labels: &Labels, spans: &'a [Series], name: &str) -> Option<&'a Series> {
    let place = labels.spans.iter().position(|it| it == name)?;
    spans.get(place)
}

fn crowd(second: &Second) -> [Family; 6] {
    let mut users = Family::new(Gauge, "load_gen_users", "Users that are there.");
    for (persona, count) in &second.snapshot.users {
        users.count(&[("persona", persona)], *count);
    }
    let mut wanted_users = Family::new(
        Gauge,
        "load_gen_wanted_users",
        "Users that there should be.",
    );
    let mut wanted_rate = Family::new(
        Gauge,
        "load_gen_wanted_iterations_per_second",
        "Iterations per second that should be offered.",
    );
    match second.snapshot.wanted {
        Wanted::Users(users) => wanted_users.count(&[], users),
        Wanted::Rate(rate) => wanted_rate.add(&[], rate),
    }
    let iterations = &second.total.iterations;
    let mut started = Family::new(
        Counter,
        "load_gen_iterations_started_total",
        "Iterations that were started.",
    );
    started.count(&[], iterations.started);
    let mut ended = Family::new(
        Counter,
        "load_gen_iterations_total",
        "Iterations that ended.",
    );
    for (outcome, count) in [
        ("success", iterations.succeeded()),
        ("failure", iterations.failed),
        ("interrupted", iterations.interrupted),
    ] {
        ended.count(&[("outcome", outcome)], count);
    }
    let mut dropped = Family::new(
        Counter,
        "load_gen_dropped_iterations_total",
        "Iterations that could not start in time.",
    );
    for (reason, count) in &iterations.dropped {
        dropped.count(&[("reason", reason.as_str())], *count);
    }
    [users, wanted_users, wanted_rate, started, ended, dropped]
}

fn generator(second: &Second) -> [Family; 6] {
    let generator = &second.snapshot.generator;
    let limited = f64::from(u8::from(generator.limited_since.is_some()));
    let gauges = [
        (
            "load_gen_generator_cpu_ratio",
            "Share of the generator's cores that it used in the last second.",
            generator.cpu_ratio,
        ),
        (
            "load_gen_generator_lag_seconds",
            "How late the generator started what was due in the last second, 99th percentile.",
            generator.lag_p99_ms.map(|it| it / 1e3),
        ),
        (
            "load_gen_generator_memory_bytes",
            "Resident memory of the generator.",
            generator.memory_bytes.map(count_f64),
        ),
        (
            "load_gen_generator_descriptors",
            "Open descriptors of the generator.",
            generator.descriptors.map(count_f64),
        ),
        (
            "load_gen_generator_limited",
            "Whether the generator is too busy for what is asked of it.",
            Some(limited),
        ),
        (
            "load_gen_elapsed_seconds",
            "Seconds since the start of the load.",
            Some(second.snapshot.elapsed_s),
        ),
    ];
    gauges.map(|(name, help, value)| {
        let mut gauge = Family::new(Gauge, name, help);
        if let Some(value) = value {
            gauge.add(&[], value);
        }
        gauge
    })
}
