//! Requests at the times of a log.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::document::Node;
use super::super::error::suggestion;
use super::super::fields::{Fields, shown};
use super::super::model::{Replay, ReplayEntry};
use super::super::times::YEAR;
use super::Reading;

/// How much faster or slower than the log a replay may be.
const SPEEDS: std::ops::RangeInclusive<f64> = 1e-3..=1e6;
/// The columns of the file.
const COLUMNS: [&str; 3] = ["at_s", "request", "target"];

pub(super) fn replay(
    reading: &mut Reading<'_, '_>,
    node: &Node,
    files: &BTreeMap<PathBuf, String>,
) -> Option<Replay> {
    let problems = &mut *reading.problems;
    let mut fields = Fields::of(node, "replay", problems)?;
    let speed = match fields.get("speed") {
        None => Some(1.0),
        Some(node) => {
            let speed = node.number().filter(|it| SPEEDS.contains(it));
            if speed.is_none() {
                let message = format!(
                    "must be a factor from 0.001 to 1000000, got {}",
                    shown(node)
                );
                fields.wrong_at(node, "speed", problems, message);
            }
            speed
        }
    };
    let name = fields.text("file", problems);
    if fields.get("file").is_none() {
        fields.wrong(
            problems,
            "needs `file`, a CSV file with the columns at_s, request, target",
        );
    }
    fields.finish(problems);
    let name = name?;
    let Some(text) = files.get(Path::new(name)) else {
        let message = format!("the file `{name}` was not given with the scenario");
        problems.at(node.span.clone(), "replay: file", message);
        return None;
    };
    let entries = match entries(reading, text) {
        Ok(entries) => entries,
        Err((line, message)) => {
            reading.problems.elsewhere(name, line, message);
            return None;
        }
    };
    Some(Replay {
        entries,
        speed: speed?,
    })
}

fn entries(reading: &Reading<'_, '_>, text: &str) -> Result<Vec<ReplayEntry>, (usize, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        (common::units::count_usize(line), error.to_string())
    };
    let header = reader.headers().map_err(wrong)?;
    if !header.iter().eq(COLUMNS) {
        let message = format!("the columns must be {}", COLUMNS.join(", "));
        return Err((1, message));
    }
    let names: BTreeMap<&str, usize> = reading
        .operations
        .iter()
        .enumerate()
        .map(|(place, it)| (it.name.as_str(), place))
        .collect();
    let mut entries: Vec<ReplayEntry> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(1, csv::Position::line);
        let line = common::units::count_usize(line);
        let at = record[0].parse::<f64>().ok();
        let at = at.and_then(|it| Duration::try_from_secs_f64(it).ok());
        let Some(at) = at.filter(|it| *it <= YEAR) else {
            let message = format!(
                "`at_s` must be seconds since the first request, got `{}`",
                &record[0]
            );
            return Err((line, message));
        };
        if entries.last().is_some_and(|it| it.at > at) {
            return Err((
                line,
                "requests must stand in the order of their times".to_owned(),
            ));
        }
        let Some(&operation) = names.get(&record[1]) else {
            let known: Vec<&str> = names.keys().copied().collect();
            let hint = suggestion(&record[1], &known);
            return Err((line, format!("there is no request `{}`{hint}", &record[1])));
        };
        if !record[2].starts_with('/') {
            let message = format!("`target` is a path with its query, got `{}`", &record[2]);
            return Err((line, message));
        }
        entries.push(ReplayEntry {
            at,
            operation,
            target: record[2].to_owned(),
        });
    }
    if entries.is_empty() {
        return Err((1, "there are no requests in it".to_owned()));
    }
    Ok(entries)
}
