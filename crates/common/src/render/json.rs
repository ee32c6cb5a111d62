//! The document itself.

use crate::report::Report;

/// The report as indented JSON with a line end.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report is plain data");
    text.push('\n');
    text
}
