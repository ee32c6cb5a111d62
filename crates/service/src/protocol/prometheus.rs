//! The text exposition of Prometheus and `OpenMetrics` as it arrives: every line a sample or a comment.

mod line;

use common::units::size_u64;

use self::line::{Line, Syntax};
use super::Malformed;

/// The longest line that is read, bytes.
const MAX_LINE_BYTES: usize = 64 * 1024;

/// Reads a text exposition in chunks.
#[derive(Debug)]
pub struct PrometheusReader {
    syntax: Syntax,
    /// The unfinished line of earlier chunks.
    held: Vec<u8>,
    /// Where the current line began.
    start: u64,
    summary: PrometheusSummary,
    failed: Option<Malformed>,
}

/// What was found in a complete exposition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrometheusSummary {
    /// Sample lines, at least one.
    pub samples: u64,
    /// Whether it ends with the `# EOF` of `OpenMetrics`.
    pub has_eof: bool,
}

impl PrometheusReader {
    /// A reader for one exposition; `OpenMetrics` (`application/openmetrics-text`) must end with
    /// `# EOF` and has no free comments.
    pub fn new(is_open_metrics: bool) -> Self {
        Self {
            syntax: if is_open_metrics {
                Syntax::OpenMetrics
            } else {
                Syntax::Prometheus
            },
            held: Vec::new(),
            start: 0,
            summary: PrometheusSummary::default(),
            failed: None,
        }
    }

    /// Takes the next chunk, of any size. After an error it does nothing.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.try_feed(chunk).err();
        }
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what was found, or why it is no complete exposition.
    pub fn finish(self) -> Result<PrometheusSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let end = self.start + size_u64(self.held.len());
        let cut = |what: &str| Err(Malformed::truncated(end, what));
        if !self.held.is_empty() {
            return cut("the last line has no line end");
        }
        if self.syntax == Syntax::OpenMetrics && !self.summary.has_eof {
            return cut("the body ends before `# EOF`");
        }
        if self.summary.samples == 0 {
            return cut("the body has no sample");
        }
        Ok(self.summary)
    }

    fn try_feed(&mut self, mut chunk: &[u8]) -> Result<(), Malformed> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let held = std::mem::take(&mut self.held);
            if held.is_empty() {
                self.line(&chunk[..end])?;
            } else {
                let mut line = held;
                self.check_length(line.len() + end)?;
                line.extend_from_slice(&chunk[..end]);
                self.line(&line)?;
                line.clear();
                self.held = line;
            }
            chunk = &chunk[end + 1..];
        }
        self.check_length(self.held.len() + chunk.len())?;
        self.held.extend_from_slice(chunk);
        Ok(())
    }

    fn check_length(&self, bytes: usize) -> Result<(), Malformed> {
        if bytes <= MAX_LINE_BYTES {
            return Ok(());
        }
        let what = format!("a line longer than {MAX_LINE_BYTES} bytes");
        Err(Malformed::too_long(self.start, what))
    }

    /// A whole line without its line end.
    fn line(&mut self, line: &[u8]) -> Result<(), Malformed> {
        self.check_length(line.len())?;
        let wrong = |what: &str| Err(Malformed::at(self.start, what));
        let Ok(text) = std::str::from_utf8(line) else {
            return wrong("a line that is not UTF-8");
        };
        if self.summary.has_eof {
            return wrong("a line after `# EOF`");
        }
        match Line::read(text, self.syntax) {
            Ok(Line::Sample) => self.summary.samples += 1,
            // In the older format, `# EOF` is a comment like any other.
            Ok(Line::Eof) => self.summary.has_eof = self.syntax == Syntax::OpenMetrics,
            Ok(Line::Other) => {}
            Err(what) => return wrong(what),
        }
        self.start += size_u64(line.len()) + 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Fault;

    fn read(text: &str, is_open_metrics: bool) -> Result<PrometheusSummary, Malformed> {
        let mut reader = PrometheusReader::new(is_open_metrics);
        reader.feed(text.as_bytes());
        let whole = reader.finish();
        let mut reader = PrometheusReader::new(is_open_metrics);
        text.as_bytes().chunks(1).for_each(|it| reader.feed(it));
        assert_eq!(whole, reader.finish());
        whole
    }

    #[test]
    fn an_exposition_of_micrometer_is_read() {
        let text = "# HELP jvm_memory_used_bytes The amount of used memory\n\
            # TYPE jvm_memory_used_bytes gauge\n\
            jvm_memory_used_bytes{area=\"heap\",id=\"G1 Eden Space\",} 5.4525952E7\n\
            http_server_requests_seconds_bucket{uri=\"/a\\\"b\\\\n\",le=\"+Inf\"} 3 1395066363000\n\
            nothing NaN\n\n";
        let summary = read(text, false).unwrap();
        assert_eq!(summary.samples, 3);
    }

    #[test]
    fn open_metrics_needs_its_end_and_knows_exemplars() {
        let text =
            "# TYPE a counter\n# UNIT a seconds\na_total 1.5 12.5 # {trace_id=\"x\"} 0.5 1.0\n";
        let error = read(text, true).unwrap_err();
        assert_eq!(error.kind, Fault::Truncated);
        let whole = format!("{text}# EOF\n");
        assert!(read(&whole, true).unwrap().has_eof);
        let error = read(&format!("{whole}a 1\n"), true).unwrap_err();
        assert_eq!(error.what, "a line after `# EOF`");
    }

    #[test]
    fn a_wrong_line_is_found_where_it_is() {
        for wrong in [
            "<html>",
            "a",
            "a{b=c} 1",
            "a{b=\"c\" 1",
            "a{b=\"c\"} one",
            "a 1 2 3",
            "1a 2",
            "a{b=\"\\x\"} 1",
            "{\"status\":\"UP\"}",
        ] {
            let error = read(&format!("ok 1\n{wrong}\n"), false).unwrap_err();
            assert_eq!((error.offset, error.kind), (5, Fault::Malformed), "{wrong}");
        }
    }

    #[test]
    fn a_cut_line_and_an_empty_body_are_truncated() {
        for text in ["", "# TYPE a gauge\n", "a 1", "a 1\nb 2"] {
            assert_eq!(read(text, false).unwrap_err().kind, Fault::Truncated);
        }
    }

    #[test]
    fn an_endless_line_is_bounded() {
        let mut reader = PrometheusReader::new(false);
        for _ in 0..10_000 {
            reader.feed(&[b'a'; 1000]);
        }
        assert!(reader.held.len() <= MAX_LINE_BYTES);
        assert_eq!(reader.finish().unwrap_err().kind, Fault::TooLong);
    }
}
