//! Bias, dark, flat and errors against a simulated detector.

mod calibration_scene;

use calibration_scene::{Dice, Scene, moments};
use service::calibration::quality::{BAD_FLAT, BAD_PIXEL, SATURATED};
use service::calibration::{
    Calibrated, CalibrationError, Detector, Frame, Input, Masters, Steps, calibrate,
};

const REDUCE: Steps = Steps {
    dark: true,
    flat: true,
    cosmic_rays: false,
    background: false,
    measure: false,
};

fn detector() -> Detector {
    Scene::default().detector
}

#[test]
fn calibration_undoes_the_detector() {
    let (width, height) = (40, 30);
    let mut dice = Dice::new(3);
    let mut random = |low: f32, high: f32| {
        let mut frame = Frame::filled(width, height, 0.0);
        for value in &mut frame.data {
            *value = low + (high - low) * common::units::nearest_f32(dice.uniform());
        }
        frame
    };
    let truth = random(50.0, 40_000.0);
    let (bias, dark_rate, flat) = (random(900.0, 1100.0), random(0.0, 0.5), random(0.5, 1.5));
    let detector = detector();
    let mut raw = truth.clone();
    for (at, value) in raw.data.iter_mut().enumerate() {
        let electrons = *value * flat.data[at] + dark_rate.data[at] * detector.exposure_s;
        *value = electrons / detector.gain_e_per_adu + bias.data[at];
    }
    let masters = Masters {
        bias: Some(&bias),
        dark_rate: Some(&dark_rate),
        flat: Some(&flat),
    };
    let found = calibrate(&raw, &masters, &detector, REDUCE).unwrap();
    for (found, truth) in found.science.data.iter().zip(&truth.data) {
        assert!(
            (found - truth).abs() < 0.02 + 1e-6 * truth,
            "{found} for {truth}"
        );
    }
    assert!(found.quality.iter().all(|flags| *flags == 0));
    assert!(found.background.is_none() && found.sources.is_empty());
    assert_eq!(found.cosmic_ray_pixels, 0);
}

#[test]
fn a_step_that_is_not_asked_for_is_not_done() {
    let raw = Frame::filled(4, 4, 1100.0);
    let (bias, dark_rate, flat) = (
        Frame::filled(4, 4, 1000.0),
        Frame::filled(4, 4, 0.1),
        Frame::filled(4, 4, 0.5),
    );
    let masters = Masters {
        bias: Some(&bias),
        dark_rate: Some(&dark_rate),
        flat: Some(&flat),
    };
    let value = |dark, flat| {
        let steps = Steps {
            dark,
            flat,
            ..REDUCE
        };
        let found = calibrate(&raw, &masters, &detector(), steps).unwrap();
        found.science.data[5]
    };
    // 100 ADU of 1.6 e⁻ each, 30 e⁻ of dark current, half the sensitivity.
    assert!((value(false, false) - 160.0).abs() < 1e-3);
    assert!((value(true, false) - 130.0).abs() < 1e-3);
    assert!((value(false, true) - 320.0).abs() < 1e-3);
    assert!((value(true, true) - 260.0).abs() < 1e-3);
}

#[test]
fn pulls_of_a_flat_scene_have_unit_width() {
    for (sky_e, seed) in [(8.0, 1), (200.0, 2), (20_000.0, 3)] {
        let scene = Scene {
            seed,
            sky_e,
            ..Scene::default()
        };
        let simulated = scene.simulate();
        let found = calibrate(
            &simulated.raw,
            &simulated.masters(),
            &scene.detector,
            REDUCE,
        )
        .unwrap();
        let pulls: Vec<f64> = found
            .science
            .data
            .iter()
            .zip(&found.error.data)
            .map(|(value, error)| (f64::from(*value) - sky_e) / f64::from(*error))
            .collect();
        let (mean, deviation) = moments(&pulls);
        // A count below its mean gets a smaller error, which shifts the mean pull to −1/(2σ) at most.
        assert!(
            mean.abs() < 0.02 + 0.5 / sky_e.sqrt(),
            "sky {sky_e}: mean {mean}"
        );
        assert!(
            (deviation - 1.0).abs() < 0.03,
            "sky {sky_e}: width {deviation}"
        );
    }
}

