//! Positions, separations, cones and boxes on the sphere: the oracle for every cone search.

use core::f64::consts::PI;

use serde::{Deserialize, Serialize};

/// Slack of bounding boxes, degrees (4 microarcseconds): more than the rounding of the boxes' own
/// arithmetic, so that a box never loses a source that the exact test keeps.
const BOX_SLACK_DEG: f64 = 1e-9;

/// A direction in ICRS, degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Right ascension, [0, 360).
    pub ra_deg: f64,
    /// Declination, [-90, 90].
    pub dec_deg: f64,
}

impl Position {
    /// Makes a position of any right ascension (wrapped) and a declination (clamped), degrees.
    pub fn new(ra_deg: f64, dec_deg: f64) -> Self {
        Self {
            ra_deg: wrap_360(ra_deg),
            dec_deg: dec_deg.clamp(-90.0, 90.0),
        }
    }

    /// Great-circle distance in degrees, 0 to 180, exact at 0, at the poles, at the antipodes and
    /// across right ascension 0 (Vincenty's form; the haversine loses digits near 180 degrees).
    pub fn separation_deg(self, other: Self) -> f64 {
        let (sin_1, cos_1) = libm::sincos(self.dec_deg.to_radians());
        let (sin_2, cos_2) = libm::sincos(other.dec_deg.to_radians());
        let (sin_ra, cos_ra) = libm::sincos((other.ra_deg - self.ra_deg).to_radians());
        let across = cos_2 * sin_ra;
        let along = cos_1 * sin_2 - sin_1 * cos_2 * cos_ra;
        let inner = sin_1 * sin_2 + cos_1 * cos_2 * cos_ra;
        libm::atan2((across * across + along * along).sqrt(), inner).to_degrees()
    }

    /// The unit vector towards this position: x to (0, 0), z to the north pole.
    pub fn unit_vector(self) -> [f64; 3] {
        let (sin_ra, cos_ra) = libm::sincos(self.ra_deg.to_radians());
        let (sin_dec, cos_dec) = libm::sincos(self.dec_deg.to_radians());
        [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec]
    }

    /// The position a vector of any length above 0 points to; a pole has right ascension 0.
    pub fn from_unit_vector([x, y, z]: [f64; 3]) -> Self {
        let in_plane = (x * x + y * y).sqrt();
        Self {
            ra_deg: wrap_360(libm::atan2(y, x).to_degrees()),
            dec_deg: libm::atan2(z, in_plane).to_degrees(),
        }
    }

    /// The position at a distance in degrees along a position angle (north through east), degrees.
    #[must_use]
    pub fn offset(self, position_angle_deg: f64, distance_deg: f64) -> Self {
        let (sin_dec, cos_dec) = libm::sincos(self.dec_deg.to_radians());
        let (sin_ra, cos_ra) = libm::sincos(self.ra_deg.to_radians());
        let (sin_pa, cos_pa) = libm::sincos(position_angle_deg.to_radians());
        let (sin_r, cos_r) = libm::sincos(distance_deg.to_radians());
        let north = [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec];
        let east = [-sin_ra, cos_ra, 0.0];
        let here = [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec];
        let there =
            [0, 1, 2].map(|i| cos_r * here[i] + sin_r * (cos_pa * north[i] + sin_pa * east[i]));
        Self::from_unit_vector(there)
    }
}

/// Wraps an angle in degrees into [0, 360).
pub(crate) fn wrap_360(angle_deg: f64) -> f64 {
    let wrapped = angle_deg.rem_euclid(360.0);
    // A tiny negative angle rounds up to exactly 360.
    if wrapped >= 360.0 { 0.0 } else { wrapped }
}

/// All positions within a radius of a centre, the rim included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cone {
    /// Centre of the cone.
    pub center: Position,
    /// Radius in degrees, 0 to 180.
    pub radius_deg: f64,
}

impl Cone {
    /// Whether a position lies in the cone.
    pub fn contains(&self, position: Position) -> bool {
        self.center.separation_deg(position) <= self.radius_deg
    }

