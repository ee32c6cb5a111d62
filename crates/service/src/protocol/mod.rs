//! Readers that judge the answers of services while they arrive.
//!
//! A reader is fed chunks of any size and finished when the body ends; how the body is cut makes no
//! difference to the outcome. Memory is bounded whatever the body is, and no body makes a reader
//! panic. A reader says what it found or the first error with its place; whether that is a success
//! is for the caller to decide.

mod body;
mod content;
mod csv;
mod fits;
mod json;
mod malformed;
mod position;
mod prometheus;
mod text;
mod utf8;
mod uws;
mod vosi;
mod votable;
mod xml;
mod xml_document;

pub use body::{BodyReader, BodySummary};
pub use content::{
    VOTABLE_TYPES, content_type_is, is_json_type, is_votable_type, looks_like_html, media_type,
};
pub use csv::{CsvReader, CsvRules, CsvSummary};
pub use fits::{FitsReader, FitsSummary};
pub use json::{JsonReader, JsonRules, JsonSummary, Pointer, PointerError, Scalar};
pub use malformed::{Fault, Malformed};
pub use position::{OnRow, RowPosition};
pub use prometheus::{PrometheusReader, PrometheusSummary};
pub use text::{TextReader, TextSummary};
pub use uws::{UnknownPhase, UwsError, UwsJob, UwsPhase, UwsResult, parse_uws_job};
pub use vosi::{
    Availability, Capability, TableSet, parse_availability, parse_capabilities, parse_tables,
};
pub use votable::{
    Field, Info, QueryState, QueryStatus, Serialization, VotableOptions, VotableReader,
    VotableSummary,
};
pub use xml_document::{XmlReader, XmlRules, XmlSummary};
