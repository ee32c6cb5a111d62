//! Which pixels pass the limits.

use super::floor::{BLOCK, Floor};
use super::{CosmicRayLimits, LEAST_STRUCTURE, is_eligible, laplacian, noise, signal_to_noise};
use crate::calibration::Frame;
use crate::calibration::median::{LANES, median};

/// Half of the widest neighbourhood a decision depends on: a 7 × 7 median of 3 × 3 medians.
const REACH: usize = 4;
/// Rows of that neighbourhood.
const ROWS: usize = 2 * REACH + 1;
/// Its columns, and some more so that all lanes are fed.
const COLUMNS: usize = LANES + 4;

/// The pixels around one, see [`Frame::block`].
type Surroundings = [[f32; COLUMNS]; ROWS];

/// The lower bound of the noise is compared after a division on one side and a multiplication on the
/// other; the difference in rounding is far below this.
const ROUNDING: f32 = 0.999;

/// One pass over the frame as it is.
pub(super) struct Search<'a> {
    pub(super) frame: &'a Frame,
    pub(super) quality: &'a [u16],
    pub(super) floor: &'a Floor,
    pub(super) read_noise_e: f32,
    pub(super) limits: &'a CosmicRayLimits,
}

/// Which pixels were visited.
pub(super) struct Marks {
    words: Vec<u64>,
    visited: Vec<usize>,
}

impl Marks {
    pub(super) fn new(pixels: usize) -> Self {
        Self {
            words: vec![0; pixels.div_ceil(64)],
            visited: Vec::new(),
        }
    }

    fn visit(&mut self, pixel: usize) {
        let (word, bit) = (&mut self.words[pixel / 64], 1 << (pixel % 64));
        if *word & bit == 0 {
            *word |= bit;
            self.visited.push(pixel);
        }
    }

    /// The visited pixels, each once; forgets them.
    fn take(&mut self) -> Vec<usize> {
        for &pixel in &self.visited {
            self.words[pixel / 64] = 0;
        }
        std::mem::take(&mut self.visited)
    }
}

