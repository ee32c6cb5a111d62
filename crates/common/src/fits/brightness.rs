//! How bright a source of the sky is in a filter.

use super::exposure::Exposure;
use super::instrument::Instrument;
use super::scene::Star;
use crate::sky::{DAYS_PER_YEAR, EPOCH_MJD, Source, interpolate};

/// Effective wavelengths of LSST's u g r i z y, micrometres.
const LSST_UM: [f64; 6] = [0.367, 0.482, 0.622, 0.755, 0.869, 0.971];
/// To this wavelength a star's flux per unit frequency stays about level; then it falls as that of a
/// hot body does, with the square of the wavelength.
const LEVEL_TO_UM: f64 = 1.6;

impl Instrument {
    /// AB magnitude of a source in one of the instrument's filters: interpolated between the bands of
    /// the sky (u to y), continued to the infrared as a hot body; none of an unknown filter.
    pub fn magnitude(self, filter: &str, source: &Source) -> Option<f64> {
        let wavelength = self.filter(filter)?.wavelength_um;
        let bands: [(f64, f64); 6] = core::array::from_fn(|i| (LSST_UM[i], source.truth.lsst[i]));
        let beyond = (wavelength / LEVEL_TO_UM).max(1.0);
        Some(interpolate(&bands, wavelength) + 5.0 * libm::log10(beyond))
    }
}

impl Exposure {
    /// The sources as stars of this exposure: where they stand at its start, how bright they are in its
    /// filter. Sources of an unknown filter have no brightness and are left out.
    pub fn stars(&self, sources: &[Source]) -> Vec<Star> {
        let years = (self.mjd - EPOCH_MJD) / DAYS_PER_YEAR;
        let star = |source: &Source| {
            Some(Star {
                position: source.position_at(years),
                mag: self.instrument.magnitude(&self.filter, source)?,
            })
        };
        sources.iter().filter_map(star).collect()
    }
}
