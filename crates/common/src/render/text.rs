//! Aligned tables for the terminal.

use std::fmt::Write as _;

use comfy_table::{Attribute, Cell, CellAlignment, Color, Table as Grid, presets};
use serde_json::Value;

use super::number::{self, figure, grouped, optional};
use crate::assess::{BandVerdict, Priority, Rating, Recommendation, Verdict};
use crate::report::{Cell as Figure, Limitation, Report, Table, TestResult};
use crate::units::mebibytes;

/// The report as text; `colour` for a terminal.
pub fn text(report: &Report, colour: bool) -> String {
    let mut out = head(report);
    let style = Style { colour };
    style.section(
        &mut out,
        "Measurements (times in ms)",
        &style.tests(&report.tests),
    );
    let waits = style.waits(&report.tests);
    if !waits.is_empty() {
        style.section(&mut out, "Service time and waits (ms)", &waits);
    }
    for test in &report.tests {
        for table in &test.tables {
            style.section(&mut out, &table.title, &style.table(table));
        }
    }
    if !report.assessment.bands.is_empty() {
        style.section(&mut out, "Ratings", &style.bands(&report.assessment.bands));
    }
    if !report.assessment.thresholds.is_empty() {
        style.section(&mut out, "Thresholds", &style.thresholds(report));
    }
    let errors = errors(&report.tests);
    if !errors.is_empty() {
        style.section(&mut out, "Errors", &errors);
    }
    style.section(
        &mut out,
        "Recommendations",
        &style.recommendations(&report.recommendations),
    );
    if !report.limitations.is_empty() {
        style.section(&mut out, "Limitations", &limitations(&report.limitations));
    }
    out
}

fn head(report: &Report) -> String {
    let run = &report.run;
    let host = &run.host;
    let mode = serde_json::to_value(run.mode).unwrap_or_default();
    let describe = |key: &str| match report.target.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => "unknown".to_owned(),
    };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} {}  {} run {}  seed {}  {}  {:.1} s",
        report.tool.name,
        report.tool.version,
        mode.as_str().unwrap_or_default(),
        run.id,
        run.seed,
        run.started_at,
        run.duration_s,
    );
    let _ = writeln!(out, "target  {}", describe("description"));
    let _ = writeln!(
        out,
        "host    {}, {} cores, {:.1} GiB, load {} before, {} after",
        host.cpu_model.as_deref().unwrap_or("unknown processor"),
        host.cores,
        mebibytes(host.memory_bytes) / 1024.0,
        optional(host.load_before),
        optional(host.load_after),
    );
    out
}

fn errors(tests: &[TestResult]) -> String {
    let mut out = String::new();
    for test in tests {
        for (kind, errors) in &test.errors {
            let _ = writeln!(
                out,
                "  {}: {} × {kind}, such as: {}",
                test.test_name,
                grouped(errors.count),
                errors.example
            );
        }
    }
    out
}

fn limitations(limitations: &[Limitation]) -> String {
    let mut out = String::new();
    for limitation in limitations {
        let test = limitation
            .test_name
            .as_ref()
            .map(|test| format!("{test}: "))
            .unwrap_or_default();
        out.push_str(&wrapped(&format!("- {test}{}", limitation.message), 2, 4));
    }
    out
}

