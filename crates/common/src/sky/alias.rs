//! Sampling a table of weights in constant time (Walker 1977, Vose 1991).

use super::mathx::{Stream, count_of, real, short};

/// Draws indices in proportion to their weights.
#[derive(Debug)]
pub(crate) struct Alias {
    entries: Vec<Entry>,
}

/// One column of the table, with both labels in it: a draw touches one place in memory.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Below this, in units of 2^-32, the column's own label is drawn.
    threshold: u32,
    own: u32,
    other: u32,
}

impl Alias {
    /// Prepares weights of which at least one is above 0.
    pub(crate) fn new(weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let scale = real(weights.len()) / total;
        let mut scaled: Vec<f64> = weights.iter().map(|w| w * scale).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..scaled.len()).partition(|&i| scaled[i] < 1.0);
        let whole = |i| Entry {
            threshold: u32::MAX,
            own: short(i),
            other: short(i),
        };
        let mut entries: Vec<Entry> = (0..scaled.len()).map(whole).collect();
        while let (Some(poor), Some(&rich)) = (small.pop(), large.last()) {
            let threshold = count_of(scaled[poor] * 4_294_967_296.0);
            entries[poor].threshold = u32::try_from(threshold).unwrap_or(u32::MAX);
            entries[poor].other = short(rich);
            scaled[rich] -= 1.0 - scaled[poor];
            if scaled[rich] < 1.0 {
                large.pop();
                small.push(rich);
            }
        }
        Self { entries }
    }

    /// Draws labels in place of indices.
    pub(crate) fn labelled(mut self, labels: &[u32]) -> Self {
        for entry in &mut self.entries {
            entry.own = labels[entry.own as usize];
            entry.other = labels[entry.other as usize];
        }
        self
    }

    /// Draws one index or label; uses one draw of the stream.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> usize {
        let bits = stream.bits();
        let (high, low) = (bits >> 32, bits & 0xFFFF_FFFF);
        let place = usize::try_from((high * self.entries.len() as u64) >> 32).unwrap_or(0);
        let entry = &self.entries[place];
        let own = low < u64::from(entry.threshold);
        (if own { entry.own } else { entry.other }) as usize
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
