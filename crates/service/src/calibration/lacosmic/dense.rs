//! L.A.Cosmic as the paper describes it, every step on the whole frame: slow, and plain to read.

use super::{CosmicRayLimits, LEAST_SIGNAL, LEAST_STRUCTURE, REPLACEMENT_REACH};
use crate::calibration::Frame;
use crate::calibration::quality::{COSMIC_RAY, NEAR_SATURATED, NO_VALUE, UNUSABLE};

/// Pixels added on each side, so that no filter meets an edge.
const MARGIN: usize = 8;

/// What [`super::remove`] does after stars are protected.
pub(super) fn remove(
    frame: &mut Frame,
    quality: &mut [u16],
    read_noise_e: f32,
    limits: &CosmicRayLimits,
) {
    let eligible: Vec<bool> = quality
        .iter()
        .map(|flags| flags & (NO_VALUE | NEAR_SATURATED) == 0)
        .collect();
    for _ in 0..limits.iterations {
        let padded = pad(frame);
        let noise = map(&filter(&padded, 2), |median| {
            (median.max(LEAST_SIGNAL) + read_noise_e * read_noise_e).sqrt()
        });
        let ratio = combine(&subsampled_laplacian(&padded), &noise, |l, n| l / (2.0 * n));
        let significance = combine(&ratio, &filter(&ratio, 2), |s, median| s - median);
        let smooth = filter(&padded, 1);
        let structure = combine(&smooth, &filter(&smooth, 3), |m3, m37| m3 - m37);
        let structure = combine(&structure, &noise, |f, n| (f / n).max(LEAST_STRUCTURE));
        let contrast = crop(&combine(&significance, &structure, |s, f| s / f), frame);
        let significance = crop(&significance, frame);

        let seeds = select(frame, |at| {
            eligible[at] && significance[at] > limits.significance && contrast[at] > limits.contrast
        });
        let low = limits.neighbour_fraction * limits.significance;
        let core = grown(frame, &seeds);
        let core = select(frame, |at| {
            core[at] && eligible[at] && significance[at] > limits.significance
        });
        let members = grown(frame, &core);
        let members = select(frame, |at| {
            members[at] && eligible[at] && significance[at] > low
        });

        let mut news = 0;
        for (flags, member) in quality.iter_mut().zip(&members) {
            if *member && *flags & COSMIC_RAY == 0 {
                *flags |= COSMIC_RAY;
                news += 1;
            }
        }
        if news == 0 {
            break;
        }
        replace(frame, quality);
    }
}

fn replace(frame: &mut Frame, quality: &[u16]) {
    let before = frame.clone();
    for at in 0..frame.data.len() {
        if quality[at] & COSMIC_RAY == 0 {
            continue;
        }
        for reach in 2..=REPLACEMENT_REACH {
            let mut usable: Vec<f32> = (0..frame.data.len())
                .filter(|&other| {
                    let dx = (at % frame.width).abs_diff(other % frame.width);
                    let dy = (at / frame.width).abs_diff(other / frame.width);
                    dx.max(dy) <= reach && quality[other] & UNUSABLE == 0
                })
                .map(|other| before.data[other])
                .collect();
            if usable.is_empty() {
                continue;
            }
            usable.sort_by(f32::total_cmp);
            let middle = usable.len() / 2;
            frame.data[at] = if usable.len() % 2 == 1 {
                usable[middle]
            } else {
                0.5 * usable[middle - 1] + 0.5 * usable[middle]
            };
            break;
        }
    }
}

/// Replicates each pixel twofold, convolves with the Laplacian kernel, drops negative values, averages.
fn subsampled_laplacian(frame: &Frame) -> Frame {
    let fine = |x: usize, y: usize| frame.data[y / 2 * frame.width + x / 2];
    let (width, height) = (2 * frame.width, 2 * frame.height);
    let mut result = Frame::filled(frame.width, frame.height, 0.0);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let around = fine(x - 1, y) + fine(x + 1, y) + fine(x, y - 1) + fine(x, y + 1);
            let curvature = 4.0 * fine(x, y) - around;
            result.data[y / 2 * frame.width + x / 2] += 0.25 * curvature.max(0.0);
        }
    }
    result
}

/// The median filter of `2 reach + 1` pixels squared; the edges keep their values.
fn filter(frame: &Frame, reach: usize) -> Frame {
    let mut result = frame.clone();
    for y in reach..frame.height - reach {
        for x in reach..frame.width - reach {
            let rows = y - reach..=y + reach;
            let mut window: Vec<f32> = rows
                .flat_map(|row| &frame.row(row)[x - reach..=x + reach])
                .copied()
                .collect();
            window.sort_by(f32::total_cmp);
            result.data[y * frame.width + x] = window[window.len() / 2];
        }
    }
    result
}

fn pad(frame: &Frame) -> Frame {
    let (width, height) = (frame.width + 2 * MARGIN, frame.height + 2 * MARGIN);
    let mut result = Frame::filled(width, height, 0.0);
    for y in 0..height {
        for x in 0..width {
            let column = x.saturating_sub(MARGIN).min(frame.width - 1);
            let row = y.saturating_sub(MARGIN).min(frame.height - 1);
            result.data[y * width + x] = frame.data[row * frame.width + column];
        }
    }
    result
}

fn crop(padded: &Frame, like: &Frame) -> Vec<f32> {
    (MARGIN..MARGIN + like.height)
        .flat_map(|row| &padded.row(row)[MARGIN..MARGIN + like.width])
        .copied()
        .collect()
}

fn map(frame: &Frame, change: impl Fn(f32) -> f32) -> Frame {
    Frame {
        data: frame.data.iter().map(|value| change(*value)).collect(),
        ..*frame
    }
}

fn combine(a: &Frame, b: &Frame, join: impl Fn(f32, f32) -> f32) -> Frame {
    let pairs = a.data.iter().zip(&b.data);
    Frame {
        data: pairs.map(|(a, b)| join(*a, *b)).collect(),
        ..*a
    }
}

fn select(frame: &Frame, condition: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..frame.data.len()).map(condition).collect()
}

fn grown(frame: &Frame, set: &[bool]) -> Vec<bool> {
    let (width, height) = (frame.width, frame.height);
    select(frame, |at| {
        let (x, y) = (at % width, at / width);
        (y.saturating_sub(1)..(y + 2).min(height)).any(|row| {
            (x.saturating_sub(1)..(x + 2).min(width)).any(|column| set[row * width + column])
        })
    })
}