    /// Area of the cap, square degrees; the whole sky is 41 252.96.
    pub fn area_deg2(&self) -> f64 {
        let half = libm::sin(0.5 * self.radius_deg.min(180.0).to_radians());
        4.0 * PI * half * half * (180.0 / PI) * (180.0 / PI)
    }

    /// One or two right ascension/declination boxes that cover the cone.
    ///
    /// Two when it crosses right ascension 0; one of full right ascension when it holds a pole.
    pub fn bounding_boxes(&self) -> Vec<SkyBox> {
        let radius = self.radius_deg + BOX_SLACK_DEG;
        let (low, high) = (self.center.dec_deg - radius, self.center.dec_deg + radius);
        let full_circle = |dec_min_deg, dec_max_deg| {
            vec![SkyBox {
                ra_min_deg: 0.0,
                ra_max_deg: 360.0,
                dec_min_deg,
                dec_max_deg,
            }]
        };
        if low <= -90.0 || high >= 90.0 {
            return full_circle(low.max(-90.0), high.min(90.0));
        }
        // Without a pole inside, the tangent meridians lie asin(sin r / cos dec) to either side.
        let sine = libm::sin(radius.to_radians()) / libm::cos(self.center.dec_deg.to_radians());
        if sine >= 1.0 {
            return full_circle(low, high);
        }
        let half_width = libm::asin(sine).to_degrees() * (1.0 + 1e-12) + BOX_SLACK_DEG;
        let west = self.center.ra_deg - half_width;
        let east = self.center.ra_deg + half_width;
        let part = |ra_min_deg, ra_max_deg| SkyBox {
            ra_min_deg,
            ra_max_deg,
            dec_min_deg: low,
            dec_max_deg: high,
        };
        if west < 0.0 {
            vec![part(west + 360.0, 360.0), part(0.0, east)]
        } else if east >= 360.0 {
            vec![part(west, 360.0), part(0.0, east - 360.0)]
        } else {
            vec![part(west, east)]
        }
    }
}

/// A box between two meridians and two parallels, degrees, edges included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkyBox {
    /// Western edge, 0 to 360.
    pub ra_min_deg: f64,
    /// Eastern edge, 0 to 360, not below `ra_min_deg`.
    pub ra_max_deg: f64,
    /// Southern edge.
    pub dec_min_deg: f64,
    /// Northern edge.
    pub dec_max_deg: f64,
}

impl SkyBox {
    /// Whether a position lies in the box.
    pub fn contains(&self, position: Position) -> bool {
        (self.ra_min_deg..=self.ra_max_deg).contains(&position.ra_deg)
            && (self.dec_min_deg..=self.dec_max_deg).contains(&position.dec_deg)
    }