impl Search<'_> {
    /// Cosmic rays, their fainter edges not included.
    pub(super) fn everywhere(&self) -> Vec<usize> {
        let mut seeds = Vec::new();
        let mut laplacians = vec![0.0; self.frame.width];
        for y in 0..self.frame.height {
            self.laplacian_row(y, &mut laplacians);
            for (block, values) in laplacians.chunks(BLOCK).enumerate() {
                let least = self.least_laplacian(block, y, self.limits.significance);
                let count: u32 = values.iter().map(|&it| u32::from(it > least)).sum();
                if count == 0 {
                    continue;
                }
                let start = y * self.frame.width + block * BLOCK;
                let above = values.iter().enumerate().filter(|it| *it.1 > least);
                seeds.extend(
                    above
                        .map(|(offset, _)| start + offset)
                        .filter(|&pixel| self.is_seed(pixel)),
                );
            }
        }
        seeds
    }

    /// The same, of those pixels whose decision can differ from the last time because `replaced` pixels
    /// have new values.
    pub(super) fn around(&self, replaced: &[usize], marks: &mut Marks) -> Vec<usize> {
        for &pixel in replaced {
            for near in self.frame.neighbours(pixel, REACH) {
                marks.visit(near);
            }
        }
        let mut seeds = marks.take();
        seeds.retain(|&pixel| {
            self.may_exceed(pixel, self.limits.significance) && self.is_seed(pixel)
        });
        seeds
    }

    /// The seeds with their edges: neighbours above the same limit, and the neighbours of all these above
    /// a fraction of it; the contrast does not matter any more.
    pub(super) fn grow(&self, seeds: &[usize], marks: &mut Marks) -> Vec<usize> {
        let limit = self.limits.significance;
        let core = self.with_neighbours(seeds, limit, marks);
        self.with_neighbours(&core, self.limits.neighbour_fraction * limit, marks)
    }

    /// Some pixels above the limit and their neighbours above it.
    fn with_neighbours(&self, pixels: &[usize], limit: f32, marks: &mut Marks) -> Vec<usize> {
        for &pixel in pixels {
            marks.visit(pixel);
        }
        for &pixel in pixels {
            for near in self.frame.neighbours(pixel, 1) {
                marks.visit(near);
            }
        }
        let mut group = marks.take();
        let known = pixels.len();
        let mut position = 0;
        group.retain(|&pixel| {
            position += 1;
            position <= known || self.is_above(pixel, limit)
        });
        group
    }

    fn is_above(&self, pixel: usize, limit: f32) -> bool {
        is_eligible(self.quality[pixel])
            && self.may_exceed(pixel, limit)
            && self.significance(&self.surroundings(pixel)) > limit
    }

    fn is_seed(&self, pixel: usize) -> bool {
        if !is_eligible(self.quality[pixel]) {
            return false;
        }
        let surroundings = self.surroundings(pixel);
        // The significance is at most the signal to noise of the pixel itself, which costs one median.
        let noise = noise(central_median(&surroundings), self.read_noise_e);
        let at_most = signal_to_noise(central_laplacian(&surroundings), noise);
        if at_most <= self.limits.significance {
            return false;
        }
        let structure = fine_structure(&surroundings, noise);
        if at_most / structure <= self.limits.contrast {
            return false;
        }
        let significance = self.significance(&surroundings);
        significance > self.limits.significance && significance / structure > self.limits.contrast
    }

    fn surroundings(&self, pixel: usize) -> Surroundings {
        self.frame.block(self.frame.place(pixel), REACH)
    }

    /// False only where the significance cannot exceed `limit`.
    fn may_exceed(&self, pixel: usize, limit: f32) -> bool {
        let (x, y) = self.frame.place(pixel);
        let around: [[f32; 3]; 3] = self.frame.block((x, y), 1);
        let [[_, up, _], [left, middle, right], [_, down, _]] = around;
        laplacian(middle, left, right, up, down) > self.least_laplacian(x / BLOCK, y, limit)
    }

    /// A Laplacian that is needed, not sufficient, for a significance above `limit`.
    fn least_laplacian(&self, block: usize, y: usize, limit: f32) -> f32 {
        let noise = noise(self.floor.bound(block, y), self.read_noise_e);
        2.0 * noise * limit * ROUNDING
    }

    fn laplacian_row(&self, y: usize, out: &mut [f32]) {
        let row = self.frame.row(y);
        let above = self.frame.row(y.saturating_sub(1));
        let below = self.frame.row((y + 1).min(self.frame.height - 1));
        let last = row.len() - 1;
        for x in [0, last] {
            let (left, right) = (row[x.saturating_sub(1)], row[(x + 1).min(last)]);
            out[x] = laplacian(row[x], left, right, above[x], below[x]);
        }
        if last < 2 {
            return;
        }
        let vertical = above[1..last].iter().zip(&below[1..last]);
        for ((out, window), (up, down)) in out[1..last].iter_mut().zip(row.windows(3)).zip(vertical)
        {
            *out = laplacian(window[1], window[0], window[2], *up, *down);
        }
    }

    /// The signal to noise of the pixel without its 5 × 5 median.
    fn significance(&self, around: &Surroundings) -> f32 {
        let mut ratios = [[0.0; 1]; 25];
        for row in 0..5 {
            let mut window = [[0.0; LANES]; 25];
            for (index, lanes) in window.iter_mut().enumerate() {
                lanes.copy_from_slice(&around[row + index / 5][index % 5..][..LANES]);
            }
            let medians = median(window);
            let middle = row + 2;
            for column in 0..5 {
                let x = column + 2;
                let laplacian = laplacian(
                    around[middle][x],
                    around[middle][x - 1],
                    around[middle][x + 1],
                    around[middle - 1][x],
                    around[middle + 1][x],
                );
                let noise = noise(medians[column], self.read_noise_e);
                ratios[5 * row + column] = [signal_to_noise(laplacian, noise)];
            }
        }
        ratios[12][0] - median(ratios)[0]
    }
}

/// The 5 × 5 median around a place.
pub(super) fn median_5x5(frame: &Frame, place: (usize, usize)) -> f32 {
    let around: [[f32; 5]; 5] = frame.block(place, 2);
    let mut window = [[0.0; 1]; 25];
    for (value, pixel) in window.iter_mut().zip(around.as_flattened()) {
        *value = [*pixel];
    }
    median(window)[0]
}

fn central_median(around: &Surroundings) -> f32 {
    let mut window = [[0.0; 1]; 25];
    for (index, value) in window.iter_mut().enumerate() {
        *value = [around[REACH - 2 + index / 5][REACH - 2 + index % 5]];
    }
    median(window)[0]
}

fn central_laplacian(around: &Surroundings) -> f32 {
    laplacian(
        around[REACH][REACH],
        around[REACH][REACH - 1],
        around[REACH][REACH + 1],
        around[REACH - 1][REACH],
        around[REACH + 1][REACH],
    )
}

/// What is sharper than the frame at large but was smoothed by a 3 × 3 median, in units of the noise.
fn fine_structure(around: &Surroundings, noise: f32) -> f32 {
    let mut smoothed = [[0.0; 1]; 49];
    for row in 0..7 {
        let mut window = [[0.0; LANES]; 9];
        for (index, lanes) in window.iter_mut().enumerate() {
            lanes.copy_from_slice(&around[row + index / 3][index % 3..][..LANES]);
        }
        let medians = median(window);
        for column in 0..7 {
            smoothed[7 * row + column] = [medians[column]];
        }
    }
    let structure = (smoothed[24][0] - median(smoothed)[0]) / noise;
    if structure > LEAST_STRUCTURE {
        structure
    } else {
        LEAST_STRUCTURE
    }
}