#[test]
fn unusable_pixels_are_marked_and_have_no_value() {
    let mut raw = Frame::filled(20, 20, 1200.0);
    let bias = Frame::filled(20, 20, 1000.0);
    let mut dark_rate = Frame::filled(20, 20, 0.01);
    let mut flat = Frame::filled(20, 20, 1.0);
    flat.data[0] = 0.0;
    flat.data[21] = f32::NAN;
    flat.data[42] = -1.0;
    flat.data[43] = f32::INFINITY;
    raw.data[84] = f32::NAN;
    raw.data[105] = f32::NEG_INFINITY;
    dark_rate.data[126] = f32::INFINITY;
    raw.data[200] = 60_000.0;
    raw.data[201] = 59_999.0;
    raw.data[202] = f32::INFINITY;
    let masters = Masters {
        bias: Some(&bias),
        dark_rate: Some(&dark_rate),
        flat: Some(&flat),
    };
    let found = calibrate(&raw, &masters, &detector(), Steps::ALL).unwrap();
    let bits = BAD_FLAT | BAD_PIXEL | SATURATED;
    let flagged: Vec<(usize, u16)> = found
        .quality
        .iter()
        .map(|flags| flags & bits)
        .enumerate()
        .filter(|it| it.1 != 0)
        .collect();
    assert_eq!(
        flagged,
        [
            (0, BAD_FLAT),
            (21, BAD_FLAT),
            (42, BAD_FLAT),
            (43, BAD_FLAT),
            (84, BAD_PIXEL),
            (105, BAD_PIXEL),
            (126, BAD_PIXEL),
            (200, SATURATED),
            (202, BAD_PIXEL | SATURATED),
        ]
    );
    for at in 0..400 {
        let valueless = found.quality[at] & (BAD_FLAT | BAD_PIXEL) != 0;
        assert_eq!(found.science.data[at].is_nan(), valueless, "pixel {at}");
        assert_eq!(found.error.data[at].is_nan(), valueless, "pixel {at}");
    }
}

fn refusal(raw: &Frame, masters: &Masters<'_>, detector: &Detector) -> CalibrationError {
    calibrate(raw, masters, detector, REDUCE).expect_err("it is refused")
}

#[test]
fn wrong_frames_are_refused() {
    let good = Frame::filled(4, 3, 1.0);
    let masters = Masters {
        bias: None,
        dark_rate: Some(&good),
        flat: Some(&good),
    };
    let empty = Frame::filled(0, 3, 1.0);
    assert_eq!(
        refusal(&empty, &masters, &detector()).to_string(),
        "the raw frame of 0 × 3 pixels is empty"
    );
    let short = Frame {
        data: vec![0.0; 11],
        ..good.clone()
    };
    assert_eq!(
        refusal(&short, &masters, &detector()).to_string(),
        "the raw frame of 4 × 3 pixels has 11 values"
    );
    let huge = Frame {
        width: usize::MAX,
        height: 2,
        data: Vec::new(),
    };
    assert!(matches!(
        refusal(&huge, &masters, &detector()),
        CalibrationError::WrongLength {
            input: Input::Raw,
            ..
        }
    ));
    let turned = Frame::filled(3, 4, 1.0);
    let with_turned = Masters {
        flat: Some(&turned),
        ..masters
    };
    assert_eq!(
        refusal(&good, &with_turned, &detector()).to_string(),
        "the flat has 3 × 4 pixels, the raw frame 4 × 3"
    );
    let without_dark = Masters {
        dark_rate: None,
        ..masters
    };
    assert_eq!(
        refusal(&good, &without_dark, &detector()),
        CalibrationError::MissingMaster {
            master: Input::Dark
        }
    );
}

#[test]
fn parameters_out_of_range_are_refused() {
    let frame = Frame::filled(2, 2, 1.0);
    let masters = Masters {
        bias: None,
        dark_rate: Some(&frame),
        flat: Some(&frame),
    };
    let good = detector();
    for (wrong, message) in [
        (
            Detector {
                gain_e_per_adu: 0.0,
                ..good
            },
            "gain_e_per_adu must be finite and above 0, got 0",
        ),
        (
            Detector {
                read_noise_e: -1.0,
                ..good
            },
            "read_noise_e must be finite and 0 or above, got -1",
        ),
        (
            Detector {
                saturation_adu: f32::INFINITY,
                ..good
            },
            "saturation_adu must be finite and above 0, got inf",
        ),
        (
            Detector {
                exposure_s: f32::NAN,
                ..good
            },
            "exposure_s must be finite and 0 or above, got NaN",
        ),
    ] {
        assert_eq!(refusal(&frame, &masters, &wrong).to_string(), message);
    }
    let zero_is_fine = Detector {
        read_noise_e: 0.0,
        exposure_s: 0.0,
        ..good
    };
    let found: Result<Calibrated, _> = calibrate(&frame, &masters, &zero_is_fine, REDUCE);
    assert!(found.is_ok());
}
