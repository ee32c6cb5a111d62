//! Which sources a survey keeps: a completeness that falls with the observed magnitude.

use super::mathx::{Stream, real};
use super::photometry::{G, LSST_R, V};

/// Completeness of a survey in one band, applied to magnitudes with their noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    band: usize,
    limit: f64,
    width: f64,
    bright_limit: f64,
}

/// Gaia loses stars brighter than this, G mag.
const GAIA_SATURATION: f64 = 3.0;

impl Selection {
    /// Gaia's: half of the sources at `limit` in G are kept.
    pub(crate) fn gaia(limit: f64, width: f64) -> Self {
        Self {
            band: G,
            limit,
            width,
            bright_limit: GAIA_SATURATION,
        }
    }

    /// A sharp limit in V without loss of bright stars.
    pub(crate) fn sharp_v(limit: f64) -> Self {
        Self {
            band: V,
            limit,
            width: 0.0,
            bright_limit: f64::NEG_INFINITY,
        }
    }

    /// The same completeness for extended sources, which are selected in r (V where sharp in V).
    pub(crate) fn extended_band(&self) -> usize {
        if self.band == V { V } else { LSST_R }
    }

    pub(crate) fn band(&self) -> usize {
        self.band
    }

    pub(crate) fn limit(&self) -> f64 {
        self.limit
    }

    /// Half the range of magnitudes where completeness is neither 0 nor 1: beyond it, 0.7 % are left out
    /// of account.
    pub(crate) fn margin_mag(&self) -> f64 {
        5.0 * self.width
    }

    /// Probability to keep a source some magnitudes fainter than the limit.
    pub(crate) fn completeness(&self, beyond: f64) -> f64 {
        if beyond.abs() > self.margin_mag() || self.width <= 0.0 {
            return if beyond < 0.0 { 1.0 } else { 0.0 };
        }
        1.0 / (1.0 + libm::exp(beyond / self.width))
    }

    /// Completeness averaged over a bin of magnitude.
    pub(crate) fn mean_completeness(&self, beyond: f64, bin: f64) -> f64 {
        const PARTS: usize = 5;
        let part =
            |i: usize| self.completeness(beyond + bin * ((real(i) + 0.5) / real(PARTS) - 0.5));
        (0..PARTS).map(part).sum::<f64>() / real(PARTS)
    }

    /// Whether a source with this observed magnitude is kept.
    #[inline]
    pub(crate) fn keeps(&self, observed: f64, stream: &mut Stream) -> bool {
        if observed < self.bright_limit {
            return false;
        }
        let beyond = observed - self.limit;
        if beyond < -self.margin_mag() {
            return true;
        }
        stream.chance(self.completeness(beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_kept_at_the_limit() {
        let gaia = Selection::gaia(20.7, 0.2);
        assert!((gaia.completeness(0.0) - 0.5).abs() < 1e-12);
        assert!(gaia.completeness(-1.1) > 0.99 && gaia.completeness(1.1) < 0.01);
        let sharp = Selection::sharp_v(7.5);
        assert!((sharp.mean_completeness(0.0, 0.05) - 0.5).abs() < 0.11);
    }
}
