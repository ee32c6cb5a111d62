//! Figures that only this field has.

use common::render::figure;
use common::render::page::{Tile, tiles};
use maud::Markup;

use crate::outputs::Harvest;

/// The figures that were measured; none where nothing of the kind was done.
pub(super) fn sky(harvest: &Harvest) -> Option<Markup> {
    let sky = &harvest.last.sky;
    let figures = [
        ("Sources", sky.sources_per_sec, "/s"),
        ("Cone searches", sky.cone_searches_per_sec, "/s"),
        ("Cross-matches", sky.cross_matches_per_sec, "/s"),
        ("Matched pairs", sky.matched_pairs_per_sec, "/s"),
        ("FITS data", sky.fits_megabytes, "MB"),
        ("FITS files", sky.fits_files_per_hour, "/h"),
        ("Job queue wait, median", sky.job_queue_wait_median_ms, "ms"),
        ("Job queue wait, p95", sky.job_queue_wait_p95_ms, "ms"),
        (
            "FITS processing, median",
            sky.fits_processing_median_ms,
            "ms",
        ),
        ("FITS processing, p95", sky.fits_processing_p95_ms, "ms"),
    ];
    let measured: Vec<Tile> = figures
        .into_iter()
        .filter_map(|(label, value, unit)| {
            Some(Tile {
                label: label.to_owned(),
                value: figure(value?),
                unit: unit.to_owned(),
                note: String::new(),
                is_bad: false,
            })
        })
        .collect();
    (!measured.is_empty()).then(|| tiles(&measured))
}
