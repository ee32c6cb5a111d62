//! Where users look: known objects again and again, the places where sources are, and anywhere.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::geometry::{Cone, Position};
use super::mathx::{Purpose, Stream, real};

/// How a target was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetClass {
    /// A well-known object, the popular ones more often (Zipf's law).
    Known,
    /// A source of the catalogue under test: dense regions come up more often.
    Density,
    /// Uniform on the sphere, with the poles and right ascension 0 now and then.
    Uniform,
}

impl TargetClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Known, Self::Density, Self::Uniform];

    /// The class in a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Density => "density",
            Self::Uniform => "uniform",
        }
    }
}

impl fmt::Display for TargetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Size class of a cone, by which its latency is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RadiusClass {
    /// Up to 10 arcseconds: an identification.
    UpTo10Arcsec,
    /// 10 arcseconds to 1 arcminute.
    UpTo1Arcmin,
    /// 1 to 10 arcminutes: a detector's field.
    UpTo10Arcmin,
    /// 10 arcminutes to 1 degree: a camera's field.
    UpTo1Deg,
    /// Above 1 degree.
    Above1Deg,
}

impl RadiusClass {
    /// Every class, small to large.
    pub const ALL: [Self; 5] = [
        Self::UpTo10Arcsec,
        Self::UpTo1Arcmin,
        Self::UpTo10Arcmin,
        Self::UpTo1Deg,
        Self::Above1Deg,
    ];

    /// The class of a radius in degrees.
    pub fn of(radius_deg: f64) -> Self {
        // A hair of tolerance, since 10 arcseconds are no exact number of degrees.
        let arcsec = radius_deg * 3600.0 * (1.0 - 1e-12);
        match arcsec {
            r if r <= 10.0 => Self::UpTo10Arcsec,
            r if r <= 60.0 => Self::UpTo1Arcmin,
            r if r <= 600.0 => Self::UpTo10Arcmin,
            r if r <= 3600.0 => Self::UpTo1Deg,
            _ => Self::Above1Deg,
        }
    }

    /// The class in a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UpTo10Arcsec => "<=10\"",
            Self::UpTo1Arcmin => "10\"-1'",
            Self::UpTo10Arcmin => "1'-10'",
            Self::UpTo1Deg => "10'-1deg",
            Self::Above1Deg => ">1deg",
        }
    }
}

impl fmt::Display for RadiusClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A cone to search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Target {
    /// How it was chosen.
    pub class: TargetClass,
    /// Name of a known object.
    pub name: Option<&'static str>,
    /// Where to look.
    pub cone: Cone,
}

/// How radii are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Radii {
    /// Log-uniform from 1 arcsecond to 1 degree, 3 % from 1 to 5 degrees.
    #[default]
    LogUniform,
    /// One of the seed's radii: 0.1, 0.5, 1, 2, 5 degrees.
    Seed,
    /// One radius, degrees.
    Fixed(f64),
}

/// A word that names no way to draw radii.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("radii must be `log-uniform`, `seed` or degrees above 0 and up to 180, got `{0}`")]
pub struct UnknownRadii(String);

impl FromStr for Radii {
    type Err = UnknownRadii;

    fn from_str(text: &str) -> Result<Self, UnknownRadii> {
        match text {
            "log-uniform" => Ok(Self::LogUniform),
            "seed" => Ok(Self::Seed),
            other => match other.parse::<f64>() {
                Ok(degrees) if degrees > 0.0 && degrees <= 180.0 => Ok(Self::Fixed(degrees)),
                _ => Err(UnknownRadii(other.to_owned())),
            },
        }
    }
}

impl fmt::Display for Radii {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogUniform => f.write_str("log-uniform"),
            Self::Seed => f.write_str("seed"),
            Self::Fixed(degrees) => write!(f, "{degrees}"),
        }
    }
}

impl Radii {
    const SEED_DEG: [f64; 5] = [0.1, 0.5, 1.0, 2.0, 5.0];
    const TAIL: f64 = 0.03;

    fn draw_deg(self, stream: &mut Stream) -> f64 {
        let log_uniform = |low: f64, high: f64, share: f64| low * libm::pow(high / low, share);
        match self {
            Self::LogUniform if stream.chance(Self::TAIL) => {
                log_uniform(1.0, 5.0, stream.uniform())
            }
            Self::LogUniform => log_uniform(1.0 / 3600.0, 1.0, stream.uniform()),
            Self::Seed => Self::SEED_DEG[stream.index(5)],
            Self::Fixed(degrees) => degrees,
        }
    }
}

const fn known(name: &'static str, ra_deg: f64, dec_deg: f64) -> (&'static str, Position) {
    (name, Position { ra_deg, dec_deg })
}

/// Objects that users look up again and again, the most popular first (ICRS).
///
/// The first harness's "Pleiades" was the field of the Crab in Taurus: both are here, each under its
/// own name.
pub const KNOWN_OBJECTS: [(&str, Position); 20] = [
    known("M31", 10.684_71, 41.268_75),
    known("M42", 83.822_08, -5.391_11),
    known("Pleiades", 56.75, 24.116_7),
    known("Crab", 83.633_08, 22.014_5),
    known("Sgr A*", 266.416_84, -29.007_81),
    known("LMC", 80.893_86, -69.756_13),
    known("SMC", 13.186_67, -72.828_61),
    known("47 Tuc", 6.023_63, -72.081_28),
    known("M13", 250.423_48, 36.461_32),
    known("Crab/Taurus", 85.0, 22.0),
    known("M87", 187.705_93, 12.391_12),
    known("Omega Cen", 201.697, -47.479_58),
    known("M51", 202.469_58, 47.195_28),
    known("3C 273", 187.277_92, 2.052_39),
    known("Baade's window", 270.887_5, -30.033_3),
    known("Praesepe", 130.1, 19.621),
    known("Hyades", 66.75, 15.87),
    known("M81", 148.888_22, 69.065_3),
    known("Polaris", 37.954_56, 89.264_11),
    known("Hubble Deep Field", 189.205_8, 62.216_1),
];

