//! The page: one document with its style and script inside, which a browser may run because their hashes are in
//! the policy.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::Site;

const DOCUMENT: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [&str; 4] = [
    include_str!("page/words.js"),
    include_str!("page/tables.js"),
    include_str!("page/charts.js"),
    include_str!("page/app.js"),
];

/// The page, ready to be sent.
pub(super) struct Page {
    document: Bytes,
    policy: String,
}

impl Page {
    pub(super) fn new() -> Self {
        let script = SCRIPTS.concat();
        let document = DOCUMENT
            .replace("/*style*/", STYLE)
            .replace("/*script*/", &script);
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src data:; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            hash(STYLE),
            hash(&script)
        );
        Self {
            document: document.into(),
            policy,
        }
    }
}

fn hash(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(digest(&SHA256, text.as_bytes()))
    )
}

/// The page.
pub(super) async fn show(State(site): State<Arc<Site>>) -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_SECURITY_POLICY, site.page.policy.as_str()),
        ],
        site.page.document.clone(),
    )
        .into_response()
}
