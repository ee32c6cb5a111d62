//! What is answered when something is wrong.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, RETRY_AFTER};
use serde_json::json;

use super::super::catalogue::QueryError;
use super::super::jobs::{NotCancelled, Refusal};

/// An error as JSON: `{"status":400,"error":"Bad Request","message":"…"}`.
#[derive(Debug)]
pub(in super::super) struct Problem {
    status: StatusCode,
    message: String,
}

impl Problem {
    pub(in super::super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "status": self.status.as_u16(),
            "error": self.status.canonical_reason().unwrap_or("Unknown"),
            "message": self.message,
        });
        let mut response = super::json(self.status, &body);
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            let seconds = HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::QueueFull(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<NotCancelled> for Problem {
    fn from(error: NotCancelled) -> Self {
        let status = match error {
            NotCancelled::Unknown(_) => StatusCode::NOT_FOUND,
            NotCancelled::Final(..) => StatusCode::CONFLICT,
        };
        Self::new(status, error.to_string())
    }
}
