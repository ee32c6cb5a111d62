//! The result document: versioned, described by a JSON Schema, the same for all tools.

mod host;
mod http;
mod lateness;
mod limitation;
mod run;
mod schema;
mod summary;
mod table;
mod test_result;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use host::Host;
pub use http::HttpFigures;
pub use lateness::{busy_machine, limitations_of};
pub use limitation::Limitation;
pub use run::{Mode, Run, RunClock, Tool};
pub use schema::json_schema;
pub use summary::Summary;
pub use table::{Cell, Table};
pub use test_result::{
    ErrorCount, GroupResult, Histograms, Items, TestResult, TimeSummary, TimelinePoint,
};

use crate::assess::{Assessment, Recommendation};

/// The version of the document: the major number changes when a reader of an older one would be misled.
pub const SCHEMA_VERSION: &str = "1.0";

/// The result of one run of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this document, `major.minor`.
    pub schema_version: String,
    /// The tool that wrote it.
    pub tool: Tool,
    /// When, how and where it ran.
    pub run: Run,
    /// What was measured: address without secrets, versions, settings.
    pub target: BTreeMap<String, Value>,
    /// Everything that decides what was done, as it was checked before the run.
    pub plan: BTreeMap<String, Value>,
    /// The measurements.
    pub tests: Vec<TestResult>,
    /// The totals.
    pub summary: Summary,
    /// The ratings and thresholds.
    pub assessment: Assessment,
    /// What to change, the most urgent first.
    pub recommendations: Vec<Recommendation>,
    /// What the figures do not say: what was left out, not measured or disturbed, and why.
    pub limitations: Vec<Limitation>,
}

impl Report {
    /// The test of this name.
    pub fn test(&self, name: &str) -> Option<&TestResult> {
        self.tests.iter().find(|test| test.test_name == name)
    }
}

/// Any serialisable plan or target as the map that a report holds.
///
/// # Panics
/// When the value is not a struct or map.
pub fn to_map(value: &impl Serialize) -> BTreeMap<String, Value> {
    let value = serde_json::to_value(value).expect("plans are plain data");
    serde_json::from_value(value).expect("plans are structs")
}
