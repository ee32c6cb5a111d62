//! Galactic and ecliptic coordinates.

use serde::{Deserialize, Serialize};

use super::geometry::{Position, wrap_360};

/// Rows: the galactic axes (centre, rotation, pole) in ICRS; Hipparcos Catalogue vol. 1, 1.5.3
/// (pole 192.85948, +27.12825; longitude of the north celestial pole 122.93192).
const GALACTIC_AXES: [[f64; 3]; 3] = [
    [
        -0.054_875_560_416_215_37,
        -0.873_437_090_234_885,
        -0.483_835_015_548_713_2,
    ],
    [
        0.494_109_427_875_583_7,
        -0.444_829_629_960_011_2,
        0.746_982_244_497_219,
    ],
    [
        -0.867_666_149_019_004_7,
        -0.198_076_373_431_201_52,
        0.455_983_776_175_066_9,
    ],
];

/// Sine and cosine of the obliquity at J2000, 23.4392911 degrees (IAU 1976).
const OBLIQUITY: (f64, f64) = (0.397_777_155_753_990_5, 0.917_482_062_146_321);

/// A direction in galactic coordinates, degrees.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Galactic {
    /// Longitude from the galactic centre, [0, 360).
    pub l_deg: f64,
    /// Latitude, [-90, 90].
    pub b_deg: f64,
}

impl Galactic {
    /// The same direction in ICRS.
    pub fn to_position(self) -> Position {
        let vector = Position {
            ra_deg: self.l_deg,
            dec_deg: self.b_deg,
        }
        .unit_vector();
        Position::from_unit_vector(to_icrs(vector))
    }
}

impl Position {
    /// The same direction in galactic coordinates.
    pub fn to_galactic(self) -> Galactic {
        let Position { ra_deg, dec_deg } =
            Position::from_unit_vector(to_galactic(self.unit_vector()));
        Galactic {
            l_deg: ra_deg,
            b_deg: dec_deg,
        }
    }

    /// Ecliptic longitude and latitude (J2000), degrees.
    pub fn to_ecliptic_deg(self) -> (f64, f64) {
        let [x, y, z] = self.unit_vector();
        let (sin_e, cos_e) = OBLIQUITY;
        let rotated = Position::from_unit_vector([x, y * cos_e + z * sin_e, z * cos_e - y * sin_e]);
        (wrap_360(rotated.ra_deg), rotated.dec_deg)
    }
}

/// Rotates a vector from galactic axes to ICRS axes.
#[inline]
pub(crate) fn to_icrs(v: [f64; 3]) -> [f64; 3] {
    let a = &GALACTIC_AXES;
    [0, 1, 2].map(|i| a[0][i] * v[0] + a[1][i] * v[1] + a[2][i] * v[2])
}

/// Rotates a vector from ICRS axes to galactic axes.
#[inline]
pub(crate) fn to_galactic(v: [f64; 3]) -> [f64; 3] {
    GALACTIC_AXES.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Rotates a vector from ecliptic axes (J2000) to ICRS axes.
#[inline]
pub(crate) fn ecliptic_to_icrs([x, y, z]: [f64; 3]) -> [f64; 3] {
    let (sin_e, cos_e) = OBLIQUITY;
    [x, y * cos_e - z * sin_e, y * sin_e + z * cos_e]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_objects_have_their_galactic_coordinates() {
        for (name, ra, dec, l, b) in [
            ("Sgr A*", 266.417, -29.008, 359.94, -0.05),
            ("Pleiades", 56.75, 24.12, 166.57, -23.52),
            ("LMC", 80.894, -69.756, 280.47, -32.89),
            ("SMC", 13.187, -72.829, 302.80, -44.30),
            ("M1", 83.633, 22.0145, 184.56, -5.78),
            ("north galactic pole", 192.85948, 27.12825, 0.0, 90.0),
        ] {
            let galactic = Position::new(ra, dec).to_galactic();
            let wanted = Position::new(l, b);
            let found = Position::new(galactic.l_deg, galactic.b_deg);
            assert!(wanted.separation_deg(found) < 0.01, "{name}: {galactic:?}");
        }
        let pole = Position::new(0.0, 90.0).to_galactic();
        assert!((pole.l_deg - 122.93192).abs() < 1e-4, "{pole:?}");
    }

    #[test]
    fn the_june_solstice_lies_on_the_ecliptic() {
        let (longitude, latitude) = Position::new(90.0, 23.439_291_1).to_ecliptic_deg();
        assert!((longitude - 90.0).abs() < 1e-9 && latitude.abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn galactic_coordinates_round_trip(ra in 0.0..360.0_f64, dec in -90.0..90.0_f64) {
            let position = Position::new(ra, dec);
            let back = position.to_galactic().to_position();
            prop_assert!(position.separation_deg(back) < 1e-9);
        }
    }
}
