//! Figures of classes of requests, for pictures of a run.

use std::time::Duration;

use common::record::Class;
use common::units::count_f64;
use service::profile::{Group, Profile};
use service::session::PARTS;

use crate::crowd::Tape;
use crate::live::{Row, SkyFigures};

/// The figures of a class: all of the run, and those of the last `seconds`.
pub(crate) fn row((name, method): (&str, &str), total: &Class, last: &Class, seconds: f64) -> Row {
    let response = &total.response;
    let count = response.count();
    let now = &last.response;
    Row {
        name: name.to_owned(),
        method: method.to_owned(),
        succeeded: count,
        failed: total.failed,
        avg_ms: response.mean_ms(),
        min_ms: response.min_ms(),
        median_ms: response.quantile_ms(0.5),
        p95_ms: response.quantile_ms(0.95),
        p99_ms: response.quantile_ms(0.99),
        max_ms: response.max_ms(),
        avg_bytes: (count > 0).then(|| count_f64(total.bytes) / count_f64(count)),
        now_per_sec: count_f64(now.count()) / seconds,
        now_failed_per_sec: count_f64(last.failed) / seconds,
        now_median_ms: now.quantile_ms(0.5),
        now_p95_ms: now.quantile_ms(0.95),
        now_p99_ms: now.quantile_ms(0.99),
    }
}

/// Operations whose names begin like this compare catalogues.
const CROSS_MATCH: &str = "cross";

/// What only this field has.
pub(crate) fn sky(total: &Tape, profile: &Profile, measured: Duration) -> SkyFigures {
    let seconds = measured.as_secs_f64();
    let mut sums = Sums::default();
    for (operation, class) in profile.operations.iter().zip(&total.requests.classes) {
        let count = class.response.count();
        if operation.group != Group::Catalog || count == 0 {
            continue;
        }
        if operation.name.starts_with(CROSS_MATCH) {
            sums.matches += count;
            sums.pairs += class.items;
        } else {
            sums.sources += class.items;
        }
        if operation.call.success.inside_cone {
            sums.cones += count;
        }
        sums.questions += count;
    }
    let rate = |of: u64, asked: u64| (asked > 0 && seconds > 0.0).then(|| count_f64(of) / seconds);
    let part = |name: &str, quantile: f64| {
        let place = PARTS.iter().position(|it| *it == name)?;
        total.requests.spans.get(place)?.quantile_ms(quantile)
    };
    let files = total.fits_files;
    SkyFigures {
        sources_per_sec: rate(sums.sources, sums.questions),
        cone_searches_per_sec: rate(sums.cones, sums.cones),
        cross_matches_per_sec: rate(sums.matches, sums.matches),
        matched_pairs_per_sec: rate(sums.pairs, sums.matches),
        fits_megabytes: (total.fits_bytes > 0).then(|| count_f64(total.fits_bytes) / 1e6),
        fits_files_per_hour: rate(files, files).map(|it| it * 3600.0),
        job_queue_wait_median_ms: part("queue_wait", 0.5),
        job_queue_wait_p95_ms: part("queue_wait", 0.95),
        fits_processing_median_ms: part("processing", 0.5),
        fits_processing_p95_ms: part("processing", 0.95),
    }
}

#[derive(Default)]
struct Sums {
    sources: u64,
    questions: u64,
    cones: u64,
    matches: u64,
    pairs: u64,
}
