//! One row of the catalogue, as it is stored.

use common::sky::{Measured, Position, Source};

/// A source as a row of `astronomical_objects`. `None` becomes NULL.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number of the object, from 1.
    pub id: i64,
    /// SIMBAD's condensed type.
    pub object_type: &'static str,
    /// ICRS at J2000.0.
    pub position: Position,
    /// Johnson V in magnitudes.
    pub v: Option<Measured>,
    /// Gaia G, BP, RP in magnitudes.
    pub gaia: [Option<Measured>; 3],
    /// LSST ugrizy in AB magnitudes.
    pub lsst: [Option<Measured>; 6],
    /// Parallax in mas; negative ones are normal.
    pub parallax: Option<Measured>,
    /// Proper motion in right ascension times cos(dec), mas/yr.
    pub pm_ra: Option<Measured>,
    /// Proper motion in declination, mas/yr.
    pub pm_dec: Option<Measured>,
    /// Redshift of galaxies and quasars.
    pub redshift: Option<f64>,
    /// Class, period in days and peak-to-peak amplitude in magnitudes of a variable.
    pub variability: Option<(&'static str, Option<f64>, f64)>,
}

impl Row {
    /// A row of which only number, position and magnitude are known.
    pub fn plain(id: i64, position: Position, mag: Option<f64>) -> Self {
        Self {
            id,
            object_type: "?",
            position,
            v: mag.map(|value| Measured {
                value,
                error: f64::NAN,
            }),
            gaia: [None; 3],
            lsst: [None; 6],
            parallax: None,
            pm_ra: None,
            pm_dec: None,
            redshift: None,
            variability: None,
        }
    }
}

impl From<&Source> for Row {
    fn from(source: &Source) -> Self {
        Self {
            id: i64::try_from(source.id).unwrap_or(i64::MAX),
            object_type: source.object_type.simbad(),
            position: source.position,
            v: source.v,
            gaia: [source.g, source.bp, source.rp],
            lsst: source.lsst,
            parallax: source.parallax,
            pm_ra: source.pm_ra,
            pm_dec: source.pm_dec,
            redshift: source.redshift,
            variability: source
                .variability
                .map(|it| (it.class.as_str(), it.period_days, it.amplitude_mag)),
        }
    }
}
