//! Cosmic rays: L.A.Cosmic, van Dokkum 2001, PASP 113, 1420.
//!
//! Cosmic rays have sharper edges than anything that came through the telescope. The method takes the
//! Laplacian of the frame subsampled twofold, without its negative values, in units of the noise; what
//! is left of it after a 5 × 5 median (the *significance*) must exceed a limit, and must exceed the fine
//! structure of the frame (3 × 3 median minus its 7 × 7 median), which is what spares stars. Neighbours
//! follow at a lower limit. Found pixels are replaced and the search is repeated.
//!
//! The result is that of the dense method, pixel by pixel, but little of it is computed: the Laplacian
//! needs no subsampled frame, most pixels fail against a lower bound of the noise, medians are taken
//! only for the rest, and a repetition looks only where something was replaced. Beyond its edges the
//! frame is continued by its outermost pixels.

#[cfg(test)]
mod dense;
mod floor;
mod search;

use super::Frame;
use super::quality::{COSMIC_RAY, NEAR_SATURATED, NO_VALUE, SATURATED};
use super::repair::neighbour_median;
use floor::Floor;
use search::{Marks, Search};

/// Pixels around a saturated star that its bleeding and its steep edges reach.
const STAR_REACH: usize = 4;
/// A saturated star lifts the 5 × 5 median above this share of the saturation level, a cosmic ray does not.
const STAR_SHARE: f32 = 0.1;
/// How far the stand-in of a pixel inside a large cosmic ray is looked for.
const REPLACEMENT_REACH: usize = 5;

/// When a pixel is a cosmic ray; the defaults are the paper's with the usual neighbour fraction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CosmicRayLimits {
    /// Lowest significance, in standard deviations (`sigclip`).
    pub(super) significance: f32,
    /// The share of it, at most 1, that neighbours of a cosmic ray need (`sigfrac`).
    pub(super) neighbour_fraction: f32,
    /// Lowest ratio of significance and fine structure (`objlim`).
    pub(super) contrast: f32,
    /// Most repetitions; the search ends early when one finds nothing new.
    pub(super) iterations: usize,
}

impl Default for CosmicRayLimits {
    fn default() -> Self {
        Self {
            significance: 4.5,
            neighbour_fraction: 0.3,
            contrast: 5.0,
            iterations: 4,
        }
    }
}

/// What the noise model and the protection of saturated stars need, in electrons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub(super) read_noise_e: f32,
    pub(super) saturation_e: f32,
}

/// Marks cosmic rays in `quality`, replaces them in `frame`, says how many pixels they have.
///
/// All pixels of `frame` are finite. Pixels without a value and the surroundings of saturated stars are
/// never marked.
pub(super) fn remove(
    frame: &mut Frame,
    quality: &mut [u16],
    levels: Levels,
    limits: &CosmicRayLimits,
) -> usize {
    protect_stars(frame, quality, levels);
    let mut floor = Floor::new(frame);
    let mut marks = Marks::new(frame.data.len());
    let mut found: Vec<usize> = Vec::new();
    let mut replaced: Vec<usize> = Vec::new();
    for iteration in 0..limits.iterations {
        let search = Search {
            frame,
            quality,
            floor: &floor,
            read_noise_e: levels.read_noise_e,
            limits,
        };
        let seeds = if iteration == 0 {
            search.everywhere()
        } else {
            search.around(&replaced, &mut marks)
        };
        let members = search.grow(&seeds, &mut marks);
        let known = found.len();
        for pixel in members {
            if quality[pixel] & COSMIC_RAY == 0 {
                quality[pixel] |= COSMIC_RAY;
                found.push(pixel);
            }
        }
        if found.len() == known {
            break;
        }
        // A pixel found earlier gets another stand-in when a neighbour turns out to be a cosmic ray too.
        replaced.clear();
        for &pixel in &found {
            let stand_in = neighbour_median(frame, quality, pixel, REPLACEMENT_REACH);
            if let Some(value) = stand_in
                && value.to_bits() != frame.data[pixel].to_bits()
            {
                frame.data[pixel] = value;
                floor.lower(pixel, value);
                replaced.push(pixel);
            }
        }
    }
    found.len()
}

/// Marks the surroundings of saturated stars. A cosmic ray can saturate a pixel as well, but unlike a
/// star it does not lift the median around it.
fn protect_stars(frame: &Frame, quality: &mut [u16], levels: Levels) {
    let saturated = quality.iter().enumerate();
    let stars: Vec<usize> = saturated
        .filter(|(_, flags)| **flags & SATURATED != 0)
        .map(|(pixel, _)| pixel)
        .filter(|&pixel| {
            search::median_5x5(frame, frame.place(pixel)) > STAR_SHARE * levels.saturation_e
        })
        .collect();
    for star in stars {
        for near in frame.neighbours(star, STAR_REACH) {
            quality[near] |= NEAR_SATURATED;
        }
    }
}

/// Whether a pixel may be a cosmic ray.
fn is_eligible(quality: u16) -> bool {
    quality & (NO_VALUE | NEAR_SATURATED) == 0
}

/// The Laplacian of a pixel in the frame subsampled twofold, without its negative values, averaged over
/// the pixel's four parts; each part touches two parts of its own pixel and two neighbours.
#[inline]
fn laplacian(pixel: f32, left: f32, right: f32, up: f32, down: f32) -> f32 {
    let twice = pixel + pixel;
    let part = |side: f32, end: f32| {
        let curvature = twice - side - end;
        if curvature > 0.0 { curvature } else { 0.0 }
    };
    0.25 * (part(left, up) + part(right, up) + part(left, down) + part(right, down))
}

/// The noise of a pixel in electrons, from the median around it: sky and sources without cosmic rays.
#[inline]
fn noise(median: f32, read_noise_e: f32) -> f32 {
    let expected = if median > LEAST_SIGNAL {
        median
    } else {
        LEAST_SIGNAL
    };
    (expected + read_noise_e * read_noise_e).sqrt()
}

/// Electrons that keep the noise above 0 where there is neither light nor read noise.
const LEAST_SIGNAL: f32 = 1e-5;

/// The Laplacian in units of its noise; subsampling counts the noise twice.
#[inline]
fn signal_to_noise(laplacian: f32, noise: f32) -> f32 {
    laplacian / (2.0 * noise)
}

/// The least fine structure, so that the contrast of a flat neighbourhood is finite.
const LEAST_STRUCTURE: f32 = 0.01;

#[cfg(test)]
mod tests;
