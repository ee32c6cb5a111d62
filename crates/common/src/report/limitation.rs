//! What the figures do not say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that was left out, not measured or disturbed, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limitation {
    /// A stable short name, such as `interrupted` or `extension_missing`.
    pub code: String,
    /// The test it concerns; absent when it concerns the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_name: Option<String>,
    /// What happened and what it means for the figures.
    pub message: String,
}

impl Limitation {
    /// A limitation of the whole run.
    pub fn of_run(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            test_name: None,
            message: message.into(),
        }
    }

    /// A limitation of one test.
    pub fn of_test(code: &str, test_name: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            test_name: Some(test_name.to_owned()),
            message: message.into(),
        }
    }
}
