//! Sums in circular apertures.

use std::ops::Range;

use crate::calibration::Frame;
use crate::calibration::quality::EDGE;
use common::units::{count_usize, round_u64, size_f64};

/// What an aperture holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    /// Above the level, in electrons.
    pub(super) flux: f64,
    /// Of the flux, in electrons².
    pub(super) variance: f64,
    /// Of all pixels touched, and whether the frame cuts the aperture.
    pub(super) flags: u16,
}

/// Sums the pixels around a place, given in pixels from the first pixel's centre, above `level`.
///
/// A pixel counts fully inside the radius and not outside; over one pixel around it its weight falls
/// linearly.
pub(super) fn sum(
    science: &Frame,
    error: &Frame,
    quality: &[u16],
    (x, y): (f64, f64),
    radius: f64,
    level: f64,
) -> Sum {
    let mut sum = Sum::default();
    let (columns, rows) = (
        span(x, radius, science.width),
        span(y, radius, science.height),
    );
    let cut = |at: f64, pixels: usize| at - radius < -0.5 || at + radius > size_f64(pixels) - 0.5;
    if cut(x, science.width) || cut(y, science.height) {
        sum.flags = EDGE;
    }
    for row in rows {
        let dy = size_f64(row) - y;
        for column in columns.clone() {
            let dx = size_f64(column) - x;
            let weight = (radius + 0.5 - (dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0);
            if weight > 0.0 {
                let at = row * science.width + column;
                let deviation = weight * f64::from(error.data[at]);
                sum.flux += weight * (f64::from(science.data[at]) - level);
                sum.variance += deviation * deviation;
                sum.flags |= quality[at];
            }
        }
    }
    sum
}

/// The pixels of a row or column that a circle can touch.
pub(super) fn span(center: f64, radius: f64, pixels: usize) -> Range<usize> {
    let first = count_usize(round_u64((center - radius - 1.0).max(0.0).floor()));
    let end = count_usize(round_u64((center + radius + 2.0).max(0.0).floor()));
    first.min(pixels)..end.min(pixels)
}
