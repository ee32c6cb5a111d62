//! The log of a pod, line by line, each line once, also over interruptions.

use futures::AsyncBufReadExt as _;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, LogParams};
use tokio::sync::mpsc;

use super::manifests::CONTAINER;

/// Where a log was left off. Runtimes stamp every line with nanoseconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    last: Option<Timestamp>,
    /// Lines with just this stamp that were read.
    same: usize,
    /// Of these the ones that the current reading has passed again.
    passed: usize,
}

impl Mark {
    /// Begins to read anew.
    fn rewind(&mut self) {
        self.passed = 0;
    }

    /// From when on to read: the whole second, since kube rounds to the nearest one, which may be too late.
    fn since(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.last?.as_second()).ok()
    }

    /// The text of a line without its stamp, unless it was read before.
    fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let stamped = line
            .split_once(' ')
            .or(Some((line, "")))
            .and_then(|(stamp, text)| Some((stamp.parse::<Timestamp>().ok()?, text)));
        let Some((stamp, text)) = stamped else {
            return Some(line);
        };
        match self.last {
            Some(last) if stamp < last => return None,
            Some(last) if stamp == last => {
                self.passed += 1;
                if self.passed <= self.same {
                    return None;
                }
                self.same = self.passed;
            }
            _ => {
                self.last = Some(stamp);
                self.same = 1;
                self.passed = 1;
            }
        }
        Some(text)
    }
}

/// Sends the lines of a pod's log from a mark on until the log ends or breaks off; the mark after it.
pub(super) async fn read(
    pods: Api<Pod>,
    pod: String,
    mut mark: Mark,
    lines: mpsc::Sender<String>,
) -> (Mark, kube::Result<()>) {
    mark.rewind();
    let parameters = LogParams {
        container: Some(CONTAINER.to_owned()),
        follow: true,
        timestamps: true,
        since_time: mark.since(),
        ..LogParams::default()
    };
    let mut stream = match pods.log_stream(&pod, &parameters).await {
        Ok(stream) => Box::pin(stream),
        Err(error) => return (mark, Err(error)),
    };
    let mut line = Vec::new();
    loop {
        line.clear();
        match stream.read_until(b'\n', &mut line).await {
            Ok(0) => return (mark, Ok(())),
            // Half a line comes again when the log is read from the mark.
            Ok(_) if line.last() != Some(&b'\n') => return (mark, Ok(())),
            Ok(_) => {}
            Err(error) => return (mark, Err(kube::Error::ReadEvents(error))),
        }
        let text = String::from_utf8_lossy(&line);
        if let Some(text) = mark.take(text.trim_end_matches(['\n', '\r']))
            && lines.send(text.to_owned()).await.is_err()
        {
            return (mark, Ok(()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take<'a>(mark: &mut Mark, lines: &[&'a str]) -> Vec<&'a str> {
        mark.rewind();
        lines.iter().filter_map(|it| mark.take(it)).collect()
    }

    #[test]
    fn lines_are_taken_once_when_a_log_is_read_again() {
        let mut mark = Mark::default();
        let first = [
            "2026-10-01T02:03:04.49Z one",
            "2026-10-01T02:03:04.5Z two",
            "2026-10-01T02:03:04.5Z two",
        ];
        assert_eq!(take(&mut mark, &first), ["one", "two", "two"]);
        let again = [
            first[0],
            first[1],
            first[2],
            "2026-10-01T02:03:04.5Z three",
            "2026-10-01T02:03:04.500000001Z four",
        ];
        assert_eq!(take(&mut mark, &again), ["three", "four"]);
        assert_eq!(take(&mut mark, &again), [""; 0]);
    }

    #[test]
    fn a_log_is_read_again_from_before_the_last_line() {
        let mut mark = Mark::default();
        assert_eq!(mark.since(), None);
        take(&mut mark, &["2026-10-01T02:03:04.9Z one"]);
        assert_eq!(mark.since().unwrap().to_string(), "2026-10-01T02:03:04Z");
    }

    #[test]
    fn empty_lines_and_lines_without_a_stamp_are_kept() {
        let mut mark = Mark::default();
        let lines = [
            "2026-10-01T02:03:04Z ",
            "2026-10-01T02:03:05Z",
            "failed to open the log",
        ];
        assert_eq!(take(&mut mark, &lines), ["", "", "failed to open the log"]);
    }
}
