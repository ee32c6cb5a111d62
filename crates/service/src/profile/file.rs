//! A profile as it stands in its file, unchecked: places are kept for whatever may be wrong later.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileFile {
    pub(super) format: Spanned<i64>,
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) mixed: BTreeMap<String, Spanned<f64>>,
    pub(super) workflow: Option<Spanned<WorkflowFile>>,
    #[serde(default)]
    pub(super) operation: Vec<Spanned<OperationFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkflowFile {
    pub(super) submit: String,
    pub(super) sources: String,
    pub(super) lookup: String,
    pub(super) radius_arcsec: Option<f64>,
    pub(super) brightest: Option<usize>,
    pub(super) least_found: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationFile {
    pub(super) name: Spanned<String>,
    pub(super) like: Option<Spanned<String>>,
    pub(super) group: Option<Spanned<String>>,
    pub(super) weight: Option<Spanned<f64>>,
    #[serde(default)]
    pub(super) needs: Vec<Spanned<String>>,
    pub(super) description: Option<String>,
    pub(super) request: Option<RequestFile>,
    pub(super) success: Option<SuccessFile>,
    pub(super) job: Option<JobFile>,
    #[serde(default)]
    pub(super) capture: Vec<Spanned<CaptureFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CaptureFile {
    pub(super) name: Spanned<String>,
    pub(super) json: Option<Spanned<String>>,
    pub(super) header: Option<Spanned<String>>,
    pub(super) regex: Option<Spanned<String>>,
    pub(super) default: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallFile {
    pub(super) request: RequestFile,
    pub(super) success: SuccessFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestFile {
    pub(super) method: Option<Spanned<String>>,
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) query: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Spanned<String>>,
    pub(super) form: Option<BTreeMap<String, Spanned<toml::Value>>>,
    pub(super) json: Option<Spanned<toml::Value>>,
    pub(super) multipart: Option<Vec<Spanned<PartFile>>>,
    pub(super) timeout_s: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartFile {
    pub(super) name: String,
    pub(super) text: Option<String>,
    pub(super) file: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuccessFile {
    pub(super) status: Option<Vec<Spanned<u16>>>,
    pub(super) content: Spanned<String>,
    pub(super) content_type: Option<Vec<String>>,
    pub(super) rows: Option<Spanned<String>>,
    pub(super) position: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    pub(super) inside_cone: bool,
    pub(super) count: Option<Spanned<String>>,
    pub(super) min_rows: Option<u64>,
    pub(super) max_rows: Option<u64>,
    pub(super) limit: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) equal: BTreeMap<String, Spanned<toml::Value>>,
    #[serde(default)]
    pub(super) present: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) absent: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) overflow: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobFile {
    pub(super) id: Spanned<String>,
    pub(super) start: Option<CallFile>,
    pub(super) poll: CallFile,
    pub(super) phase: Spanned<String>,
    pub(super) waiting: Option<Vec<String>>,
    pub(super) running: Option<Vec<String>>,
    pub(super) done: Option<Vec<String>>,
    pub(super) failed: Option<Vec<String>>,
    pub(super) created_at: Option<Spanned<String>>,
    pub(super) started_at: Option<Spanned<String>>,
    pub(super) finished_at: Option<Spanned<String>>,
    pub(super) bytes: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) wait: bool,
    pub(super) result: Option<CallFile>,
    pub(super) cleanup: Option<CallFile>,
    pub(super) cleanup_finished: Option<bool>,
    pub(super) timeout_s: Option<Spanned<f64>>,
}
