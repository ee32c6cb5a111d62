//! A series as it travels to another process: nothing is lost, and nothing malformed gets in.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use super::Series;

/// The parts of a [`Series`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesParts {
    /// Significant digits (1–5).
    pub digits: u8,
    /// The exact sum in nanoseconds.
    pub sum_nanos: u128,
    /// The exact smallest time in nanoseconds; `u64::MAX` without samples.
    pub min_nanos: u64,
    /// The exact largest time in nanoseconds; 0 without samples.
    pub max_nanos: u64,
    /// The buckets that hold something, in rising order, as LEB128 numbers: how far the highest value of
    /// the bucket is above that of the one before, and the count.
    pub buckets: Bytes,
}

/// Bytes that binary formats keep as such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Reader)
    }
}

/// Adds a number of 7 bits a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(0x80 | u8::try_from(number & 0x7f).unwrap_or_default());
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

/// Takes such a number from the front; `None` where it is cut off or above 64 bits.
fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        let placed = bits << shift;
        if placed >> shift != bits {
            return None;
        }
        number |= placed;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

impl Series {
    /// Its parts, without loss.
    pub fn to_parts(&self) -> SeriesParts {
        let mut buckets = Vec::new();
        let mut before = 0;
        if !self.is_empty() {
            for step in self.histogram.iter_recorded() {
                put(&mut buckets, step.value_iterated_to() - before);
                put(&mut buckets, step.count_at_value());
                before = step.value_iterated_to();
            }
        }
        SeriesParts {
            digits: self.histogram.sigfig(),
            sum_nanos: self.sum_nanos,
            min_nanos: self.min_nanos,
            max_nanos: self.max_nanos,
            buckets: Bytes(buckets),
        }
    }

    /// The series of these parts; `None` where they contradict themselves.
    pub fn from_parts(parts: &SeriesParts) -> Option<Self> {
        if !(1..=5).contains(&parts.digits) {
            return None;
        }
        let mut series = Self::with_digits(parts.digits);
        let mut rest = parts.buckets.0.as_slice();
        let (mut value, mut count) = (0_u64, 0_u64);
        while !rest.is_empty() {
            value = value.checked_add(take(&mut rest)?)?;
            let more = take(&mut rest)?;
            count = count.checked_add(more).filter(|_| more > 0)?;
            series.histogram.record_n(value, more).ok()?;
        }
        let (min, max) = (parts.min_nanos, parts.max_nanos);
        let sum_is_possible = |low: u64, high: u64| {
            let bound = |each| u128::from(count) * u128::from(each);
            (bound(low)..=bound(high)).contains(&parts.sum_nanos)
        };
        let holds = if count == 0 {
            (min, max, parts.sum_nanos) == (u64::MAX, 0, 0)
        } else {
            min <= max && sum_is_possible(min, max) && series.histogram.equivalent(max, value)
        };
        series.sum_nanos = parts.sum_nanos;
        series.min_nanos = min;
        series.max_nanos = max;
        holds.then_some(series)
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_parts().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts = SeriesParts::deserialize(deserializer)?;
        Self::from_parts(&parts)
            .ok_or_else(|| de::Error::custom("a series of times contradicts itself"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn series(nanos: &[u64]) -> Series {
        let mut series = Series::default();
        for time in nanos {
            series.record(Duration::from_nanos(*time));
        }
        series
    }

    fn carried(before: &Series) -> Series {
        Series::from_parts(&before.to_parts()).unwrap()
    }

    proptest! {
        #[test]
        fn series_that_travelled_merge_to_what_one_recorder_has_seen(
            a in prop::collection::vec(any::<u64>(), 0..200),
            b in prop::collection::vec(0..60_000_000_000_u64, 0..200),
        ) {
            let mut merged = Series::default();
            merged.merge(&carried(&series(&a)));
            merged.merge(&carried(&series(&b)));
            let together = series(&[a, b].concat());
            prop_assert_eq!(&merged.histogram, &together.histogram);
            prop_assert_eq!(merged.to_parts(), together.to_parts());
            for percentile in (0..=1000).step_by(37).chain([950, 990, 999]) {
                let quantile = f64::from(percentile) / 1000.0;
                let bits = |it: &Series| it.quantile_ms(quantile).map(f64::to_bits);
                prop_assert_eq!(bits(&merged), bits(&together));
            }
            prop_assert_eq!(merged.mean_ms().map(f64::to_bits), together.mean_ms().map(f64::to_bits));
        }

        #[test]
        fn any_parts_are_read_or_refused(
            digits: u8, sum_nanos: u128, min_nanos: u64, max_nanos: u64,
            buckets in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let buckets = Bytes(buckets);
            let parts = SeriesParts { digits, sum_nanos, min_nanos, max_nanos, buckets };
            if let Some(read) = Series::from_parts(&parts) {
                prop_assert_eq!(read.count() == 0, parts.buckets.0.is_empty());
            }
        }
    }

    #[test]
    fn parts_that_contradict_themselves_are_refused() {
        let good = series(&[5, 7_000]).to_parts();
        assert!(Series::from_parts(&good).is_some());
        let wrong = [
            SeriesParts {
                sum_nanos: 1,
                ..good.clone()
            },
            SeriesParts {
                max_nanos: 9_000_000,
                ..good.clone()
            },
            SeriesParts {
                digits: 6,
                ..good.clone()
            },
            SeriesParts {
                buckets: Bytes(good.buckets.0[1..].to_vec()),
                ..good.clone()
            },
            SeriesParts {
                buckets: Bytes(Vec::new()),
                ..good
            },
        ];
        for parts in wrong {
            assert!(Series::from_parts(&parts).is_none(), "{parts:?}");
        }
    }
}
