//! A distribution of times: an HDR histogram with exact count, sum, minimum and maximum beside it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

use crate::units::{count_f64, nanos, nanos_to_ms};

/// Times in nanoseconds, kept to three significant digits.
#[derive(Debug, Clone)]
pub struct Series {
    pub(super) histogram: Histogram<u64>,
    pub(super) sum_nanos: u128,
    pub(super) min_nanos: u64,
    pub(super) max_nanos: u64,
}

impl Default for Series {
    fn default() -> Self {
        Self::with_digits(3)
    }
}

impl Series {
    /// An empty series that keeps `digits` significant digits (1–5).
    pub fn with_digits(digits: u8) -> Self {
        Self {
            histogram: Histogram::new(digits.clamp(1, 5)).expect("1 to 5 digits are valid"),
            sum_nanos: 0,
            min_nanos: u64::MAX,
            max_nanos: 0,
        }
    }

    /// Adds a time.
    pub fn record(&mut self, time: Duration) {
        let value = nanos(time);
        self.histogram
            .record(value)
            .expect("an auto-resizing histogram holds any value");
        self.sum_nanos += u128::from(value);
        self.min_nanos = self.min_nanos.min(value);
        self.max_nanos = self.max_nanos.max(value);
    }

    /// Adds another series; the result is the same as if one had recorded both.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        self.histogram
            .add(&other.histogram)
            .expect("an auto-resizing histogram holds any value");
        self.sum_nanos += other.sum_nanos;
        self.min_nanos = self.min_nanos.min(other.min_nanos);
        self.max_nanos = self.max_nanos.max(other.max_nanos);
    }

    /// How many times were recorded.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// The exact mean in milliseconds; `None` without samples.
    pub fn mean_ms(&self) -> Option<f64> {
        let count = self.count();
        let sum = u64::try_from(self.sum_nanos).unwrap_or(u64::MAX);
        (count > 0).then(|| nanos_to_ms(sum) / count_f64(count))
    }

    /// The exact smallest time in milliseconds; `None` without samples.
    pub fn min_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| nanos_to_ms(self.min_nanos))
    }

    /// The exact largest time in milliseconds; `None` without samples.
    pub fn max_ms(&self) -> Option<f64> {
        (!self.is_empty()).then(|| nanos_to_ms(self.max_nanos))
    }

    /// The time in milliseconds that the share `quantile` (0–1) of the samples do not exceed.
    ///
    /// `None` where there are too few samples to tell: a quantile above the median needs at least
    /// 1 / (1 − quantile) of them, since it would be the maximum otherwise.
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let count = self.count();
        let enough = quantile <= 0.5 || count_f64(count) * (1.0 - quantile) >= 1.0 - 1e-9;
        enough.then(|| self.value_ms(quantile)).flatten()
    }

    /// The time in milliseconds that the share `quantile` (0–1) of the samples do not exceed, be it the
    /// longest of only a few; `None` without samples. For formats that know no missing percentiles, and
    /// for whole distributions.
    pub fn value_ms(&self, quantile: f64) -> Option<f64> {
        (!self.is_empty()).then(|| {
            let value = self.histogram.value_at_quantile(quantile);
            nanos_to_ms(value.clamp(self.min_nanos, self.max_nanos))
        })
    }

    /// The exact sum of all times in seconds.
    pub fn sum_seconds(&self) -> f64 {
        let nanos = u64::try_from(self.sum_nanos).unwrap_or(u64::MAX);
        count_f64(nanos) / 1e9
    }

    /// How many times are not above each of these limits, which rise; to three digits.
    pub fn counts_up_to(&self, limits: &[Duration]) -> Vec<u64> {
        let mut counts = vec![0; limits.len()];
        let mut place = 0;
        for step in self.histogram.iter_recorded() {
            let value = step.value_iterated_to();
            while limits
                .get(place)
                .is_some_and(|it| self.histogram.highest_equivalent(nanos(*it)) < value)
            {
                place += 1;
            }
            let Some(count) = counts.get_mut(place) else {
                break;
            };
            *count += step.count_at_value();
        }
        let mut sum = 0;
        for count in &mut counts {
            sum += *count;
            *count = sum;
        }
        counts
    }

    /// The histogram itself, in nanoseconds, for those who write it in forms of their own.
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }

    /// The whole histogram in nanoseconds as HDR V2 compressed, base64.
    pub fn to_base64(&self) -> String {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.histogram, &mut bytes)
            .expect("writing to memory does not fail");
        STANDARD.encode(bytes)
    }

    /// Reads what [`Series::to_base64`] wrote; `None` if it is something else. Sum, minimum and
    /// maximum are then known to three digits only.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let histogram: Histogram<u64> = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .ok()?;
        let mut series = Self {
            min_nanos: if histogram.is_empty() {
                u64::MAX
            } else {
                histogram.min()
            },
            max_nanos: histogram.max(),
            sum_nanos: 0,
            histogram,
        };
        series.sum_nanos = series
            .histogram
            .iter_recorded()
            .map(|step| u128::from(step.value_iterated_to()) * u128::from(step.count_at_value()))
            .sum();
        Some(series)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(micros: &[u32]) -> Series {
        let mut series = Series::default();
        for time in micros {
            series.record(Duration::from_micros(u64::from(*time)));
        }
        series
    }

    #[test]
    fn an_empty_distribution_has_no_percentiles() {
        let empty = Series::default();
        assert_eq!(empty.mean_ms(), None);
        assert_eq!(empty.min_ms(), None);
        assert_eq!(empty.max_ms(), None);
        assert_eq!(empty.quantile_ms(0.5), None);
    }

    #[test]
    fn a_percentile_that_would_be_the_maximum_is_not_given() {
        let few = series(&[1, 2, 3, 4, 5]);
        assert!((few.quantile_ms(0.5).unwrap() - 0.003).abs() < 3e-6);
        assert_eq!(few.quantile_ms(0.95), None);
        let hundred: Vec<u32> = (1..=100).rev().map(|n| n * 1000).collect();
        let hundred = series(&hundred);
        let p95 = hundred.quantile_ms(0.95).unwrap();
        assert!((p95 / 95.0 - 1.0).abs() < 1e-3, "{p95}");
        let p99 = hundred.quantile_ms(0.99).unwrap();
        assert!((p99 / 99.0 - 1.0).abs() < 1e-3, "{p99}");
        assert_eq!(hundred.quantile_ms(0.999), None);
    }

    #[test]
    fn counts_below_limits_rise_to_all() {
        let series = series(&[10, 20, 30, 5_000_000]);
        let limits = [5, 10, 25, 25, 1_000_000].map(Duration::from_micros);
        assert_eq!(series.counts_up_to(&limits), [0, 1, 2, 2, 3]);
        assert_eq!(series.counts_up_to(&[Duration::from_secs(6)]), [4]);
        assert!((series.sum_seconds() - 5.00006).abs() < 1e-12);
        assert_eq!(series.value_ms(0.9999), Some(5000.0));
    }

    proptest! {
        #[test]
        fn percentiles_agree_with_sorting(mut micros in prop::collection::vec(1..10_000_000u32, 1..400)) {
            let series = series(&micros);
            micros.sort_unstable();
            for quantile in [0.5, 0.9, 0.95, 0.99] {
                let Some(ms) = series.quantile_ms(quantile) else { continue };
                let rank = crate::units::round_u64((quantile * crate::units::size_f64(micros.len())).ceil());
                let rank = crate::units::count_usize(rank);
                let exact = f64::from(micros[rank.clamp(1, micros.len()) - 1]) / 1e3;
                prop_assert!((ms / exact - 1.0).abs() < 2e-3, "p{quantile}: {ms} against {exact}");
            }
        }

        #[test]
        fn merging_is_the_same_as_recording_together(a in prop::collection::vec(1..1_000_000u32, 0..200), b in prop::collection::vec(1..1_000_000u32, 0..200)) {
            let mut merged = series(&a);
            merged.merge(&series(&b));
            let together = series(&[a, b].concat());
            prop_assert_eq!(&merged.histogram, &together.histogram);
            prop_assert_eq!(merged.mean_ms(), together.mean_ms());
            prop_assert_eq!(merged.min_ms(), together.min_ms());
            prop_assert_eq!(merged.max_ms(), together.max_ms());
        }

        #[test]
        fn a_histogram_survives_its_text_form(micros in prop::collection::vec(1..1_000_000u32, 0..200)) {
            let before = series(&micros);
            let after = Series::from_base64(&before.to_base64()).unwrap();
            prop_assert_eq!(before.count(), after.count());
            prop_assert_eq!(&before.histogram, &after.histogram);
        }
    }
}
