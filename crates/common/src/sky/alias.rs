//! Sampling a table of weights in constant time (Walker 1977, Vose 1991).

use super::mathx::{Stream, count_of, real, short};

/// Draws indices in proportion to their weights.
#[derive(Debug)]
pub(crate) struct Alias {
    /// Entry: threshold in units of 2^-32, the other index.
    entries: Vec<(u32, u32)>,
}

impl Alias {
    /// Prepares weights of which at least one is above 0.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let scale = real(weights.len()) / total;
        let mut scaled: Vec<f64> = weights.iter().map(|w| w * scale).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..scaled.len()).partition(|&i| scaled[i] < 1.0);
        let mut entries: Vec<(u32, u32)> =
            (0..scaled.len()).map(|i| (u32::MAX, short(i))).collect();
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            let threshold = count_of(scaled[poor] * 4_294_967_296.0);
            entries[poor] = (u32::try_from(threshold).unwrap_or(u32::MAX), short(rich));
            scaled[rich] -= 1.0 - scaled[poor];
            if scaled[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { entries }
    }

    /// Draws one index; uses one draw of the stream.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> usize {
        let bits = stream.bits();
        let (high, low) = (bits >> 32, bits & 0xFFFF_FFFF);
        let place = usize::try_from((high * self.entries.len() as u64) >> 32).unwrap_or(0);
        let (threshold, other) = self.entries[place];
        if low < u64::from(threshold) {
            place
        } else {
            other as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::mathx::Purpose;
    use super::*;

    #[test]
    fn draws_follow_the_weights() {
        let weights = [0.0, 1.0, 2.5, 0.5, 6.0];
        let alias = Alias::new(&weights);
        let mut stream = Stream::new(1, Purpose::Sources, 0);
        let mut counts = [0_u32; 5];
        for _ in 0..100_000 {
            counts[alias.draw(&mut stream)] += 1;
        }
        assert_eq!(counts[0], 0);
        for (count, weight) in counts.iter().zip(weights) {
            assert!(
                (f64::from(*count) - 1e4 * weight).abs() < 1000.0,
                "{counts:?}"
            );
        }
    }
}
