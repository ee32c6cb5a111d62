//! A run as metrics in Prometheus' sense: what is scraped and what is sent are the same.

mod families;
mod text;

#[cfg(test)]
mod tests;

use std::time::Duration;

use common::record::Series;
use common::units::count_f64;

pub(super) use families::families;
pub(super) use text::text;

/// Samples of one name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
    pub(super) samples: Vec<Sample>,
}

/// What a family is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// One value with its labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    /// What comes behind the family's name: `_bucket`, `_sum`, `_count`.
    pub(super) suffix: &'static str,
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: f64,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Family {
    fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            help,
            kind,
            samples: Vec::new(),
        }
    }

    fn add(&mut self, labels: &[(&'static str, &str)], value: f64) {
        self.samples.push(Sample {
            suffix: "",
            labels: owned(labels),
            value,
        });
    }

    fn count(&mut self, labels: &[(&'static str, &str)], count: u64) {
        self.add(labels, count_f64(count));
    }

    /// Adds a distribution with classic buckets.
    fn distribution(&mut self, labels: &[(&'static str, &str)], series: &Series, limits: &[f64]) {
        let times: Vec<Duration> = limits
            .iter()
            .map(|it| common::units::seconds(*it))
            .collect();
        let counts = series.counts_up_to(&times);
        let total = series.count();
        let finite = limits.iter().map(ToString::to_string).zip(counts);
        for (limit, count) in finite.chain([("+Inf".to_owned(), total)]) {
            let mut labels = owned(labels);
            labels.push(("le", limit));
            self.samples.push(Sample {
                suffix: "_bucket",
                labels,
                value: count_f64(count),
            });
        }
        for (suffix, value) in [("_sum", series.sum_seconds()), ("_count", count_f64(total))] {
            self.samples.push(Sample {
                suffix,
                labels: owned(labels),
                value,
            });
        }
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let labels = labels.iter().map(|&(name, value)| (name, value.to_owned()));
    labels.collect()
}
