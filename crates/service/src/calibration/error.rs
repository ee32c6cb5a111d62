//! What can be wrong with the inputs of a calibration.

use std::fmt;

use thiserror::Error;

use super::{Detector, Frame, Masters, Steps};

/// The name of an input frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The frame to calibrate.
    Raw,
    /// The master bias.
    Bias,
    /// The master dark rate.
    Dark,
    /// The master flat field.
    Flat,
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Raw => "raw frame",
            Self::Bias => "bias",
            Self::Dark => "dark",
            Self::Flat => "flat",
        })
    }
}

/// Why a frame cannot be calibrated.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CalibrationError {
    /// The raw frame has no pixels.
    #[error("the raw frame of {width} × {height} pixels is empty")]
    Empty {
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A frame's size and its number of values disagree.
    #[error("the {input} of {width} × {height} pixels has {values} values")]
    WrongLength {
        /// Which frame.
        input: Input,
        /// Pixels in a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Values it has.
        values: usize,
    },
    /// A master is not of the raw frame's size.
    #[error("the {master} has {} × {} pixels, the raw frame {} × {}", size.0, size.1, raw_size.0, raw_size.1)]
    SizeDiffers {
        /// Which master.
        master: Input,
        /// Its width and height.
        size: (usize, usize),
        /// The raw frame's width and height.
        raw_size: (usize, usize),
    },
    /// A step lacks its master.
    #[error("the {master} step has no master {master}")]
    MissingMaster {
        /// Which master.
        master: Input,
    },
    /// A detector parameter is out of its range.
    #[error("{name} must be {rule}, got {value}")]
    Parameter {
        /// The field of [`Detector`].
        name: &'static str,
        /// What it must be.
        rule: &'static str,
        /// What it is.
        value: f32,
    },
}

/// Checks everything that [`super::calibrate`] relies on.
pub(super) fn check(
    raw: &Frame,
    masters: &Masters<'_>,
    detector: &Detector,
    steps: Steps,
) -> Result<(), CalibrationError> {
    if raw.width == 0 || raw.height == 0 {
        return Err(CalibrationError::Empty {
            width: raw.width,
            height: raw.height,
        });
    }
    check_length(Input::Raw, raw)?;
    for (master, frame, needed) in [
        (Input::Bias, masters.bias, false),
        (Input::Dark, masters.dark_rate, steps.dark),
        (Input::Flat, masters.flat, steps.flat),
    ] {
        let Some(frame) = frame else {
            if needed {
                return Err(CalibrationError::MissingMaster { master });
            }
            continue;
        };
        check_length(master, frame)?;
        if (frame.width, frame.height) != (raw.width, raw.height) {
            return Err(CalibrationError::SizeDiffers {
                master,
                size: (frame.width, frame.height),
                raw_size: (raw.width, raw.height),
            });
        }
    }
    check_detector(detector)
}

fn check_length(input: Input, frame: &Frame) -> Result<(), CalibrationError> {
    if frame.width.checked_mul(frame.height) == Some(frame.data.len()) {
        return Ok(());
    }
    Err(CalibrationError::WrongLength {
        input,
        width: frame.width,
        height: frame.height,
        values: frame.data.len(),
    })
}

fn check_detector(detector: &Detector) -> Result<(), CalibrationError> {
    let Detector {
        gain_e_per_adu,
        read_noise_e,
        saturation_adu,
        exposure_s,
    } = *detector;
    for (name, value, zero_allowed) in [
        ("gain_e_per_adu", gain_e_per_adu, false),
        ("read_noise_e", read_noise_e, true),
        ("saturation_adu", saturation_adu, false),
        ("exposure_s", exposure_s, true),
    ] {
        if value.is_finite() && (value > 0.0 || zero_allowed && value >= 0.0) {
            continue;
        }
        return Err(CalibrationError::Parameter {
            name,
            rule: if zero_allowed {
                "finite and 0 or above"
            } else {
                "finite and above 0"
            },
            value,
        });
    }
    Ok(())
}
