//! Cosmic rays: how many, and which pixels each hits.

use super::detector::CosmicRays;
use super::geometry::Segment;
use crate::sky::{Purpose, Stream};
use crate::units::{count_usize, size_f64};

/// Mean number of pixels of a track, and the chance that it ends with a pixel.
const MEAN_PIXELS: f64 = 4.0;
const END: f64 = 1.0 / MEAN_PIXELS;
/// Charge in a pixel: median (e-) and scatter of its logarithm.
const MEDIAN_CHARGE: f64 = 600.0;
const CHARGE_SCATTER: f64 = 0.9;

/// Charge that a cosmic ray leaves in one pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) y: usize,
    pub(crate) x: usize,
    /// Number of the read that it falls before.
    pub(crate) read: usize,
    pub(crate) electrons: f64,
}

/// A segment's area and time, and where its random numbers come from.
pub(crate) struct Shower<'a> {
    pub(crate) segment: &'a Segment,
    pub(crate) rate: CosmicRays,
    pub(crate) pixel_um: f64,
    pub(crate) seconds: f64,
    pub(crate) reads: usize,
    pub(crate) seed: u64,
    pub(crate) stream: u64,
}

impl Shower<'_> {
    /// Number of events and the pixels that they hit, by row.
    pub(crate) fn fall(&self) -> (u64, Vec<Hit>) {
        let Segment { x, y, .. } = self.segment;
        let mut stream = Stream::new(self.seed, Purpose::CosmicRays, self.stream);
        let pixels = size_f64(x.len()) * size_f64(y.len());
        let expected = match self.rate {
            // Tracks rarely cross, so pixels are hit once.
            CosmicRays::PixelsPerHour(share) => {
                pixels * share * self.seconds / 3600.0 / MEAN_PIXELS
            }
            CosmicRays::EventsPerCm2Minute(events) => {
                let side_cm = self.pixel_um * 1e-4;
                pixels * side_cm * side_cm * events * self.seconds / 60.0
            }
        };
        let events = stream.poisson(expected);
        let mut hits = Vec::with_capacity(count_usize(events) * 4);
        for _ in 0..events {
            self.track(&mut stream, &mut hits);
        }
        hits.sort_unstable_by_key(|hit| (hit.y, hit.x, hit.read));
        (events, hits)
    }

    /// A straight track: one pixel a step along the axis it is nearer to.
    fn track(&self, stream: &mut Stream, hits: &mut Vec<Hit>) {
        let Segment { x, y, .. } = self.segment;
        let start = (
            stream.between(0.0, size_f64(x.len())),
            stream.between(0.0, size_f64(y.len())),
        );
        let slope = stream.between(-1.0, 1.0);
        let upright = stream.chance(0.5);
        let read = stream.index(self.reads);
        let mut step = 0.0;
        loop {
            let (along, across) = (step, slope * step);
            let (dx, dy) = if upright {
                (across, along)
            } else {
                (along, across)
            };
            let (column, row) = ((start.0 + dx).floor(), (start.1 + dy).floor());
            let electrons = MEDIAN_CHARGE * libm::exp(CHARGE_SCATTER * stream.normal());
            let inside = |place: f64, length: usize| (0.0..size_f64(length)).contains(&place);
            if inside(column, x.len()) && inside(row, y.len()) {
                hits.push(Hit {
                    y: y.start + count_usize(crate::units::round_u64(row)),
                    x: x.start + count_usize(crate::units::round_u64(column)),
                    read,
                    electrons,
                });
            }
            if stream.chance(END) {
                return;
            }
            step += 1.0;
        }
    }
}
