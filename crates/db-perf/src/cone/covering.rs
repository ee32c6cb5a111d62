//! What the client computes before it asks: pixel ranges and bounding boxes of a cone.

use common::sky::Cone;

use crate::catalog::binary::longitude;

/// Ranges of nested HEALPix pixels of order 29 that cover a cone, as lower and upper (inclusive)
/// ends. They cover a little more than the cone: the exact test comes after.
pub fn healpix_ranges(cone: &Cone) -> (Vec<i64>, Vec<i64>) {
    let depth = depth_for(cone.radius_deg);
    let covering = cdshealpix::nested::cone_coverage_approx(
        depth,
        cone.center.ra_deg.to_radians(),
        cone.center.dec_deg.to_radians(),
        // A source on the very edge must not fall out by rounding: 0.1 mas more.
        (cone.radius_deg + 0.1 / 3.6e6).to_radians(),
    );
    let shift = 2 * u32::from(29 - depth);
    covering
        .to_ranges()
        .iter()
        .map(|range| {
            (
                signed(range.start << shift),
                signed((range.end << shift) - 1),
            )
        })
        .unzip()
}

/// The order whose pixels are about a third of the radius wide: some tens of ranges, and few rows
/// outside the cone.
fn depth_for(radius_deg: f64) -> u8 {
    /// Width of a pixel of order 0 in degrees: the square root of a twelfth of the sphere.
    const WIDTH_DEG: f64 = 58.632_3;
    let mut depth = 0;
    let mut width = WIDTH_DEG;
    while depth < 29 && width > radius_deg / 1.5 {
        depth += 1;
        width /= 2.0;
    }
    depth
}

fn signed(pixel: u64) -> i64 {
    i64::try_from(pixel).expect("12 · 4^29 pixels fit in 62 bits")
}

/// A box in PostGIS's longitudes (−180 to 180) and latitudes, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LonLatBox {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

/// Boxes that hold a cone: one, or two where it crosses the longitude ±180°. With a pole inside
/// the box goes around.
pub fn lon_lat_boxes(cone: &Cone) -> [Option<LonLatBox>; 2] {
    /// 36 µas, far above rounding and far below any use.
    const MARGIN_DEG: f64 = 1e-8;
    let (lon, lat) = (longitude(cone.center.ra_deg), cone.center.dec_deg);
    let south = (lat - cone.radius_deg - MARGIN_DEG).max(-90.0);
    let north = (lat + cone.radius_deg + MARGIN_DEG).min(90.0);
    let part = |west, east| {
        Some(LonLatBox {
            west,
            south,
            east,
            north,
        })
    };
    if south <= -90.0 || north >= 90.0 {
        return [part(-180.0, 180.0), None];
    }
    // The meridian tangent to the cone (Bronstein, spherical right triangle).
    let ratio = cone.radius_deg.to_radians().sin() / lat.to_radians().cos();
    let half = ratio.min(1.0).asin().to_degrees() + MARGIN_DEG;
    let (west, east) = (lon - half, lon + half);
    if half >= 180.0 {
        [part(-180.0, 180.0), None]
    } else if west < -180.0 {
        [part(west + 360.0, 180.0), part(-180.0, east)]
    } else if east > 180.0 {
        [part(west, 180.0), part(-180.0, east - 360.0)]
    } else {
        [part(west, east), None]
    }
}

#[cfg(test)]
mod tests {
    use common::sky::Position;
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::binary::healpix29;

    fn any_cone() -> impl Strategy<Value = Cone> {
        let dec = prop_oneof![
            -90.0..=90.0,
            Just(90.0),
            Just(-90.0),
            89.9..90.0,
            -90.0..-89.9
        ];
        let ra = prop_oneof![0.0..360.0, Just(0.0), Just(180.0), 359.99..360.0];
        (ra, dec, 0.0..1.0f64).prop_map(|(ra, dec, log)| Cone {
            center: Position::new(ra, dec),
            radius_deg: 10f64.powf(-4.0 + 5.0 * log),
        })
    }

    proptest! {
        #[test]
        fn coverings_miss_nothing_inside(cone in any_cone(), angle in 0.0..360.0, share in 0.0..1.0f64) {
            let inside = cone.center.offset(angle, cone.radius_deg * share);
            let pixel = healpix29(inside);
            let (lows, highs) = healpix_ranges(&cone);
            prop_assert!(lows.iter().zip(&highs).any(|(low, high)| (*low..=*high).contains(&pixel)));
            prop_assert!(lows.len() < 200, "{} ranges", lows.len());

            let lon = longitude(inside.ra_deg);
            let hit = lon_lat_boxes(&cone).iter().flatten().any(|it| {
                (it.west..=it.east).contains(&lon) && (it.south..=it.north).contains(&inside.dec_deg)
            });
            prop_assert!(hit, "{inside:?} in {:?}", lon_lat_boxes(&cone));
        }
    }
}
