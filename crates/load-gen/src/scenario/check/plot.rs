//! A load over time as a small picture of text.

use std::fmt::Write as _;
use std::time::Duration;

use common::render::amount;
use common::units::{count_usize, round_u64, size_f64};

use super::super::times::words;
use crate::crowd::Program;

const COLUMNS: usize = 60;
const ROWS: usize = 8;

/// From empty to full, in eighths.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The height of a load over its length; `unit` says of what.
pub(super) fn plot(program: &Program, length: Duration, unit: &str) -> String {
    let heights: Vec<f64> = (0..COLUMNS)
        .map(|column| {
            let share = (size_f64(column) + 0.5) / size_f64(COLUMNS);
            program.height(length.mul_f64(share))
        })
        .collect();
    let top = nice_top(highest(program, length).max(heights.iter().copied().fold(0.0, f64::max)));
    let label = |share: f64| amount(top * share);
    let width = label(1.0).chars().count().max(label(0.5).chars().count());
    let mut out = format!("  {unit}\n");
    for row in (0..ROWS).rev() {
        let label = match row {
            _ if row + 1 == ROWS => label(1.0),
            _ if row + 1 == ROWS / 2 => label(0.5),
            _ => String::new(),
        };
        let _ = write!(out, "  {label:>width$} ");
        out.push(if label.is_empty() { '│' } else { '┤' });
        let bars = heights.iter().map(|height| {
            let filled = height / top * size_f64(ROWS) - size_f64(row);
            EIGHTHS[count_usize(round_u64((filled * 8.0).clamp(0.0, 8.0)))]
        });
        let line: String = bars.collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    let axis = "─".repeat(COLUMNS);
    let _ = writeln!(out, "  {:>width$} └{axis}", "0");
    let middle = words(round(length / 2));
    let end = words(length);
    let gap = COLUMNS.saturating_sub(end.chars().count() + 1);
    let _ = writeln!(out, "  {:width$}  0{middle:^gap$}{end}", "");
    out
}

/// The height where the lines meet, which columns may step over.
fn highest(program: &Program, length: Duration) -> f64 {
    let stretches = match program {
        Program::Users(it) => &it.stretches,
        Program::Arrivals(it) => &it.stretches,
    };
    let corners = stretches.iter().flat_map(|it| [it.from, it.to]);
    corners.fold(program.height(length / 2), f64::max)
}

/// A round number that is not below a height: 1, 2, 2.5 or 5 times a power of ten, or ten of them.
fn nice_top(height: f64) -> f64 {
    if height <= 0.0 {
        return 1.0;
    }
    let unit = 10_f64.powf(height.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let found = steps.iter().find(|it| *it * unit >= height * (1.0 - 1e-9));
    found.map_or(height, |it| it * unit)
}

/// A time in the middle without fractions that nobody reads.
fn round(time: Duration) -> Duration {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 {
        return time;
    }
    Duration::from_secs(round_u64(seconds))
}
