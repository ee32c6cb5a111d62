//! Files that are cut short, damaged or no FITS files at all give errors, never a panic.

mod fits_support;

use std::sync::LazyLock;

use common::fits::{
    Exposure, Header, Image, ImageHdu, Instrument, MeasuredSource, Plane, Product, SourceTable,
    Wcs, read_headers, read_images, write_images,
};
use fits_support::{file, fitsverify, images, pointing};
use proptest::prelude::*;

fn small(instrument: Instrument, product: Product, compress: bool) -> Exposure {
    Exposure {
        cutout: Some(20),
        product,
        compress,
        ..Exposure::new(instrument, pointing(instrument), 5)
    }
}

static PLAIN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    file(
        &small(Instrument::Wfc3Uvis, Product::Calibrated, false),
        &[],
    )
});
static COMPRESSED: LazyLock<Vec<u8>> =
    LazyLock::new(|| file(&small(Instrument::Wfc3Uvis, Product::Calibrated, true), &[]));
static RAW: LazyLock<Vec<u8>> =
    LazyLock::new(|| file(&small(Instrument::Gmos, Product::Raw, true), &[]));

#[test]
fn what_is_no_fits_file_is_told_apart() {
    let error = |bytes: &[u8]| read_images(bytes).unwrap_err().to_string();
    assert_eq!(
        error(b""),
        "not a FITS file: it does not start with `SIMPLE  =`"
    );
    assert_eq!(
        error(b"<html>"),
        "not a FITS file: it does not start with `SIMPLE  =`"
    );
    assert_eq!(
        error(&[0x1f, 0x8b, 8, 0]),
        "not a FITS file: it is gzipped, unpack it first"
    );
    assert_eq!(
        error(&PLAIN[..2000]),
        "truncated FITS file: HDU 0 needs 2881 bytes, the file has 2000"
    );
}

#[test]
fn a_file_cut_anywhere_but_between_hdus_is_truncated() {
    for bytes in [&*PLAIN, &*COMPRESSED] {
        let whole = read_images(bytes).unwrap().len();
        let ends: Vec<usize> = ends(bytes);
        for length in (1..bytes.len()).step_by(717) {
            match read_images(&bytes[..length]) {
                Ok(images) => {
                    // Only padding is missing, or the file ends with an HDU.
                    let lost = ends.iter().any(|&end| end <= length && length < end + 2880);
                    assert!(lost && images.len() <= whole, "{length}");
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(
                        text.starts_with("truncated") || length < 2880,
                        "{length}: {text}"
                    );
                }
            }
        }
    }
}

/// Where the data of each HDU end.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut at = 0;
    read_headers(bytes)
        .expect("a FITS file")
        .iter()
        .map(|header| {
            let cards = header.len() + 1;
            let axes = header.int("NAXIS").expect("axes");
            let pixels: i64 = if axes == 0 {
                0
            } else {
                (1..=axes)
                    .map(|i| header.int(&format!("NAXIS{i}")).expect("a length"))
                    .product()
            };
            let bytes = pixels * header.int("BITPIX").expect("bits").abs() / 8
                + header.int("PCOUNT").unwrap_or(0);
            let end = at + cards.div_ceil(36) * 2880 + usize::try_from(bytes).expect("a length");
            at = end.next_multiple_of(2880);
            end
        })
        .collect()
}