    /// Area, square degrees.
    pub fn area_deg2(&self) -> f64 {
        // A product, since the difference of two sines near a pole has no digits left.
        let middle = 0.5 * (self.dec_max_deg + self.dec_min_deg).to_radians();
        let half = 0.5 * (self.dec_max_deg - self.dec_min_deg).to_radians();
        let sines = 2.0 * libm::cos(middle) * libm::sin(half);
        (self.ra_max_deg - self.ra_min_deg) * sines * 180.0 / PI
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(ra_deg: f64, dec_deg: f64) -> Position {
        Position { ra_deg, dec_deg }
    }

    fn anywhere() -> impl Strategy<Value = Position> {
        let dec = prop_oneof![
            8 => (-1.0..=1.0_f64).prop_map(|s| s.asin().to_degrees()),
            1 => Just(90.0),
            1 => Just(-90.0),
            1 => 89.9..90.0_f64,
        ];
        let ra = prop_oneof![8 => 0.0..360.0_f64, 1 => Just(0.0), 1 => 359.999..360.0_f64];
        (ra, dec).prop_map(|(ra, dec)| at(ra, dec))
    }

    fn haversine_deg(a: Position, b: Position) -> f64 {
        let half = |x: f64| (x.to_radians() / 2.0).sin().powi(2);
        let h = half(b.dec_deg - a.dec_deg)
            + a.dec_deg.to_radians().cos()
                * b.dec_deg.to_radians().cos()
                * half(b.ra_deg - a.ra_deg);
        2.0 * h.sqrt().min(1.0).asin().to_degrees()
    }

    #[test]
    fn separations_hold_at_poles_antipodes_and_the_wrap() {
        for (a, b, expected) in [
            (at(10.0, 20.0), at(10.0, 20.0), 0.0),
            (at(0.0, 90.0), at(123.0, 90.0), 0.0),
            (at(0.0, 90.0), at(77.0, -90.0), 180.0),
            (at(30.0, 40.0), at(210.0, -40.0), 180.0),
            (at(359.5, 0.0), at(0.5, 0.0), 1.0),
            (at(0.0, 89.0), at(180.0, 89.0), 2.0),
        ] {
            let error = (a.separation_deg(b) - expected).abs();
            assert!(error < 1e-12, "{a:?} to {b:?}: off by {error}");
        }
        let milliarcsecond = 1.0 / 3.6e6;
        let near = at(120.0, 30.0).separation_deg(at(120.0, 30.0 + milliarcsecond));
        assert!((near / milliarcsecond - 1.0).abs() < 1e-7);
    }

    #[test]
    fn the_whole_sky_has_its_area() {
        let sky = Cone {
            center: at(1.0, 2.0),
            radius_deg: 180.0,
        };
        assert!((sky.area_deg2() - 41_252.961_249_419).abs() < 1e-6);
        let strip = SkyBox {
            ra_min_deg: 0.0,
            ra_max_deg: 360.0,
            dec_min_deg: -90.0,
            dec_max_deg: 90.0,
        };
        assert!((strip.area_deg2() - sky.area_deg2()).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn separation_agrees_with_haversine_and_with_vectors(a in anywhere(), b in anywhere()) {
            let exact = a.separation_deg(b);
            prop_assert!((exact - b.separation_deg(a)).abs() < 1e-12);
            prop_assert!((exact - haversine_deg(a, b)).abs() < 1e-5);
            let [u, v] = [a.unit_vector(), b.unit_vector()];
            let chord2: f64 = (0..3).map(|i| (u[i] - v[i]) * (u[i] - v[i])).sum();
            let from_chord = 2.0 * (chord2.sqrt() / 2.0).min(1.0).asin().to_degrees();
            prop_assert!((exact - from_chord).abs() < 1e-5);
        }

        #[test]
        fn vectors_round_trip(a in anywhere()) {
            let back = Position::from_unit_vector(a.unit_vector());
            prop_assert!(a.separation_deg(back) < 1e-12);
            prop_assert!((0.0..360.0).contains(&back.ra_deg));
        }

        #[test]
        fn an_offset_lies_at_its_distance(a in anywhere(), pa in 0.0..360.0_f64, r in 0.0..180.0_f64) {
            let b = a.offset(pa, r);
            prop_assert!((a.separation_deg(b) - r).abs() < 1e-9);
        }

        #[test]
        fn boxes_lose_nothing_of_their_cone(
            center in anywhere(),
            log_radius in -5.0..1.5_f64,
            pa in 0.0..360.0_f64,
            share in 0.0..=1.0_f64,
        ) {
            let cone = Cone { center, radius_deg: 10_f64.powf(log_radius) };
            let boxes = cone.bounding_boxes();
            prop_assert!((1..=2).contains(&boxes.len()));
            let inside = center.offset(pa, share * cone.radius_deg);
            if cone.contains(inside) {
                prop_assert!(boxes.iter().any(|b| b.contains(inside)), "{boxes:?} {inside:?}");
            }
            let area: f64 = boxes.iter().map(SkyBox::area_deg2).sum();
            prop_assert!(area >= cone.area_deg2() * (1.0 - 1e-6));
        }
    }
}
