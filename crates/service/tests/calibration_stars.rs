//! Stars that were put in come out again.

mod calibration_scene;

use calibration_scene::{Profile, Scene, Simulated, Star, moments};
use common::units::{count_f64, size_f64};
use service::calibration::quality::{COSMIC_RAY, CROWDED, EDGE, SATURATED};
use service::calibration::{Calibrated, Detection, Steps, calibrate};

fn run(scene: &Scene) -> (Simulated, Calibrated) {
    let simulated = scene.simulate();
    let found = calibrate(
        &simulated.raw,
        &simulated.masters(),
        &scene.detector,
        Steps::ALL,
    )
    .expect("the inputs are fine");
    (simulated, found)
}

fn nearest<'a>(star: &Star, sources: &'a [Detection]) -> Option<(f64, &'a Detection)> {
    sources
        .iter()
        .map(|source| ((source.x - star.x).hypot(source.y - star.y), source))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|it| it.0 < 2.0)
}

#[test]
fn isolated_stars_are_recovered_in_place_flux_and_width() {
    let scene = Scene {
        width: 512,
        height: 512,
        stars: 196,
        on_a_grid: true,
        flux_e: (3000.0, 3e5),
        ..Scene::default()
    };
    let (simulated, found) = run(&scene);
    let mut pulls = Vec::new();
    for star in &simulated.stars {
        let (distance, source) = nearest(star, &found.sources).expect("each star is found");
        // A photon's place is known to the width of the star; the sky adds to that for faint ones.
        let sigma_px = scene.fwhm_px / 2.355 * source.flux_error_e / source.flux_e;
        assert!(distance < 5.0 * sigma_px, "{star:?} at {source:?}");
        if star.flux_e > 10_000.0 {
            assert!(distance < 0.1, "{star:?} at {source:?}");
        }
        if star.flux_e > 30_000.0 {
            assert!(
                (source.fwhm_px / scene.fwhm_px - 1.0).abs() < 0.06,
                "{source:?}"
            );
        }
        assert_eq!(source.flags & !COSMIC_RAY, 0, "{star:?} as {source:?}");
        pulls.push((source.flux_e - star.flux_e) / source.flux_error_e);
    }
    let (mean, width) = moments(&pulls);
    assert!(mean.abs() < 0.3, "mean pull {mean}");
    assert!((0.85..1.15).contains(&width), "pull width {width}");
    assert!(found.sources.is_sorted_by(|a, b| a.flux_e >= b.flux_e));
    let spurious = found.sources.len() - simulated.stars.len();
    assert!(spurious <= 1, "{spurious} sources are no stars");
}

#[test]
fn stars_with_wings_keep_all_but_the_light_beyond_the_aperture() {
    let beta = 3.0;
    let scene = Scene {
        width: 512,
        height: 512,
        stars: 64,
        on_a_grid: true,
        profile: Profile::Moffat(beta),
        flux_e: (10_000.0, 2e5),
        seed: 5,
        ..Scene::default()
    };
    let (simulated, found) = run(&scene);
    let alpha = scene.fwhm_px / (2.0 * (2.0_f64.powf(1.0 / beta) - 1.0).sqrt());
    let mut pulls = Vec::new();
    for star in &simulated.stars {
        let (distance, source) = nearest(star, &found.sources).expect("each star is found");
        assert!(distance < 0.1, "{star:?} at {source:?}");
        let beyond = (1.0 + (source.aperture_px / alpha).powi(2)).powf(1.0 - beta);
        pulls.push((source.flux_e - star.flux_e * (1.0 - beyond)) / source.flux_error_e);
    }
    let (mean, width) = moments(&pulls);
    assert!(mean.abs() < 0.6, "mean pull {mean}");
    assert!((0.75..1.3).contains(&width), "pull width {width}");
}

