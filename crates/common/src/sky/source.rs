//! One row of the catalogue: what was measured, and the truth behind it.

use serde::Serialize;

use super::geometry::Position;
use super::object_type::ObjectType;
use super::solar_system::Orbit;
use super::variability::Variability;

/// Epoch of every position, MJD: J2000.0.
pub const EPOCH_MJD: f64 = 51_544.5;

/// Days in a Julian year.
pub const DAYS_PER_YEAR: f64 = 365.25;

/// The bands of [`Source::lsst`], in order.
pub const LSST_BANDS: [&str; 6] = ["u", "g", "r", "i", "z", "y"];

/// A measured value with its standard error, both in the unit that the field states.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The value as observed, noise included.
    pub value: f64,
    /// One standard deviation of the noise.
    pub error: f64,
}

/// One object of the generated catalogue. `None` means that a survey has no such value.
///
/// Magnitudes: `v` is Johnson V (Vega), `g`, `bp`, `rp` are Gaia DR3 (Vega), `lsst` is AB.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Source {
    /// Number in the catalogue: index + 1.
    pub id: u64,
    /// ICRS position at [`EPOCH_MJD`].
    pub position: Position,
    /// Kind of object.
    pub object_type: ObjectType,
    /// Johnson V, mag.
    pub v: Option<Measured>,
    /// Gaia G, mag; none for extended objects.
    pub g: Option<Measured>,
    /// Gaia BP, mag.
    pub bp: Option<Measured>,
    /// Gaia RP, mag.
    pub rp: Option<Measured>,
    /// LSST u g r i z y of one visit, mag (AB); none where saturated or of negative flux.
    pub lsst: [Option<Measured>; 6],
    /// Parallax, mas: with Gaia's zero point, negative where noise makes it so.
    pub parallax: Option<Measured>,
    /// Distance of a star in pc: mode of the posterior from the parallax and an exponentially
    /// decreasing volume density of scale 1350 pc (Bailer-Jones 2015). Never 1/parallax.
    pub distance_pc: Option<f64>,
    /// Proper motion in right ascension times cos(dec), mas/yr.
    pub pm_ra: Option<Measured>,
    /// Proper motion in declination, mas/yr.
    pub pm_dec: Option<Measured>,
    /// Radial velocity of stars brighter than Gaia's spectrograph limit (G < 14), km/s.
    pub radial_velocity: Option<Measured>,
    /// Redshift of galaxies and quasars.
    pub redshift: Option<f64>,
    /// How the source varies, if it does.
    pub variability: Option<Variability>,
    /// Orbit of a solar-system object, whose position holds for the epoch only.
    pub orbit: Option<Orbit>,
    /// What the measurements are noisy versions of.
    pub truth: Truth,
}

/// The noise-free values behind a [`Source`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Truth {
    /// Johnson V, mag.
    pub v: f64,
    /// Gaia G, mag.
    pub g: f64,
    /// Gaia BP, mag.
    pub bp: f64,
    /// Gaia RP, mag.
    pub rp: f64,
    /// LSST u g r i z y, mag (AB).
    pub lsst: [f64; 6],
    /// Johnson B-V, mag, reddened.
    pub b_v: f64,
    /// Extinction in V, mag.
    pub extinction_v: f64,
    /// Distance of a star, pc.
    pub distance_pc: Option<f64>,
    /// Parallax, mas; 0 for what is farther than any parallax.
    pub parallax_mas: f64,
    /// Proper motion in right ascension times cos(dec), mas/yr.
    pub pm_ra: f64,
    /// Proper motion in declination, mas/yr.
    pub pm_dec: f64,
    /// Radial velocity of a star, km/s.
    pub radial_velocity_km_s: Option<f64>,
}

/// Kilometres per second of one astronomical unit per Julian year.
pub(crate) const KM_S_PER_AU_YEAR: f64 = 4.740_470_446;
/// Radians in one milliarcsecond.
const MAS: f64 = core::f64::consts::PI / (180.0 * 3.6e6);

impl Source {
    /// Position some Julian years after the epoch.
    ///
    /// Stars move in a straight line with the measured proper motion, parallax and radial velocity
    /// (Hipparcos Catalogue vol. 1, 1.5.5), which holds at the poles too; an asteroid follows its
    /// orbit as seen from Earth; what has no proper motion stays.
    pub fn position_at(&self, years_since_epoch: f64) -> Position {
        if let Some(orbit) = &self.orbit {
            return orbit
                .seen_from_earth(EPOCH_MJD + years_since_epoch * DAYS_PER_YEAR)
                .position;
        }
        let (Some(pm_ra), Some(pm_dec)) = (self.pm_ra, self.pm_dec) else {
            return self.position;
        };
        let radial = match (self.parallax, self.radial_velocity) {
            (Some(parallax), Some(velocity)) => {
                parallax.value.max(0.0) * velocity.value / KM_S_PER_AU_YEAR
            }
            _ => 0.0,
        };
        let (sin_ra, cos_ra) = libm::sincos(self.position.ra_deg.to_radians());
        let (sin_dec, cos_dec) = libm::sincos(self.position.dec_deg.to_radians());
        let here = [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec];
        let east = [-sin_ra, cos_ra, 0.0];
        let north = [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec];
        let step = MAS * years_since_epoch;
        Position::from_unit_vector([0, 1, 2].map(|i| {
            here[i] * (1.0 + radial * step)
                + (pm_ra.value * east[i] + pm_dec.value * north[i]) * step
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sky, SkyConfig};
    use super::*;

    /// A star at a place with a proper motion in mas/yr and nothing else known of it.
    fn star(position: Position, pm_ra: f64, pm_dec: f64) -> Source {
        let exact = |value| Some(Measured { value, error: 0.0 });
        let some = Sky::new(SkyConfig::default()).sources_from(0).next();
        Source {
            position,
            pm_ra: exact(pm_ra),
            pm_dec: exact(pm_dec),
            parallax: None,
            radial_velocity: None,
            orbit: None,
            ..some.expect("the sky has no end")
        }
    }

    #[test]
    fn barnard_s_star_moves_ten_arcseconds_a_year() {
        let start = Position::new(269.452_08, 4.693_39);
        let moved = star(start, -801.55, 10_362.39).position_at(50.0);
        let arcsec = start.separation_deg(moved) * 3600.0;
        // 50 years of the total motion, 10.3933 arcseconds a year; the tangent differs by 1e-6.
        assert!((arcsec - 519.67).abs() < 0.01, "{arcsec}");
        assert!(moved.dec_deg > start.dec_deg && moved.ra_deg < start.ra_deg);
    }

    #[test]
    fn a_star_passes_over_the_pole() {
        let start = Position::new(30.0, 89.999);
        // 7.2 arcseconds a year northwards: the pole, 3.6 arcseconds away, is passed in half a year.
        let moved = star(start, 0.0, 7200.0).position_at(1.0);
        assert!((start.separation_deg(moved) * 3600.0 - 7.2).abs() < 1e-6);
        assert!((moved.ra_deg - 210.0).abs() < 1e-6, "{moved:?}");
        assert!((moved.dec_deg - 89.999).abs() < 1e-9, "{moved:?}");
    }

    #[test]
    fn what_has_no_proper_motion_stays() {
        let mut source = star(Position::new(1.0, 2.0), 5.0, 5.0);
        source.pm_ra = None;
        assert_eq!(source.position_at(100.0), source.position);
    }
}
