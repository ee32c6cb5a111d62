//! Bands: intrinsic colours of stars by B-V, extinction, colours of what is not a star.

use super::mathx::{index_of, interpolate, real};

/// Number of bands: V, G, BP, RP, u, g, r, i, z, y.
pub(crate) const BANDS: usize = 10;
/// Magnitudes in all bands, or offsets from V.
pub(crate) type Bands = [f64; BANDS];

/// Places of the bands that other modules name.
pub(crate) const V: usize = 0;
pub(crate) const G: usize = 1;
pub(crate) const BP: usize = 2;
pub(crate) const RP: usize = 3;
pub(crate) const LSST: usize = 4;
pub(crate) const LSST_R: usize = 6;

/// Extinction relative to V (Schlafly & Finkbeiner 2011; Gaia at solar colour).
pub(crate) const EXTINCTION: Bands = [1.0, 0.86, 1.06, 0.65, 1.57, 1.19, 0.87, 0.67, 0.51, 0.43];

/// Extinction in V over reddening E(B-V).
pub(crate) const R_V: f64 = 3.1;

/// Columns BP-RP, r-i, u-g, i-z, z-y by B-V: mean stellar locus read off Covey et al. 2007 and
/// Pecaut & Mamajek 2013, rounded.
const LOCUS: [(f64, [f64; 5]); 17] = [
    (-0.35, [-0.55, -0.40, -0.45, -0.37, -0.20]),
    (-0.30, [-0.42, -0.36, -0.35, -0.33, -0.18]),
    (-0.20, [-0.27, -0.31, 0.15, -0.28, -0.14]),
    (-0.10, [-0.12, -0.26, 0.65, -0.23, -0.11]),
    (0.00, [0.01, -0.22, 1.05, -0.19, -0.09]),
    (0.15, [0.21, -0.14, 1.13, -0.13, -0.06]),
    (0.30, [0.41, -0.04, 1.08, -0.07, -0.04]),
    (0.45, [0.60, 0.04, 1.05, -0.02, -0.01]),
    (0.65, [0.82, 0.12, 1.40, 0.03, 0.01]),
    (0.80, [1.00, 0.19, 1.75, 0.07, 0.03]),
    (1.00, [1.24, 0.31, 2.15, 0.15, 0.07]),
    (1.20, [1.49, 0.45, 2.45, 0.24, 0.11]),
    (1.40, [1.80, 0.62, 2.60, 0.35, 0.16]),
    (1.49, [2.10, 0.85, 2.60, 0.47, 0.22]),
    (1.60, [2.60, 1.25, 2.65, 0.68, 0.34]),
    (1.75, [3.30, 1.85, 2.70, 1.00, 0.50]),
    (2.10, [4.60, 2.75, 2.80, 1.50, 0.85]),
];

/// Intrinsic colours of stars, tabulated by B-V.
#[derive(Debug)]
pub(crate) struct Colours {
    rows: Vec<Bands>,
}

const FIRST_B_V: f64 = -0.35;
const LAST_B_V: f64 = 2.10;
const STEP: f64 = 0.01;

impl Colours {
    pub(crate) fn new() -> Self {
        let steps = index_of((LAST_B_V - FIRST_B_V) / STEP + 0.5);
        let rows = (0..=steps)
            .map(|i| offsets(FIRST_B_V + STEP * real(i)))
            .collect();
        Self { rows }
    }

    /// Row and place within it of a B-V, which is held inside the locus.
    #[inline]
    fn place(&self, b_v: f64) -> (usize, f64) {
        let place = ((b_v - FIRST_B_V) * (1.0 / STEP)).clamp(0.0, real(self.rows.len() - 1) - 1e-9);
        let row = index_of(place);
        (row, place - real(row))
    }

    /// Offset from V in one band at an intrinsic B-V.
    #[inline]
    pub(crate) fn offset_from_v(&self, b_v: f64, band: usize) -> f64 {
        let (row, t) = self.place(b_v);
        let (low, high) = (self.rows[row][band], self.rows[row + 1][band]);
        low + t * (high - low)
    }

