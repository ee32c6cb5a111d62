//! The REST API: paths, and what they have in common.

mod actuator;
mod catalog;
mod jobs;
mod problem;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use http::{Method, StatusCode, Uri};

use super::catalogue::Catalogue;
use super::faults::Faults;
use super::jobs::{InputStore, Jobs};
use super::metrics::Metrics;
use super::vitals::Vitals;

pub(super) use problem::Problem;

/// The largest file that is taken.
const MOST_UPLOAD_BYTES: usize = 512 * 1024 * 1024;

/// The largest JSON body that is taken.
const MOST_JSON_BYTES: usize = 256 * 1024;

/// What the handlers share.
pub(super) struct App {
    pub(super) catalogue: Catalogue,
    pub(super) jobs: Arc<Jobs>,
    pub(super) inputs: InputStore,
    pub(super) uploads: PathBuf,
    pub(super) metrics: Arc<Metrics>,
    pub(super) faults: Arc<Faults>,
    pub(super) vitals: Vitals,
}

/// The template of the path that answered, for the metrics.
#[derive(Debug, Clone)]
pub(super) struct Template(pub(super) String);

/// All paths.
pub(super) fn router(app: Arc<App>) -> Router {
    let catalog = Router::new()
        .route("/cone-search", get(catalog::cone_search))
        .route("/magnitude-search", get(catalog::magnitude_search))
        .route("/object-type-search", get(catalog::object_type_search))
        .route("/cross-match", get(catalog::cross_match))
        .route("/variability-search", get(catalog::variability_search));
    let uploads = get(jobs::list)
        .post(jobs::upload)
        .layer(DefaultBodyLimit::max(MOST_UPLOAD_BYTES));
    let submit = post(jobs::submit).layer(DefaultBodyLimit::max(MOST_JSON_BYTES));
    let processing = Router::new()
        .route("/jobs", uploads)
        .route("/jobs/s3", submit)
        .route("/jobs/{id}", get(jobs::status).delete(jobs::cancel))
        .route("/jobs/{id}/status", get(jobs::status))
        .route("/jobs/{id}/result", get(jobs::result))
        .route("/jobs/{id}/sources", get(jobs::sources));
    Router::new()
        .route("/actuator/health", get(actuator::health))
        .route("/actuator/info", get(actuator::info))
        .route("/actuator/metrics", get(actuator::metrics))
        .route("/actuator/metrics/{name}", get(actuator::metric))
        .route("/actuator/prometheus", get(actuator::prometheus))
        .nest("/api/v1/catalog", catalog)
        .nest("/api/v1/processing", processing)
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_that_way)
        .layer(from_fn(note_template))
        .with_state(app)
}

/// Tells the outside which template matched.
async fn note_template(path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let template = path.map(|it| Template(it.as_str().to_owned()));
    let mut response = next.run(request).await;
    if let Some(template) = template {
        response.extensions_mut().insert(template);
    }
    response
}

async fn nothing_there(uri: Uri) -> Problem {
    let message = format!("there is nothing at `{}`", uri.path());
    Problem::new(StatusCode::NOT_FOUND, message)
}

async fn not_that_way(method: Method, uri: Uri) -> Problem {
    let message = format!("`{}` does not take {method}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

/// JSON as the body of an answer.
fn json(status: StatusCode, value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => with_type(status, "application/json", Body::from(bytes)),
        Err(error) => {
            let message = format!("failed to write the answer: {error}");
            axum::response::IntoResponse::into_response(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                message,
            ))
        }
    }
}

/// A body with its content type.
pub(super) fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let value = http::HeaderValue::from_static(content_type);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, value);
    response
}
