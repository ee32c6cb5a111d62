//! Sources: connected pixels above the sky, measured in circular apertures.
//!
//! A source is at least five pixels that touch at a side or a corner and are each more than 2.5 standard
//! deviations above the sky. Sources that touch are one detection: there is no deblending.

mod aperture;
mod profile;
mod runs;

use serde::Serialize;

use super::median::median_of;
use super::quality::{CROWDED, UNUSABLE};
use super::{Background, Frame};
use common::units::{nearest_f32, size_f64};
use profile::Shape;
use runs::Runs;

/// Height above the sky, in its standard deviations, at which pixels belong to a source. Five connected
/// pixels of noise this high come about once in 10⁸ pixels.
const THRESHOLD: f32 = 2.5;
/// Least pixels of a source.
const MIN_PIXELS: usize = 5;
/// Radius of the aperture in units of the frame's full width at half maximum: holds a Gaussian star
/// but for 10⁻⁵, a Moffat star of β = 3 but for 4 %.
const APERTURE_FWHM: f64 = 2.0;
/// Full width taken for a frame without a single source, in pixels.
const USUAL_FWHM_PX: f64 = 3.0;
/// Peak above the sky, in its standard deviations, from which a source tells the width of the frame.
const BRIGHT: f64 = 20.0;

/// A source found in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// Column of the centroid in the FITS convention: the first pixel's centre is 1.
    pub x: f64,
    /// Row of the centroid in the FITS convention.
    pub y: f64,
    /// Flux in the aperture above the sky, in electrons.
    pub flux_e: f64,
    /// Standard deviation of [`Self::flux_e`] from the errors of the pixels.
    pub flux_error_e: f64,
    /// Flux of the connected pixels above the sky, in electrons; less than the whole.
    pub isophotal_flux_e: f64,
    /// Radius of the aperture in pixels: twice the frame's median full width, or that of the connected
    /// pixels' area where they cover more.
    pub aperture_px: f64,
    /// Full width at half maximum in pixels of the Gaussian that fits best, as the pixels sample it.
    pub fwhm_px: f64,
    /// Highest pixel above the sky, in electrons.
    pub peak_e: f64,
    /// Connected pixels above the threshold.
    pub pixels: u32,
    /// Flags of [`super::quality`] of all pixels in the aperture and among the connected ones, and those
    /// of the detection.
    pub flags: u16,
}

/// Finds and measures sources, brightest first.
///
/// All pixels of `science` and `error` are finite.
pub(super) fn measure(
    science: &Frame,
    error: &Frame,
    quality: &[u16],
    background: &Background,
) -> Vec<Detection> {
    let threshold = background.level_e.plus(THRESHOLD, &background.rms_e);
    let runs = Runs::above(science, &threshold, MIN_PIXELS);
    let components = runs.components();
    let shapes: Vec<Shape> = components
        .iter()
        .map(|component| Shape::of(science, quality, &background.level_e, &runs, component))
        .collect();
    let fwhm_px = typical_fwhm(&shapes, background);
    let mut sources: Vec<Detection> = components
        .iter()
        .zip(&shapes)
        .map(|(component, shape)| {
            let radius = (APERTURE_FWHM * fwhm_px).max(isophotal_radius(component.pixels));
            let sum = aperture::sum(
                science,
                error,
                quality,
                (shape.x, shape.y),
                radius,
                shape.level,
            );
            let crowded = runs.others_within(component, (shape.x, shape.y), radius);
            Detection {
                x: shape.x + 1.0,
                y: shape.y + 1.0,
                flux_e: sum.flux,
                flux_error_e: sum.variance.sqrt(),
                isophotal_flux_e: shape.flux,
                aperture_px: radius,
                fwhm_px: shape.fwhm_px,
                peak_e: shape.peak,
                pixels: u32::try_from(component.pixels).unwrap_or(u32::MAX),
                flags: shape.flags | sum.flags | if crowded { CROWDED } else { 0 },
            }
        })
        .collect();
    sources.sort_by(|a, b| b.flux_e.total_cmp(&a.flux_e));
    sources
}

/// The radius of a circle with the area of some pixels.
fn isophotal_radius(pixels: usize) -> f64 {
    (size_f64(pixels) / std::f64::consts::PI).sqrt()
}

/// The median full width of bright sources without flags, else of all sources.
fn typical_fwhm(shapes: &[Shape], background: &Background) -> f64 {
    let is_good = |shape: &&Shape| {
        let rms = f64::from(background.rms_e.at(shape.x, shape.y));
        shape.flags & (UNUSABLE) == 0 && shape.peak > BRIGHT * rms
    };
    let median = |widths: &mut Vec<f32>| median_of(widths).map(f64::from);
    let width = |shape: &Shape| nearest_f32(shape.fwhm_px);
    median(&mut shapes.iter().filter(is_good).map(width).collect())
        .or_else(|| median(&mut shapes.iter().map(width).collect()))
        .unwrap_or(USUAL_FWHM_PX)
}
