//! What can be read, and how a request is refused.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Site;
use super::downloads::Download;

/// Why something is not answered.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.message }))).into_response()
    }
}

/// The run now.
pub(super) async fn snapshot(State(site): State<Arc<Site>>) -> Response {
    Json(&*site.view.now()).into_response()
}

/// Its course from the start.
pub(super) async fn course(State(site): State<Arc<Site>>) -> Response {
    site.view.read_course(|course| Json(course).into_response())
}

/// The report has scripts and styles of its own inside; it is shown as a page of nobody's, which can ask
/// nothing of this one.
const REPORT_POLICY: &str = "sandbox allow-scripts allow-downloads; default-src 'none'; img-src data:; \
     style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'";

/// A file of a run that is over.
pub(super) async fn download(
    State(site): State<Arc<Site>>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let Some(download) = Download::ALL.into_iter().find(|it| it.file_name() == name) else {
        return Err(Refused::new(
            StatusCode::NOT_FOUND,
            "there is no such thing here",
        ));
    };
    let Some(content) = site.downloads.get(download) else {
        return Err(Refused::new(
            StatusCode::CONFLICT,
            format!("`{name}` is there when the run is over"),
        ));
    };
    let mut response = content.into_response();
    let headers = response.headers_mut();
    let mut set = |name, value: String| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, download.media_type().to_owned());
    if download == Download::ReportHtml {
        set(header::CONTENT_SECURITY_POLICY, REPORT_POLICY.to_owned());
    } else {
        set(
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        );
    }
    Ok(response)
}
