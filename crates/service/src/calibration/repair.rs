//! Stand-ins for pixels that cannot be used.

use super::Frame;
use super::median::median_of;
use super::quality::UNUSABLE;

/// The first neighbourhood looked at: 5 × 5 pixels.
const FIRST_REACH: usize = 2;
/// Pixels that say what is typical of a frame.
const SAMPLE: usize = 4096;

/// The median of the usable pixels in the smallest neighbourhood that has any: 5 × 5 first, then wider
/// up to `reach` columns and rows away.
pub(super) fn neighbour_median(
    frame: &Frame,
    quality: &[u16],
    index: usize,
    reach: usize,
) -> Option<f32> {
    (FIRST_REACH..=reach.max(FIRST_REACH)).find_map(|reach| {
        let mut usable = [0.0; 256];
        let mut count = 0;
        for near in frame.neighbours(index, reach) {
            if quality[near] & UNUSABLE == 0 && count < usable.len() {
                usable[count] = frame.data[near];
                count += 1;
            }
        }
        median_of(&mut usable[..count])
    })
}

/// The median of a sample of the usable pixels.
pub(super) fn typical(frame: &Frame, quality: &[u16]) -> Option<f32> {
    // An odd stride walks through all columns of a frame with an even width.
    let stride = (frame.data.len() / SAMPLE) | 1;
    let pixels = frame.data.iter().zip(quality).step_by(stride);
    let mut usable: Vec<f32> = pixels
        .filter(|(_, quality)| *quality & UNUSABLE == 0)
        .map(|(value, _)| *value)
        .collect();
    median_of(&mut usable)
}
