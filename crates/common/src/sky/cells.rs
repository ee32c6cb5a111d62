//! The sky in cells of equal galactic longitude between parallels that crowd towards the plane.
//!
//! A cell is a rectangle in (l, sin b), so a uniform deviate in each is uniform on the sphere.

use core::f64::consts::{PI, TAU};

use super::mathx::{Stream, index_of, real};

/// Parallels of the northern hemisphere, degrees; they include the edges of the usual count tables.
const PARALLELS: [f64; 26] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.5, 10.0, 12.5, 15.0, 17.5, 20.0, 25.0, 30.0, 35.0,
    40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 80.0, 90.0,
];

/// Bands of latitude, south to north.
pub(crate) const LATITUDES: usize = 50;
/// Cells around a band.
pub(crate) const LONGITUDES: usize = 72;
/// Cells around half a band: the Galaxy's model is symmetric in longitude.
pub(crate) const HALF_LONGITUDES: usize = LONGITUDES / 2;

/// Width of a cell, radians.
pub(crate) const CELL_WIDTH: f64 = TAU / 72.0;

/// Edges of the bands.
#[derive(Debug)]
pub(crate) struct Cells {
    sin_edges: [f64; LATITUDES + 1],
}

impl Cells {
    pub(crate) fn new() -> Self {
        let sin_edges = core::array::from_fn(|i| {
            if i < 25 {
                -libm::sin(PARALLELS[25 - i].to_radians())
            } else {
                libm::sin(PARALLELS[i - 25].to_radians())
            }
        });
        Self { sin_edges }
    }

    /// Area of one cell of a band, steradian.
    pub(crate) fn area_sr(&self, band: usize) -> f64 {
        (self.sin_edges[band + 1] - self.sin_edges[band]) * CELL_WIDTH
    }

    /// Direction of the middle of a cell.
    pub(crate) fn middle(&self, band: usize, longitude: usize) -> [f64; 3] {
        let sin_b = 0.5 * (self.sin_edges[band] + self.sin_edges[band + 1]);
        direction(sin_b, (real(longitude) + 0.5) * CELL_WIDTH)
    }

    /// A random direction within a cell.
    #[inline]
    pub(crate) fn draw(&self, band: usize, longitude: usize, stream: &mut Stream) -> [f64; 3] {
        let sin_b = stream.between(self.sin_edges[band], self.sin_edges[band + 1]);
        direction(sin_b, (real(longitude) + stream.uniform()) * CELL_WIDTH)
    }

    /// Sines of the latitudes that bound a band.
    pub(crate) fn sines(&self, band: usize) -> (f64, f64) {
        (self.sin_edges[band], self.sin_edges[band + 1])
    }

    /// Band and longitude of the cell that holds a galactic direction.
    pub(crate) fn locate(&self, [x, y, z]: [f64; 3]) -> (usize, usize) {
        let band = self.sin_edges[1..LATITUDES].partition_point(|&edge| edge <= z);
        let l = libm::atan2(y, x);
        let l = if l < 0.0 { l + 2.0 * PI } else { l };
        (band, index_of(l / CELL_WIDTH).min(LONGITUDES - 1))
    }
}

/// The half-circle cell that mirrors or equals a cell of the full circle.
#[inline]
pub(crate) fn folded(longitude: usize) -> usize {
    longitude.min(LONGITUDES - 1 - longitude)
}

/// Unit vector of a sine of latitude and a longitude in radians.
#[inline]
pub(crate) fn direction(sin_b: f64, l: f64) -> [f64; 3] {
    let (sin_l, cos_l) = libm::sincos(l);
    let cos_b = (1.0 - sin_b * sin_b).max(0.0).sqrt();
    [cos_b * cos_l, cos_b * sin_l, sin_b]
}

#[cfg(test)]
mod tests {
    use super::super::mathx::Purpose;
    use super::*;

    #[test]
    fn cells_cover_the_sphere_and_hold_what_is_drawn_in_them() {
        let cells = Cells::new();
        let area: f64 = (0..LATITUDES)
            .map(|b| cells.area_sr(b) * real(LONGITUDES))
            .sum();
        assert!((area - 4.0 * PI).abs() < 1e-12);
        let mut stream = Stream::new(3, Purpose::Sources, 0);
        for band in 0..LATITUDES {
            for longitude in 0..LONGITUDES {
                let inside = cells.draw(band, longitude, &mut stream);
                assert_eq!(cells.locate(inside), (band, longitude));
            }
        }
    }
}
