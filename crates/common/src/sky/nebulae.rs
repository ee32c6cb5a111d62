//! Nebulae and clusters: concentrated to the plane, each class by its own median latitude.

use super::galactic::Galactic;
use super::geometry::Position;
use super::mathx::Stream;
use super::object_type::ObjectType;

/// A class: type, number known in the Galaxy, median |b| in degrees (`OpenNGC`), and whether it
/// crowds towards the galactic centre.
struct Class {
    object_type: ObjectType,
    number: f64,
    median_b_deg: f64,
    central: bool,
}

const fn class(object_type: ObjectType, number: f64, median_b_deg: f64, central: bool) -> Class {
    Class {
        object_type,
        number,
        median_b_deg,
        central,
    }
}

const CLASSES: [Class; 6] = [
    class(ObjectType::OpenCluster, 3000.0, 6.1, false),
    class(ObjectType::PlanetaryNebula, 3500.0, 7.8, true),
    class(ObjectType::HiiRegion, 2500.0, 3.0, true),
    class(ObjectType::SupernovaRemnant, 300.0, 7.9, true),
    class(ObjectType::ReflectionNebula, 600.0, 13.5, false),
    class(ObjectType::GlobularCluster, 160.0, 30.0, true),
];

/// Scale in longitude of the classes that crowd towards the centre, degrees.
const CENTRAL_SCALE_DEG: f64 = 45.0;

/// Number of all of them.
pub(crate) fn expected_total() -> f64 {
    CLASSES.iter().map(|class| class.number).sum()
}

/// Draws type, position and integrated V.
pub(crate) fn draw(limit: f64, stream: &mut Stream) -> (ObjectType, Position, f64) {
    let mut left = stream.uniform() * expected_total();
    let class = CLASSES.iter().find(|class| {
        left -= class.number;
        left < 0.0
    });
    let class = class.unwrap_or(&CLASSES[0]);
    let scale = class.median_b_deg / core::f64::consts::LN_2;
    let b_deg = sign(stream) * truncated_exponential(scale, 90.0, stream);
    let l_deg = if class.central {
        (sign(stream) * truncated_exponential(CENTRAL_SCALE_DEG, 180.0, stream)).rem_euclid(360.0)
    } else {
        360.0 * stream.uniform()
    };
    // Integrated magnitudes of known objects spread about V 11; the limit cuts the faint side.
    let v = limit.min(11.0 + 2.5 * stream.normal());
    (
        class.object_type,
        Galactic { l_deg, b_deg }.to_position(),
        v,
    )
}

fn sign(stream: &mut Stream) -> f64 {
    if stream.chance(0.5) { -1.0 } else { 1.0 }
}

fn truncated_exponential(scale: f64, limit: f64, stream: &mut Stream) -> f64 {
    loop {
        let value = -scale * libm::log(stream.uniform());
        if value < limit {
            return value;
        }
    }
}

/// Share per steradian in a galactic direction, for the expected sizes of result sets.
pub(crate) fn share_per_sr([x, y, z]: [f64; 3]) -> f64 {
    let cos_b = (x * x + y * y).sqrt().max(1e-9);
    let latitude = libm::atan2(z, cos_b).abs().to_degrees();
    let longitude = libm::atan2(y, x).abs().to_degrees();
    let exponential = |value: f64, scale: f64, limit: f64| {
        libm::exp(-value / scale) / (2.0 * scale * (1.0 - libm::exp(-limit / scale)))
    };
    let per_deg2: f64 = CLASSES
        .iter()
        .map(|class| {
            let scale = class.median_b_deg / core::f64::consts::LN_2;
            let along = if class.central {
                exponential(longitude, CENTRAL_SCALE_DEG, 180.0)
            } else {
                1.0 / 360.0
            };
            class.number * exponential(latitude, scale, 90.0) * along / cos_b
        })
        .sum();
    per_deg2 / expected_total() * super::extragalactic::DEG2_PER_SR
}
