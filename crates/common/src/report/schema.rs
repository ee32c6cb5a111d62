//! The JSON Schema of the result document, from its types.

use serde_json::Value;

use super::Report;

/// The JSON Schema (draft 2020-12) of [`Report`].
pub fn json_schema() -> Value {
    schemars::schema_for!(Report).to_value()
}
