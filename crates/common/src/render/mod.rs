//! Formats of the result document: one file a format, bytes out, nothing else; and what pages are made of.

mod json;
mod markdown;
mod number;
pub mod page;
pub mod svg;
mod text;

use serde::{Deserialize, Serialize};

pub use json::json;
pub use markdown::markdown;
pub use number::{amount, figure, grouped, optional};
pub use text::text;

use crate::report::Report;

/// A format of the result on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Aligned tables for people.
    #[default]
    Text,
    /// The whole document.
    Json,
    /// Tables for a pull request or a wiki.
    Markdown,
}

/// Renders a report; `colour` concerns the text format only.
pub fn render(report: &Report, format: Format, colour: bool) -> String {
    match format {
        Format::Text => text(report, colour),
        Format::Json => json(report),
        Format::Markdown => markdown(report),
    }
}

#[cfg(test)]
mod tests;
