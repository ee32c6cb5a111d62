//! `/api/v1/processing/jobs`.

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, Multipart, MultipartError, MultipartRejection};
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;
use tokio_util::io::ReaderStream;

use super::super::catalogue::Parameters as Query;
use super::super::jobs::{
    Input, Job, JobRequest, Listing, ObjectRequest, Results, Status, is_fits,
};
use super::{App, Problem};

type Answer = Result<Response, Problem>;

/// The longest text of a form's field.
const MOST_FIELD_BYTES: usize = 16 * 1024;

/// Bytes read from a result at once.
const PIECE_BYTES: usize = 64 * 1024;

pub(super) async fn submit(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Answer {
    let body = body.map_err(|it| Problem::new(it.status(), it.body_text()))?;
    let request: ObjectRequest = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("the body is no job: {error}")))?;
    let (bucket, key) = (&request.input_bucket, &request.input_object_key);
    let Some(path) = app.inputs.find(bucket, key) else {
        let message = format!("there is no object `{key}` in bucket `{bucket}`");
        return Err(Problem::not_found(message));
    };
    enqueue(&app, request.on(Input::Object(path)))
}

fn enqueue(app: &App, request: JobRequest) -> Answer {
    let job = app.jobs.submit(request)?;
    Ok(super::json(StatusCode::ACCEPTED, &job.receipt()))
}

pub(super) async fn upload(
    State(app): State<Arc<App>>,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    let mut form = form.map_err(|it| Problem::new(it.status(), it.body_text()))?;
    // A full queue is told before half a gigabyte is received for nothing.
    app.jobs.has_room()?;
    let mut request = JobRequest::default();
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|it| broken(&it))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == "file" {
            let sent_name = field.file_name().unwrap_or("upload.fits").to_owned();
            request.input_object_key = sent_name;
            file = Some(receive(&app, field).await?);
        } else {
            take_field(&mut request, &name, text(field).await?)?;
        }
    }
    let file = file.ok_or_else(|| Problem::bad_request("field `file` is missing"))?;
    if !is_fits(&file) {
        return Err(Problem::bad_request("field `file` is no FITS file"));
    }
    if request.output_object_key.is_empty() {
        let stem = request.input_object_key.trim_end_matches(".fits");
        request.output_object_key = format!("calibrated/{stem}_cal.fits");
    }
    request.input = Input::Upload(Arc::new(file));
    enqueue(&app, request)
}

fn broken(error: &MultipartError) -> Problem {
    Problem::new(error.status(), error.body_text())
}

/// Streams an uploaded file to disk. It is removed when nobody needs it any more, also when the
/// client goes away in the middle.
async fn receive(app: &App, mut field: Field<'_>) -> Result<TempPath, Problem> {
    let failed = |error: std::io::Error| {
        let message = format!("failed to store the upload: {error}");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, message)
    };
    let builder = tempfile::Builder::new()
        .suffix(".fits")
        .tempfile_in(&app.uploads);
    let (file, path) = builder.map_err(failed)?.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    while let Some(piece) = field.chunk().await.map_err(|it| broken(&it))? {
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    Ok(path)
}

async fn text(mut field: Field<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|it| broken(&it))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MOST_FIELD_BYTES {
            return Err(Problem::bad_request("a field of the form is too long"));
        }
    }
    String::from_utf8(bytes).map_err(|_| Problem::bad_request("a field of the form is not UTF-8"))
}

fn take_field(request: &mut JobRequest, name: &str, text: String) -> Result<(), Problem> {
    match name {
        "processingType" => request.processing_type = word(name, &text)?,
        "priority" => {
            // A number is JSON as it stands.
            let number = serde_json::from_str::<i64>(&text).map(Value::from);
            let value = number.unwrap_or(Value::String(text));
            request.priority = typed::<super::super::jobs::Priority>(name, value)?.0;
        }
        "parameters" => {
            let value = serde_json::from_str(&text)
                .map_err(|error| Problem::bad_request(format!("`{name}`: {error}")))?;
            request.parameters = typed(name, value)?;
        }
        "inputBucket" => request.input_bucket = Some(text),
        "inputObjectKey" => request.input_object_key = text,
        "outputBucket" => request.output_bucket = Some(text),
        "outputObjectKey" => request.output_object_key = text,
        "userId" => request.user_id = Some(text),
        // As in JSON, what is not known does no harm.
        _ => {}
    }
    Ok(())
}

fn word<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Problem> {
    typed(name, Value::String(text.to_owned()))
}

fn typed<T: DeserializeOwned>(name: &str, value: Value) -> Result<T, Problem> {
    serde_json::from_value(value)
        .map_err(|error| Problem::bad_request(format!("`{name}`: {error}")))
}

fn find(app: &App, id: &str) -> Result<Arc<Job>, Problem> {
    let job = app.jobs.get(id);
    job.ok_or_else(|| Problem::not_found(format!("there is no job `{id}`")))
}

pub(super) async fn status(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    Ok(super::json(StatusCode::OK, &find(&app, &id)?.view()))
}

pub(super) async fn list(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Answer {
    let query = Query::of(query.as_deref());
    let status = match query.text("status") {
        None => None,
        Some(word) => {
            let known = Status::ALL.into_iter().find(|it| it.as_str() == word);
            let words = Status::ALL.map(Status::as_str).join(", ");
            Some(known.ok_or_else(|| {
                Problem::bad_request(format!("`status` must be one of {words}, got `{word}`"))
            })?)
        }
    };
    let listing = Listing {
        user: query.text("userId").map(str::to_owned),
        status,
        limit: query.limit().map_err(Problem::bad_request)?,
    };
    let (jobs, total) = app.jobs.list(&listing);
    let jobs: Vec<Value> = jobs.iter().map(|job| job.view()).collect();
    Ok(super::json(
        StatusCode::OK,
        &json!({"jobs": jobs, "total": total}),
    ))
}

pub(super) async fn cancel(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let job = app.jobs.cancel(&id)?;
    let body = json!({"jobId": job.id, "status": job.status()});
    Ok(super::json(StatusCode::OK, &body))
}

/// The files of a job that has completed, else what is to be answered.
fn files(app: &App, id: &str) -> Result<(PathBuf, PathBuf), Problem> {
    match find(app, id)?.results() {
        Results::Files { image, sources } => Ok((image, sources)),
        Results::GivenUp => Err(Problem::new(
            StatusCode::GONE,
            format!("the result of job `{id}` was removed to make room"),
        )),
        Results::NotThere(status) => Err(Problem::new(
            StatusCode::CONFLICT,
            format!("job `{id}` has no result: it is {}", status.as_str()),
        )),
    }
}

pub(super) async fn result(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let (image, _) = files(&app, &id)?;
    send(&image, "application/fits").await
}

pub(super) async fn sources(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let (_, sources) = files(&app, &id)?;
    send(&sources, "application/json").await
}

async fn send(path: &std::path::Path, content_type: &'static str) -> Answer {
    // It may have been removed between the look and the opening.
    let gone = |error: std::io::Error| Problem::new(StatusCode::GONE, error.to_string());
    let file = tokio::fs::File::open(path).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE_BYTES));
    let mut response = super::with_type(StatusCode::OK, content_type, body);
    let length = HeaderValue::from(length);
    response.headers_mut().insert(CONTENT_LENGTH, length);
    Ok(response)
}
