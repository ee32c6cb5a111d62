//! The pixels mean what the headers say: noise, brightness, cosmic rays, calibration.

mod fits_support;

use common::fits::{Exposure, FrameKind, Image, Instrument, Product, Wcs};
use fits_support::{bright_stars, images, pointing, science_images};

fn exposure(instrument: Instrument, product: Product, cutout: u32) -> Exposure {
    Exposure {
        product,
        cutout: Some(cutout),
        cosmic_rays: false,
        // A seed of ordinary seeing, so that the stars of the grid stand apart.
        ..Exposure::new(instrument, pointing(instrument), 11)
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / size(values.len())
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / size(values.len() - 1)
}

fn size(n: usize) -> f64 {
    common::units::size_f64(n)
}

fn pixels(image: &Image) -> Vec<f64> {
    image.data.iter().map(|&pixel| f64::from(pixel)).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// A raw frame's light, without overscan as far as it has any.
fn raw(exposure: &Exposure) -> (Vec<f64>, Image) {
    let image = science_images(exposure, &[])
        .remove(0)
        .without_overscan()
        .expect("sections");
    (pixels(&image), image)
}

#[test]
fn noise_is_that_of_sky_dark_current_and_read_out() {
    for instrument in [
        Instrument::Wfc3Uvis,
        Instrument::Fors2,
        Instrument::Niri,
        Instrument::Gmos,
        Instrument::Deimos,
    ] {
        let science = exposure(instrument, Product::Raw, 250);
        let (first, image) = raw(&science);
        let (second, _) = raw(&science.following());
        let bias = Exposure {
            kind: FrameKind::Bias,
            ..science.clone()
        };
        let (bias_1, _) = raw(&bias);
        let (bias_2, _) = raw(&bias.following());
        let gain = image
            .header
            .f64("GAIN")
            .or_else(|| primary(&science, "GAIN"));
        let gain = gain.expect("a gain");
        let coadds = primary(&science, "COADDS").unwrap_or(1.0);
        let read_noise = primary(&science, "RDNOISE").expect("a read noise") / gain;
        // Counts round to whole numbers, which adds a twelfth.
        let of_bias = 0.5 * variance(&difference(&bias_1, &bias_2));
        let expected = coadds * read_noise * read_noise + 1.0 / 12.0;
        assert!(
            (of_bias / expected - 1.0).abs() < 0.05,
            "{instrument} bias: {of_bias} {expected}"
        );
        let signal = mean(&difference(&first, &bias_1));
        let found = 0.5 * variance(&difference(&first, &second));
        let expected = signal / gain + expected;
        assert!(signal > 1.0, "{instrument}: no sky");
        assert!(
            (found / expected - 1.0).abs() < 0.05,
            "{instrument}: {found} {expected}"
        );
    }
}

/// A number of the primary header of an exposure's file.
fn primary(exposure: &Exposure, keyword: &str) -> Option<f64> {
    let bytes = fits_support::file(exposure, &[]);
    common::fits::read_headers(&bytes).expect("a FITS file")[0].f64(keyword)
}

#[test]
fn error_planes_say_how_far_the_science_planes_scatter() {
    for instrument in [Instrument::Wfc3Uvis, Instrument::Wfc3Ir, Instrument::Miri] {
        let first = images(&exposure(instrument, Product::Calibrated, 250), &[]);
        let plane = |name: &str| {
            let image = first.iter().find(|i| i.extname.as_deref() == Some(name));
            pixels(image.expect("a plane of that name"))
        };
        let (science, error, flags) = (plane("SCI"), plane("ERR"), plane("DQ"));
        let good: Vec<usize> = (0..science.len())
            .filter(|&i| flags[i].abs() < 0.5)
            .collect();
        assert!(good.len() * 10 > science.len() * 9);
        let values: Vec<f64> = good.iter().map(|&i| science[i]).collect();
        let errors: Vec<f64> = good.iter().map(|&i| error[i] * error[i]).collect();
        let ratio = variance(&values) / mean(&errors);
        assert!((ratio - 1.0).abs() < 0.06, "{instrument}: {ratio}");
    }
}

#[test]
fn stars_have_the_brightness_that_they_were_given() {
    for instrument in Instrument::ALL {
        for product in [Product::Raw, Product::Calibrated] {
            let exposure = exposure(instrument, product, 300);
            let stars = bright_stars(&exposure);
            let mut residuals = Vec::new();
            let science = science_images(&exposure, &stars);
            // Only the last read of a ramp holds all light, and what came before it is subtracted.
            let ramp = science.len() > 1 && exposure.instrument == Instrument::Wfc3Ir;
            let cube = product == Product::Raw && instrument == Instrument::Miri;
            let images: Vec<Image> = if ramp || cube {
                vec![ramp_difference(&science)]
            } else {
                science
                    .iter()
                    .map(|i| i.without_overscan().expect("sections"))
                    .collect()
            };
            for image in &images {
                let wcs = Wcs::from_header(&image.header).expect("a projection");
                let zero_point = image.header.f64("MAGZPT").expect("a zero point");
                let fwhm = image.header.f64("PSFFWHM").expect("a width") / wcs.pixel_scale_arcsec();
                for star in &stars {
                    let [x, y] = wcs.to_pixel(star.position).expect("in front");
                    let Some(flux) = aperture(image, [x - 1.0, y - 1.0], 3.2 * fwhm.max(1.2))
                    else {
                        continue;
                    };
                    residuals.push(zero_point - 2.5 * flux.log10() - star.mag);
                }
            }
            let number = size(residuals.len());
            let (offset, scatter) = (mean(&residuals), variance(&residuals).sqrt());
            assert!(number >= 8.0, "{instrument} {product:?}: {number} stars");
            // The response of single pixels, and the wings outside of the aperture.
            let slack = 0.012 + 3.0 * scatter / number.sqrt();
            assert!(
                offset.abs() < slack,
                "{instrument} {product:?}: {offset} {scatter}"
            );
            // The response of raw pixels is not divided out, which shifts the level of the sky.
            let most = if product == Product::Raw { 0.1 } else { 0.05 };
            assert!(scatter < most, "{instrument} {product:?}: {scatter}");
        }
    }
}

/// Last read less the first: of WFC3 the first image is the last read, of MIRI the first the first; a
/// MIRI ramp lacks what fell before its first read.
fn ramp_difference(reads: &[Image]) -> Image {
    let (first, last) = (&reads[0], &reads[reads.len() - 1]);
    let mut image = first.clone();
    let groups = f32::from(u16::try_from(reads.len()).expect("few reads"));
    let scale = if first.header.int("SAMPNUM").is_some() {
        1.0
    } else {
        groups / (groups - 1.0)
    };
    for (pixel, (a, b)) in image.data.iter_mut().zip(first.data.iter().zip(&last.data)) {
        *pixel = (a - b).abs() * scale;
    }
    image
}

/// Sum in a circle above the level of the square around it; none where the square leaves the image.
fn aperture(image: &Image, [x, y]: [f64; 2], radius: f64) -> Option<f64> {
    let half = (1.35 * radius).ceil() + 2.0;
    let whole = |place: f64| common::units::count_usize(common::units::round_u64(place));
    let limit = |place: f64, n: usize| place - half >= 0.0 && place + half < size(n) - 1.0;
    if !limit(x, image.width) || !limit(y, image.height) {
        return None;
    }
    let (x0, x1, y0, y1) = (
        whole(x - half),
        whole(x + half),
        whole(y - half),
        whole(y + half),
    );
    let (mut inside, mut border) = (Vec::new(), Vec::new());
    for row in y0..=y1 {
        for column in x0..=x1 {
            let pixel = f64::from(image.data[row * image.width + column]);
            let distance = (size(column) - x).hypot(size(row) - y);
            if distance <= radius {
                inside.push(pixel);
            } else if distance > 1.1 * radius {
                border.push(pixel);
            }
        }
    }
    // The mean of the middle half is steadier than the median of whole numbers.
    border.sort_by(f64::total_cmp);
    let level = mean(&border[border.len() / 4..border.len() * 3 / 4]);
    Some(inside.iter().map(|pixel| pixel - level).sum())
}

#[test]
fn cosmic_rays_fall_at_their_rate() {
    // In space a share of 0.1 of the pixels an hour.
    let uvis = Exposure {
        exposure_s: 1500.0,
        cosmic_rays: true,
        ..exposure(Instrument::Wfc3Uvis, Product::Raw, 1000)
    };
    let (hit, written) = pixels_hit(&uvis);
    let share = hit / 2e6;
    let expected = 0.1 * 1500.0 / 3600.0;
    assert!((share / expected - 1.0).abs() < 0.05, "{share} {expected}");
    assert!((hit - common::units::count_f64(written.cosmic_ray_pixels)).abs() < 0.002 * hit);
    // On the ground 1.5 events a minute on each square centimetre: 11.3 of them on GMOS.
    let gmos = Exposure {
        exposure_s: 600.0,
        cosmic_rays: true,
        cutout: None,
        ..exposure(Instrument::Gmos, Product::Raw, 8)
    };
    let written = fits_support::write(&gmos, &[]).1;
    let area = 12.0 * 256.0 * 2112.0 * 0.003 * 0.003;
    let expected: f64 = area * 1.5 * 10.0;
    let events = common::units::count_f64(written.cosmic_rays);
    assert!(
        (events - expected).abs() < 5.0 * expected.sqrt(),
        "{events} {expected}"
    );
}

/// Number of raw pixels that differ from those of the same exposure without cosmic rays.
fn pixels_hit(exposure: &Exposure) -> (f64, common::fits::Written) {
    let without = Exposure {
        cosmic_rays: false,
        ..exposure.clone()
    };
    let (bytes, written) = fits_support::write(exposure, &[]);
    let with = common::fits::read_images(&bytes).expect("a FITS file");
    let pairs = with.into_iter().zip(images(&without, &[]));
    let hit: usize = pairs
        .map(|(a, b)| {
            a.data
                .iter()
                .zip(&b.data)
                .filter(|(a, b)| (**a - **b).abs() > 0.5)
                .count()
        })
        .sum();
    (size(hit), written)
}

#[test]
fn bias_dark_and_flat_frames_calibrate_a_raw_frame() {
    for (instrument, exposure_s) in [(Instrument::Fors2, 900.0), (Instrument::Deimos, 1800.0)] {
        let science = Exposure {
            exposure_s,
            ..exposure(instrument, Product::Raw, 250)
        };
        let master = |kind: FrameKind, number: usize| {
            let mut frame = Exposure {
                kind,
                ..science.clone()
            };
            let (mut sum, _) = raw(&frame);
            for _ in 1..number {
                frame = frame.following();
                let (more, _) = raw(&frame);
                sum.iter_mut().zip(more).for_each(|(s, m)| *s += m);
            }
            sum.iter()
                .map(|pixel| pixel / size(number))
                .collect::<Vec<f64>>()
        };
        let bias = master(FrameKind::Bias, 9);
        let dark = difference(&master(FrameKind::Dark, 9), &bias);
        let lamp = difference(&master(FrameKind::Flat, 25), &bias);
        let level = mean(&lamp);
        let (light, _) = raw(&science);
        let signal = difference(&difference(&light, &bias), &dark);
        let calibrated: Vec<f64> = signal
            .iter()
            .zip(&lamp)
            .map(|(s, l)| s * level / l)
            .collect();
        let gain = primary(&science, "GAIN").expect("a gain");
        let read_noise = primary(&science, "RDNOISE").expect("a read noise") / gain;
        // Shot noise of the frame and, weaker, of the master frames.
        let sky = mean(&calibrated);
        let expected = sky / gain * (1.0 + sky / level / 25.0)
            + read_noise * read_noise * (1.0 + 2.0 / 9.0)
            + mean(&dark).max(0.0) / gain;
        let (before, after) = (variance(&signal), variance(&calibrated));
        assert!(
            (after / expected - 1.0).abs() < 0.06,
            "{instrument}: {after} {expected}"
        );
        assert!(before > 1.5 * after, "{instrument}: {before} {after}");
    }
}

#[test]
fn a_bright_sky_is_split_into_ramps_or_coadds_that_do_not_saturate() {
    let miri = Exposure {
        filter: "F2550W".to_owned(),
        exposure_s: 300.0,
        ..exposure(Instrument::Miri, Product::Calibrated, 64)
    };
    let flags = images(&miri, &[]).remove(2);
    assert_eq!(flags.extname.as_deref(), Some("DQ"));
    let saturated = flags
        .data
        .iter()
        .filter(|&&flag| flag.abs() < 1e6 && flag % 4.0 >= 2.0);
    assert_eq!(saturated.count(), 0);
    let raw = Exposure {
        product: Product::Raw,
        ..miri.clone()
    };
    let integrations = primary(&raw, "NINTS").expect("a number of ramps");
    assert!(integrations > 5.0, "{integrations}");
    let highest = images(&raw, &[])
        .iter()
        .flat_map(|i| i.data.clone())
        .fold(0.0, f32::max);
    assert!(highest < 40_000.0, "{highest}");
    for kind in [FrameKind::Science, FrameKind::Dark] {
        let niri = Exposure {
            kind,
            filter: "Lprime".to_owned(),
            ..exposure(Instrument::Niri, Product::Raw, 64)
        };
        let coadds = primary(&niri, "COADDS").expect("coadds");
        assert!(coadds > 5.0, "{kind:?} {coadds}");
    }
}
