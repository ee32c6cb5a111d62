//! What is to be generated.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::selection::Selection;

/// How the kinds of object are mixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// As many of each kind as the sky has to the magnitude limit.
    #[default]
    Physical,
    /// Fixed shares of the seed: stars 70, galaxies 20, quasars 3, nebulae 4, asteroids 2, variable
    /// stars 1 percent. Each kind is placed as in the physical mix.
    Seed,
}

impl Mix {
    /// The mix as a flag's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Seed => "seed",
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no mix.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mix must be `physical` or `seed`, got `{0}`")]
pub struct UnknownMix(String);

impl FromStr for Mix {
    type Err = UnknownMix;

    fn from_str(text: &str) -> Result<Self, UnknownMix> {
        match text {
            "physical" => Ok(Self::Physical),
            "seed" => Ok(Self::Seed),
            other => Err(UnknownMix(other.to_owned())),
        }
    }
}

/// The catalogue to generate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkyConfig {
    /// Seed of every draw.
    pub seed: u64,
    /// Mix of kinds.
    pub mix: Mix,
    /// Gaia G at which half of the point sources are kept, mag; galaxies are kept by r instead.
    pub g_limit: f64,
    /// Width of the completeness function 1 / (1 + exp((m - limit) / width)), mag; 0 is sharp.
    pub completeness_width_mag: f64,
    /// Selects by a sharp limit in observed Johnson V in place of `g_limit`, for comparison with
    /// bright catalogues, mag.
    pub v_limit: Option<f64>,
}

impl Default for SkyConfig {
    /// Gaia DR3's depth.
    fn default() -> Self {
        Self {
            seed: 1,
            mix: Mix::Physical,
            g_limit: 20.7,
            completeness_width_mag: 0.15,
            v_limit: None,
        }
    }
}

impl SkyConfig {
    pub(crate) fn selection(&self) -> Selection {
        match self.v_limit {
            Some(limit) => Selection::sharp_v(limit),
            None => Selection::gaia(self.g_limit, self.completeness_width_mag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mix_is_read_as_it_is_written() {
        for mix in [Mix::Physical, Mix::Seed] {
            assert_eq!(mix.to_string().parse(), Ok(mix));
        }
        let error = "even".parse::<Mix>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the mix must be `physical` or `seed`, got `even`"
        );
    }
}
