//! Whatever the pixels are, there is an answer, and the parts of the answer agree.

mod calibration_scene;

use calibration_scene::Scene;
use proptest::prelude::*;
use service::calibration::quality::{COSMIC_RAY, NO_VALUE};
use service::calibration::{Detector, Frame, Masters, Steps, calibrate};

fn pixels() -> impl Strategy<Value = f32> {
    prop_oneof![
        8 => 900.0_f32..1300.0,
        2 => 0.0_f32..66_000.0,
        1 => any::<f32>(),
        1 => Just(f32::NAN),
        1 => Just(f32::INFINITY),
        1 => Just(f32::MAX),
        1 => Just(0.0_f32),
    ]
}

fn frames(size: impl Strategy<Value = (usize, usize)>) -> impl Strategy<Value = Vec<Frame>> {
    size.prop_flat_map(|(width, height)| {
        let frame = prop_oneof![
            2 => prop::collection::vec(pixels(), width * height),
            1 => pixels().prop_map(move |value| vec![value; width * height]),
        ];
        let frame = frame.prop_map(move |data| Frame {
            width,
            height,
            data,
        });
        prop::collection::vec(frame, 4)
    })
}

fn check(frames: &[Frame], detector: &Detector, steps: Steps) -> Result<(), TestCaseError> {
    let masters = Masters {
        bias: Some(&frames[1]),
        dark_rate: Some(&frames[2]),
        flat: Some(&frames[3]),
    };
    let found = calibrate(&frames[0], &masters, detector, steps)
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let count = frames[0].data.len();
    prop_assert_eq!(found.science.data.len(), count);
    prop_assert_eq!(found.error.data.len(), count);
    prop_assert_eq!(found.quality.len(), count);
    for at in 0..count {
        let valueless = found.quality[at] & NO_VALUE != 0;
        prop_assert_eq!(found.science.data[at].is_finite(), !valueless);
        prop_assert_eq!(found.error.data[at].is_finite(), !valueless);
        prop_assert!(valueless || found.error.data[at] >= 0.0);
        prop_assert!(!valueless || found.quality[at] & COSMIC_RAY == 0);
    }
    let marked = found.quality.iter().filter(|it| **it & COSMIC_RAY != 0);
    prop_assert_eq!(found.cosmic_ray_pixels, marked.count());
    for source in &found.sources {
        prop_assert!(source.pixels >= 5 && source.aperture_px > 0.0 && source.fwhm_px > 0.0);
        prop_assert!(source.x.is_finite() && source.y.is_finite());
    }
    prop_assert_eq!(
        found.background.is_some(),
        steps.background || steps.measure
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_pixels_give_a_consistent_answer(
        frames in frames((1_usize..24, 1_usize..24)),
        read_noise_e in 0.0_f32..20.0,
        dark: bool, flat: bool, cosmic_rays: bool, background: bool, measure: bool,
    ) {
        let detector = Detector { read_noise_e, ..Scene::default().detector };
        let steps = Steps { dark, flat, cosmic_rays, background, measure };
        check(&frames, &detector, steps)?;
    }
}

#[test]
fn tiny_constant_and_empty_valued_frames_are_no_trouble() {
    for (width, height) in [(1, 1), (3, 2), (1, 9), (9, 1), (70, 3), (130, 140)] {
        for value in [0.0, 1000.0, f32::NAN, f32::MAX, -5.0] {
            let raw = Frame::filled(width, height, value);
            let frames = [
                raw,
                Frame::filled(width, height, 0.0),
                Frame::filled(width, height, 0.0),
                Frame::filled(width, height, 1.0),
            ];
            check(&frames, &Scene::default().detector, Steps::ALL)
                .unwrap_or_else(|error| panic!("{width} × {height} of {value}: {error}"));
        }
    }
}
