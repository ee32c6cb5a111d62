//! Files have the layout, the names and the keywords of their archives.

mod fits_support;

use common::fits::{Exposure, FrameKind, Header, Instrument, Product, read_headers, read_images};
use common::sky::{Position, Sky, SkyConfig};
use fits_support::{file, pointing};

/// Whether a name is of a form: `9` a digit, `x` a digit or small letter, other letters themselves.
fn is_like(name: &str, form: &str) -> bool {
    name.len() == form.len()
        && name.chars().zip(form.chars()).all(|(c, f)| match f {
            '9' => c.is_ascii_digit(),
            'x' => c.is_ascii_digit() || c.is_ascii_lowercase(),
            f => c == f,
        })
}

#[test]
fn names_have_the_form_of_their_archive_and_differ_in_a_series() {
    use Instrument::{Deimos, Fors2, Gmos, Miri, Niri, Wfc3Ir, Wfc3Uvis};
    for (instrument, product, form) in [
        (Wfc3Uvis, Product::Raw, "ixxxxxxxq_raw.fits"),
        (Wfc3Uvis, Product::Calibrated, "ixxxxxxxq_flc.fits"),
        (Wfc3Ir, Product::Calibrated, "ixxxxxxxq_flt.fits"),
        (
            Miri,
            Product::Raw,
            "jw99999001001_02101_99999_mirimage_uncal.fits",
        ),
        (
            Miri,
            Product::Calibrated,
            "jw99999001001_02101_99999_mirimage_cal.fits",
        ),
        (Fors2, Product::Raw, "FORS2.9999-99-99T99:99:99.999.fits"),
        (Niri, Product::Raw, "N99999999S9999.fits"),
        (Gmos, Product::Calibrated, "N99999999S9999.fits"),
        (Deimos, Product::Raw, "DE.99999999.99999.fits"),
    ] {
        let mut exposure = Exposure {
            product,
            ..Exposure::new(instrument, pointing(instrument), 5)
        };
        let mut names = std::collections::BTreeSet::new();
        for _ in 0..20 {
            let name = exposure.file_name();
            // The form's own letters are themselves, but for the `x` of none.
            assert!(is_like(&name, form), "{name}");
            assert!(names.insert(name));
            exposure = exposure.following();
        }
    }
    let first = Exposure::new(Fors2, pointing(Fors2), 5);
    let second = Exposure {
        file: 2,
        ..first.clone()
    };
    assert_ne!(first.file_name(), second.file_name());
}

fn headers(instrument: Instrument, product: Product) -> Vec<Header> {
    let exposure = Exposure {
        product,
        cutout: Some(16),
        ..Exposure::new(instrument, pointing(instrument), 5)
    };
    let bytes = file(&exposure, &[]);
    let headers = read_headers(&bytes).expect("a FITS file");
    assert_eq!(headers[0].str("FILENAME"), Some(exposure.file_name()));
    headers
}

#[test]
fn headers_tell_time_place_and_camera() {
    for instrument in Instrument::ALL {
        for product in [Product::Raw, Product::Calibrated] {
            let headers = headers(instrument, product);
            let primary = &headers[0];
            assert_eq!(
                primary.str("TELESCOP").as_deref(),
                Some(instrument.telescope())
            );
            assert_eq!(primary.str("TIMESYS").as_deref(), Some("UTC"));
            let date = primary.str("DATE-OBS").unwrap();
            assert!(is_like(&date, "9999-99-99T99:99:99.999"), "{date}");
            let stamp: jiff::civil::DateTime = date.parse().unwrap();
            let seconds = jiff::tz::TimeZone::UTC.to_timestamp(stamp).unwrap();
            let mjd = 40_587.0 + seconds.as_duration().as_secs_f64() / 86_400.0;
            assert!((primary.f64("MJD-OBS").unwrap() - mjd).abs() < 1e-8);
            assert_eq!(primary.f64("AIRMASS").is_some(), !instrument.in_space());
            if let Some(airmass) = primary.f64("AIRMASS") {
                assert!((1.0..2.0).contains(&airmass), "{airmass}");
            }
            for keyword in ["EXPTIME", "GAIN", "RDNOISE", "RA", "DEC"] {
                assert!(primary.f64(keyword).is_some(), "{instrument} {keyword}");
            }
            let filter = match instrument {
                Instrument::Fors2 => "ESO INS FILT1 NAME",
                Instrument::Niri | Instrument::Gmos => "FILTER1",
                Instrument::Deimos => "DWFILNAM",
                _ => "FILTER",
            };
            let filter = primary.str(filter).unwrap();
            assert!(filter.starts_with(instrument.default_filter()), "{filter}");
        }
    }
}

