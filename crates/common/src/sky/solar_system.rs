//! Asteroids: orbits drawn from the main belt, and where they are seen from Earth.

use core::f64::consts::TAU;

use serde::Serialize;

use super::galactic::ecliptic_to_icrs;
use super::geometry::Position;
use super::mathx::{Purpose, Stream};
use super::source::EPOCH_MJD;

/// Keplerian elements at J2000, heliocentric ecliptic; angles in degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Orbit {
    /// Semi-major axis, au.
    pub semi_major_axis_au: f64,
    /// Eccentricity, below 1.
    pub eccentricity: f64,
    /// Inclination to the ecliptic.
    pub inclination_deg: f64,
    /// Longitude of the ascending node.
    pub node_deg: f64,
    /// Argument of the perihelion.
    pub perihelion_deg: f64,
    /// Mean anomaly at the epoch.
    pub mean_anomaly_deg: f64,
    /// Absolute magnitude H in V.
    pub absolute_magnitude: f64,
}

/// An asteroid as seen from the centre of the Earth; light time is left out (below 10 arcsec).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Direction.
    pub position: Position,
    /// Distance from the Sun, au.
    pub sun_au: f64,
    /// Distance from the Earth, au.
    pub earth_au: f64,
    /// Sun-asteroid-Earth angle, degrees.
    pub phase_deg: f64,
    /// Johnson V, mag (H, G system with G = 0.15).
    pub v: f64,
}

/// Values at the shares of `SHARES`.
type Quantiles = [f64; 8];

/// Cumulative shares; the outermost quantiles are the range that is drawn.
const SHARES: Quantiles = [0.0, 0.05, 0.25, 0.50, 0.75, 0.90, 0.95, 1.0];
/// Quantiles of 2 278 main-belt orbits with H < 12 (JPL Small-Body Database).
const SEMI_MAJOR_AXIS: Quantiles = [2.19, 2.366, 2.696, 3.008, 3.148, 3.218, 3.457, 4.0];
const ECCENTRICITY: Quantiles = [0.007, 0.0373, 0.0807, 0.1237, 0.1797, 0.2279, 0.2553, 0.36];
const INCLINATION: Quantiles = [0.29, 1.84, 5.67, 10.01, 13.97, 18.05, 21.42, 34.5];

impl Orbit {
    /// Orbits of main-belt asteroids without any selection by brightness, H = 0.
    pub fn main_belt(seed: u64) -> impl Iterator<Item = Self> {
        let mut stream = Stream::new(seed, Purpose::SolarSystem, 0);
        core::iter::repeat_with(move || Self::draw(&mut stream))
    }

    pub(crate) fn draw(stream: &mut Stream) -> Self {
        Self {
            semi_major_axis_au: from_quantiles(&SEMI_MAJOR_AXIS, stream.uniform()),
            eccentricity: from_quantiles(&ECCENTRICITY, stream.uniform()),
            inclination_deg: from_quantiles(&INCLINATION, stream.uniform()),
            node_deg: 360.0 * stream.uniform(),
            perihelion_deg: 360.0 * stream.uniform(),
            mean_anomaly_deg: 360.0 * stream.uniform(),
            absolute_magnitude: 0.0,
        }
    }

    /// Heliocentric ecliptic coordinates at an MJD, au.
    #[expect(
        clippy::many_single_char_names,
        reason = "the letters of the textbook formula"
    )]
    fn heliocentric_au(&self, mjd: f64) -> [f64; 3] {
        let a = self.semi_major_axis_au;
        // Gauss: 0.9856076686 degrees a day at 1 au.
        let motion = 0.985_607_668_6 / (a * a.sqrt());
        let mean = (self.mean_anomaly_deg + motion * (mjd - EPOCH_MJD))
            .rem_euclid(360.0)
            .to_radians();
        let e = self.eccentricity;
        let anomaly = eccentric_anomaly(mean, e);
        let (sin_e, cos_e) = libm::sincos(anomaly);
        let x = a * (cos_e - e);
        let y = a * (1.0 - e * e).sqrt() * sin_e;
        let (sin_w, cos_w) = libm::sincos(self.perihelion_deg.to_radians());
        let (sin_n, cos_n) = libm::sincos(self.node_deg.to_radians());
        let (sin_i, cos_i) = libm::sincos(self.inclination_deg.to_radians());
        let (p, q) = (x * cos_w - y * sin_w, x * sin_w + y * cos_w);
        [
            p * cos_n - q * cos_i * sin_n,
            p * sin_n + q * cos_i * cos_n,
            q * sin_i,
        ]
    }

    /// Where and how bright the asteroid is at an MJD.
    pub fn seen_from_earth(&self, mjd: f64) -> Sighting {
        self.seen_from(earth_au(mjd), mjd)
    }

    /// The same for a known place of the Earth, which many asteroids share.
    pub(crate) fn seen_from(&self, earth: [f64; 3], mjd: f64) -> Sighting {
        let body = self.heliocentric_au(mjd);
        let ray = [0, 1, 2].map(|i| body[i] - earth[i]);
        let (sun_au, earth_au) = (norm(body), norm(ray));
        let cosine = (0..3).map(|i| body[i] * ray[i]).sum::<f64>() / (sun_au * earth_au);
        let phase = libm::acos(cosine.clamp(-1.0, 1.0));
        let v = self.absolute_magnitude + 5.0 * libm::log10(sun_au * earth_au) + dimming(phase);
        Sighting {
            position: Position::from_unit_vector(ecliptic_to_icrs(ray)),
            sun_au,
            earth_au,
            phase_deg: phase.to_degrees(),
            v,
        }
    }
}

