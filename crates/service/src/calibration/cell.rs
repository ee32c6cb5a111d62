//! Level and scatter of the sky in one cell of the mesh.

use common::units::{nearest_f32, size_f64};

use super::median::median_of;

/// Pixels are clipped this many standard deviations from the mean.
const CLIP: f64 = 3.0;
/// A normal distribution cut at 3 standard deviations until nothing changes keeps this share of its
/// standard deviation (the fixed point of s² = σ² · (1 − 2 c φ(c) / (2 Φ(c) − 1)), c = 3 s/σ).
const CLIPPED_SHARE: f64 = 0.985;
/// Most repetitions of the clipping.
const ITERATIONS: usize = 10;
/// Pixels that the first guess is made from.
const SAMPLE: usize = 255;
/// Half-width, in standard deviations, of the range the median is looked for in.
const MEDIAN_RANGE: f64 = 0.25;

/// The sky in one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cell {
    /// Median of the pixels that are left.
    pub(super) level: f32,
    /// Their standard deviation, corrected for the clipping.
    pub(super) rms: f32,
}

/// Clips the pixels of a cell until nothing changes; `values` are finite.
pub(super) fn clip(values: &[f32]) -> Option<Cell> {
    let mut range = first_range(values)?;
    let mut moments = Moments::of(values, range);
    for _ in 0..ITERATIONS {
        let (mean, deviation) = (moments.mean()?, moments.deviation()?);
        range = around(mean, CLIP * deviation);
        let next = Moments::of(values, range);
        let settled = next.count == moments.count;
        if next.count == 0 {
            break;
        }
        moments = next;
        if settled {
            break;
        }
    }
    let (mean, deviation) = (moments.mean()?, moments.deviation()?);
    Some(Cell {
        level: median_within(values, range, around(mean, MEDIAN_RANGE * deviation))?,
        rms: nearest_f32(deviation / CLIPPED_SHARE),
    })
}

/// A closed interval of pixel values.
type Range = (f32, f32);

fn around(center: f64, half_width: f64) -> Range {
    (
        nearest_f32(center - half_width),
        nearest_f32(center + half_width),
    )
}

/// Five standard deviations around the median of a sample; the lower half says how wide that is, because
/// stars are in the upper one.
fn first_range(values: &[f32]) -> Option<Range> {
    let mut sample = [0.0; SAMPLE];
    let mut count = 0;
    let stride = values.len().div_ceil(SAMPLE).max(1);
    for value in values.iter().step_by(stride) {
        sample[count] = *value;
        count += 1;
    }
    let sample = &mut sample[..count];
    let median = median_of(sample)?;
    let (_, low, _) = sample.select_nth_unstable_by(count * 16 / 100, f32::total_cmp);
    let deviation = f64::from(median) - f64::from(*low);
    // A sample of few or equal values says nothing on the width: all pixels are taken.
    if deviation > 0.0 {
        Some(around(f64::from(median), 5.0 * deviation))
    } else {
        Some((f32::MIN, f32::MAX))
    }
}

/// Sums over the pixels in a range, relative to its middle.
struct Moments {
    count: usize,
    origin: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn of(values: &[f32], (low, high): Range) -> Self {
        const LANES: usize = 16;
        let origin = 0.5 * low + 0.5 * high;
        let mut counts = [0_u32; LANES];
        let mut sums = [0.0_f32; LANES];
        let mut squares = [0.0_f32; LANES];
        let (groups, rest) = values.as_chunks::<LANES>();
        let mut add = |lane: usize, value: f32| {
            let inside = value >= low && value <= high;
            let offset = if inside { value - origin } else { 0.0 };
            counts[lane] += u32::from(inside);
            sums[lane] += offset;
            squares[lane] += offset * offset;
        };
        for group in groups {
            for (lane, value) in group.iter().enumerate() {
                add(lane, *value);
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            add(lane, *value);
        }
        let total = |lanes: [f32; LANES]| lanes.iter().map(|it| f64::from(*it)).sum();
        Self {
            count: counts
                .iter()
                .map(|it| usize::try_from(*it).unwrap_or(0))
                .sum(),
            origin: f64::from(origin),
            sum: total(sums),
            squares: total(squares),
        }
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.origin + self.sum / size_f64(self.count))
    }

