//! One value for whatever body a request expects.

use super::Malformed;
use super::csv::{CsvReader, CsvSummary};
use super::fits::{FitsReader, FitsSummary};
use super::json::{JsonReader, JsonSummary};
use super::position::OnRow;
use super::prometheus::{PrometheusReader, PrometheusSummary};
use super::text::{TextReader, TextSummary};
use super::votable::{VotableReader, VotableSummary};
use super::xml_document::{XmlReader, XmlSummary};

/// A reader of one body.
#[derive(Debug)]
pub enum BodyReader {
    /// A `VOTable`.
    Votable(Box<VotableReader>),
    /// A JSON document.
    Json(Box<JsonReader>),
    /// Plain text that is not empty.
    Text(TextReader),
    /// Comma- or tab-separated values.
    Csv(Box<CsvReader>),
    /// The text exposition of Prometheus or `OpenMetrics`.
    Prometheus(PrometheusReader),
    /// A FITS file.
    Fits(FitsReader),
    /// Any XML document.
    Xml(Box<XmlReader>),
    /// Anything, an empty body included.
    Ignore,
}

/// What was found in a complete body.
#[derive(Debug, Clone, PartialEq)]
pub enum BodySummary {
    /// A `VOTable`.
    Votable(Box<VotableSummary>),
    /// A JSON document.
    Json(JsonSummary),
    /// Plain text.
    Text(TextSummary),
    /// Comma- or tab-separated values.
    Csv(CsvSummary),
    /// The text exposition of Prometheus or `OpenMetrics`.
    Prometheus(PrometheusSummary),
    /// A FITS file.
    Fits(FitsSummary),
    /// Any XML document.
    Xml(XmlSummary),
    /// A body that was not looked at.
    Ignored,
}

impl BodyReader {
    /// Takes the next chunk, of any size, and tells of each row that it completes. After an error
    /// it does nothing.
    pub fn feed(&mut self, chunk: &[u8], on_row: &mut OnRow<'_>) {
        match self {
            Self::Votable(reader) => reader.feed(chunk, on_row),
            Self::Json(reader) => reader.feed(chunk, on_row),
            Self::Text(reader) => reader.feed(chunk),
            Self::Csv(reader) => reader.feed(chunk, on_row),
            Self::Prometheus(reader) => reader.feed(chunk),
            Self::Fits(reader) => reader.feed(chunk),
            Self::Xml(reader) => reader.feed(chunk),
            Self::Ignore => {}
        }
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        match self {
            Self::Votable(reader) => reader.failed(),
            Self::Json(reader) => reader.failed(),
            Self::Csv(reader) => reader.failed(),
            Self::Prometheus(reader) => reader.failed(),
            Self::Fits(reader) => reader.failed(),
            Self::Xml(reader) => reader.failed(),
            Self::Text(_) | Self::Ignore => None,
        }
    }

    /// The body has ended: what was found, or why it is not what it should be. A table in CSV whose
    /// last line may lack its end tells of that row here.
    pub fn finish(self, on_row: &mut OnRow<'_>) -> Result<BodySummary, Malformed> {
        match self {
            Self::Votable(reader) => reader.finish().map(Box::new).map(BodySummary::Votable),
            Self::Json(reader) => reader.finish().map(BodySummary::Json),
            Self::Text(reader) => reader.finish().map(BodySummary::Text),
            Self::Csv(reader) => reader.finish(on_row).map(BodySummary::Csv),
            Self::Prometheus(reader) => reader.finish().map(BodySummary::Prometheus),
            Self::Fits(reader) => reader.finish().map(BodySummary::Fits),
            Self::Xml(reader) => reader.finish().map(BodySummary::Xml),
            Self::Ignore => Ok(BodySummary::Ignored),
        }
    }
}

impl BodySummary {
    /// Rows of the answer; `None` when it has no place for rows or they are not readable.
    pub fn rows(&self) -> Option<u64> {
        match self {
            Self::Votable(it) => it
                .serialization
                .is_none_or(super::Serialization::is_readable)
                .then_some(it.rows),
            Self::Json(it) => it.rows,
            Self::Csv(it) => Some(it.rows),
            Self::Xml(it) => it.rows,
            Self::Text(_) | Self::Prometheus(_) | Self::Fits(_) | Self::Ignored => None,
        }
    }
}
