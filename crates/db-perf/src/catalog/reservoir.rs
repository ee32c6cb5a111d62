//! A fair sample of fixed size from a stream of unknown length.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// Keeps `size` items, each item of the stream with the same probability (Vitter 1985, algorithm R).
#[derive(Debug)]
pub struct Reservoir<T> {
    size: usize,
    seen: u64,
    kept: Vec<T>,
    random: ChaCha8Rng,
}

impl<T> Reservoir<T> {
    /// An empty sample of at most `size` items.
    pub fn new(size: usize, seed: u64) -> Self {
        Self {
            size,
            seen: 0,
            kept: Vec::new(),
            random: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Shows the next item of the stream.
    pub fn offer(&mut self, item: T) {
        self.offer_with(|| item);
    }

    /// Shows the next item of the stream, which is made only if it is kept.
    pub fn offer_with(&mut self, make: impl FnOnce() -> T) {
        self.seen += 1;
        if self.kept.len() < self.size {
            self.kept.push(make());
            return;
        }
        let place = common::units::count_usize(self.random.random_range(0..self.seen));
        if let Some(kept) = self.kept.get_mut(place) {
            *kept = make();
        }
    }

    /// The sample.
    pub fn into_items(self) -> Vec<T> {
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_has_the_same_chance() {
        let mut hits = [0_u32; 10];
        for seed in 0..2000 {
            let mut reservoir = Reservoir::new(3, seed);
            for item in 0..10_usize {
                reservoir.offer(item);
            }
            for item in reservoir.into_items() {
                hits[item] += 1;
            }
        }
        // 600 expected, standard deviation 20.
        assert!(hits.iter().all(|&n| (500..700).contains(&n)), "{hits:?}");
    }
}
