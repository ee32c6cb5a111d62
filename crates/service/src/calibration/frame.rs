//! A frame of pixels.

/// Pixels of one detector, row-major; the unit is said where a frame is used.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Pixels in a row (FITS `NAXIS1`).
    pub width: usize,
    /// Rows (FITS `NAXIS2`).
    pub height: usize,
    /// `width × height` values.
    pub data: Vec<f32>,
}

impl Frame {
    /// A frame with one value everywhere.
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        Self {
            width,
            height,
            data: vec![value; width * height],
        }
    }

    /// The pixels of row `y`.
    pub(super) fn row(&self, y: usize) -> &[f32] {
        &self.data[y * self.width..][..self.width]
    }

    /// Column and row of an index into the data.
    pub(super) fn place(&self, index: usize) -> (usize, usize) {
        (index % self.width, index / self.width)
    }

    /// `W × H` pixels from (`x − back`, `y − back`) on. Beyond its edges the frame is continued by its
    /// outermost pixels.
    pub(super) fn block<const W: usize, const H: usize>(
        &self,
        (x, y): (usize, usize),
        back: usize,
    ) -> [[f32; W]; H] {
        let mut block = [[0.0; W]; H];
        let inside = x >= back && x + W - back <= self.width;
        for (dy, line) in block.iter_mut().enumerate() {
            let row = self.row((y + dy).saturating_sub(back).min(self.height - 1));
            if inside {
                line.copy_from_slice(&row[x - back..][..W]);
            } else {
                for (dx, pixel) in line.iter_mut().enumerate() {
                    *pixel = row[(x + dx).saturating_sub(back).min(self.width - 1)];
                }
            }
        }
        block
    }

    /// Indices of the pixels at most `reach` columns and rows away, the pixel itself included.
    pub(super) fn neighbours(
        &self,
        index: usize,
        reach: usize,
    ) -> impl Iterator<Item = usize> + use<> {
        let (x, y) = self.place(index);
        let width = self.width;
        let columns = x.saturating_sub(reach)..(x + reach + 1).min(width);
        let rows = y.saturating_sub(reach)..(y + reach + 1).min(self.height);
        rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered() -> Frame {
        Frame {
            width: 3,
            height: 2,
            data: vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0],
        }
    }

    #[test]
    fn a_block_is_continued_beyond_the_edges() {
        let block: [[f32; 4]; 3] = numbered().block((0, 0), 1);
        assert_eq!(
            block,
            [
                [0.0, 0.0, 1.0, 2.0],
                [0.0, 0.0, 1.0, 2.0],
                [10.0, 10.0, 11.0, 12.0]
            ]
        );
    }

    #[test]
    fn neighbours_stay_inside() {
        let of_corner: Vec<usize> = numbered().neighbours(5, 1).collect();
        assert_eq!(of_corner, [1, 2, 4, 5]);
        assert_eq!(numbered().neighbours(1, 9).count(), 6);
    }
}
