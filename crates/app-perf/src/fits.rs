//! `app-perf fits`: FITS files as real instruments make them, for other uses.

use std::io::BufWriter;
use std::os::unix::fs::PermissionsExt as _;

use common::cli::{self, Exit};
use common::fits::{Exposure, Instrument, Product, Star, Written, write_exposure};
use common::sky::{KNOWN_OBJECTS, Position, Sky, SkyConfig};
use common::units::mebibytes;

use crate::args::{Fits, ProductName};
use crate::trouble::Trouble;
use common::cli::Mistake;

/// Stars down to this magnitude in G are in the images.
const FAINTEST_G: f64 = 22.0;

pub(crate) fn write(args: &Fits) -> Result<Exit, Trouble> {
    let exposures = check(args).map_err(Trouble::Mistakes)?;
    for exposure in &exposures {
        exposure.check()?;
    }
    let unwritable = |error: std::io::Error| {
        let message = format!("`--out`: failed to make `{}`: {error}", args.out.display());
        Trouble::Mistakes(vec![Mistake::new(message)])
    };
    std::fs::create_dir_all(&args.out).map_err(unwritable)?;
    let sky = Sky::new(SkyConfig {
        seed: args.seed,
        g_limit: FAINTEST_G,
        ..SkyConfig::default()
    });
    for exposure in &exposures {
        let sources = sky.field(exposure.pointing, exposure.field_radius_deg(), FAINTEST_G);
        let stars = exposure.stars(&sources);
        let path = args.out.join(exposure.file_name());
        let written = write_file(&path, exposure, &stars)?;
        cli::print(&format!(
            "{}  {}  {} {:.1} s  {:.1} MiB  {} stars\n",
            path.display(),
            exposure.instrument,
            exposure.filter,
            exposure.exposure_s,
            mebibytes(written.bytes),
            written.stars_in_image
        ))?;
    }
    Ok(Exit::Success)
}

/// The exposures that the command line asks for; all mistakes are told at once.
fn check(args: &Fits) -> Result<Vec<Exposure>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let instruments: Vec<Instrument> = if args.instrument == "all" {
        Instrument::ALL.to_vec()
    } else {
        match args.instrument.parse() {
            Ok(instrument) => vec![instrument],
            Err(error) => {
                mistakes.push(Mistake::new(format!("`--instrument`: {error}")));
                Vec::new()
            }
        }
    };
    if !(1..=100_000).contains(&args.count) {
        mistakes.push(Mistake::of_flag(
            "--count",
            "between 1 and 100000",
            &args.count,
        ));
    }
    if args.filter.is_some() && args.instrument == "all" {
        mistakes.push(Mistake::new(
            "`--filter` needs `--instrument`: each instrument has its own filters",
        ));
    }
    let given = args.pointing.as_deref().map(|text| {
        position(text).ok_or_else(|| {
            let rule = "right ascension and declination in degrees, such as 83.82,-5.39";
            mistakes.push(Mistake::of_flag("--pointing", rule, &text));
        })
    });
    let given = given.and_then(Result::ok);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut exposures: Vec<Exposure> = Vec::new();
    for number in 0..args.count {
        let instrument =
            instruments[usize::try_from(number).unwrap_or_default() % instruments.len()];
        let mut exposure = first_visible(instrument, given, args);
        exposure.sequence = number + 1;
        exposures.push(exposure);
    }
    Ok(exposures)
}

/// An exposure of the wanted place, or of the first known object that the telescope sees.
fn first_visible(instrument: Instrument, given: Option<Position>, args: &Fits) -> Exposure {
    let at = |pointing: Position| {
        let mut exposure = Exposure::new(instrument, pointing, args.seed);
        if let Some(filter) = &args.filter {
            exposure.filter.clone_from(filter);
        }
        if let Some(seconds) = args.exposure {
            exposure.exposure_s = seconds;
        }
        exposure.product = match args.product {
            ProductName::Raw => Product::Raw,
            ProductName::Calibrated => Product::Calibrated,
        };
        exposure.cutout = args.cutout;
        exposure.compress = args.compress;
        exposure
    };
    match given {
        Some(pointing) => at(pointing),
        None => KNOWN_OBJECTS
            .iter()
            .map(|it| at(it.1))
            .find(|it| it.check().is_ok())
            .unwrap_or_else(|| at(KNOWN_OBJECTS[0].1)),
    }
}

fn position(text: &str) -> Option<Position> {
    let (ra, dec) = text.split_once(',')?;
    let (ra, dec): (f64, f64) = (ra.trim().parse().ok()?, dec.trim().parse().ok()?);
    ((0.0..360.0).contains(&ra) && (-90.0..=90.0).contains(&dec)).then(|| Position::new(ra, dec))
}

/// Writes a file whole or not at all.
fn write_file(
    path: &std::path::Path,
    exposure: &Exposure,
    stars: &[Star],
) -> Result<Written, Trouble> {
    let folder = path.parent().unwrap_or(std::path::Path::new("."));
    let failed = |error: std::io::Error| {
        let message = format!("failed to write `{}`: {error}", path.display());
        Trouble::Mistakes(vec![Mistake::new(message)])
    };
    // As any other new file: the user's umask decides.
    let mut file = tempfile::Builder::new()
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(failed)?;
    let written = write_exposure(exposure, stars, BufWriter::new(file.as_file_mut()))?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(written)
}
