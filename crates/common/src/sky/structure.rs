//! The Galaxy: three components of stars and a dust layer.
//!
//! Form: Bahcall & Soneira 1980, Astrophys. J. Suppl. 44, 73. Structure: Jurić et al. 2008, Astrophys. J. 673, 864. Scale
//! heights and dust: fitted to the 592 673 stars brighter than V 10.5.

use super::luminosity::{GROUPS, Group, Population};

/// Distance of the Sun from the galactic centre, pc.
pub(crate) const SOLAR_RADIUS_PC: f64 = 8178.0;
/// Height of the Sun above the plane, pc.
pub(crate) const SOLAR_HEIGHT_PC: f64 = 20.8;

const THIN_LENGTH_PC: f64 = 2600.0;
const THICK_LENGTH_PC: f64 = 3600.0;
const THICK_HEIGHT_PC: f64 = 900.0;
const HALO_FLATTENING: f64 = 0.64;
const HALO_POWER: f64 = -2.77;
/// The halo's density stops growing inside this radius, pc.
const HALO_CORE_PC: f64 = 500.0;

/// Extinction in V per kpc near the Sun, mag; scale length and height of the dust, pc.
const DUST_MAG_PER_KPC: f64 = 1.149;
const DUST_LENGTH_PC: f64 = 4000.0;
const DUST_HEIGHT_PC: f64 = 95.0;

/// A place in the Galaxy: distance from the axis and height above the plane, pc.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    radius: f64,
    height: f64,
}

impl Place {
    /// The place at a distance (pc) from the Sun along a galactic direction.
    pub(crate) fn along(direction: [f64; 3], distance_pc: f64) -> Self {
        let [x, y, z] = direction.map(|c| c * distance_pc);
        let towards = SOLAR_RADIUS_PC - x;
        Self {
            radius: (towards * towards + y * y).sqrt(),
            height: (z + SOLAR_HEIGHT_PC).abs(),
        }
    }

    /// Stars of every group relative to their local density.
    pub(crate) fn densities(self, groups: &[Group; GROUPS]) -> [f64; GROUPS] {
        let outward = self.radius - SOLAR_RADIUS_PC;
        let upward = self.height - SOLAR_HEIGHT_PC;
        let thin = libm::exp(-outward / THIN_LENGTH_PC);
        let thick = libm::exp(-outward / THICK_LENGTH_PC - upward / THICK_HEIGHT_PC);
        let flattened = self.height / HALO_FLATTENING;
        let distance = (self.radius * self.radius + flattened * flattened).sqrt();
        let halo = libm::pow(distance.max(HALO_CORE_PC) / SOLAR_RADIUS_PC, HALO_POWER);
        core::array::from_fn(|i| match groups[i].population {
            Population::Thin => thin * libm::exp(-upward / groups[i].scale_height_pc),
            Population::Thick => thick,
            Population::Halo => halo,
        })
    }

    /// Extinction in V per pc, mag.
    pub(crate) fn dust_mag_per_pc(self) -> f64 {
        let outward = self.radius - SOLAR_RADIUS_PC;
        DUST_MAG_PER_KPC / 1000.0
            * libm::exp(-outward / DUST_LENGTH_PC - self.height / DUST_HEIGHT_PC)
    }
}

#[cfg(test)]
mod tests {
    use super::super::luminosity::groups;
    use super::*;

    #[test]
    fn densities_near_the_sun_are_local() {
        let here = Place::along([0.0, 1.0, 0.0], 0.0);
        for density in here.densities(&groups()) {
            assert!((density - 1.0).abs() < 0.01, "{density}");
        }
    }

    #[test]
    fn a_magnitude_of_light_is_lost_in_a_kiloparsec_of_the_plane() {
        let loss = 1000.0 * Place::along([0.0, 1.0, 0.0], 500.0).dust_mag_per_pc();
        assert!((0.8..1.2).contains(&loss), "{loss}");
    }
}