/// Breaks a text at 100 columns; lines of a statement stay as they are.
fn wrapped(text: &str, first: usize, rest: usize) -> String {
    let mut out = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut indent = if number == 0 { first } else { rest };
        let mut column = 0;
        for word in line.split_whitespace() {
            let length = word.chars().count();
            if column > 0 && column + length + 1 > 100 {
                out.push('\n');
                column = 0;
                indent = rest;
            }
            if column == 0 {
                out.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
    }
    out
}

struct Style {
    colour: bool,
}

impl Style {
    fn section(&self, out: &mut String, title: &str, body: &str) {
        let title = if self.colour {
            format!("\u{1b}[1m{title}\u{1b}[0m")
        } else {
            title.to_owned()
        };
        let _ = write!(out, "\n{title}\n{}\n", body.trim_end());
    }

    fn grid(&self, columns: &[&str]) -> Grid {
        let mut grid = Grid::new();
        grid.load_style(presets::NOTHING);
        if self.colour {
            grid.enforce_styling();
        } else {
            grid.force_no_tty();
        }
        grid.set_header(columns.iter().map(|column| {
            let cell = Cell::new(column);
            if self.colour {
                cell.add_attribute(Attribute::Dim)
            } else {
                cell
            }
        }));
        grid
    }

    fn coloured(&self, text: &str, colour: Color) -> Cell {
        let cell = Cell::new(text);
        if self.colour { cell.fg(colour) } else { cell }
    }

    fn tests(&self, tests: &[TestResult]) -> String {
        let mut grid = self.grid(&[
            "test",
            "n",
            "ok %",
            "avg",
            "median",
            "p95",
            "p99",
            "max",
            "throughput",
            "",
        ]);
        for test in tests {
            let success = test.success_rate.map_or_else(|| "–".to_owned(), success);
            let success = if test.error_count > 0 {
                self.coloured(&success, Color::Red)
            } else {
                Cell::new(success)
            };
            grid.add_row(vec![
                Cell::new(&test.test_name),
                Cell::new(grouped(test.iterations)),
                success,
                Cell::new(optional(test.avg_time_ms)),
                Cell::new(optional(test.median_time_ms)),
                Cell::new(optional(test.p95_time_ms)),
                Cell::new(optional(test.p99_time_ms)),
                Cell::new(optional(test.max_time_ms)),
                Cell::new(optional(test.throughput_ops_per_sec)),
                Cell::new(plural_per_second(&test.operation)),
            ]);
        }
        for index in 1..9 {
            align_right(&mut grid, index);
        }
        lines(&grid)
    }

    /// The parts of the response time, where a test has any: what was waited for apart from the work.
    fn waits(&self, tests: &[TestResult]) -> String {
        let mut grid = self.grid(&["test", "part", "n", "median", "p95", "p99", "max"]);
        for test in tests {
            if test.timer_lag.is_none() && test.spans.is_empty() {
                continue;
            }
            let spans = test
                .spans
                .iter()
                .map(|(name, it)| (name.as_str(), Some(it)));
            let parts = [
                ("service time", test.service_time.as_ref()),
                ("timer lag of the tool", test.timer_lag.as_ref()),
            ];
            for (name, summary) in parts.into_iter().chain(spans) {
                let Some(summary) = summary else { continue };
                grid.add_row(vec![
                    test.test_name.clone(),
                    name.replace('_', " "),
                    grouped(summary.count),
                    optional(summary.median_ms),
                    optional(summary.p95_ms),
                    optional(summary.p99_ms),
                    optional(summary.max_ms),
                ]);
            }
        }
        if grid.is_empty() {
            return String::new();
        }
        for index in 2..7 {
            align_right(&mut grid, index);
        }
        lines(&grid)
    }

    fn table(&self, table: &Table) -> String {
        let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        let mut grid = self.grid(&columns);
        for row in &table.rows {
            grid.add_row(row.iter().map(|cell| match cell {
                Figure::Number(number) => Cell::new(number::amount(*number)),
                Figure::Text(text) => Cell::new(text),
                Figure::Missing(()) => Cell::new("–"),
            }));
        }
        for index in 0..columns.len() {
            let is_text = |row: &Vec<Figure>| matches!(row.get(index), Some(Figure::Text(_)));
            if !table.rows.iter().any(is_text) {
                align_right(&mut grid, index);
            }
        }
        lines(&grid)
    }

    fn bands(&self, bands: &[BandVerdict]) -> String {
        let mut grid = self.grid(&["work", "figure", "rating", "target", "why"]);
        for band in bands {
            let colour = match band.rating {
                Rating::Excellent => Color::Green,
                Rating::Good => Color::Cyan,
                Rating::NeedsImprovement => Color::Red,
                Rating::NotAssessed => Color::Yellow,
            };
            let target = match band.target_met {
                Some(true) => "met",
                Some(false) => "missed",
                None => "–",
            };
            let shown = band.figure.map_or_else(
                || "–".to_owned(),
                |it| format!("{} {}", figure(it), band.unit),
            );
            grid.add_row(vec![
                Cell::new(&band.name),
                Cell::new(shown).set_alignment(CellAlignment::Right),
                self.coloured(band.rating.words(), colour),
                Cell::new(target),
                Cell::new(&band.reason),
            ]);
        }
        lines(&grid)
    }

    fn thresholds(&self, report: &Report) -> String {
        let mut grid = self.grid(&["threshold", "verdict", "why"]);
        for threshold in &report.assessment.thresholds {
            let (word, colour) = match threshold.verdict {
                Verdict::Pass => ("pass", Color::Green),
                Verdict::Fail => ("FAIL", Color::Red),
                Verdict::NoData => ("NO DATA", Color::Yellow),
            };
            grid.add_row(vec![
                Cell::new(&threshold.threshold),
                self.coloured(word, colour),
                Cell::new(&threshold.reason),
            ]);
        }
        lines(&grid)
    }

    fn recommendations(&self, recommendations: &[Recommendation]) -> String {
        if recommendations.is_empty() {
            return "  none: nothing was seen that should change".to_owned();
        }
        let mut out = String::new();
        for (index, it) in recommendations.iter().enumerate() {
            let priority = match it.priority {
                Priority::High => "HIGH",
                Priority::Medium => "MEDIUM",
                Priority::Low => "LOW",
            };
            let effort = serde_json::to_value(it.implementation_effort).unwrap_or_default();
            let title = format!(
                "{}. {priority} {} (effort {})",
                index + 1,
                it.component,
                effort.as_str().unwrap_or_default().to_lowercase()
            );
            let title = match (self.colour, it.priority) {
                (true, Priority::High) => format!("\u{1b}[31m{title}\u{1b}[0m"),
                _ => title,
            };
            let _ = writeln!(out, "  {title}");
            out.push_str(&wrapped(&it.issue, 5, 5));
            out.push_str(&wrapped(&format!("do: {}", it.recommendation), 5, 9));
            out.push_str(&wrapped(&format!("brings: {}", it.expected_impact), 5, 9));
        }
        out
    }
}

/// `query` → `queries/s`.
fn plural_per_second(operation: &str) -> String {
    match operation.strip_suffix('y') {
        Some(stem) => format!("{stem}ies/s"),
        None => format!("{operation}s/s"),
    }
}

/// A share of successes that never rounds an error away.
fn success(percent: f64) -> String {
    if percent < 100.0 && percent > 99.95 {
        format!("{percent:.3}")
    } else {
        format!("{percent:.1}")
    }
}

fn align_right(grid: &mut Grid, index: usize) {
    if let Some(column) = grid.column_mut(index) {
        column.set_cell_alignment(CellAlignment::Right);
    }
}

fn lines(grid: &Grid) -> String {
    let mut out = String::new();
    for line in grid.to_string().lines() {
        let _ = writeln!(out, " {}", line.trim_end());
    }
    out
}
