//! The image calibration of the reference service: bias, dark, flat, cosmic rays, background, sources.
//!
//! Pure functions on arrays, on one core. A raw frame in ADU becomes a frame in electrons with the error
//! and the quality of each pixel:
//!
//! ```text
//! signal  = (raw − bias) · gain                        e⁻
//! science = (signal − dark rate · exposure) / flat     e⁻
//! error   = √(max(signal, 0) + read noise²) / flat     e⁻
//! ```
//!
//! Masters are taken as free of noise. Cosmic rays are found with L.A.Cosmic (van Dokkum 2001, PASP 113,
//! 1420) and replaced by the median of their neighbours; the sky is estimated on a mesh and stays in the
//! science frame; sources are connected pixels above the sky, measured without deblending.

mod background;
mod cell;
mod error;
mod frame;
mod lacosmic;
mod median;
mod reduce;
mod repair;
mod sources;

pub mod quality;

use std::time::Duration;

use tokio::time::Instant;

pub use background::{Background, Mesh};
pub use error::{CalibrationError, Input};
pub use frame::Frame;
pub use sources::Detection;

/// The frames that take the instrument out of a raw frame; all of the raw frame's size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Masters<'a> {
    /// Level without light and exposure, in ADU; subtracted whenever it is given.
    pub bias: Option<&'a Frame>,
    /// Dark current in e⁻/s.
    pub dark_rate: Option<&'a Frame>,
    /// Relative sensitivity with mean 1. Pixels below 0.001, infinite or NaN are marked
    /// [`quality::BAD_FLAT`].
    pub flat: Option<&'a Frame>,
}

/// What the detector's electronics and the shutter did.
#[derive(Clone, Copy, Debug)]
pub struct Detector {
    /// Electrons per ADU, above 0.
    pub gain_e_per_adu: f32,
    /// Standard deviation of the read noise in e⁻, 0 or above.
    pub read_noise_e: f32,
    /// Raw pixels at or above this are saturated, in ADU, above 0.
    pub saturation_adu: f32,
    /// Exposure time in s, 0 or above.
    pub exposure_s: f32,
}

/// What is done to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Steps {
    /// Subtract the dark current; needs the master.
    pub dark: bool,
    /// Divide by the flat field; needs the master.
    pub flat: bool,
    /// Find and replace cosmic rays.
    pub cosmic_rays: bool,
    /// Estimate the sky.
    pub background: bool,
    /// Find and measure sources; estimates the sky as well.
    pub measure: bool,
}

impl Steps {
    /// Everything.
    pub const ALL: Self = Self {
        dark: true,
        flat: true,
        cosmic_rays: true,
        background: true,
        measure: true,
    };
}

/// How long each step took; zero where it was not asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepTimes {
    /// Bias, dark, flat, errors and quality.
    pub reduce: Duration,
    /// L.A.Cosmic.
    pub cosmic_rays: Duration,
    /// The sky mesh.
    pub background: Duration,
    /// Detection and measurement.
    pub measure: Duration,
}

/// A calibrated frame and what was found in it.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// Electrons, sky included; NaN where [`quality::NO_VALUE`] is set, the median of the neighbours at
    /// cosmic rays.
    pub science: Frame,
    /// Standard deviation of each pixel in electrons; NaN where [`quality::NO_VALUE`] is set. Replaced
    /// pixels keep the error of what was measured there.
    pub error: Frame,
    /// Flags of [`quality`], row-major.
    pub quality: Vec<u16>,
    /// Pixels marked [`quality::COSMIC_RAY`].
    pub cosmic_ray_pixels: usize,
    /// The sky, when it was asked for or needed by the measurement.
    pub background: Option<Background>,
    /// Sources, brightest first.
    pub sources: Vec<Detection>,
    /// Time spent in each step.
    pub times: StepTimes,
}

/// Calibrates `raw`, which is in ADU.
///
/// Any pixel value is accepted, NaN and infinities are marked [`quality::BAD_PIXEL`].
///
/// # Errors
/// A frame without pixels or with another number of values than its size says, a master of another size
/// or missing for its step, a detector parameter out of its range.
pub fn calibrate(
    raw: &Frame,
    masters: &Masters<'_>,
    detector: &Detector,
    steps: Steps,
) -> Result<Calibrated, CalibrationError> {
    error::check(raw, masters, detector, steps)?;
    let mut times = StepTimes::default();

    let masters = Masters {
        bias: masters.bias,
        dark_rate: masters.dark_rate.filter(|_| steps.dark),
        flat: masters.flat.filter(|_| steps.flat),
    };
    let reduced = timed(&mut times.reduce, || {
        let mut reduced = reduce::reduce(raw, &masters, detector);
        reduced.fill_holes();
        reduced
    });
    let reduce::Reduced {
        mut science,
        mut error,
        mut quality,
        holes,
    } = reduced;

    let cosmic_ray_pixels = timed(&mut times.cosmic_rays, || {
        if !steps.cosmic_rays {
            return 0;
        }
        let noise = lacosmic::Levels {
            read_noise_e: detector.read_noise_e,
            saturation_e: detector.saturation_adu * detector.gain_e_per_adu,
        };
        let limits = lacosmic::CosmicRayLimits::default();
        lacosmic::remove(&mut science, &mut quality, noise, &limits)
    });

    let background = timed(&mut times.background, || {
        (steps.background || steps.measure).then(|| Background::estimate(&science, &quality))
    });
    let sources = timed(&mut times.measure, || match &background {
        Some(background) if steps.measure => {
            sources::measure(&science, &error, &quality, background)
        }
        _ => Vec::new(),
    });

    for hole in holes {
        science.data[hole] = f32::NAN;
        error.data[hole] = f32::NAN;
    }
    Ok(Calibrated {
        science,
        error,
        quality,
        cosmic_ray_pixels,
        background,
        sources,
        times,
    })
}

fn timed<T>(spent: &mut Duration, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = step();
    *spent = start.elapsed();
    outcome
}
