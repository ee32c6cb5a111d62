//! Gaia's parallaxes and proper motions, distances from parallaxes, velocities of stars.

use super::luminosity::{Group, Population};
use super::mathx::{Stream, dex};
use super::structure::SOLAR_RADIUS_PC;

/// Gaia DR3's parallax of what is infinitely far away, mas (Lindegren et al. 2021, mean quasar).
pub const PARALLAX_ZERO_POINT_MAS: f64 = -0.017;

/// Errors of proper motion per year relative to the parallax's, right ascension and declination.
pub(crate) const PROPER_MOTION_FACTORS: (f64, f64) = (1.03, 0.89);

/// Faintest G of Gaia's spectrograph.
pub(crate) const SPECTROGRAPH_LIMIT: f64 = 14.0;

/// Standard error of a Gaia DR3 parallax at G, mas (ESA science performance page; `PyGaia`).
pub fn parallax_error_mas(g: f64) -> f64 {
    let z = dex(0.4 * (g.max(13.0) - 15.0));
    (40.0 + z * (800.0 + 30.0 * z)).sqrt() / 1000.0
}

/// Standard error of a Gaia DR3 radial velocity at G, km/s: 0.3 for bright stars, 5 at G = 14.
pub(crate) fn radial_velocity_error_km_s(g: f64) -> f64 {
    0.3 + 4.7 * dex(0.35 * (g - SPECTROGRAPH_LIMIT))
}

/// Scale of the exponentially decreasing volume density, kpc (Bailer-Jones 2015).
const PRIOR_SCALE_KPC: f64 = 1.35;
const PER_KPC: f64 = 1.0 / PRIOR_SCALE_KPC;

/// Distance in pc: the mode of the posterior of a parallax and its error (mas) under an
/// exponentially decreasing volume density of 1.35 kpc (Bailer-Jones 2015, PASP 127, 994).
///
/// The parallax must be free of the zero point. Always finite and above 0.
pub fn distance_from_parallax_pc(parallax_mas: f64, error_mas: f64) -> f64 {
    let weight = 1.0 / (error_mas * error_mas);
    // Derivative of the posterior's logarithm, times a negative factor.
    let slope = |r: f64| r * r * (r * PER_KPC - 2.0) + (parallax_mas * r - 1.0) * weight;
    let tangent = |r: f64| r * (3.0 * r * PER_KPC - 4.0) + parallax_mas * weight;
    let (mut low, mut high) = (0.0, 2.0 * PRIOR_SCALE_KPC);
    // Below this parallax the mode lies beyond that of the prior.
    while slope(high) < 0.0 {
        low = high;
        high *= 2.0;
    }
    let mut r = if parallax_mas * high > 1.0 {
        1.0 / parallax_mas
    } else {
        0.5 * (low + high)
    };
    for _ in 0..60 {
        let value = slope(r);
        if value < 0.0 {
            low = r;
        } else {
            high = r;
        }
        let newton = r - value / tangent(r);
        let next = if newton > low && newton < high {
            newton
        } else {
            0.5 * (low + high)
        };
        if (next - r).abs() <= 1e-7 * r {
            return 1000.0 * next;
        }
        r = next;
    }
    1000.0 * r
}

/// Velocity of the local standard of rest, km/s; the rotation curve is flat.
const ROTATION: f64 = 229.0;
/// Motion of the Sun against it towards the centre, the rotation and the pole, km/s (Schoenrich et
/// al. 2010).
const SUN: [f64; 3] = [11.1, 12.24, 7.25];

/// Dispersions U, V, W and asymmetric drift, km/s (Bensby et al. 2003, table 1).
fn dispersions(group: &Group, absolute_v: f64) -> ([f64; 3], f64) {
    match (group.population, group.giant) {
        (Population::Thin, false) => {
            let u = (11.0 + 4.4 * (absolute_v + 0.5)).clamp(11.0, 33.0);
            ([u, 0.62 * u, 0.48 * u], -u * u / 80.0)
        }
        (Population::Thin, true) => ([31.0, 20.0, 16.0], -10.0),
        (Population::Thick, _) => ([67.0, 38.0, 35.0], -46.0),
        (Population::Halo, _) => ([160.0, 90.0, 90.0], -220.0),
    }
}

/// Draws a star's velocity relative to the Sun along the galactic axes, km/s.
///
/// `place` is its heliocentric galactic position in pc.
#[inline]
pub(crate) fn velocity_km_s(
    group: &Group,
    absolute_v: f64,
    place: [f64; 3],
    stream: &mut Stream,
) -> [f64; 3] {
    let (sigma, drift) = dispersions(group, absolute_v);
    let (x, y) = (SOLAR_RADIUS_PC - place[0], place[1]);
    let per_radius = (ROTATION + drift) / (x * x + y * y).sqrt().max(1.0);
    [
        sigma[0] * stream.normal() + y * per_radius - SUN[0],
        sigma[1] * stream.normal() + x * per_radius - ROTATION - SUN[1],
        sigma[2] * stream.normal() - SUN[2],
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_parallax_gives_its_inverse() {
        let distance = distance_from_parallax_pc(10.0, 0.02);
        assert!((distance - 100.0).abs() < 0.1, "{distance}");
    }

    #[test]
    fn a_negative_parallax_gives_a_far_and_finite_distance() {
        let distance = distance_from_parallax_pc(-1.0, 0.6);
        assert!((2_500.0..20_000.0).contains(&distance), "{distance}");
    }

    #[test]
    fn no_information_gives_the_mode_of_the_prior() {
        let distance = distance_from_parallax_pc(0.5, 1e4);
        assert!((distance - 2_700.0).abs() < 1.0, "{distance}");
    }
}
