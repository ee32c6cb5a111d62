//! How much of the catalogue lies in a cone: the oracle for the sizes of result sets.

use core::f64::consts::PI;

use super::extragalactic::cluster_share_within;
use super::galactic::to_galactic;
use super::generator::{Class, Sky};
use super::geometry::{Cone, Position};
use super::mathx::real;
use super::nebulae;
use super::systems;

/// Points of the quadrature: the error of a smooth density is below 0.2 %.
const POINTS: usize = 4000;
/// Rings of the quadrature of a cluster that the rim cuts.
const RINGS: usize = 200;
/// Golden angle, degrees.
const GOLDEN_DEG: f64 = 137.507_764_050_037_85;

impl Sky {
    /// Expected share of the catalogue in a cone, 0 to 1, by integrating the model.
    ///
    /// Asteroids, which move, are spread evenly over the sky here.
    pub fn expected_fraction(&self, cone: &Cone) -> f64 {
        let [star, galaxy, quasar, nebula] = self.expected_shares(cone);
        let everywhere = cone.area_deg2() * (PI / 180.0) * (PI / 180.0) / (4.0 * PI);
        self.shares()
            .map(|(class, share)| {
                share
                    * match class {
                        Class::Star | Class::VariableStar => star,
                        Class::Galaxy => galaxy,
                        Class::Quasar => quasar,
                        Class::Nebula => nebula,
                        Class::Asteroid => everywhere,
                    }
            })
            .sum()
    }

    /// Shares of all stars, galaxies, quasars and nebulae that lie in a cone.
    pub(crate) fn expected_shares(&self, cone: &Cone) -> [f64; 4] {
        let area_sr = cone.area_deg2() * (PI / 180.0) * (PI / 180.0);
        let [mut star, mut galaxy, mut quasar, mut nebula] = [0.0; 4];
        for direction in spread(cone) {
            let galactic = to_galactic(direction);
            star += self.stars.expected_per_sr(galactic);
            galaxy += self.galaxies.smooth_share_per_sr(&self.stars, direction);
            quasar += self.quasars.smooth_share_per_sr(&self.stars, direction);
            nebula += nebulae::share_per_sr(galactic);
        }
        let point_sr = area_sr / real(POINTS);
        let star = (star * point_sr + self.members(cone)) / self.stars.expected_total();
        let galaxy = galaxy * point_sr + self.share_of_clusters(cone);
        [star, galaxy, quasar * point_sr, nebula * point_sr]
    }

    /// Share of all galaxies that are members of clusters and lie in the cone.
    fn share_of_clusters(&self, cone: &Cone) -> f64 {
        let clusters = self.galaxies.clusters();
        clusters
            .map(|(center, radius, share)| {
                share * share_inside(cone, center, radius, cluster_share_within)
            })
            .sum()
    }

    /// Number of stars of clusters and neighbouring galaxies in the cone.
    fn members(&self, cone: &Cone) -> f64 {
        self.stars
            .expected_members()
            .map(|(system, number)| {
                let (center, radius) = system.extent();
                number * share_inside(cone, center, radius, systems::share_within)
            })
            .sum()
    }
}

/// Share of a round system's members inside a cone, given the share within a fraction of its radius.
///
/// Where the cone's rim cuts the system, rings are cut by plane geometry: systems are small.
fn share_inside(
    cone: &Cone,
    center: Position,
    radius_deg: f64,
    within: impl Fn(f64) -> f64,
) -> f64 {
    let distance = cone.center.separation_deg(center);
    let cone_radius = cone.radius_deg;
    if distance >= cone_radius + radius_deg {
        return 0.0;
    }
    if distance + radius_deg <= cone_radius {
        return 1.0;
    }
    let arc = |r: f64| {
        if r + distance <= cone_radius {
            1.0
        } else if (r - distance).abs() >= cone_radius {
            0.0
        } else {
            let cosine =
                (r * r + distance * distance - cone_radius * cone_radius) / (2.0 * r * distance);
            libm::acos(cosine.clamp(-1.0, 1.0)) / PI
        }
    };
    // Rings narrow towards the middle, where the members are.
    let edge = |i: usize| {
        let t = real(i) / real(RINGS);
        t * t * t
    };
    (0..RINGS)
        .map(|i| {
            let (low, high) = (edge(i), edge(i + 1));
            let members = within(high) - within(low);
            members * arc(0.5 * (low + high) * radius_deg)
        })
        .sum()
}

/// Directions that fill a cone evenly: a sunflower of equal areas.
fn spread(cone: &Cone) -> impl Iterator<Item = [f64; 3]> {
    let rim = libm::sin(0.5 * cone.radius_deg.min(180.0).to_radians());
    let center: Position = cone.center;
    (0..POINTS).map(move |i| {
        let share = (real(i) + 0.5) / real(POINTS);
        let distance = 2.0 * libm::asin(rim * share.sqrt());
        center
            .offset(
                (GOLDEN_DEG * real(i)).rem_euclid(360.0),
                distance.to_degrees(),
            )
            .unit_vector()
    })
}
