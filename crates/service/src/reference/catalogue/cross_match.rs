//! The exact part of a cross-match: positions carried to the epoch of the second catalogue.

use common::sky::Position;

use super::SECOND_EPOCH_YEARS;

/// Radians in a milliarcsecond.
const MAS: f64 = std::f64::consts::PI / (180.0 * 3.6e6);

/// Where a source of J2000.0 is at the second epoch, from its proper motion in mas/yr (that in
/// right ascension times cos dec). As unit vectors, which holds at the poles too.
pub(super) fn at_second_epoch(position: Position, pm_ra: f64, pm_dec: f64) -> Position {
    let (sin_ra, cos_ra) = position.ra_deg.to_radians().sin_cos();
    let (sin_dec, cos_dec) = position.dec_deg.to_radians().sin_cos();
    let here = [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec];
    let east = [-sin_ra, cos_ra, 0.0];
    let north = [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec];
    let step = MAS * SECOND_EPOCH_YEARS;
    Position::from_unit_vector(
        [0, 1, 2].map(|i| here[i] + step * (pm_ra * east[i] + pm_dec * north[i])),
    )
}

/// How far a source may be from where it was, degrees.
pub(super) fn reach_deg(pm_ra: f64, pm_dec: f64) -> f64 {
    SECOND_EPOCH_YEARS * pm_ra.hypot(pm_dec) / 3.6e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barnard_s_star_is_carried_along() {
        let start = Position::new(269.452_08, 4.693_39);
        let then = at_second_epoch(start, -801.55, 10_362.39);
        let arcsec = 3600.0 * start.separation_deg(then);
        assert!((arcsec - 16.0 * 10.393_3).abs() < 0.01, "{arcsec}");
        assert!((reach_deg(-801.55, 10_362.39) * 3600.0 - arcsec).abs() < 0.001);
    }
}
