//! Sends batch after batch: again after failures that may pass, but not for ever.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, Method, StatusCode};
use service::client::{Client, Keep, Redirects};
use service::request::{Request, Target};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};

/// How long it is tried.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The pause after the first failure; it doubles with each further one.
    pub(super) first_pause: Duration,
    /// The longest pause.
    pub(super) longest_pause: Duration,
    /// After how long a batch is given up.
    pub(super) limit: Duration,
}

impl Patience {
    /// A receiver that restarts is back within half a minute; what is older is no live view any more.
    pub(super) const USUAL: Self = Self {
        first_pause: Duration::from_millis(250),
        longest_pause: Duration::from_secs(5),
        limit: Duration::from_secs(30),
    };
}

/// Samples that belong together, as they are sent.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) bytes: Bytes,
    pub(super) samples: u64,
}

/// What became of samples.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) sent: u64,
    /// Why some could not be sent.
    pub(super) trouble: Option<String>,
}

/// An account that the sender and the run share.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<Mutex<Account>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Account> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a batch was not taken.
enum Refusal {
    /// It may be taken later; after a pause, where the receiver names one.
    Later(Option<Duration>, String),
    /// It never will be.
    Never(String),
}

/// Sends batches until there will be none any more.
pub(super) struct Sender {
    pub(super) client: Client,
    /// Below the base URL: its query, or nothing.
    pub(super) target: Target,
    pub(super) patience: Patience,
    pub(super) account: Shared,
}

impl Sender {
    pub(super) async fn run(mut self, mut batches: mpsc::Receiver<Batch>) {
        while let Some(batch) = batches.recv().await {
            let outcome = self.deliver(&batch.bytes).await;
            let mut account = self.account.lock();
            match outcome {
                Ok(()) => account.sent += batch.samples,
                Err(trouble) => {
                    if account.trouble.is_none() {
                        tracing::warn!("remote write: {trouble}");
                    }
                    account.trouble = Some(trouble);
                }
            }
        }
    }

    /// Sends a batch, again and again until it is taken, refused for good, or too old.
    async fn deliver(&mut self, bytes: &Bytes) -> Result<(), String> {
        let end = Instant::now() + self.patience.limit;
        let mut pause = self.patience.first_pause;
        let mut trouble = "no answer in time".to_owned();
        loop {
            let asked = match timeout_at(end, self.send(bytes.clone())).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(Refusal::Never(why))) => return Err(why),
                Ok(Err(Refusal::Later(asked, why))) => {
                    trouble = why;
                    asked
                }
                // What was said before tells more than that time is over.
                Err(_) => return Err(trouble),
            };
            let wait = asked.unwrap_or(pause);
            if Instant::now() + wait >= end {
                return Err(trouble);
            }
            sleep(wait).await;
            pause = (2 * pause).min(self.patience.longest_pause);
        }
    }

    async fn send(&mut self, bytes: Bytes) -> Result<(), Refusal> {
        let request = Request {
            method: Method::POST,
            target: self.target.clone(),
            headers: headers(),
            body: vec![bytes],
            timeout: self.patience.limit,
        };
        let mut body = Keep::new(200);
        let answer = self
            .client
            .exchange(&request, Redirects::Return, &mut body)
            .await
            .map_err(|error| Refusal::Later(None, error.to_string()))?;
        let status = answer.status;
        if status.is_success() {
            return Ok(());
        }
        let trouble = format!("status {}: {}", status.as_u16(), body.text().trim());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Err(Refusal::Later(retry_after(&answer.headers), trouble))
        } else {
            Err(Refusal::Never(trouble))
        }
    }
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("snappy"));
    let content = HeaderValue::from_static("application/x-protobuf");
    headers.insert(CONTENT_TYPE, content);
    headers.insert(
        HeaderName::from_static("x-prometheus-remote-write-version"),
        HeaderValue::from_static("0.1.0"),
    );
    headers
}

/// The pause that the receiver asks for, where it is in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
