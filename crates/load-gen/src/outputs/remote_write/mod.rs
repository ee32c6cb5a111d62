//! Live metrics sent by Prometheus remote write 1.0.
//!
//! Nothing here slows a run down: what the receiver does not take in time is dropped, counted, and told at
//! the end.

mod message;
mod sender;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use common::redact::Secret;
use common::report::Limitation;
use service::client::{Auth, BaseUrl, Client, ClientOptions, Endpoint};
use service::request::Target;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::message::WriteRequest;
use self::sender::{Batch, Patience, Sender, Shared};
use super::Second;
use super::metrics::families;
use crate::live::State;

/// Samples are sent this often: the rate of scrapes that dashboards are made for.
const EVERY: Duration = Duration::from_secs(5);
/// Batches that wait; five minutes of a receiver that is away.
const QUEUE: usize = 60;
/// How long what waits at the end may take.
const LAST_BATCHES: Duration = Duration::from_secs(10);

/// Where metrics are sent to.
#[derive(Debug)]
pub struct RemoteWriteTarget {
    base: BaseUrl,
    query: Target,
    endpoint: Arc<Endpoint>,
}

/// A receiver that cannot be.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct RemoteWriteError(String);

impl RemoteWriteTarget {
    /// Checks a URL such as `http://prometheus:9090/api/v1/write`, which may have a query.
    pub fn check(url: &str, token: Option<Secret>) -> Result<Self, RemoteWriteError> {
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, format!("?{query}")),
            None => (url, String::new()),
        };
        let base: BaseUrl = base
            .parse()
            .map_err(|error| RemoteWriteError(format!("{error}")))?;
        let options = ClientOptions {
            auth: token.map(Auth::Bearer),
            ..ClientOptions::new(base.clone())
        };
        let endpoint = Endpoint::new(options);
        let endpoint = endpoint.map_err(|error| RemoteWriteError(error.to_string()))?;
        Ok(Self {
            base,
            query: Target::Below(query),
            endpoint: Arc::new(endpoint),
        })
    }
}

/// A stream of metrics to a receiver.
#[derive(Debug)]
pub struct RemoteWrite {
    /// For people, without a query that may be a secret.
    receiver: String,
    run: String,
    batches: mpsc::Sender<Batch>,
    account: Shared,
    /// Samples that were to be sent.
    offered: u64,
    task: JoinHandle<()>,
    /// When the next samples are due, seconds since the start of the load.
    next_s: f64,
    last: Option<WriteRequest>,
}

impl RemoteWrite {
    /// Begins to send, on the current runtime. `run` becomes the label by which runs are told apart.
    pub fn start(target: RemoteWriteTarget, run: &str) -> Self {
        Self::start_with(target, run, Patience::USUAL)
    }

    fn start_with(target: RemoteWriteTarget, run: &str, patience: Patience) -> Self {
        let (batches, waiting) = mpsc::channel(QUEUE);
        let account = Shared::default();
        let sender = Sender {
            client: Client::new(target.endpoint),
            target: target.query,
            patience,
            account: account.clone(),
        };
        Self {
            receiver: target.base.to_string(),
            run: run.to_owned(),
            batches,
            account,
            offered: 0,
            task: tokio::spawn(sender.run(waiting)),
            next_s: f64::NEG_INFINITY,
            last: None,
        }
    }

    /// Sends the state at the end of a second, every few seconds and when the run is over.
    pub fn second(&mut self, second: &Second) {
        if second.t_s < self.next_s && second.snapshot.state != State::Finished {
            return;
        }
        self.next_s = second.t_s + EVERY.as_secs_f64();
        let own = [("job", "load-gen"), ("run", self.run.as_str())];
        let at_ms = second.at.as_millisecond();
        let message = WriteRequest::of(&families(second), &own, at_ms);
        self.offer(&message);
        self.last = Some(message);
    }

    fn offer(&mut self, message: &WriteRequest) {
        let samples = message.samples();
        let bytes = message.to_bytes();
        self.offered += samples;
        if self.batches.try_send(Batch { bytes, samples }).is_err() {
            let trouble = "too many samples were waiting".to_owned();
            self.account.lock().trouble.get_or_insert(trouble);
        }
    }

    /// Ends the series and waits, for a while, until everything is sent. Tells what could not be.
    pub async fn finish(mut self) -> Option<Limitation> {
        if let Some(last) = self.last.take() {
            self.offer(&last.ended());
        }
        drop(self.batches);
        if tokio::time::timeout(LAST_BATCHES, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
        let account = self.account.lock();
        let lost = self.offered - account.sent;
        let trouble = account.trouble.as_deref();
        let trouble = trouble.unwrap_or("the receiver was too slow at the end");
        (lost > 0).then(|| {
            Limitation::of_run(
                "remote_write",
                format!(
                    "{lost} of {} samples could not be sent to {}: {trouble}",
                    self.offered, self.receiver
                ),
            )
        })
    }
}
