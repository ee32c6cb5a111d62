//! Bias, dark, flat: one pass over the frames.

use super::quality::{BAD_FLAT, BAD_PIXEL, NO_VALUE, SATURATED};
use super::repair::{neighbour_median, typical};
use super::{Detector, Frame, Masters};

/// Relative sensitivity below which a pixel is dead, not dim: flats of real detectors keep above 0.1.
const MIN_FLAT: f32 = 1e-3;
/// Pixels whose flags are looked for together: most have none.
const GROUP: usize = 64;
/// Columns and rows around a pixel without value that its stand-in is taken from.
const HOLE_REACH: usize = 2;

/// A frame in electrons.
pub(super) struct Reduced {
    pub(super) science: Frame,
    pub(super) error: Frame,
    pub(super) quality: Vec<u16>,
    /// Indices of the pixels with a flag of [`NO_VALUE`].
    pub(super) holes: Vec<usize>,
}

/// Pixels that a piece of work is done on.
struct Inputs<'a> {
    raw: &'a [f32],
    bias: &'a [f32],
    dark_rate: &'a [f32],
    flat: &'a [f32],
}

/// Takes the instrument out of a raw frame.
pub(super) fn reduce(raw: &Frame, masters: &Masters<'_>, detector: &Detector) -> Reduced {
    let (width, height) = (raw.width, raw.height);
    let mut reduced = Reduced {
        science: Frame::filled(width, height, 0.0),
        error: Frame::filled(width, height, 0.0),
        quality: vec![0; width * height],
        holes: Vec::new(),
    };
    // A master that is not there is a row of its neutral value: one loop serves all cases.
    let zeros = vec![0.0; width];
    let ones = vec![1.0; width];
    for y in 0..height {
        let inputs = Inputs {
            raw: raw.row(y),
            bias: masters.bias.map_or(&zeros, |it| it.row(y)),
            dark_rate: masters.dark_rate.map_or(&zeros, |it| it.row(y)),
            flat: masters.flat.map_or(&ones, |it| it.row(y)),
        };
        reduced.fill_row(y, &inputs, detector);
    }
    reduced
}

impl Reduced {
    fn fill_row(&mut self, y: usize, inputs: &Inputs<'_>, detector: &Detector) {
        let start = y * self.science.width;
        let span = start..start + self.science.width;
        let science = &mut self.science.data[span.clone()];
        let error = &mut self.error.data[span.clone()];
        fill_values(inputs, detector, science, error);

        let quality = &mut self.quality[span];
        for group in (0..quality.len()).step_by(GROUP) {
            let end = (group + GROUP).min(quality.len());
            let raw = inputs.raw[group..end].iter();
            let pixels = raw.zip(&inputs.flat[group..end]);
            let results = science[group..end].iter().zip(&error[group..end]);
            let all = pixels.zip(results);
            let plain: u32 = all.clone().map(|it| is_plain(it, detector)).sum();
            if u32::try_from(end - group) == Ok(plain) {
                continue;
            }
            for (x, pixel) in (group..end).zip(all) {
                quality[x] = flags(pixel, detector);
                if quality[x] & NO_VALUE != 0 {
                    self.holes.push(start + x);
                }
            }
        }
    }

    /// Puts the median of the usable neighbours where there is no value, so that the later steps meet
    /// finite pixels only; what lies deep in a region without values gets what is typical of the frame.
    pub(super) fn fill_holes(&mut self) {
        if self.holes.is_empty() {
            return;
        }
        let science = typical(&self.science, &self.quality).unwrap_or(0.0);
        let error = typical(&self.error, &self.quality).unwrap_or(0.0);
        for &hole in &self.holes {
            let near = |frame| neighbour_median(frame, &self.quality, hole, HOLE_REACH);
            let stand_ins = (near(&self.science), near(&self.error));
            self.science.data[hole] = stand_ins.0.unwrap_or(science);
            self.error.data[hole] = stand_ins.1.unwrap_or(error);
        }
    }
}

fn fill_values(inputs: &Inputs<'_>, detector: &Detector, science: &mut [f32], error: &mut [f32]) {
    let read_variance = detector.read_noise_e * detector.read_noise_e;
    let masters = inputs.bias.iter().zip(inputs.dark_rate).zip(inputs.flat);
    let results = science.iter_mut().zip(error);
    for ((&raw, ((&bias, &dark_rate), &flat)), (science, error)) in
        inputs.raw.iter().zip(masters).zip(results)
    {
        let signal = (raw - bias) * detector.gain_e_per_adu;
        let counted = if signal > 0.0 { signal } else { 0.0 };
        *science = (signal - dark_rate * detector.exposure_s) / flat;
        *error = (counted + read_variance).sqrt() / flat;
    }
}

/// Raw value and flat, science value and error.
type Pixel<'a> = ((&'a f32, &'a f32), (&'a f32, &'a f32));

/// 1 for a pixel without any flag; without branches, so that several pixels are looked at together.
fn is_plain(((raw, flat), (science, error)): Pixel<'_>, detector: &Detector) -> u32 {
    u32::from(*raw < detector.saturation_adu)
        & u32::from(*flat >= MIN_FLAT)
        & u32::from(*flat <= f32::MAX)
        & u32::from(science.abs() <= f32::MAX)
        & u32::from(*error <= f32::MAX)
}

fn flags(((raw, flat), (science, error)): Pixel<'_>, detector: &Detector) -> u16 {
    let mut flags = 0;
    if *raw >= detector.saturation_adu {
        flags |= SATURATED;
    }
    if !(MIN_FLAT..=f32::MAX).contains(flat) {
        flags |= BAD_FLAT;
    } else if !science.is_finite() || !error.is_finite() {
        flags |= BAD_PIXEL;
    }
    flags
}
