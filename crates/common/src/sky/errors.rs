//! Photometric errors: LSST's formula, Gaia DR3's table; noise is Gaussian in flux.

use super::mathx::{POGSON, Stream, dex, index_of, interpolate, ln_1p, real};
use super::photometry::{BANDS, BP, Bands, G, LSST, RP, V};
use super::source::Measured;

/// LSST saturates point sources brighter than this in a 30 s visit, mag.
pub(crate) const LSST_SATURATION: f64 = 16.0;
/// Systematic floor of LSST, as noise to signal.
const LSST_FLOOR: f64 = 0.005;

/// Parameters of one LSST band (Ivezic et al. 2019, arXiv:0805.2366, via `PhotErr` 1.6.0).
struct LsstBand {
    gamma: f64,
    cm: f64,
    sky: f64,
    seeing: f64,
}

const fn band(gamma: f64, cm: f64, sky: f64, seeing: f64) -> LsstBand {
    LsstBand {
        gamma,
        cm,
        sky,
        seeing,
    }
}

const LSST_BANDS: [LsstBand; 6] = [
    band(0.038, 23.09, 22.99, 0.92),
    band(0.039, 24.42, 22.26, 0.87),
    band(0.039, 24.44, 21.20, 0.83),
    band(0.039, 24.32, 20.48, 0.80),
    band(0.039, 24.16, 19.60, 0.78),
    band(0.039, 23.73, 18.61, 0.76),
];

/// Five-sigma depth of one 30 s visit of LSST at the zenith, mag; bands u g r i z y are 0 to 5.
pub fn lsst_depth(band: usize) -> f64 {
    let LsstBand {
        cm, sky, seeing, ..
    } = LSST_BANDS[band];
    cm + 0.5 * (sky - 21.0) + 2.5 * libm::log10(0.7 / seeing)
}

/// Noise to signal of one visit of LSST at a magnitude: 0.2 at the five-sigma depth.
pub fn lsst_noise_to_signal(band: usize, mag: f64) -> f64 {
    noise_to_signal(LSST_BANDS[band].gamma, lsst_depth(band), LSST_FLOOR, mag)
}

fn noise_to_signal(gamma: f64, depth: f64, floor: f64, mag: f64) -> f64 {
    let x = dex(0.4 * (mag - depth));
    (floor * floor + (0.04 - gamma) * x + gamma * x * x).sqrt()
}

/// Johnson V of the catalogue: as of a survey of depth 21.5 with a floor of 0.01.
const V_SURVEY: (f64, f64, f64) = (0.039, 21.5, 0.01);

/// Gaia DR3: magnitude, then the errors of G, BP and RP at that magnitude of the same band, mmag
/// (`PyGaia` 3.2.2).
const GAIA: [(f64, [f64; 3]); 9] = [
    (8.0, [0.21, 0.60, 0.32]),
    (12.0, [0.17, 0.61, 0.36]),
    (15.0, [0.27, 1.27, 1.56]),
    (17.0, [0.74, 4.55, 6.95]),
    (18.0, [1.27, 9.46, 14.8]),
    (19.0, [2.36, 20.9, 31.6]),
    (20.0, [4.51, 44.4, 71.8]),
    (20.7, [7.27, 76.6, 101.0]),
    (21.0, [9.42, 93.7, 113.0]),
];

const FIRST: f64 = -2.0;
const LAST: f64 = 30.0;
const STEP: f64 = 0.02;

/// Noise to signal by magnitude, tabulated for every band.
#[derive(Debug)]
pub(crate) struct NoiseTable {
    rows: Vec<Bands>,
}

impl NoiseTable {
    pub(crate) fn new() -> Self {
        let steps = index_of((LAST - FIRST) / STEP + 0.5);
        let row = |i: usize| {
            let mag = FIRST + STEP * real(i);
            core::array::from_fn(|band| match band {
                V => noise_to_signal(V_SURVEY.0, V_SURVEY.1, V_SURVEY.2, mag),
                G => gaia_noise_to_signal(0, mag),
                BP => gaia_noise_to_signal(1, mag),
                RP => gaia_noise_to_signal(2, mag),
                lsst => lsst_noise_to_signal(lsst - LSST, mag),
            })
        };
        Self {
            rows: (0..=steps).map(row).collect(),
        }
    }

    /// Noise to signal in a band at a true magnitude.
    #[inline]
    pub(crate) fn at(&self, band: usize, mag: f64) -> f64 {
        let place = ((mag - FIRST) * (1.0 / STEP)).clamp(0.0, real(self.rows.len() - 1) - 1e-9);
        let row = index_of(place);
        let (low, high) = (self.rows[row][band], self.rows[row + 1][band]);
        low + (place - real(row)) * (high - low)
    }

    /// One observation of a true magnitude; none where the noisy flux is not above 0.
    #[inline]
    pub(crate) fn observe(&self, band: usize, mag: f64, stream: &mut Stream) -> Option<Measured> {
        debug_assert!(band < BANDS);
        let noise = self.at(band, mag);
        let deviation = noise * stream.normal();
        if deviation <= -1.0 {
            return None;
        }
        Some(Measured {
            value: mag - POGSON * ln_1p(deviation),
            error: POGSON * noise,
        })
    }
}

/// Beyond the table the error keeps the slope of its last magnitude.
fn gaia_noise_to_signal(column: usize, mag: f64) -> f64 {
    let table = GAIA.map(|(m, errors)| (m, libm::log(errors[column] / 1000.0)));
    let (last, at_last) = table[8];
    let beyond = if mag > last {
        0.4 * core::f64::consts::LN_10 * (mag - last)
    } else {
        0.0
    };
    let log_error = if beyond > 0.0 {
        at_last + beyond
    } else {
        interpolate(&table, mag)
    };
    libm::exp(log_error) / POGSON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lsst_errors_have_their_check_values() {
        let depth = lsst_depth(2);
        for (below, expected) in [
            (-5.0, 0.0062),
            (-3.0, 0.0156),
            (-2.0, 0.0341),
            (-1.0, 0.0813),
            (0.0, 0.2001),
        ] {
            let found = lsst_noise_to_signal(2, depth + below);
            assert!((found - expected).abs() < 6e-5, "{below}: {found}");
        }
    }

    #[test]
    fn the_table_follows_the_formula() {
        let table = NoiseTable::new();
        for mag in [16.013, 20.005, 23.371, 24.999] {
            let exact = lsst_noise_to_signal(2, mag);
            assert!((table.at(LSST + 2, mag) / exact - 1.0).abs() < 1e-3);
        }
        assert!((table.at(G, 20.0) * POGSON - 0.004_51).abs() < 1e-6);
    }
}