#[test]
fn extensions_have_their_names_and_types() {
    let names = |instrument, product| -> Vec<(String, i64)> {
        let headers = headers(instrument, product);
        let name = |h: &Header| h.str("EXTNAME").unwrap_or_default();
        headers[1..]
            .iter()
            .map(|h| (name(h), h.int("BITPIX").unwrap()))
            .collect()
    };
    let list = |names: &[(&str, i64)]| -> Vec<(String, i64)> {
        names
            .iter()
            .map(|(name, bitpix)| ((*name).to_owned(), *bitpix))
            .collect()
    };
    let uvis = [("SCI", -32), ("ERR", -32), ("DQ", 16)];
    assert_eq!(
        names(Instrument::Wfc3Uvis, Product::Calibrated),
        list(&[uvis, uvis].concat())
    );
    assert_eq!(
        names(Instrument::Wfc3Ir, Product::Calibrated),
        list(&[
            ("SCI", -32),
            ("ERR", -32),
            ("DQ", 16),
            ("SAMP", 16),
            ("TIME", -32)
        ])
    );
    assert_eq!(
        names(Instrument::Miri, Product::Calibrated),
        list(&[
            ("SCI", -32),
            ("ERR", -32),
            ("DQ", 32),
            ("AREA", -32),
            ("VAR_POISSON", -32),
            ("VAR_RNOISE", -32),
            ("VAR_FLAT", -32),
            ("ASDF", 8),
        ])
    );
    assert_eq!(names(Instrument::Niri, Product::Raw), list(&[("", 32)]));
    assert_eq!(names(Instrument::Gmos, Product::Raw), list(&[("", 16); 12]));
    assert_eq!(names(Instrument::Deimos, Product::Raw).len(), 8);
    assert_eq!(names(Instrument::Fors2, Product::Raw), []);
}

#[test]
fn the_reference_pixel_is_the_middle_of_the_image() {
    for instrument in [Instrument::Wfc3Ir, Instrument::Miri, Instrument::Niri] {
        let exposure = Exposure {
            product: Product::Calibrated,
            ..Exposure::new(instrument, pointing(instrument), 5)
        };
        let image = &read_images(&file(&exposure, &[])).unwrap()[0];
        for (keyword, n) in [("CRPIX1", image.width), ("CRPIX2", image.height)] {
            let middle = f64::midpoint(common::units::size_f64(n), 1.0);
            assert_eq!(image.header.f64(keyword), Some(middle), "{instrument}");
        }
        assert_eq!(image.header.f64("CRVAL1"), Some(exposure.pointing.ra_deg));
        assert_eq!(image.header.f64("CRVAL2"), Some(exposure.pointing.dec_deg));
    }
}

#[test]
fn the_field_radius_covers_every_pixel() {
    for instrument in Instrument::ALL {
        let exposure = Exposure {
            product: Product::Calibrated,
            ..Exposure::new(instrument, pointing(instrument), 5)
        };
        // Small files: the geometry of the corners does not need the pixels.
        let radius = exposure.field_radius_deg();
        let arcmin = radius * 60.0;
        let expected = match instrument {
            Instrument::Wfc3Uvis => 2.1,
            Instrument::Wfc3Ir => 1.7,
            Instrument::Miri => 1.5,
            Instrument::Fors2 => 6.2,
            Instrument::Niri => 1.6,
            Instrument::Gmos => 5.3,
            Instrument::Deimos => 11.8,
        };
        assert!(
            (arcmin / expected - 1.0).abs() < 0.1,
            "{instrument}: {arcmin}"
        );
    }
}