    fn deviation(&self) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let count = size_f64(self.count);
        let offset = self.sum / count;
        let variance = self.squares / count - offset * offset;
        Some(if variance > 0.0 { variance.sqrt() } else { 0.0 })
    }
}

/// The median of the values in `range`. It is looked for among those in `likely`, a small part of them,
/// and only when it is not there among all.
fn median_within(values: &[f32], range: Range, likely: Range) -> Option<f32> {
    let mut inside = 0;
    let mut below = 0;
    let mut candidates = 0;
    let mut kept = vec![0.0; values.len() + 1];
    for value in values {
        let is_inside = *value >= range.0 && *value <= range.1;
        inside += usize::from(is_inside);
        below += usize::from(is_inside && *value < likely.0);
        kept[candidates] = *value;
        candidates += usize::from(is_inside && *value >= likely.0 && *value <= likely.1);
    }
    let (lower, upper) = (inside.saturating_sub(1) / 2, inside / 2);
    if below <= lower && upper < below + candidates {
        let kept = &mut kept[..candidates];
        let (before, &mut median, _) = kept.select_nth_unstable_by(upper - below, f32::total_cmp);
        if lower == upper {
            return Some(median);
        }
        let other = before.iter().copied().max_by(f32::total_cmp)?;
        return Some(0.5 * other + 0.5 * median);
    }
    let mut all: Vec<f32> = values
        .iter()
        .copied()
        .filter(|value| *value >= range.0 && *value <= range.1)
        .collect();
    median_of(&mut all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Normal deviates around 200 with a standard deviation of 15, each the sum of twelve uniform ones.
    fn sky(pixels: usize) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut normal = || (0..12).map(|_| rng.random::<f32>()).sum::<f32>() - 6.0;
        (0..pixels).map(|_| 200.0 + 15.0 * normal()).collect()
    }

    #[test]
    fn level_and_scatter_of_an_empty_sky_are_recovered() {
        let cell = clip(&sky(4096)).expect("there are pixels");
        assert!((cell.level - 200.0).abs() < 1.0, "{cell:?}");
        assert!((cell.rms / 15.0 - 1.0).abs() < 0.03, "{cell:?}");
    }

    #[test]
    fn stars_do_not_lift_the_sky() {
        let mut values = sky(4096);
        for (number, value) in values.iter_mut().step_by(20).enumerate() {
            *value += [100.0, 1000.0, 50_000.0][number % 3];
        }
        let cell = clip(&values).expect("there are pixels");
        assert!((cell.level - 200.0).abs() < 1.5, "{cell:?}");
        assert!((cell.rms / 15.0 - 1.0).abs() < 0.05, "{cell:?}");
    }

    #[test]
    fn equal_pixels_have_no_scatter() {
        let cell = clip(&[3.5; 100]);
        assert_eq!(
            cell,
            Some(Cell {
                level: 3.5,
                rms: 0.0
            })
        );
        assert_eq!(clip(&[]), None);
    }

    proptest! {
        #[test]
        fn the_median_does_not_depend_on_where_it_is_looked_for(
            values in prop::collection::vec(-10.0_f32..10.0, 1..60),
            low in -11.0_f32..5.0,
            likely in -11.0_f32..5.0,
            widths in (0.0_f32..15.0, 0.0_f32..15.0),
        ) {
            let range = (low, low + widths.0);
            let mut inside: Vec<f32> = values
                .iter()
                .copied()
                .filter(|value| (range.0..=range.1).contains(value))
                .collect();
            let found = median_within(&values, range, (likely, likely + widths.1));
            prop_assert_eq!(found, median_of(&mut inside));
        }
    }
}
