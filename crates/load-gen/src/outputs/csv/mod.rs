//! The four CSV files of Locust, in its columns (those of version 2.47), so that scripts that read them go on
//! working. What is counted is ours: times are response times from when a request was due, of requests that
//! succeeded.

mod stats;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::files::{self, FileError, Growing};
use jiff::Timestamp;

use super::{Harvest, Second, frequent_failures};

/// The files `PREFIX_stats.csv`, `_stats_history.csv`, `_failures.csv` and `_exceptions.csv`. The history
/// grows while the run goes on, the others are written at its end.
#[derive(Debug)]
pub struct CsvFiles {
    prefix: PathBuf,
    history: Growing,
    /// By request and kind: when a failure was first and last seen.
    seen: BTreeMap<(u16, Cow<'static, str>), (Timestamp, Timestamp)>,
}

const FAILURES: [&str; 6] = [
    "Method",
    "Name",
    "Error",
    "Occurrences",
    "First Seen",
    "Last Seen",
];
const EXCEPTIONS: [&str; 4] = ["Count", "Message", "Traceback", "Nodes"];

impl CsvFiles {
    /// Begins the history, and makes sure that the others can be written.
    pub fn create(prefix: &Path) -> Result<Self, FileError> {
        for name in ["stats", "failures", "exceptions"] {
            files::check_writable(&file(prefix, name))?;
        }
        let mut history = Growing::create(&file(prefix, "stats_history"))?;
        history.append(&lines(&[stats::history_heading()]));
        Ok(Self {
            prefix: prefix.to_owned(),
            history,
            seen: BTreeMap::new(),
        })
    }

    /// Adds a second to the history.
    pub fn second(&mut self, second: &Second) {
        self.history.append(&lines(&[stats::history_row(second)]));
        for key in second.tape.failures.keys() {
            self.seen
                .entry(key.clone())
                .and_modify(|(_, last)| *last = second.at)
                .or_insert((second.at, second.at));
        }
    }

    /// Writes the files that are only known at the end.
    pub fn finish(self, harvest: &Harvest) -> Result<(), FileError> {
        let write = |name, rows: &[Vec<String>]| {
            files::write_whole(&file(&self.prefix, name), &lines(rows))
        };
        write("stats", &stats::rows(harvest))?;
        write("failures", &self.failures(harvest))?;
        // There is no code of users whose exceptions could be listed: what goes wrong is a failure.
        write("exceptions", &[EXCEPTIONS.map(str::to_owned).to_vec()])?;
        self.history.finish()
    }

    fn failures(&self, harvest: &Harvest) -> Vec<Vec<String>> {
        let Harvest { roster, tape, .. } = harvest;
        let mut rows = vec![FAILURES.map(str::to_owned).to_vec()];
        for (key @ (request, kind), errors) in frequent_failures(tape) {
            let name = |names: &[String]| {
                let name = names.get(usize::from(*request));
                name.cloned().unwrap_or_default()
            };
            let [first, last] = match self.seen.get(key) {
                Some((first, last)) => [first, last].map(|it| at(*it)),
                None => [const { String::new() }; 2],
            };
            rows.push(vec![
                name(&roster.methods),
                name(&roster.requests),
                format!("{kind}: {}", errors.example),
                errors.count.to_string(),
                first,
                last,
            ]);
        }
        rows
    }
}

/// The figures of the requests at the end, in Locust's columns.
pub fn csv_stats(harvest: &Harvest) -> Vec<u8> {
    lines(&stats::rows(harvest))
}

fn at(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn file(prefix: &Path, name: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(format!("_{name}.csv"));
    path.into()
}

/// Rows with line ends as Python's writer makes them.
fn lines(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}
