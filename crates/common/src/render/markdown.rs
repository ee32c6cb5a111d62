//! Tables for a pull request or a wiki.

use std::fmt::Write as _;

use super::number::{self, grouped, optional};
use crate::report::{Cell, Report};

/// The report as GitHub-flavoured Markdown.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    let run = &report.run;
    let _ = writeln!(out, "## {} `{}`\n", report.tool.name, run.id);
    let _ = writeln!(
        out,
        "{} · seed {} · {:.1} s · version {}\n",
        run.started_at, run.seed, run.duration_s, report.tool.version
    );
    ratings(&mut out, report);
    thresholds(&mut out, report);
    tests(&mut out, report);
    for table in report.tests.iter().flat_map(|test| &test.tables) {
        let _ = writeln!(out, "### {}\n", table.title);
        row(&mut out, table.columns.iter().cloned());
        row(&mut out, table.columns.iter().map(|_| "---".to_owned()));
        for cells in &table.rows {
            row(
                &mut out,
                cells.iter().map(|cell| match cell {
                    Cell::Number(number) => number::amount(*number),
                    Cell::Text(text) => text.clone(),
                    Cell::Missing(()) => "–".to_owned(),
                }),
            );
        }
        out.push('\n');
    }
    recommendations(&mut out, report);
    if !report.limitations.is_empty() {
        out.push_str("### Limitations\n\n");
        for limitation in &report.limitations {
            let test = limitation.test_name.as_deref().unwrap_or("run");
            let _ = writeln!(out, "- **{test}**: {}", limitation.message);
        }
    }
    out
}

fn ratings(out: &mut String, report: &Report) {
    heading(out, &["work", "figure", "rating", "target", "why"]);
    for band in &report.assessment.bands {
        let target = match band.target_met {
            Some(true) => "met",
            Some(false) => "missed",
            None => "–",
        };
        let figure = format!("{} {}", optional(band.figure), band.unit);
        let cells = [
            &band.name,
            &figure,
            band.rating.words(),
            target,
            &band.reason,
        ];
        row(out, cells.map(str::to_owned).into_iter());
    }
    out.push('\n');
}

fn thresholds(out: &mut String, report: &Report) {
    if report.assessment.thresholds.is_empty() {
        return;
    }
    heading(out, &["threshold", "verdict", "why"]);
    for it in &report.assessment.thresholds {
        let verdict = serde_json::to_value(it.verdict).unwrap_or_default();
        let verdict = verdict.as_str().unwrap_or_default().to_owned();
        row(
            out,
            [format!("`{}`", it.threshold), verdict, it.reason.clone()].into_iter(),
        );
    }
    out.push('\n');
}

fn tests(out: &mut String, report: &Report) {
    heading(
        out,
        &[
            "test",
            "n",
            "errors",
            "avg ms",
            "median ms",
            "p95 ms",
            "p99 ms",
            "max ms",
            "per second",
            "of",
        ],
    );
    for test in &report.tests {
        let cells = [
            format!("`{}`", test.test_name),
            grouped(test.iterations),
            grouped(test.error_count),
            optional(test.avg_time_ms),
            optional(test.median_time_ms),
            optional(test.p95_time_ms),
            optional(test.p99_time_ms),
            optional(test.max_time_ms),
            optional(test.throughput_ops_per_sec),
            test.operation.clone(),
        ];
        row(out, cells.into_iter());
    }
    out.push('\n');
}

fn recommendations(out: &mut String, report: &Report) {
    if report.recommendations.is_empty() {
        return;
    }
    out.push_str("### Recommendations\n\n");
    for it in &report.recommendations {
        let priority = serde_json::to_value(it.priority).unwrap_or_default();
        let _ = writeln!(
            out,
            "- **{}** `{}`: {}\n  - {}\n  - {}",
            priority.as_str().unwrap_or_default(),
            it.component,
            indented(&it.issue),
            indented(&it.recommendation),
            indented(&it.expected_impact),
        );
    }
    out.push('\n');
}

/// Keeps the lines of a text inside its list item.
fn indented(text: &str) -> String {
    text.replace('\n', "\n    ")
}

fn heading(out: &mut String, columns: &[&str]) {
    row(out, columns.iter().map(|&column| column.to_owned()));
    row(out, columns.iter().map(|_| "---".to_owned()));
}

fn row(out: &mut String, cells: impl Iterator<Item = String>) {
    for cell in cells {
        let _ = write!(out, "| {} ", cell.replace('|', "\\|").replace('\n', " "));
    }
    out.push_str("|\n");
}
