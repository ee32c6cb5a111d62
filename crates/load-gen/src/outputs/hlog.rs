//! The response times of each second as an HdrHistogram log, for the tools that exist for it.
//!
//! Format: version 1.3 of `HistogramLogWriter`. Histograms are in nanoseconds, `Interval_Max` is in
//! milliseconds. All requests together have no tag, each request has its name as tag.

use std::path::Path;

use common::files::{FileError, Growing};
use common::record::Series;
use common::units::count_f64;
use jiff::Timestamp;

use super::Second;

/// An HdrHistogram log that grows by a line a second for all requests and for each of them.
#[derive(Debug)]
pub struct HistogramLog(Growing);

impl HistogramLog {
    /// Begins the log of a load that begins at a time.
    pub fn create(path: &Path, began: Timestamp) -> Result<Self, FileError> {
        let mut log = Growing::create(path)?;
        let start = seconds(began);
        let words = began.strftime("%a %b %d %H:%M:%S UTC %Y");
        let heading = format!(
            "#[Logged with load-gen {}: response times of requests that succeeded, in nanoseconds]\n\
             #[Histogram log format version 1.3]\n\
             #[StartTime: {start:.3} (seconds since epoch), {words}]\n\
             #[BaseTime: {start:.3} (seconds since epoch)]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
            env!("CARGO_PKG_VERSION")
        );
        log.append(heading.as_bytes());
        Ok(Self(log))
    }

    /// Adds a second; requests that nothing is known of are left out of it.
    pub fn second(&mut self, second: &Second) {
        let recorder = &second.tape.requests;
        let mut lines = line("", second.t_s, &recorder.total.response);
        for (name, class) in second.roster.requests.iter().zip(&recorder.classes) {
            if !class.response.is_empty() {
                let tag = format!("Tag={},", name.replace([',', ' ', '\r', '\n'], "_"));
                lines += &line(&tag, second.t_s, &class.response);
            }
        }
        self.0.append(lines.as_bytes());
    }

    /// Whether everything was written.
    pub fn finish(self) -> Result<(), FileError> {
        self.0.finish()
    }
}

fn line(tag: &str, start_s: f64, series: &Series) -> String {
    let max_ms = series.max_ms().unwrap_or_default();
    format!(
        "{tag}{start_s:.3},1.000,{max_ms:.3},{}\n",
        series.to_base64()
    )
}

/// Seconds since 1970 with three decimals.
fn seconds(time: Timestamp) -> f64 {
    count_f64(u64::try_from(time.as_millisecond()).unwrap_or_default()) / 1e3
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::outputs::sample;

    /// The log of half a minute.
    fn log() -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("night.hlog");
        let mut log = HistogramLog::create(&path, sample::began()).unwrap();
        sample::play(30, |second| log.second(second));
        log.finish().unwrap();
        common::files::read(&path).unwrap()
    }

    #[test]
    fn the_heading_is_that_of_version_1_3() {
        let log = log();
        let heading: Vec<&str> = log.lines().skip(1).take(5).collect();
        insta::assert_snapshot!(heading[..4].join("\n"));
        assert!(heading[4].starts_with("0.000,1.000,"), "{}", heading[4]);
    }

    #[test]
    fn a_reader_gets_back_what_was_recorded() {
        let log = log();
        let mut sums: BTreeMap<String, Series> = BTreeMap::new();
        let mut starts = Vec::new();
        for entry in IntervalLogIterator::new(log.as_bytes()) {
            let LogEntry::Interval(interval) = entry.unwrap() else {
                continue;
            };
            let tag = interval.tag().map_or("", |it| it.as_str()).to_owned();
            if tag.is_empty() {
                starts.push(interval.start_timestamp().as_secs());
            }
            let series = Series::from_base64(interval.encoded_histogram()).unwrap();
            sums.entry(tag).or_default().merge(&series);
        }
        assert_eq!(starts, (0..30).collect::<Vec<u64>>());
        let tape = sample::total(&sample::tapes(30));
        let total = &tape.requests.total.response;
        assert_eq!(sums[""].histogram(), total.histogram());
        let cone = &tape.requests.classes[2].response;
        assert_eq!(sums["cone_search"].histogram(), cone.histogram());
        assert_eq!(
            sums["cone_search"].value_ms(0.9),
            cone.quantile_ms(0.9),
            "percentiles agree"
        );
    }
}
