//! Centroid and width of a source.

use crate::calibration::{Frame, Mesh};
use common::units::size_f64;

use super::aperture::span;
use super::isophotal_radius;
use super::runs::{Component, Runs};

/// Full width at half maximum of a Gaussian in units of its standard deviation: √(8 ln 2).
const FWHM_PER_SIGMA: f64 = 2.354_820_045_030_949_3;
/// Most repetitions of the weighted moments.
const ITERATIONS: usize = 12;
/// Relative change of the variance at which they have settled.
const SETTLED: f64 = 1e-3;
/// How far the weight reaches, in its standard deviations.
const WEIGHT_REACH: f64 = 3.5;
/// Widest weight in pixels: what is larger is no star, and its isophotal moments are good enough.
const MAX_SIGMA: f64 = 12.0;
/// Largest share of the weight's variance that is believed; above, the weight has to widen first.
const MAX_SHARE: f64 = 0.75;
/// Least variance in pixels²: a source inside one pixel.
const MIN_VARIANCE: f64 = 0.1;

/// What the pixels of a source say about it; places count from the first pixel's centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) fwhm_px: f64,
    /// Sky under the source.
    pub(super) level: f64,
    /// Of the connected pixels, above the sky.
    pub(super) flux: f64,
    pub(super) peak: f64,
    pub(super) flags: u16,
}

/// Centre and variance per axis.
#[derive(Clone, Copy, Debug)]
struct Moments {
    x: f64,
    y: f64,
    variance: f64,
}

impl Shape {
    /// Measures a component: moments under a Gaussian weight of the source's own width, starting from
    /// those of the connected pixels, which are kept where the weighted ones run away.
    pub(super) fn of(
        science: &Frame,
        quality: &[u16],
        levels: &Mesh,
        runs: &Runs,
        component: &Component,
    ) -> Self {
        let mut shape = isophotal(science, quality, levels, runs, component);
        let radius = isophotal_radius(component.pixels);
        let sigma = shape.fwhm_px / FWHM_PER_SIGMA;
        let start = Moments {
            x: shape.x,
            y: shape.y,
            variance: sigma * sigma,
        };
        if let Some(found) = weighted(science, shape.level, start, radius) {
            shape.x = found.x;
            shape.y = found.y;
            shape.fwhm_px = FWHM_PER_SIGMA * found.variance.sqrt();
        }
        shape
    }
}

fn isophotal(
    science: &Frame,
    quality: &[u16],
    levels: &Mesh,
    runs: &Runs,
    component: &Component,
) -> Shape {
    // Sums relative to the first pixel keep their digits.
    let first = runs.run(component.members[0]);
    let origin = (size_f64(first.start), size_f64(first.y));
    let mut flags = 0;
    let (mut flux, mut peak) = (0.0, 0.0_f64);
    let (mut sum_x, mut sum_y, mut squares) = (0.0, 0.0, 0.0);
    for &member in &component.members {
        let run = runs.run(member);
        let y = size_f64(run.y) - origin.1;
        let level = f64::from(levels.at(size_f64(run.start), size_f64(run.y)));
        for column in run.start..run.end {
            let at = run.y * science.width + column;
            let value = f64::from(science.data[at]) - level;
            let x = size_f64(column) - origin.0;
            flux += value;
            sum_x += value * x;
            sum_y += value * y;
            squares += value * (x * x + y * y);
            peak = peak.max(value);
            flags |= quality[at];
        }
    }
    let (x, y) = (sum_x / flux, sum_y / flux);
    let variance = 0.5 * (squares / flux - x * x - y * y);
    let place = (origin.0 + x, origin.1 + y);
    Shape {
        x: place.0,
        y: place.1,
        fwhm_px: FWHM_PER_SIGMA * variance.max(MIN_VARIANCE).sqrt(),
        level: f64::from(levels.at(place.0, place.1)),
        flux,
        peak,
        flags,
    }
}

/// Moments under a Gaussian weight that follows the source. A Gaussian source of variance v under a
/// weight of variance w shows a variance m = v w / (v + w) and its offset times 1 − m/w; both are undone.
fn weighted(science: &Frame, level: f64, start: Moments, radius: f64) -> Option<Moments> {
    let mut now = start;
    for _ in 0..ITERATIONS {
        if now.variance.sqrt() > MAX_SIGMA {
            return None;
        }
        let seen = under_weight(science, level, now)?;
        let share = (seen.variance / now.variance).min(MAX_SHARE);
        let variance = seen.variance / (1.0 - share);
        let next = Moments {
            x: now.x + (seen.x - now.x) / (1.0 - share),
            y: now.y + (seen.y - now.y) / (1.0 - share),
            variance: variance.max(MIN_VARIANCE),
        };
        let moved = (next.x - now.x).hypot(next.y - now.y);
        let settled = (next.variance / now.variance - 1.0).abs() < SETTLED && moved < SETTLED;
        now = next;
        if (now.x - start.x).hypot(now.y - start.y) > radius + 1.0 {
            return None;
        }
        if settled {
            break;
        }
    }
    Some(now)
}

fn under_weight(science: &Frame, level: f64, weight: Moments) -> Option<Moments> {
    let reach = WEIGHT_REACH * weight.variance.sqrt() + 1.0;
    let columns = span(weight.x, reach, science.width);
    let factor = |at: usize, center: f64| {
        let offset = size_f64(at) - center;
        (offset, (-0.5 * offset * offset / weight.variance).exp())
    };
    let across: Vec<(f64, f64)> = columns
        .clone()
        .map(|column| factor(column, weight.x))
        .collect();
    let (mut sum, mut sum_x, mut sum_y, mut squares) = (0.0, 0.0, 0.0, 0.0);
    for row in span(weight.y, reach, science.height) {
        let (dy, down) = factor(row, weight.y);
        let (mut line, mut line_x, mut line_xx) = (0.0, 0.0, 0.0);
        for (pixel, (dx, across)) in science.row(row)[columns.clone()].iter().zip(&across) {
            let value = (f64::from(*pixel) - level) * across;
            line += value;
            line_x += value * dx;
            line_xx += value * dx * dx;
        }
        sum += line * down;
        sum_x += line_x * down;
        sum_y += line * down * dy;
        squares += (line_xx + line * dy * dy) * down;
    }
    let (dx, dy) = (sum_x / sum, sum_y / sum);
    let variance = 0.5 * (squares / sum - dx * dx - dy * dy);
    let usable = sum > 0.0 && variance.is_finite() && variance > 0.0;
    usable.then_some(Moments {
        x: weight.x + dx,
        y: weight.y + dy,
        variance,
    })
}