/// Shares of the classes of target.
const KNOWN_SHARE: f64 = 0.20;
const UNIFORM_SHARE: f64 = 0.15;
/// Share of uniform targets that are moved to a pole or to right ascension 0.
const EDGE_SHARE: f64 = 0.05;

/// Draws targets from one seed.
#[derive(Debug)]
pub struct TargetSampler {
    stream: Stream,
    positions: Vec<Position>,
    radii: Radii,
    /// Cumulative shares of the known objects.
    popularity: Vec<f64>,
}

impl TargetSampler {
    /// Makes a sampler; `catalogue_positions` are positions of real rows of the catalogue under
    /// test. Without any, targets of class [`TargetClass::Density`] are not drawn.
    pub fn new(seed: u64, catalogue_positions: Vec<Position>, radii: Radii) -> Self {
        let mut sum = 0.0;
        let popularity = (0..KNOWN_OBJECTS.len()).map(|rank| {
            sum += 1.0 / real(rank + 1);
            sum
        });
        Self {
            popularity: popularity.collect(),
            stream: Stream::new(seed, Purpose::Targets, 0),
            positions: catalogue_positions,
            radii,
        }
    }

    /// The next target: 20 % known objects, 15 % uniform, the rest follow the catalogue.
    pub fn next_target(&mut self) -> Target {
        let radius_deg = self.radii.draw_deg(&mut self.stream);
        let choice = self.stream.uniform();
        let (class, name, center) = if choice < KNOWN_SHARE {
            let (name, center) = self.known();
            (TargetClass::Known, Some(name), center)
        } else if choice < KNOWN_SHARE + UNIFORM_SHARE || self.positions.is_empty() {
            (TargetClass::Uniform, None, self.uniform())
        } else {
            let place = self.stream.index(self.positions.len());
            (TargetClass::Density, None, self.positions[place])
        };
        Target {
            class,
            name,
            cone: Cone { center, radius_deg },
        }
    }

    fn known(&mut self) -> (&'static str, Position) {
        let last = self.popularity.len() - 1;
        let wanted = self.stream.uniform() * self.popularity[last];
        let place = self.popularity.partition_point(|&sum| sum <= wanted);
        KNOWN_OBJECTS[place.min(last)]
    }

    fn uniform(&mut self) -> Position {
        let position = uniform_position(&mut self.stream);
        if !self.stream.chance(EDGE_SHARE) {
            return position;
        }
        match self.stream.index(3) {
            0 => Position {
                dec_deg: 90.0,
                ..position
            },
            1 => Position {
                dec_deg: -90.0,
                ..position
            },
            _ => Position {
                ra_deg: 0.0,
                ..position
            },
        }
    }
}

/// A position uniform on the sphere.
pub(crate) fn uniform_position(stream: &mut Stream) -> Position {
    Position {
        ra_deg: 360.0 * stream.uniform(),
        dec_deg: libm::asin(stream.between(-1.0, 1.0)).to_degrees(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn targets(positions: Vec<Position>) -> Vec<Target> {
        let mut sampler = TargetSampler::new(7, positions, Radii::LogUniform);
        (0..20_000).map(|_| sampler.next_target()).collect()
    }

    #[test]
    fn popular_objects_come_up_by_zipfs_law() {
        let mut counts = BTreeMap::new();
        for target in targets(vec![Position::new(1.0, 2.0)]) {
            *counts.entry((target.class, target.name)).or_insert(0_u32) += 1;
        }
        let of = |name| f64::from(counts[&(TargetClass::Known, Some(name))]);
        assert!((of("M31") / of("M42") - 2.0).abs() < 0.3);
        assert!((f64::from(counts[&(TargetClass::Density, None)]) / 20_000.0 - 0.65).abs() < 0.02);
        assert!((f64::from(counts[&(TargetClass::Uniform, None)]) / 20_000.0 - 0.15).abs() < 0.02);
    }

    #[test]
    fn an_empty_catalogue_is_searched_uniformly() {
        let targets = targets(vec![]);
        assert!(targets.iter().all(|t| t.class != TargetClass::Density));
        let at_pole = |t: &&Target| t.cone.center.dec_deg.abs() >= 90.0;
        assert!(targets.iter().filter(at_pole).count() > 100);
    }

    #[test]
    fn radii_fall_into_every_class() {
        let mut counts = BTreeMap::new();
        for target in targets(vec![]) {
            let radius = target.cone.radius_deg;
            assert!((1.0 / 3600.0..=5.0).contains(&radius));
            *counts.entry(RadiusClass::of(radius)).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), RadiusClass::ALL.len());
        assert_eq!(RadiusClass::of(10.0 / 3600.0), RadiusClass::UpTo10Arcsec);
        assert_eq!(RadiusClass::of(1.0), RadiusClass::UpTo1Deg);
    }

    #[test]
    fn radii_are_read_as_they_are_written() {
        for radii in [Radii::LogUniform, Radii::Seed, Radii::Fixed(0.25)] {
            assert_eq!(radii.to_string().parse(), Ok(radii));
        }
        for wrong in ["", "wide", "0", "-1", "181", "NaN"] {
            assert!(wrong.parse::<Radii>().is_err(), "{wrong}");
        }
    }
}
