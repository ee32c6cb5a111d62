//! A lower bound of the noise, cheap enough for every pixel.

use crate::calibration::Frame;

/// Columns of one block.
pub(super) const BLOCK: usize = 64;
/// Half of the median window of the noise model.
const REACH: usize = 2;

/// The smallest value of each piece of [`BLOCK`] columns in each row.
///
/// A median of 25 values is not below the smallest of any 13 of them. At least three of a window's five
/// columns are in the block of its middle, also where the frame is continued beyond its edge, so the
/// smallest of these 15 values will do.
pub(super) struct Floor {
    blocks: usize,
    width: usize,
    height: usize,
    minima: Vec<f32>,
}

impl Floor {
    pub(super) fn new(frame: &Frame) -> Self {
        let rows = frame.data.chunks_exact(frame.width);
        let minima = rows.flat_map(|row| row.chunks(BLOCK)).map(smallest);
        Self {
            blocks: frame.width.div_ceil(BLOCK),
            width: frame.width,
            height: frame.height,
            minima: minima.collect(),
        }
    }

    /// Takes note of a new value at an index of the frame.
    pub(super) fn lower(&mut self, pixel: usize, value: f32) {
        let block = pixel / self.width * self.blocks + pixel % self.width / BLOCK;
        self.minima[block] = lesser(self.minima[block], value);
    }

    /// A lower bound of the 5 × 5 medians of all pixels in a block of row `y`.
    pub(super) fn bound(&self, block: usize, y: usize) -> f32 {
        let rows = y.saturating_sub(REACH)..(y + REACH + 1).min(self.height);
        rows.map(|row| self.minima[row * self.blocks + block])
            .fold(f32::INFINITY, lesser)
    }
}

fn lesser(a: f32, b: f32) -> f32 {
    if b < a { b } else { a }
}

fn smallest(values: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [f32::INFINITY; LANES];
    let (groups, rest) = values.as_chunks::<LANES>();
    for group in groups {
        for lane in 0..LANES {
            lanes[lane] = lesser(lanes[lane], group[lane]);
        }
    }
    lanes
        .iter()
        .chain(rest)
        .copied()
        .fold(f32::INFINITY, lesser)
}
