//! What falls on a segment: the sky, and stars spread by the point-spread function.

use super::geometry::{Frame, Segment};
use super::psf::Psf;
use crate::sky::{Position, dex};
use crate::units::{count_usize, round_u64, size_f64};

/// A star in the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    /// ICRS position at the time of the exposure.
    pub position: Position,
    /// AB magnitude in the filter, above the atmosphere.
    pub mag: f64,
}

/// A star on the chip: place (pixels from 0), its electrons, and how far it reaches.
#[derive(Clone, Copy, Debug)]
struct Spot {
    x: f64,
    y: f64,
    electrons: f64,
    reach: f64,
}

/// Light on one segment in electrons of the whole exposure.
pub(crate) struct Scene {
    /// Of the sky, in every pixel.
    pub(crate) background: f64,
    psf: Psf,
    spots: Vec<Spot>,
    /// Stars whose middle lies on the segment.
    pub(crate) stars: u64,
}

/// Part of a range of pixels: first and one past the last, none if empty.
fn overlap(low: f64, high: f64, start: usize, end: usize) -> Option<(usize, usize)> {
    let low = count_usize(round_u64(low.max(size_f64(start))));
    let high = count_usize(round_u64(high.max(0.0)) + 1).min(end);
    (low < high).then_some((low, high))
}

impl Scene {
    /// Places stars that give `10^(0.4 (zero_point - mag))` electrons.
    pub(crate) fn new(
        segment: &Segment,
        frame: &Frame,
        psf: Psf,
        stars: &[Star],
        (zero_point, background): (f64, f64),
    ) -> Self {
        let wcs = segment.chip_wcs(frame);
        let within = |place: f64, low: usize, high: usize, reach: f64| {
            place > size_f64(low) - 0.5 - reach && place < size_f64(high) - 0.5 + reach
        };
        let on = |spot: &Spot, reach: f64| {
            within(spot.x, segment.x.start, segment.x.end, reach)
                && within(spot.y, segment.y.start, segment.y.end, reach)
        };
        let mut spots: Vec<Spot> = stars
            .iter()
            .filter_map(|star| {
                let [x, y] = wcs.to_pixel(star.position)?;
                let electrons = dex(0.4 * (zero_point - star.mag));
                electrons.is_finite().then(|| Spot {
                    x: x - 1.0,
                    y: y - 1.0,
                    electrons,
                    reach: psf.reach(electrons),
                })
            })
            .filter(|spot| on(spot, spot.reach))
            .collect();
        spots.sort_by(|a, b| (a.y - a.reach).total_cmp(&(b.y - b.reach)));
        let stars = spots.iter().filter(|spot| on(spot, 0.0)).count();
        Self {
            background,
            psf,
            stars: crate::units::size_u64(stars),
            spots,
        }
    }

    /// Fills in the light of some rows of the segment's chip.
    pub(crate) fn light(
        &self,
        columns: &core::ops::Range<usize>,
        rows: &core::ops::Range<usize>,
        light: &mut Vec<f64>,
    ) {
        light.clear();
        light.resize(columns.len() * rows.len(), self.background);
        let (mut across, mut along) = (Vec::new(), Vec::new());
        for spot in &self.spots {
            if spot.y - spot.reach > size_f64(rows.end) {
                break;
            }
            let reach = spot.reach;
            let Some((y0, y1)) = overlap(spot.y - reach, spot.y + reach, rows.start, rows.end)
            else {
                continue;
            };
            let Some((x0, x1)) =
                overlap(spot.x - reach, spot.x + reach, columns.start, columns.end)
            else {
                continue;
            };
            across.resize(x1 - x0, [0.0; 2]);
            along.resize(y1 - y0, [0.0; 2]);
            self.psf.profile(spot.x, x0, &mut across);
            self.psf.profile(spot.y, y0, &mut along);
            let shares = Psf::shares().map(|share| share * spot.electrons);
            for (y, [core_y, wing_y]) in (y0..y1).zip(&along) {
                let start = (y - rows.start) * columns.len() + x0 - columns.start;
                let (core_y, wing_y) = (shares[0] * core_y, shares[1] * wing_y);
                for (pixel, [core_x, wing_x]) in light[start..].iter_mut().zip(&across) {
                    *pixel += core_y * core_x + wing_y * wing_x;
                }
            }
        }
    }
}
