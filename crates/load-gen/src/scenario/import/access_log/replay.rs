//! The log itself, to be asked again at its times.

use std::path::Path;

use common::units::{count_f64, size_f64};

use super::super::super::args::FromAccessLog;
use super::super::ImportError;
use super::super::text::Page;
use super::line::line;
use super::robots::{Kind, told};
use super::shape::without_secrets;
use super::{Chosen, Survey, is_asked_again, read, write};

/// The longest file that a scenario may name, bytes.
const LONGEST_FILE: usize = 64 * 1024 * 1024;

/// A request at its time.
struct Row {
    at_s: i64,
    shape: u32,
    target: String,
}

/// Writes `[replay]`, and gives the name and the text of the file that it names.
pub(super) fn replay(
    page: &mut Page,
    survey: &Survey,
    chosen: &Chosen,
    args: &FromAccessLog,
) -> Result<(String, String), ImportError> {
    let mut rows = Vec::new();
    let mut bytes = 0;
    let mut cut = 0_u64;
    read(&args.file, |text| {
        let Some(line) = line(text).filter(|it| is_asked_again(it.method)) else {
            return;
        };
        let is_robot = told(line.agent, line.target) == Some(Kind::Robots);
        let shape = survey.shapes.find(line.method, line.target);
        let Some(shape) = shape.filter(|it| chosen.names.contains_key(it)) else {
            return;
        };
        if is_robot && !args.with_robots {
            return;
        }
        let target = without_secrets(line.target);
        let name = chosen.names.get(&shape).map_or(0, String::len);
        let cost = target.len() + 2 * quotes(&target) + name + 24;
        if cut > 0 || bytes + cost > LONGEST_FILE {
            cut += 1;
            return;
        }
        bytes += cost;
        rows.push(Row {
            at_s: line.at_s,
            shape,
            target,
        });
    })?;
    rows.sort_by_key(|it| it.at_s);
    let name = file_name(&args.file);
    page.line("\n[replay]");
    page.comment(&format!(
        "{} requests; those of one second are spread evenly over it, since the log has no fractions",
        rows.len()
    ));
    if cut > 0 {
        page.comment(&format!(
            "check: {cut} requests at the end of the log are left out: the file may have 64 MiB"
        ));
    }
    page.comment("Robots are left out by the names of their programs, or not at all.");
    page.entry("file", &name);
    page.line(&format!("speed = {}", write::figure(args.speed)));
    let text = csv(&rows, chosen).map_err(|message| ImportError::content(&args.file, message))?;
    Ok((name, text))
}

fn quotes(target: &str) -> usize {
    target.bytes().filter(|it| *it == b'"').count() + 1
}

fn file_name(log: &Path) -> String {
    let name = log.file_name().unwrap_or_default().to_string_lossy();
    format!("{}.replay.csv", name.trim_end_matches(".gz"))
}

fn csv(rows: &[Row], chosen: &Chosen) -> Result<String, String> {
    let first = rows.first().map_or(0, |it| it.at_s);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| format!("no CSV can be made of it: {error}");
    writer
        .write_record(["at_s", "request", "target"])
        .map_err(failed)?;
    for second in rows.chunk_by(|a, b| a.at_s == b.at_s) {
        for (place, row) in second.iter().enumerate() {
            let since = row.at_s.saturating_sub(first).unsigned_abs();
            let at_s = count_f64(since) + size_f64(place) / size_f64(second.len());
            let name = chosen.names.get(&row.shape).map_or("", String::as_str);
            let at_s = format!("{at_s:.3}");
            writer
                .write_record([at_s.as_str(), name, row.target.as_str()])
                .map_err(failed)?;
        }
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| format!("no CSV can be made of it: {error}"))?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