#[test]
fn faint_stars_are_found_above_the_limit_only() {
    let scene = Scene {
        width: 512,
        height: 512,
        stars: 324,
        on_a_grid: true,
        flux_e: (100.0, 1e5),
        seed: 9,
        ..Scene::default()
    };
    let (simulated, found) = run(&scene);
    let share = |range: std::ops::Range<f64>| {
        let stars = simulated.stars.iter();
        let of_range: Vec<&Star> = stars.filter(|it| range.contains(&it.flux_e)).collect();
        let seen = of_range
            .iter()
            .filter(|star| nearest(star, &found.sources).is_some())
            .count();
        assert!(of_range.len() > 20, "{} stars in {range:?}", of_range.len());
        size_f64(seen) / size_f64(of_range.len())
    };
    assert!(share(1200.0..1e6) > 0.98);
    assert!(share(100.0..150.0) < 0.1);
}

#[test]
fn an_empty_sky_has_no_sources() {
    let (_, found) = run(&Scene {
        width: 512,
        height: 512,
        seed: 11,
        ..Scene::default()
    });
    assert!(found.sources.is_empty(), "{:?}", found.sources);
}

#[test]
fn the_sky_is_recovered_below_stars_and_dead_pixels() {
    let scene = Scene {
        width: 512,
        height: 384,
        stars: 150,
        dead_pixels: 800,
        seed: 13,
        ..Scene::default()
    };
    let (_, found) = run(&scene);
    let background = found.background.expect("it was asked for");
    assert_eq!(
        (background.level_e.columns, background.level_e.rows),
        (8, 6)
    );
    for (x, y) in [(0.0, 0.0), (200.0, 100.0), (511.0, 383.0), (256.5, 380.2)] {
        let level = f64::from(background.level_e.at(x, y));
        assert!((level - scene.sky_e).abs() < 2.0, "{level} at {x}, {y}");
    }
    // The corners are 10 % darker, so their noise after the flat field is larger.
    let expected = (scene.sky_e + 6.0 + 25.0).sqrt();
    let rms = f64::from(background.rms_e.at(256.0, 192.0));
    assert!((rms / expected - 1.0).abs() < 0.05, "{rms} for {expected}");
}

#[test]
fn edge_crowding_and_saturation_are_flagged() {
    let mut scene = Scene {
        width: 200,
        height: 200,
        ..Scene::default()
    };
    scene.detector.saturation_adu = 20_000.0;
    let simulated = scene.simulate();
    let mut raw = simulated.raw.clone();
    let mut add = |x: f64, y: f64, flux_e: f64| {
        let variance = (scene.fwhm_px / 2.354_820_045).powi(2);
        for (at, value) in raw.data.iter_mut().enumerate() {
            let dx = size_f64(at % scene.width) + 1.0 - x;
            let dy = size_f64(at / scene.width) + 1.0 - y;
            let share =
                (-0.5 * (dx * dx + dy * dy) / variance).exp() / (std::f64::consts::TAU * variance);
            let adu = flux_e * share / f64::from(scene.detector.gain_e_per_adu);
            *value = common::units::nearest_f32(f64::from(*value) + adu).min(65_535.0);
        }
    };
    add(3.0, 100.0, 20_000.0);
    add(100.0, 100.0, 20_000.0);
    add(109.0, 100.0, 20_000.0);
    add(100.0, 40.0, 2e6);
    add(40.0, 160.0, 20_000.0);
    let found = calibrate(&raw, &simulated.masters(), &scene.detector, Steps::ALL)
        .expect("the inputs are fine");
    let flags = |x, y| {
        let star = Star { x, y, flux_e: 0.0 };
        let (_, source) = nearest(&star, &found.sources).expect("it is found");
        source.flags & (EDGE | CROWDED | SATURATED | COSMIC_RAY)
    };
    assert_eq!(found.sources.len(), 5);
    assert_eq!(flags(3.0, 100.0), EDGE);
    assert_eq!(flags(100.0, 100.0), CROWDED);
    assert_eq!(flags(109.0, 100.0), CROWDED);
    assert_eq!(flags(100.0, 40.0), SATURATED);
    assert_eq!(flags(40.0, 160.0), 0);
    let peaks = found.sources.iter().map(|source| source.peak_e);
    assert!(peaks.clone().all(|peak| peak > 0.0));
    let pixels: u64 = found
        .sources
        .iter()
        .map(|source| u64::from(source.pixels))
        .sum();
    assert!(count_f64(pixels) > 100.0);
}
