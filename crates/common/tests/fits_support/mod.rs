//! What the tests of FITS files share: pointings, stars, and the readers that Debian packages.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::fits::{
    Exposure, FrameKind, Image, Instrument, Product, Star, Written, read_images, write_exposure,
};
use common::sky::Position;

/// A field that the telescope sees.
pub(crate) fn pointing(instrument: Instrument) -> Position {
    match instrument {
        Instrument::Wfc3Uvis => Position::new(201.7, -47.5),
        Instrument::Wfc3Ir => Position::new(53.1, -27.8),
        Instrument::Miri => Position::new(80.5, -69.5),
        Instrument::Fors2 => Position::new(186.3, -30.1),
        Instrument::Niri | Instrument::Gmos => Position::new(359.99, 12.4),
        Instrument::Deimos => Position::new(34.4, -5.0),
    }
}

/// Stars of mag 18 to 26 within the field, spread by a golden angle.
pub(crate) fn stars_around(exposure: &Exposure, number: u32) -> Vec<Star> {
    let radius = exposure.field_radius_deg();
    (0..number)
        .map(|i| {
            let share = (f64::from(i) + 0.5) / f64::from(number);
            Star {
                position: exposure
                    .pointing
                    .offset((137.5 * f64::from(i)) % 360.0, radius * share.sqrt()),
                mag: 18.0 + 8.0 * ((0.618 * f64::from(i)) % 1.0),
            }
        })
        .collect()
}

/// AB magnitude of one count in the raw science frame of an exposure.
pub(crate) fn count_mag(exposure: &Exposure) -> f64 {
    let raw = Exposure {
        product: Product::Raw,
        kind: FrameKind::Science,
        cutout: Some(16),
        compress: false,
        cosmic_rays: false,
        ..exposure.clone()
    };
    let mut bytes = Vec::new();
    write_exposure(&raw, &[], Cursor::new(&mut bytes)).expect("a valid exposure");
    let images = read_images(&bytes).expect("a FITS file");
    images[0].header.f64("MAGZPT").expect("a zero point")
}

/// A grid of stars 50 pixels apart around the pointing: 20 000 counts each in space, 100 000 from the
/// ground, where they are spread over more pixels of a brighter sky.
pub(crate) fn bright_stars(exposure: &Exposure) -> Vec<Star> {
    let counts: f64 = if exposure.airmass().is_some() {
        1e5
    } else {
        2e4
    };
    let mag = count_mag(exposure) - 2.5 * counts.log10();
    let scale = scale_deg(exposure);
    (-3..=3)
        .flat_map(|i| (-3..=3).map(move |j| (f64::from(i), f64::from(j))))
        .map(|(i, j)| {
            let (east, north): (f64, f64) = (50.3 * i + 0.37 * j, 50.6 * j - 0.21 * i);
            let angle = east.atan2(north).to_degrees();
            Star {
                position: exposure
                    .pointing
                    .offset(angle.rem_euclid(360.0), east.hypot(north) * scale),
                mag,
            }
        })
        .collect()
}

fn scale_deg(exposure: &Exposure) -> f64 {
    let arcsec = match exposure.instrument {
        Instrument::Wfc3Uvis => 0.0396,
        Instrument::Wfc3Ir => 0.128,
        Instrument::Miri => 0.11,
        Instrument::Fors2 => 0.25,
        Instrument::Niri => 0.117,
        Instrument::Gmos => 0.1614,
        Instrument::Deimos => 0.1185,
    };
    arcsec / 3600.0
}

/// Fails unless fitsverify finds no error and no warning in any of the files.
pub(crate) fn fitsverify(paths: &[PathBuf]) {
    let output = Command::new("fitsverify")
        .args(paths)
        .output()
        .unwrap_or_else(|error| {
            panic!("failed to run fitsverify (apt install fitsverify): {error}")
        });
    let text = String::from_utf8_lossy(&output.stdout);
    let clean = text
        .lines()
        .filter(|line| line.contains("Verification found 0 warning(s) and 0 error(s)"))
        .count();
    let complaints: Vec<&str> = text
        .lines()
        .filter(|line| {
            ["*** Warning", "*** Error", "Verification found", "File: "]
                .iter()
                .any(|word| line.contains(word))
        })
        .collect();
    assert!(
        clean == paths.len(),
        "{}\n{}",
        complaints.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs a script of this folder with Debian's Python, which has astropy; fails with its output.
pub(crate) fn python(script: &str, argument: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fits_support")
        .join(script);
    let output = Command::new("/usr/bin/python3")
        .arg(script)
        .arg(argument)
        .output()
        .unwrap_or_else(|error| panic!("failed to run /usr/bin/python3: {error}"));
    assert!(
        output.status.success(),
        "(needs apt install python3-astropy)\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The bytes of an exposure's file, and what the writer says of it.
pub(crate) fn write(exposure: &Exposure, stars: &[Star]) -> (Vec<u8>, Written) {
    let mut bytes = Vec::new();
    let written =
        write_exposure(exposure, stars, Cursor::new(&mut bytes)).expect("a valid exposure");
    (bytes, written)
}

/// The bytes of an exposure's file.
pub(crate) fn file(exposure: &Exposure, stars: &[Star]) -> Vec<u8> {
    write(exposure, stars).0
}

/// All images of an exposure's file.
pub(crate) fn images(exposure: &Exposure, stars: &[Star]) -> Vec<Image> {
    read_images(&file(exposure, stars)).expect("a FITS file")
}

/// The images of an exposure's file that show the sky.
pub(crate) fn science_images(exposure: &Exposure, stars: &[Star]) -> Vec<Image> {
    let others = ["ERR", "DQ", "SAMP", "TIME", "AREA"];
    let mut images = images(exposure, stars);
    images.retain(|image| {
        let name = image.extname.as_deref().unwrap_or_default();
        !others.contains(&name) && !name.starts_with("VAR_")
    });
    images
}