#[test]
fn headers_that_lie_about_sizes_are_turned_away() {
    let patched = |keyword: &str, value: &str| {
        let mut bytes = COMPRESSED.clone();
        let at = bytes
            .chunks_exact(80)
            .position(|card| card.starts_with(format!("{keyword:8}=").as_bytes()))
            .unwrap();
        bytes[80 * at + 10..80 * at + 30].copy_from_slice(format!("{value:>20}").as_bytes());
        read_images(&bytes)
            .map(|images| images.len())
            .unwrap_err()
            .to_string()
    };
    for (keyword, value, text) in [
        ("ZNAXIS1", "2000000000", "more than 134217728 pixels"),
        ("ZNAXIS2", "-5", "ZNAXIS2 is -5"),
        ("ZNAXIS2", "7", "tiles do not cover"),
        ("ZTILE1", "0", "ZTILE1 is 0"),
        ("ZVAL1", "0", "ZVAL1 is 0"),
        ("TFIELDS", "-1", "TFIELDS is -1"),
        ("NAXIS", "1000000", "NAXIS is 1000000"),
        ("PCOUNT", "99999999", "truncated"),
        ("BITPIX", "17", "BITPIX"),
    ] {
        let error = patched(keyword, value);
        assert!(error.contains(text), "{keyword}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn damaged_files_never_panic(
        which in 0..3_usize,
        hits in prop::collection::vec((0.0..1.0_f64, any::<u8>()), 1..6),
        in_header in any::<bool>(),
        keep in 0.2..1.5_f64,
    ) {
        let mut bytes = [&*PLAIN, &*COMPRESSED, &*RAW][which].clone();
        let end = if in_header { 4 * 2880 } else { bytes.len() };
        for (place, value) in hits {
            let at = common::units::round_u64(place * common::units::size_f64(end - 1));
            bytes[common::units::count_usize(at)] = value;
        }
        let kept = common::units::round_u64(keep * common::units::size_f64(bytes.len()));
        bytes.truncate(common::units::count_usize(kept));
        // Either answer will do; a panic fails the test.
        if let Ok(images) = read_images(&bytes) {
            for image in images {
                let _ = image.without_overscan();
                let _ = Wcs::from_header(&image.header);
            }
        }
    }

    #[test]
    fn damaged_digits_never_panic(
        card in 0..72_usize, digits in "-?[0-9]{1,12}", compressed in any::<bool>(),
    ) {
        let mut bytes = if compressed { RAW.clone() } else { PLAIN.clone() };
        let at = 2880 + 80 * card;
        bytes[at + 10..at + 30].copy_from_slice(format!("{digits:>20}").as_bytes());
        if let Ok(images) = read_images(&bytes) {
            for image in images {
                let _ = image.without_overscan();
                let _ = Wcs::from_header(&image.header);
            }
        }
    }
}

/// A result as a pipeline writes it.
fn result(compress: bool) -> Vec<u8> {
    let exposure = small(Instrument::Fors2, Product::Raw, false);
    let raw = images(&exposure, &[])
        .remove(0)
        .without_overscan()
        .expect("sections");
    let Image { width, height, .. } = raw;
    let hdu = |name: &str, plane: Plane| ImageHdu {
        name: name.to_owned(),
        version: 1,
        width,
        height,
        plane,
        header: raw.header.clone(),
    };
    let sources: Vec<MeasuredSource> = (0..5)
        .map(|i| MeasuredSource {
            x: f64::from(i) + 0.5,
            y: 2.0,
            ra_deg: 186.3,
            dec_deg: -30.1,
            flux: 100.0,
            flux_error: 3.0,
            mag: f64::NAN,
        })
        .collect();
    let mut primary = raw.header.clone();
    primary.history("bias subtracted");
    let mut bytes = Vec::new();
    let table = SourceTable {
        sources: &sources,
        flux_unit: "adu",
    };
    let written = write_images(
        &mut bytes,
        &primary,
        &[
            hdu("SCI", Plane::F32(raw.data.clone())),
            hdu("ERR", Plane::F32(vec![1.5; width * height])),
            hdu("DQ", Plane::I16(vec![4; width * height])),
        ],
        Some(table),
        compress,
    );
    assert_eq!(
        written.expect("valid images"),
        common::units::size_u64(bytes.len())
    );
    bytes
}

#[test]
fn a_result_is_read_back_and_verified() {
    let directory = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for compress in [false, true] {
        let bytes = result(compress);
        let images = read_images(&bytes).unwrap();
        let names: Vec<_> = images.iter().filter_map(|i| i.extname.clone()).collect();
        assert_eq!(names, ["SCI", "ERR", "DQ"]);
        assert_eq!(images[2].data, vec![4.0; images[2].data.len()]);
        let headers = read_headers(&bytes).unwrap();
        let table = headers.last().unwrap();
        assert_eq!(table.str("EXTNAME").as_deref(), Some("SOURCES"));
        assert_eq!(table.int("NAXIS2"), Some(5));
        assert!(Wcs::from_header(&images[0].header).is_ok());
        let path = directory.path().join(format!("{compress}.fits"));
        common::files::write_whole(&path, &bytes).unwrap();
        paths.push(path);
    }
    fitsverify(&paths);
}

#[test]
fn an_image_that_does_not_fill_its_axes_is_not_written() {
    let hdu = ImageHdu {
        name: "SCI".to_owned(),
        version: 1,
        width: 3,
        height: 2,
        plane: Plane::U16(vec![0; 5]),
        header: Header::new(),
    };
    let error = write_images(Vec::new(), &Header::new(), &[hdu], None, false).unwrap_err();
    assert_eq!(error.to_string(), "image `SCI` has 5 pixels but is 3 by 2");
}