/// The Earth-Moon barycentre's orbit at J2000 (Standish 1992), node at longitude 0.
const EARTH: Orbit = Orbit {
    semi_major_axis_au: 1.000_002_6,
    eccentricity: 0.016_711,
    inclination_deg: 0.0,
    node_deg: 0.0,
    perihelion_deg: 102.937_68,
    mean_anomaly_deg: 357.526_89,
    absolute_magnitude: 0.0,
};

/// Where the Earth is at an MJD, heliocentric ecliptic, au.
pub(crate) fn earth_au(mjd: f64) -> [f64; 3] {
    EARTH.heliocentric_au(mjd)
}

/// Solves Kepler's equation by Newton's method; five steps reach 1e-14 for e below 0.4.
fn eccentric_anomaly(mean: f64, e: f64) -> f64 {
    let mut anomaly = mean + e * libm::sin(mean);
    for _ in 0..5 {
        let (sin_e, cos_e) = libm::sincos(anomaly);
        anomaly -= (anomaly - e * sin_e - mean) / (1.0 - e * cos_e);
    }
    anomaly
}

/// Magnitudes lost to the phase angle (radians), G = 0.15 (Bowell et al. 1989).
fn dimming(phase: f64) -> f64 {
    let tangent = libm::tan(0.5 * phase.min(0.99 * TAU / 2.0));
    let part = |a: f64, b: f64| libm::exp(-a * libm::pow(tangent, b));
    -2.5 * libm::log10(0.85 * part(3.332, 0.631) + 0.15 * part(1.862, 1.218))
}

fn norm([x, y, z]: [f64; 3]) -> f64 {
    (x * x + y * y + z * z).sqrt()
}

fn from_quantiles(values: &Quantiles, share: f64) -> f64 {
    let i = SHARES
        .partition_point(|&s| s <= share)
        .clamp(1, SHARES.len() - 1);
    let t = (share - SHARES[i - 1]) / (SHARES[i] - SHARES[i - 1]);
    values[i - 1] + (values[i] - values[i - 1]) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earth_goes_round_in_a_year() {
        let [x, y, z] = EARTH.heliocentric_au(EPOCH_MJD);
        let later = EARTH.heliocentric_au(EPOCH_MJD + 365.256_36);
        assert!(norm([x - later[0], y - later[1], z - later[2]]) < 1e-4);
        // Perihelion in early January.
        assert!((norm([x, y, z]) - 0.9833).abs() < 1e-3);
    }

    #[test]
    fn the_sun_stands_at_the_winter_solstice_near_j2000() {
        let [x, y, _] = EARTH.heliocentric_au(EPOCH_MJD);
        // Longitude of the Sun at J2000.0: 280.4 degrees (Astronomical Almanac).
        let sun = super::super::geometry::wrap_360(libm::atan2(-y, -x).to_degrees());
        assert!((sun - 280.4).abs() < 0.1, "{sun}");
    }

    #[test]
    fn keplers_equation_is_solved() {
        for (mean, e) in [(0.1, 0.38), (3.0, 0.3), (6.2, 0.1)] {
            let anomaly = eccentric_anomaly(mean, e);
            assert!((anomaly - e * libm::sin(anomaly) - mean).abs() < 1e-12);
        }
    }
}
