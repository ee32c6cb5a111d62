//! What a job is asked to do.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tempfile::TempPath;

/// The kind of processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ProcessingType {
    /// Bias, dark and flat.
    BasicCalibration,
    /// That, cosmic rays, background, sources.
    #[default]
    FullCalibration,
    /// The same.
    AdvancedProcessing,
    /// The same: the magnitudes are what counts.
    Photometry,
    /// The same without cosmic rays: the positions are what counts.
    Astrometry,
}

/// Steps that a user may switch on and off against what the kind of processing does by itself.
/// `qualityAssessment` is the measurement of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Parameters {
    pub(crate) dark_subtraction: Option<bool>,
    pub(crate) flat_correction: Option<bool>,
    pub(crate) cosmic_ray_removal: Option<bool>,
    pub(crate) background_subtraction: Option<bool>,
    pub(crate) quality_assessment: Option<bool>,
}

/// Where the image comes from.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// A file that stays.
    Object(PathBuf),
    /// An uploaded file, removed with the last user of it.
    Upload(Arc<TempPath>),
}

impl Default for Input {
    fn default() -> Self {
        Self::Object(PathBuf::new())
    }
}

impl Input {
    pub(crate) fn path(&self) -> &std::path::Path {
        match self {
            Self::Object(path) => path,
            Self::Upload(path) => path,
        }
    }
}

/// A job as it was submitted.
#[derive(Debug, Clone, Default)]
pub(crate) struct JobRequest {
    pub(crate) input_bucket: Option<String>,
    pub(crate) input_object_key: String,
    pub(crate) processing_type: ProcessingType,
    pub(crate) output_bucket: Option<String>,
    pub(crate) output_object_key: String,
    pub(crate) user_id: Option<String>,
    /// Greater goes first.
    pub(crate) priority: i64,
    pub(crate) parameters: Parameters,
    pub(crate) input: Input,
}

/// A priority: a word or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "PriorityText")]
pub(crate) struct Priority(pub(crate) i64);

#[derive(Deserialize)]
#[serde(untagged)]
enum PriorityText {
    Number(i64),
    Word(PriorityWord),
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PriorityWord {
    Low,
    Normal,
    High,
}

impl From<PriorityText> for Priority {
    fn from(text: PriorityText) -> Self {
        Self(match text {
            // Its negative must exist.
            PriorityText::Number(number) => number.clamp(-i64::MAX, i64::MAX),
            PriorityText::Word(PriorityWord::Low) => -10,
            PriorityText::Word(PriorityWord::Normal) => 0,
            PriorityText::Word(PriorityWord::High) => 10,
        })
    }
}

/// The body of `POST /api/v1/processing/jobs/s3`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectRequest {
    pub(crate) input_bucket: String,
    pub(crate) input_object_key: String,
    pub(crate) processing_type: ProcessingType,
    #[serde(default)]
    pub(crate) output_bucket: Option<String>,
    #[serde(default)]
    pub(crate) output_object_key: Option<String>,
    #[serde(default)]
    pub(crate) user_id: Option<String>,
    #[serde(default)]
    pub(crate) priority: Option<Priority>,
    #[serde(default)]
    pub(crate) parameters: Option<Parameters>,
}

impl ObjectRequest {
    /// The job on a file.
    pub(crate) fn on(self, input: Input) -> JobRequest {
        let stem = self.input_object_key.trim_end_matches(".fits").to_owned();
        JobRequest {
            input_bucket: Some(self.input_bucket),
            processing_type: self.processing_type,
            output_bucket: self.output_bucket,
            output_object_key: self
                .output_object_key
                .unwrap_or_else(|| format!("calibrated/{stem}_cal.fits")),
            input_object_key: self.input_object_key,
            user_id: self.user_id,
            priority: self.priority.unwrap_or_default().0,
            parameters: self.parameters.unwrap_or_default(),
            input,
        }
    }
}

impl fmt::Display for ProcessingType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Which steps are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Wanted {
    pub(crate) dark: bool,
    pub(crate) flat: bool,
    pub(crate) cosmic_rays: bool,
    pub(crate) background: bool,
    pub(crate) measure: bool,
}

impl JobRequest {
    /// The steps that the kind of processing and the parameters ask for.
    pub(crate) fn wanted(&self) -> Wanted {
        let basic = self.processing_type == ProcessingType::BasicCalibration;
        let astrometry = self.processing_type == ProcessingType::Astrometry;
        let parameters = self.parameters;
        Wanted {
            dark: parameters.dark_subtraction.unwrap_or(true),
            flat: parameters.flat_correction.unwrap_or(true),
            cosmic_rays: parameters
                .cosmic_ray_removal
                .unwrap_or(!basic && !astrometry),
            background: parameters.background_subtraction.unwrap_or(!basic),
            measure: parameters.quality_assessment.unwrap_or(!basic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_with_its_defaults() {
        let text = r#"{"inputBucket": "raw", "inputObjectKey": "a/b.fits",
            "processingType": "PHOTOMETRY", "priority": "HIGH",
            "parameters": {"cosmicRayRemoval": false}}"#;
        let request: ObjectRequest = serde_json::from_str(text).unwrap();
        let job = request.on(Input::default());
        assert_eq!(job.output_object_key, "calibrated/a/b_cal.fits");
        assert_eq!(job.priority, 10);
        let wanted = job.wanted();
        assert!(wanted.dark && wanted.measure && !wanted.cosmic_rays);
        let number: Priority = serde_json::from_str("-3").unwrap();
        assert_eq!(number, Priority(-3));
        assert!(serde_json::from_str::<Priority>("\"SOON\"").is_err());
    }
}
