//! Poisson deviates with the same bits on every platform.

use super::mathx::{Stream, count_of, real_u64};

/// From this mean on the normal expansion of the quantile is used; its probabilities are then right to
/// a few parts in 10^4 of the distribution's peak.
const EXPANSION_FROM: f64 = 12.0;

impl Stream {
    /// A Poisson deviate of a mean, from one draw; a mean that is not above 0 gives 0.
    #[inline]
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        if mean >= EXPANSION_FROM {
            return count_of(quantile_by_expansion(mean, self.normal()).max(0.0));
        }
        if mean <= 0.0 || mean.is_nan() {
            return 0;
        }
        let wanted = self.uniform();
        let mut probability = libm::exp(-mean);
        let mut below = probability;
        let mut count = 0;
        // The sum stays below the wanted share only by rounding beyond this.
        while below < wanted && count < 100 {
            count += 1;
            probability *= mean / real_u64(count);
            below += probability;
        }
        count
    }
}

/// The real number whose floor is the quantile at a normal deviate (Giles 2016, ACM Trans. Math.
/// Softw. 42, 7, normal asymptotic expansion).
#[inline]
fn quantile_by_expansion(mean: f64, w: f64) -> f64 {
    let root = mean.sqrt();
    let square = w * w;
    mean + root * w + (1.0 / 3.0 + square / 6.0) - w * (1.0 / 36.0 + square / 72.0) / root
        + (-8.0 / 405.0 + square * (7.0 / 810.0 + square / 270.0)) / mean
}

#[cfg(test)]
mod tests {
    use super::super::mathx::{Purpose, index_of, real};
    use super::*;

    /// Pearson's chi-square of many draws against the exact probabilities, per degree of freedom.
    fn chi_square(mean: f64) -> (f64, f64) {
        const DRAWS: usize = 400_000;
        let mut stream = Stream::new(5, Purpose::Sources, 7);
        let mut seen = vec![0_usize; index_of(mean + 12.0 * mean.sqrt() + 12.0)];
        for _ in 0..DRAWS {
            seen[index_of(real_u64(stream.poisson(mean)))] += 1;
        }
        let (mut sum, mut cells) = (0.0, 0.0);
        for (count, &number) in seen.iter().enumerate() {
            let n = real(count);
            let expected =
                real(DRAWS) * libm::exp(n * libm::log(mean) - mean - libm::lgamma(n + 1.0));
            if expected > 20.0 {
                let excess = real(number) - expected;
                sum += excess * excess / expected;
                cells += 1.0;
            }
        }
        (sum, cells)
    }

    #[test]
    fn deviates_have_the_poisson_distribution() {
        for mean in [0.03, 0.7, 4.0, 11.9, 12.0, 13.7, 40.0, 300.0, 5000.0] {
            let (sum, cells) = chi_square(mean);
            // Five sigma of the chi-square.
            let bound = cells + 5.0 * (2.0 * cells).sqrt() + 5.0;
            assert!(sum < bound, "mean {mean}: chi-square {sum} of {cells}");
        }
    }

    #[test]
    fn no_light_gives_no_counts() {
        let mut stream = Stream::new(5, Purpose::Sources, 7);
        for mean in [0.0, -1.0, f64::NAN] {
            assert_eq!(stream.poisson(mean), 0);
        }
    }
}
