//! HTTP Archive 1.2, as much of it as is used.

use jiff::Timestamp;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Document {
    pub(super) log: Log,
}

#[derive(Debug, Deserialize)]
pub(super) struct Log {
    #[serde(default)]
    pub(super) pages: Vec<PageOf>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PageOf {
    #[serde(default)]
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) pageref: Option<String>,
    started_date_time: String,
    /// Milliseconds from the start to the end.
    #[serde(default)]
    time: Option<f64>,
    pub(super) request: RequestOf,
    pub(super) response: ResponseOf,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestOf {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<Pair>,
    #[serde(default)]
    pub(super) post_data: Option<PostData>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostData {
    #[serde(default)]
    pub(super) mime_type: String,
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) params: Vec<Parameter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Option<String>,
    #[serde(default)]
    pub(super) file_name: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ResponseOf {
    #[serde(default)]
    pub(super) status: i64,
    #[serde(default)]
    pub(super) content: ContentOf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContentOf {
    #[serde(default)]
    pub(super) mime_type: Option<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

impl Entry {
    /// When it began and ended, seconds since 1970.
    pub(super) fn times(&self) -> Option<(f64, f64)> {
        let began: Timestamp = self.started_date_time.parse().ok()?;
        let began = began.as_duration().as_secs_f64();
        let took = self
            .time
            .filter(|it| it.is_finite() && *it > 0.0)
            .unwrap_or_default();
        Some((began, began + took / 1e3))
    }
}

impl ContentOf {
    /// The media type without its parameters, in small letters.
    pub(super) fn media(&self) -> String {
        media(self.mime_type.as_deref().unwrap_or_default())
    }

    /// The body where it is JSON.
    pub(super) fn json(&self) -> Option<serde_json::Value> {
        use base64::Engine as _;
        let text = self.text.as_deref()?;
        if self.encoding.as_deref() == Some("base64") {
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text)
                .ok()?;
            return serde_json::from_slice(&bytes).ok();
        }
        serde_json::from_str(text).ok()
    }
}

/// A media type without its parameters, in small letters.
pub(super) fn media(text: &str) -> String {
    text.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