#[test]
fn exposures_that_cannot_be_made_say_why() {
    let error = |exposure: Exposure| exposure.check().unwrap_err().to_string();
    let fors2 = || Exposure::new(Instrument::Fors2, pointing(Instrument::Fors2), 5);
    assert!(fors2().check().is_ok());
    let wrong = Exposure {
        filter: "F606W".to_owned(),
        ..fors2()
    };
    assert_eq!(
        error(wrong),
        "the filter must be one of fors2's (u_HIGH, b_HIGH, v_HIGH, g_HIGH, R_SPECIAL, I_BESS, \
         z_GUNN, B_BESS, V_BESS), got `F606W`"
    );
    let wrong = Exposure {
        exposure_s: 0.0,
        ..fors2()
    };
    assert_eq!(
        error(wrong),
        "the exposure time must be above 0 and at most 7200 s, got `0`"
    );
    let north = Position::new(10.0, 70.0);
    assert_eq!(
        error(Exposure::new(Instrument::Fors2, north, 5)),
        "10.0000 +70.0000 never rises above 30 degrees at ESO-VLT-U1: it reaches -4.6"
    );
    let day = Exposure {
        mjd: fors2().mjd + 0.5,
        ..fors2()
    };
    let text = error(day);
    assert!(
        text.contains("stands at") && text.contains("degrees at ESO-VLT-U1"),
        "{text}"
    );
    let flat = Exposure {
        kind: FrameKind::Flat,
        product: Product::Calibrated,
        ..fors2()
    };
    assert_eq!(
        error(flat),
        "only science frames are calibrated, got a flat frame"
    );
    let third = Exposure { file: 3, ..fors2() };
    assert_eq!(
        error(third),
        "an exposure of fors2 has 2 file(s), got file `3`"
    );
}

#[test]
fn every_pointing_that_a_telescope_sees_gets_a_time_of_a_night() {
    for instrument in Instrument::ALL {
        for (seed, (ra, dec)) in (0..).zip([
            (0.0, -24.0),
            (83.8, -5.4),
            (180.0, 12.0),
            (266.4, -29.0),
            (310.0, 30.0),
        ]) {
            let exposure = Exposure::new(instrument, Position::new(ra, dec), seed);
            assert!(
                exposure.check().is_ok(),
                "{exposure:?} {:?}",
                exposure.check()
            );
        }
    }
    for instrument in [Instrument::Wfc3Uvis, Instrument::Miri] {
        let pole = Exposure::new(instrument, Position::new(0.0, -90.0), 1);
        assert!(pole.check().is_ok());
    }
}

#[test]
fn a_field_of_the_sky_fills_an_image() {
    let sky = Sky::new(SkyConfig::default());
    let center = pointing(Instrument::Wfc3Uvis);
    let exposure = Exposure {
        product: Product::Calibrated,
        cutout: Some(512),
        ..Exposure::new(Instrument::Wfc3Uvis, center, 2)
    };
    let sources = sky.field(center, exposure.field_radius_deg(), 25.0);
    let stars = exposure.stars(&sources);
    assert_eq!(stars.len(), sources.len());
    let written = fits_support::write(&exposure, &stars).1;
    // Omega Centauri: dozens of stars on 512 x 1024 pixels of 0.04 arcseconds.
    assert!(
        written.stars_in_image > 20,
        "{written:?} of {}",
        stars.len()
    );
}

#[test]
fn one_exposure_gives_the_same_bytes_everywhere() {
    let sums = |instrument: Instrument| -> Vec<String> {
        let exposure = Exposure {
            cutout: Some(32),
            ..Exposure::new(instrument, pointing(instrument), 5)
        };
        let stars = fits_support::stars_around(&exposure, 30);
        let headers = read_headers(&file(&exposure, &stars)).unwrap();
        headers.iter().filter_map(|h| h.str("DATASUM")).collect()
    };
    insta::assert_debug_snapshot!((
        sums(Instrument::Fors2),
        sums(Instrument::Niri),
        sums(Instrument::Miri)
    ), @r#"
    (
        [
            "2235079055",
        ],
        [
            "0",
            "4532198",
        ],
        [
            "0",
            "2812152750",
            "3169587064",
        ],
    )
    "#);
}