    /// Offsets from V in every band at an intrinsic B-V.
    #[inline]
    pub(crate) fn offsets_from_v(&self, b_v: f64) -> Bands {
        let (row, t) = self.place(b_v);
        let (low, high) = (&self.rows[row], &self.rows[row + 1]);
        core::array::from_fn(|band| low[band] + t * (high[band] - low[band]))
    }
}

fn offsets(b_v: f64) -> Bands {
    let column = |i: usize| interpolate(&LOCUS.map(|(x, row)| (x, row[i])), b_v);
    let [bp_rp, r_i, u_g, i_z, z_y] = [0, 1, 2, 3, 4].map(column);
    // Jester et al. 2005 for stars; beyond spectral type M0 g-r no longer grows.
    let g_r = ((b_v - 0.22) / 0.98).min(1.43);
    from_colours(bp_rp, [u_g, g_r, r_i, i_z, z_y])
}

/// Offsets from V of an object by its BP-RP and its u-g, g-r, r-i, i-z, z-y.
fn from_colours(bp_rp: f64, [u_g, g_r, r_i, i_z, z_y]: [f64; 5]) -> Bands {
    // Gaia DR3 documentation 5.5.1.
    let gaia = -0.027_04 + bp_rp * (0.014_24 + bp_rp * (-0.2156 + bp_rp * 0.014_26));
    // Fit to Gaia's main sequence between BP-RP -0.4 and 4.6, good to 0.05 mag.
    let rp = gaia - bp_rp * (0.62 - 0.065 * bp_rp);
    // Jester et al. 2005.
    let g = 0.59 * g_r + 0.01;
    let r = g - g_r;
    let i = r - r_i;
    let z = i - i_z;
    [0.0, gaia, rp + bp_rp, rp, g + u_g, g, r, i, z, z - z_y]
}

/// Offsets from V and the B-V of a quasar: blue at all redshifts, red in u-g beyond the Lyman limit.
pub(crate) fn quasar(redshift: f64) -> (Bands, f64) {
    let u_g = if redshift > 2.6 {
        1.2 + (redshift - 2.6)
    } else {
        0.25
    };
    let g_r = if redshift > 3.6 { 1.0 } else { 0.22 };
    (from_colours(0.65, [u_g, g_r, 0.15, 0.10, 0.08]), 0.35)
}

/// Offsets from V and the B-V of a galaxy, early or late, at a redshift.
pub(crate) fn galaxy(redshift: f64, early: bool) -> (Bands, f64) {
    let (g_r, u_g) = if early {
        ((0.72 + 1.8 * redshift).min(1.7), 1.7)
    } else {
        ((0.42 + 0.7 * redshift).min(1.1), 1.1)
    };
    let colours = [u_g, g_r, (0.30 + 0.4 * redshift).min(0.9), 0.25, 0.15];
    (from_colours(1.2 * g_r + 0.3, colours), 0.98 * g_r + 0.22)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_has_its_colours() {
        let sun = Colours::new().offsets_from_v(0.65);
        for (band, expected, tolerance) in [
            (G, -0.15, 0.03),
            (BP, 0.18, 0.06),
            (RP, -0.64, 0.06),
            (LSST + 1, 0.25, 0.06),
            (LSST_R, -0.18, 0.06),
        ] {
            assert!(
                (sun[band] - expected).abs() < tolerance,
                "band {band}: {}",
                sun[band]
            );
        }
    }

    #[test]
    fn a_colour_beyond_the_locus_is_held_at_its_end() {
        let colours = Colours::new();
        assert_eq!(
            colours.offsets_from_v(-9.0).map(f64::to_bits),
            colours.offsets_from_v(FIRST_B_V).map(f64::to_bits)
        );
        assert!(colours.offsets_from_v(9.0)[G] < -3.0);
    }
}
