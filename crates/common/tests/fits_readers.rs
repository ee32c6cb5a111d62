//! Independent readers accept every file: fitsverify (HEASARC), astropy, fitsrs (CDS).

mod fits_support;

use std::io::Cursor;

use common::fits::{Exposure, FrameKind, Instrument, Product, read_images, write_exposure};
use common::sky::Position;
use fits_support::{fitsverify, pointing, python, stars_around};
use fitsrs::HDU;
use fitsrs::card::Value;
use fitsrs::hdu::data::image::Pixels;

/// Every instrument, product, kind and compression, cut out to keep the files small.
fn exposures() -> Vec<Exposure> {
    let mut exposures = Vec::new();
    for instrument in Instrument::ALL {
        let first = Exposure {
            cutout: Some(90),
            ..Exposure::new(instrument, pointing(instrument), 7)
        };
        for compress in [false, true] {
            for (product, kind) in [
                (Product::Raw, FrameKind::Science),
                (Product::Raw, FrameKind::Bias),
                (Product::Raw, FrameKind::Dark),
                (Product::Raw, FrameKind::Flat),
                (Product::Calibrated, FrameKind::Science),
            ] {
                exposures.push(Exposure {
                    product,
                    kind,
                    compress,
                    ..first.clone()
                });
            }
        }
    }
    exposures
}

#[test]
fn fitsverify_finds_no_error_and_no_warning_in_any_file() {
    let directory = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (i, exposure) in exposures().iter().enumerate() {
        let path = directory
            .path()
            .join(format!("{i}_{}", exposure.file_name()));
        let file = std::fs::File::create(&path).unwrap();
        let stars = stars_around(exposure, 50);
        let written = write_exposure(exposure, &stars, &file).unwrap();
        assert_eq!(file.metadata().unwrap().len(), written.bytes);
        assert_eq!(written.bytes % 2880, 0);
        paths.push(path);
    }
    fitsverify(&paths);
}

#[test]
fn fitsrs_reads_the_same_pixels_of_every_plain_file() {
    for exposure in exposures().into_iter().filter(|e| !e.compress) {
        let mut bytes = Vec::new();
        let written = write_exposure(&exposure, &[], Cursor::new(&mut bytes)).unwrap();
        let (mut hdus, mut pixels, mut sum) = (0, 0, 0.0);
        let mut file = fitsrs::Fits::from_reader(Cursor::new(&bytes[..]));
        while let Some(hdu) = file.next() {
            hdus += 1;
            if let HDU::Primary(hdu) | HDU::XImage(hdu) = hdu.unwrap() {
                if hdu.get_header().get_xtension().get_naxis().is_empty() {
                    continue;
                }
                let zero = match hdu.get_header().get("BZERO") {
                    Some(Value::Integer { value, .. }) => real(*value),
                    _ => 0.0,
                };
                let stored: Vec<f64> = match file.get_data(&hdu).pixels() {
                    Pixels::I16(pixels) => pixels.map(f64::from).collect(),
                    Pixels::I32(pixels) => pixels.map(f64::from).collect(),
                    Pixels::F32(pixels) => pixels.map(f64::from).collect(),
                    _ => panic!("no such pixels are written"),
                };
                pixels += u64::try_from(stored.len()).unwrap();
                sum += stored.iter().map(|pixel| pixel + zero).sum::<f64>();
            }
        }
        assert_eq!(
            (hdus, pixels),
            (written.hdus, written.pixels),
            "{exposure:?}"
        );
        let ours: f64 = read_images(&bytes)
            .unwrap()
            .iter()
            .flat_map(|image| &image.data)
            .map(|&pixel| f64::from(pixel))
            .sum();
        assert!(
            (ours - sum).abs() <= 1e-6 * sum.abs(),
            "{ours} {sum} {exposure:?}"
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "BZERO is at most 2^31")]
fn real(value: i64) -> f64 {
    value as f64
}

#[test]
fn what_is_compressed_reads_as_what_is_not() {
    for exposure in exposures().into_iter().filter(|e| e.compress) {
        let read = |exposure: &Exposure| {
            let mut bytes = Vec::new();
            write_exposure(exposure, &[], Cursor::new(&mut bytes)).unwrap();
            read_images(&bytes).unwrap()
        };
        let plain = read(&Exposure {
            compress: false,
            ..exposure.clone()
        });
        let compressed = read(&exposure);
        assert_eq!(plain.len(), compressed.len());
        for (a, b) in plain.iter().zip(&compressed) {
            assert_eq!(
                (a.width, a.height, &a.extname),
                (b.width, b.height, &b.extname)
            );
            let noise = spread(&a.data);
            for (x, y) in a.data.iter().zip(&b.data) {
                let tolerance = if a.header.int("BITPIX") == Some(-32) {
                    noise
                } else {
                    0.0
                };
                assert!(
                    (x - y).abs() <= tolerance,
                    "{:?} {x} {y} {noise}",
                    a.extname
                );
            }
        }
    }
}

/// Half of a standard deviation as read off the quartiles: quantized floats are off by a sixteenth
/// of that of a row, which hot pixels do not widen.
fn spread(data: &[f32]) -> f32 {
    let mut sorted = data.to_vec();
    sorted.sort_by(f32::total_cmp);
    let at = |share: usize| sorted[sorted.len() * share / 4];
    0.5 * (at(3) - at(1)).max(1e-6)
}

#[test]
fn astropy_verifies_checksums_and_finds_the_stars_where_they_were_put() {
    let directory = tempfile::tempdir().unwrap();
    for instrument in Instrument::ALL {
        for (product, compress) in [
            (Product::Raw, false),
            (Product::Calibrated, false),
            (Product::Calibrated, true),
        ] {
            let exposure = Exposure {
                cutout: Some(300),
                product,
                compress,
                cosmic_rays: false,
                ..Exposure::new(instrument, pointing(instrument), 11)
            };
            let stars = fits_support::bright_stars(&exposure);
            let name = format!("{instrument}_{product:?}_{compress}");
            let path = directory.path().join(format!("{name}.fits"));
            let file = std::fs::File::create(&path).unwrap();
            write_exposure(&exposure, &stars, &file).unwrap();
            let table = directory.path().join(format!("{name}.txt"));
            let lines: Vec<String> = stars
                .iter()
                .map(|star| {
                    let Position { ra_deg, dec_deg } = star.position;
                    format!("{ra_deg:?} {dec_deg:?} {:?}\n", star.mag)
                })
                .collect();
            common::files::write_whole(&table, lines.concat().as_bytes()).unwrap();
        }
    }
    python("astropy_stars.py", directory.path());
}
