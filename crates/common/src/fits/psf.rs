//! The point-spread function: two concentric Gaussians, integrated over the pixels.

use super::instrument::Instrument;
use crate::units::size_f64;

/// Share of the light in the wings, and their width in units of the core's.
const WINGS: f64 = 0.15;
const WING_WIDTH: f64 = 2.5;
/// Sigma of a Gaussian of unit full width at half maximum.
const SIGMA_PER_FWHM: f64 = 0.424_660_900_144_009_5;

/// A point-spread function in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Psf {
    sigma: f64,
}

impl Psf {
    /// Of a full width at half maximum of the core, in pixels.
    pub(crate) fn new(fwhm_pixels: f64) -> Self {
        Self {
            sigma: SIGMA_PER_FWHM * fwhm_pixels,
        }
    }

    /// Distance beyond which a source of this many electrons gives less than a hundredth of one to any
    /// pixel, pixels; never beyond six sigma of the wings, which hold all but 1e-8 of the light.
    pub(crate) fn reach(self, electrons: f64) -> f64 {
        let wing = WING_WIDTH * self.sigma;
        let peak = WINGS * electrons / (2.0 * core::f64::consts::PI * wing * wing);
        wing * (2.0 * libm::log(1.0 + peak / 0.01)).sqrt().clamp(3.0, 6.0)
    }

    /// Light in each of some pixels from `first` on of a source at a place along one axis, core and
    /// wings apart; pixel `i` reaches from `i - 0.5` to `i + 0.5`.
    pub(crate) fn profile(self, place: f64, first: usize, light: &mut [[f64; 2]]) {
        let scale = [1.0, WING_WIDTH].map(|w| 1.0 / (w * self.sigma * core::f64::consts::SQRT_2));
        let below = |i: usize| scale.map(|s| 0.5 * libm::erf((size_f64(i) - 0.5 - place) * s));
        let mut low = below(first);
        for (i, pixel) in light.iter_mut().enumerate() {
            let high = below(first + i + 1);
            *pixel = [high[0] - low[0], high[1] - low[1]];
            low = high;
        }
    }

    /// Shares of core and wings.
    pub(crate) fn shares() -> [f64; 2] {
        [1.0 - WINGS, WINGS]
    }
}

impl Instrument {
    /// Full width at half maximum of the image of a point, arcseconds: diffraction and jitter in space,
    /// the seeing (at 0.5 micrometres at the zenith) from the ground.
    pub(crate) fn fwhm_arcsec(self, wavelength_um: f64, seeing_arcsec: f64, airmass: f64) -> f64 {
        let diffraction = |meters: f64| 1.03 * wavelength_um / meters * 0.206_264_8;
        let with_jitter = |core: f64| (core * core + 0.03 * 0.03).sqrt();
        match self {
            Self::Wfc3Uvis | Self::Wfc3Ir => with_jitter(diffraction(2.4)),
            Self::Miri => with_jitter(diffraction(6.5)),
            Self::Fors2 | Self::Niri | Self::Gmos | Self::Deimos => {
                let chromatic = libm::pow(wavelength_um / 0.5, -0.2);
                seeing_arcsec * chromatic * libm::pow(airmass, 0.6)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_light_falls_somewhere() {
        for (fwhm, place) in [(1.0, 30.2), (2.2, 29.5), (4.0, 30.0)] {
            let psf = Psf::new(fwhm);
            let mut light = [[0.0; 2]; 61];
            psf.profile(place, 0, &mut light);
            for part in 0..2 {
                let sum: f64 = light.iter().map(|l| l[part]).sum();
                let center: f64 = light
                    .iter()
                    .enumerate()
                    .map(|(i, l)| size_f64(i) * l[part])
                    .sum();
                assert!((sum - 1.0).abs() < 1e-6, "{fwhm} {part}: {sum}");
                assert!((center - place).abs() < 0.01, "{fwhm} {part}: {center}");
            }
        }
    }
}
