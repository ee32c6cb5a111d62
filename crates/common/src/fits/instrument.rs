//! The instruments, and the filters that go with each.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::filters::{Filter, filters};

/// A camera whose files are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Instrument {
    /// Hubble Space Telescope, Wide Field Camera 3, ultraviolet and visible channel.
    Wfc3Uvis,
    /// Hubble Space Telescope, Wide Field Camera 3, infrared channel.
    Wfc3Ir,
    /// James Webb Space Telescope, Mid-Infrared Instrument, imager.
    Miri,
    /// Very Large Telescope (UT1), focal reducer and low-dispersion spectrograph 2, imaging.
    Fors2,
    /// Gemini North, near-infrared imager.
    Niri,
    /// Gemini North, multi-object spectrograph with the Hamamatsu detectors, imaging.
    Gmos,
    /// Keck II, deep imaging multi-object spectrograph, imaging.
    Deimos,
}

/// A word that names no instrument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the instrument must be one of `wfc3-uvis`, `wfc3-ir`, `miri`, `fors2`, `niri`, `gmos`, \
     `deimos`, got `{0}`"
)]
pub struct UnknownInstrument(String);

impl Instrument {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Wfc3Uvis,
        Self::Wfc3Ir,
        Self::Miri,
        Self::Fors2,
        Self::Niri,
        Self::Gmos,
        Self::Deimos,
    ];

    /// The instrument as a flag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wfc3Uvis => "wfc3-uvis",
            Self::Wfc3Ir => "wfc3-ir",
            Self::Miri => "miri",
            Self::Fors2 => "fors2",
            Self::Niri => "niri",
            Self::Gmos => "gmos",
            Self::Deimos => "deimos",
        }
    }

    /// The telescope, as in the header keyword TELESCOP.
    pub fn telescope(self) -> &'static str {
        match self {
            Self::Wfc3Uvis | Self::Wfc3Ir => "HST",
            Self::Miri => "JWST",
            Self::Fors2 => "ESO-VLT-U1",
            Self::Niri | Self::Gmos => "Gemini-North",
            Self::Deimos => "Keck II",
        }
    }

    /// Whether the telescope is in space.
    pub fn in_space(self) -> bool {
        matches!(self, Self::Wfc3Uvis | Self::Wfc3Ir | Self::Miri)
    }

    /// The filters of the instrument.
    pub fn filters(self) -> &'static [&'static str] {
        filters(self).0
    }

    /// A filter that is used often.
    pub fn default_filter(self) -> &'static str {
        match self {
            Self::Wfc3Uvis => "F606W",
            Self::Wfc3Ir => "F160W",
            Self::Miri => "F770W",
            Self::Fors2 => "R_SPECIAL",
            Self::Niri => "H",
            Self::Gmos => "r",
            Self::Deimos => "R",
        }
    }

    /// Files that one exposure is stored in: two of FORS2, one a chip.
    pub fn files_per_exposure(self) -> u32 {
        if self == Self::Fors2 { 2 } else { 1 }
    }

    pub(crate) fn filter(self, name: &str) -> Option<&'static Filter> {
        let (names, properties) = filters(self);
        let place = names.iter().position(|&known| known == name)?;
        properties.get(place)
    }
}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Instrument {
    type Err = UnknownInstrument;

    fn from_str(text: &str) -> Result<Self, UnknownInstrument> {
        let known = Self::ALL.into_iter().find(|i| i.as_str() == text);
        known.ok_or_else(|| UnknownInstrument(text.to_owned()))
    }
}

/// How far a file is processed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// As read from the detector.
    #[default]
    Raw,
    /// Without the detector's signature, in the layout of the archive's calibrated files. Archives of
    /// the ground instruments have the raw layout only: calibrated frames keep it and its integers.
    Calibrated,
}

/// What an exposure is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FrameKind {
    /// Of the sky.
    #[default]
    Science,
    /// Of zero length.
    Bias,
    /// With the shutter closed.
    Dark,
    /// Of an evenly lit screen.
    Flat,
}

impl FrameKind {
    /// The kind as a flag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Science => "science",
            Self::Bias => "bias",
            Self::Dark => "dark",
            Self::Flat => "flat",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instrument_is_read_as_it_is_written() {
        for instrument in Instrument::ALL {
            assert_eq!(instrument.to_string().parse(), Ok(instrument));
        }
        let error = "wfpc2".parse::<Instrument>().unwrap_err().to_string();
        assert_eq!(
            error,
            "the instrument must be one of `wfc3-uvis`, `wfc3-ir`, `miri`, `fors2`, `niri`, \
             `gmos`, `deimos`, got `wfpc2`"
        );
    }

    #[test]
    fn every_filter_has_properties_and_the_default_is_one() {
        for instrument in Instrument::ALL {
            let names = instrument.filters();
            assert!(names.contains(&instrument.default_filter()));
            assert_eq!(names.len(), filters(instrument).1.len());
        }
        assert!(Instrument::Fors2.filter("F606W").is_none());
    }
}
