//! The message of remote write 1.0: protobuf, compressed with snappy.

use bytes::Bytes;
use prost::Message;

use crate::outputs::metrics::Family;

/// What Prometheus takes as the end of a series: a NaN with this payload.
const STALE: u64 = 0x7ff0_0000_0000_0002;

#[derive(Clone, PartialEq, Message)]
pub(super) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TimeSeries {
    /// Sorted by name.
    #[prost(message, repeated, tag = "1")]
    pub(super) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(super) samples: Vec<Sample>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
pub(super) struct Label {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sample {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    pub(super) timestamp: i64,
}

impl WriteRequest {
    /// One sample of each series at a time; `own` are labels of all of them.
    pub(super) fn of(families: &[Family], own: &[(&str, &str)], at_ms: i64) -> Self {
        let mut timeseries = Vec::new();
        for family in families {
            for sample in &family.samples {
                let name = format!("{}{}", family.name, sample.suffix);
                let given = sample
                    .labels
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()));
                let all = own.iter().copied().chain(given);
                let mut labels: Vec<Label> = all
                    .chain([("__name__", name.as_str())])
                    // A label without a value is the same as none, and not allowed in messages.
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(name, value)| Label {
                        name: name.to_owned(),
                        value: value.to_owned(),
                    })
                    .collect();
                labels.sort();
                timeseries.push(TimeSeries {
                    labels,
                    samples: vec![Sample {
                        value: sample.value,
                        timestamp: at_ms,
                    }],
                });
            }
        }
        Self { timeseries }
    }

    /// The end of all these series, a millisecond after their last samples.
    pub(super) fn ended(mut self) -> Self {
        for sample in self.timeseries.iter_mut().flat_map(|it| &mut it.samples) {
            sample.value = f64::from_bits(STALE);
            sample.timestamp += 1;
        }
        self
    }

    /// How many samples it has.
    pub(super) fn samples(&self) -> u64 {
        common::units::size_u64(self.timeseries.len())
    }

    /// As it is sent.
    pub(super) fn to_bytes(&self) -> Bytes {
        let plain = self.encode_to_vec();
        // Only a message of 4 GB could not be compressed.
        let packed = snap::raw::Encoder::new().compress_vec(&plain);
        packed.unwrap_or_default().into()
    }
}
