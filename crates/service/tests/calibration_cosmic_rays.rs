//! Cosmic rays are found, stars are not eaten.

mod calibration_scene;

use calibration_scene::{Profile, Scene};
use common::units::size_f64;
use service::calibration::quality::COSMIC_RAY;
use service::calibration::{Steps, calibrate};

/// Noise above 4.5 standard deviations takes about one pixel in 50,000, and its neighbours: most pixels
/// of a frame of 262,144 that may be marked without a cosmic ray.
const NOISE_PIXELS: usize = 16;

#[test]
fn cosmic_rays_are_found_and_replaced() {
    let scene = Scene {
        width: 512,
        height: 512,
        stars: 100,
        cosmic_rays: 150,
        ..Scene::default()
    };
    let simulated = scene.simulate();
    let found = calibrate(
        &simulated.raw,
        &simulated.masters(),
        &scene.detector,
        Steps::ALL,
    )
    .unwrap();
    let is_marked = |at: usize| found.quality[at] & COSMIC_RAY != 0;
    let noise_e = (scene.sky_e + 31.0).sqrt();

    // Where a star shines its own noise hides a cosmic ray.
    let on_sky = |at: usize| f64::from(simulated.light.data[at]) < 1.2 * scene.sky_e;
    let rays = simulated.rays.iter();
    let clear: Vec<usize> = rays
        .filter(|(at, electrons)| *electrons > 10.0 * noise_e && on_sky(*at))
        .map(|(at, _)| *at)
        .collect();
    let seen = clear.iter().filter(|at| is_marked(**at)).count();
    assert!(clear.len() > 300, "{} pixels are clear", clear.len());
    let completeness = size_f64(seen) / size_f64(clear.len());
    assert!(completeness > 0.95, "{completeness} of {}", clear.len());

    let mut hit = vec![false; found.quality.len()];
    let mut near = hit.clone();
    for (at, _) in &simulated.rays {
        hit[*at] = true;
        for (dx, dy) in (0..25).map(|it| (it % 5, it / 5)) {
            let place = (at + dx + dy * scene.width).checked_sub(2 + 2 * scene.width);
            if let Some(near) = place.and_then(|place| near.get_mut(place)) {
                *near = true;
            }
        }
    }
    let marked = (0..hit.len()).filter(|at| is_marked(*at));
    assert_eq!(found.cosmic_ray_pixels, marked.clone().count());
    let far = marked.clone().filter(|at| !near[*at]).count();
    assert!(
        far <= NOISE_PIXELS,
        "{far} pixels are far from any cosmic ray"
    );
    // Neighbours are marked from 0.3 of the limit on, which takes some noise along.
    let wrong = marked.filter(|at| !hit[*at]).count();
    let share = size_f64(wrong) / size_f64(found.cosmic_ray_pixels);
    assert!(share < 0.2, "{wrong} of {}", found.cosmic_ray_pixels);

    for at in clear.into_iter().filter(|at| is_marked(*at)) {
        let left = (f64::from(found.science.data[at]) - f64::from(simulated.light.data[at])).abs();
        assert!(left < 6.0 * noise_e, "{left} e⁻ are left at {at}");
    }
}

#[test]
fn stars_without_cosmic_rays_stay_whole() {
    for (profile, fwhm_px) in [
        (Profile::Gaussian, 2.5),
        (Profile::Gaussian, 4.0),
        (Profile::Moffat(3.0), 3.0),
    ] {
        let scene = Scene {
            width: 512,
            height: 512,
            stars: 120,
            flux_e: (500.0, 2e6),
            profile,
            fwhm_px,
            seed: 4,
            ..Scene::default()
        };
        let simulated = scene.simulate();
        let found = calibrate(
            &simulated.raw,
            &simulated.masters(),
            &scene.detector,
            Steps::ALL,
        )
        .unwrap();
        let about = format!("{profile:?} of {fwhm_px} px");
        assert!(
            found.cosmic_ray_pixels <= NOISE_PIXELS,
            "{about}: {}",
            found.cosmic_ray_pixels
        );
        let in_stars = (0..found.quality.len()).filter(|at| {
            found.quality[*at] & COSMIC_RAY != 0
                && f64::from(simulated.light.data[*at]) > 1.5 * scene.sky_e
        });
        assert_eq!(in_stars.count(), 0, "{about}");
    }
}

#[test]
fn nothing_is_touched_unless_asked_for() {
    let scene = Scene {
        cosmic_rays: 40,
        ..Scene::default()
    };
    let simulated = scene.simulate();
    let steps = Steps {
        cosmic_rays: false,
        ..Steps::ALL
    };
    let found = calibrate(&simulated.raw, &simulated.masters(), &scene.detector, steps).unwrap();
    assert_eq!(found.cosmic_ray_pixels, 0);
    assert!(found.quality.iter().all(|flags| flags & COSMIC_RAY == 0));
    assert!(found.times.cosmic_rays < found.times.reduce);
}
