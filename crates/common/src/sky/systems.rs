//! Stars that belong together: the Magellanic Clouds, globular and open clusters.
//!
//! Each is a projected exponential profile at one distance, with the luminosity function of a young
//! or an old population. Numbers of members are those of Gaia's catalogue, to a factor of two.

use super::galactic::to_galactic;
use super::geometry::Position;
use super::luminosity::{BRIGHTEST, GROUPS};
use super::mathx::{LN_10, Stream, index_of};
use super::source::KM_S_PER_AU_YEAR;

/// Members reach to this many scale lengths.
pub(crate) const EDGE: f64 = 6.0;
/// Magnitude to which the members are counted.
const COUNTED_TO: f64 = 20.7;
/// Groups of `luminosity` that lend a system their luminosity function.
const YOUNG: core::ops::Range<usize> = 0..11;
const OLD: core::ops::Range<usize> = 11..13;

/// A stellar system.
#[derive(Debug)]
pub(crate) struct System {
    center: Position,
    /// Scale length of the profile, degrees.
    scale_deg: f64,
    pub(crate) distance_pc: f64,
    /// Stars brighter than 20.7.
    members: f64,
    /// Proper motion, mas/yr.
    pm: (f64, f64),
    radial_velocity_km_s: f64,
    /// Dispersion of velocities in one direction, km/s.
    dispersion_km_s: f64,
    groups: core::ops::Range<usize>,
    pub(crate) extinction_v: f64,
}

/// Centres and motions: Gaia DR2 and DR3 (A&A 616, A10 and A12; A&A 649, A7), rounded.
pub(crate) const SYSTEMS: [System; 8] = [
    // Large and Small Magellanic Cloud.
    system(
        (80.894, -69.756),
        1.5,
        49_590.0,
        1e7,
        [1.87, 0.23, 262.0, 30.0],
        OLD,
        0.25,
    ),
    system(
        (13.187, -72.829),
        0.7,
        62_440.0,
        1.5e6,
        [0.70, -1.23, 146.0, 30.0],
        OLD,
        0.15,
    ),
    // 47 Tucanae, Omega Centauri, M13.
    system(
        (6.024, -72.081),
        0.08,
        4_450.0,
        1.2e5,
        [5.25, -2.53, -17.0, 8.0],
        OLD,
        0.12,
    ),
    system(
        (201.697, -47.480),
        0.12,
        5_430.0,
        2.5e5,
        [-3.25, -6.75, 234.0, 12.0],
        OLD,
        0.37,
    ),
    system(
        (250.423, 36.461),
        0.05,
        7_400.0,
        5e4,
        [-3.15, -2.57, -244.0, 7.0],
        OLD,
        0.06,
    ),
    // Pleiades, Praesepe, Hyades.
    system(
        (56.75, 24.117),
        0.6,
        135.9,
        1_400.0,
        [19.9, -45.5, 5.5, 0.8],
        YOUNG,
        0.12,
    ),
    system(
        (130.1, 19.621),
        0.5,
        184.0,
        1_000.0,
        [-36.0, -12.9, 35.0, 0.8],
        YOUNG,
        0.05,
    ),
    system(
        (66.75, 15.87),
        3.0,
        47.0,
        700.0,
        [101.0, -28.0, 39.4, 0.4],
        YOUNG,
        0.0,
    ),
];

const fn system(
    (ra_deg, dec_deg): (f64, f64),
    scale_deg: f64,
    distance_pc: f64,
    members: f64,
    [pm_ra, pm_dec, radial_velocity_km_s, dispersion_km_s]: [f64; 4],
    groups: core::ops::Range<usize>,
    extinction_v: f64,
) -> System {
    System {
        center: Position { ra_deg, dec_deg },
        scale_deg,
        distance_pc,
        members,
        pm: (pm_ra, pm_dec),
        radial_velocity_km_s,
        dispersion_km_s,
        groups,
        extinction_v,
    }
}

/// What one group contributes to one system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) system: usize,
    pub(crate) group: usize,
    /// Members per star and cubic parsec of the group's local density.
    pub(crate) scale: f64,
}

/// Every system's groups, scaled so that the number of members comes out.
pub(crate) fn parts(cumulative: &[Vec<f64>], mag_step: f64) -> Vec<Part> {
    let mut parts = vec![];
    for (index, system) in SYSTEMS.iter().enumerate() {
        debug_assert!(system.groups.end <= GROUPS);
        let faintest = COUNTED_TO - system.distance_modulus() - system.extinction_v;
        let counted: f64 = system
            .groups
            .clone()
            .map(|group| {
                let bin = index_of((faintest - BRIGHTEST) / mag_step);
                cumulative[group][bin.min(cumulative[group].len() - 1)]
            })
            .sum();
        parts.extend(system.groups.clone().map(|group| Part {
            system: index,
            group,
            scale: system.members / counted,
        }));
    }
    parts
}

impl System {
    pub(crate) fn distance_modulus(&self) -> f64 {
        5.0 / LN_10 * libm::log(self.distance_pc) - 5.0
    }

    /// Galactic direction of a member.
    pub(crate) fn draw_direction(&self, stream: &mut Stream) -> [f64; 3] {
        let radius = loop {
            let radius = -libm::log(stream.uniform() * stream.uniform());
            if radius < EDGE {
                break radius * self.scale_deg;
            }
        };
        let place = self.center.offset(360.0 * stream.uniform(), radius);
        to_galactic(place.unit_vector())
    }

    /// Share of the members per steradian at a distance from the centre, degrees.
    pub(crate) fn share_per_sr(&self, distance_deg: f64) -> f64 {
        let r = distance_deg / self.scale_deg;
        if r >= EDGE {
            return 0.0;
        }
        let scale = self.scale_deg.to_radians();
        let kept = 1.0 - (1.0 + EDGE) * libm::exp(-EDGE);
        libm::exp(-r) / (2.0 * core::f64::consts::PI * scale * scale * kept)
    }

    /// Velocity of a member in an ICRS direction, ICRS axes, km/s.
    pub(crate) fn velocity_km_s(&self, [x, y, z]: [f64; 3], stream: &mut Stream) -> [f64; 3] {
        let in_plane = (x * x + y * y).sqrt().max(1e-300);
        let east = [-y / in_plane, x / in_plane, 0.0];
        let north = [-z * x / in_plane, -z * y / in_plane, in_plane];
        let tangential = KM_S_PER_AU_YEAR * self.distance_pc / 1000.0;
        let here = [x, y, z];
        [0, 1, 2].map(|i| {
            self.radial_velocity_km_s * here[i]
                + tangential * (self.pm.0 * east[i] + self.pm.1 * north[i])
                + self.dispersion_km_s * stream.normal()
        })
    }

    /// Centre and edge (degrees), for the expected sizes of result sets.
    pub(crate) fn extent(&self) -> (Position, f64) {
        (self.center, EDGE * self.scale_deg)
    }
}

/// Share of the members within a fraction of the edge.
pub(crate) fn share_within(fraction: f64) -> f64 {
    let gamma = |x: f64| 1.0 - (1.0 + x) * libm::exp(-x);
    gamma(EDGE * fraction.clamp(0.0, 1.0)) / gamma(EDGE)
}
