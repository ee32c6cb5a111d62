//! Deep fields: small parts of the sky that the catalogue holds completely, each with a raw image.

use std::io::BufWriter;
use std::path::Path;

use common::fits::{Exposure, FitsError, Instrument, Star, write_exposure};
use common::sky::{Position, Sky, SkyConfig, Source};
use common::units::count_f64;
use serde::Serialize;

use super::faults::scramble;

/// Cameras whose images are made, in turn, and the name of each for fields.
const CAMERAS: [Instrument; 3] = [Instrument::Fors2, Instrument::Gmos, Instrument::Wfc3Uvis];

/// The fields are complete to this Gaia G magnitude.
const LIMIT_G: f64 = 21.0;

/// The place of r among the bands of LSST, which is nearest to the filters of the images.
const LSST_R: usize = 2;

/// Declinations that both Paranal and Mauna Kea see well.
const SOUTH_DEG: f64 = -25.0;
const NORTH_DEG: f64 = 25.0;

/// Distances from the plane of the Galaxy: near enough for stars in a small field, far enough for
/// them not to touch.
const NEAREST_B_DEG: f64 = 8.0;
const FARTHEST_B_DEG: f64 = 18.0;

/// A small field that is complete in the catalogue and has an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeepField {
    /// Its name.
    pub name: String,
    /// Its centre.
    pub center: Position,
    /// The radius within which it is complete, degrees.
    pub radius_deg: f64,
    /// The key of its raw image.
    pub input_key: String,
}

/// Fields with the sources that are to be in the catalogue.
#[derive(Debug, Default)]
pub(super) struct Planted {
    pub(super) fields: Vec<DeepField>,
    pub(super) sources: Vec<Source>,
}

/// Makes `count` fields: their sources, whose numbers no other source of the catalogue has, and a raw
/// image of each in `folder`.
///
/// The images show the positions of the catalogue, J2000.0, so that the sources are found there
/// without proper motions; extended sources look like stars.
pub(super) fn plant(
    folder: &Path,
    count: usize,
    image_size_px: u32,
    config: SkyConfig,
) -> Result<Planted, FitsError> {
    // A sky loses sources near its own limit.
    let sky = Sky::new(SkyConfig {
        g_limit: LIMIT_G + 1.0,
        ..config
    });
    let mut planted = Planted {
        fields: Vec::new(),
        sources: Vec::new(),
    };
    for (number, instrument) in (0_u64..).zip(CAMERAS.into_iter().cycle().take(count)) {
        let center = center(config.seed, number);
        let mut exposure = Exposure::new(instrument, center, config.seed ^ scramble(number));
        exposure.cutout = Some(image_size_px);
        let radius_deg = exposure.field_radius_deg();
        let sources = sky.field(center, radius_deg, LIMIT_G);
        let stars: Vec<Star> = sources.iter().map(star).collect();
        let input_key = exposure.file_name();
        let file = std::fs::File::create(folder.join(&input_key))?;
        write_exposure(&exposure, &stars, &mut BufWriter::new(file))?;
        planted.sources.extend(sources);
        planted.fields.push(DeepField {
            name: format!("field {}", number + 1),
            center,
            radius_deg,
            input_key,
        });
    }
    Ok(planted)
}

fn star(source: &Source) -> Star {
    Star {
        position: source.position,
        mag: source.truth.lsst[LSST_R],
    }
}

/// The centre of a field: the first of some random places that is in the wanted belts.
fn center(seed: u64, number: u64) -> Position {
    let share = |index: u64| count_f64(scramble(seed ^ scramble(index)) >> 11) / 2_f64.powi(53);
    let begin = scramble(number) >> 8;
    let mut places = (0..10_000).map(|tried| {
        let index = begin + 2 * tried;
        let sines = [SOUTH_DEG, NORTH_DEG].map(|it| it.to_radians().sin());
        let sine = sines[0] + (sines[1] - sines[0]) * share(index);
        let position = Position::new(360.0 * share(index + 1), sine.asin().to_degrees());
        // To a hundredth of an arcsecond, so that it is printed short.
        let round = |it: f64| (it * 3.6e5).round() / 3.6e5;
        Position::new(round(position.ra_deg), round(position.dec_deg))
    });
    let wanted = |position: &Position| {
        let latitude = position.to_galactic().b_deg.abs();
        (NEAREST_B_DEG..FARTHEST_B_DEG).contains(&latitude)
    };
    places.find(wanted).unwrap_or(Position::new(90.0, 0.0))
}
