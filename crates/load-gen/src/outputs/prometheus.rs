//! Live metrics for Prometheus to scrape.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Second;
use super::metrics::{Family, families, text};

/// How long a scrape that is under way at the end may take.
const LAST_SCRAPE: Duration = Duration::from_secs(1);
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server of live metrics at `/metrics`.
#[derive(Debug)]
pub struct Exposition {
    address: SocketAddr,
    seen: watch::Sender<Arc<Vec<Family>>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// Nobody can be served at an address.
#[derive(Debug, Error)]
#[error("failed to serve metrics at `{address}`: {source}")]
pub struct ExpositionError {
    /// The address as it was given.
    pub address: String,
    /// The cause.
    pub source: std::io::Error,
}

impl Exposition {
    /// Serves at an address such as `127.0.0.1:9646`, or at a port of 127.0.0.1.
    pub async fn listen(address: &str) -> Result<Self, ExpositionError> {
        let failed = |source| ExpositionError {
            address: address.to_owned(),
            source,
        };
        let listener = match address.parse::<u16>() {
            Ok(port) => TcpListener::bind(("127.0.0.1", port)).await,
            Err(_) => TcpListener::bind(address).await,
        };
        let listener = listener.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (seen, current) = watch::channel(Arc::new(Vec::new()));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let server = axum::serve(listener, routes(current)).with_graceful_shutdown(stopped);
        let task = tokio::spawn(async move {
            // Whoever scrapes sees that it ended.
            let _ = server.await;
        });
        Ok(Self {
            address,
            seen,
            stop,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows the state at the end of a second.
    pub fn second(&mut self, second: &Second) {
        self.seen.send_replace(Arc::new(families(second)));
    }

    /// Ends the server.
    pub async fn finish(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_SCRAPE, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
    }
}

fn routes(current: watch::Receiver<Arc<Vec<Family>>>) -> Router {
    let metrics = move || {
        let families = Arc::clone(&current.borrow());
        async move { ([(CONTENT_TYPE, TEXT_FORMAT)], text(&families)).into_response() }
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/", get(|| async { "load-gen: metrics are at /metrics\n" }))
}

#[cfg(test)]
mod tests {
    use service::client::{Client, ClientOptions, Endpoint, Keep, Redirects};
    use service::request::Request;

    use super::*;
    use crate::outputs::sample;

    #[tokio::test]
    async fn a_scrape_shows_the_last_second() {
        let mut exposition = Exposition::listen("0").await.unwrap();
        assert!(exposition.address().ip().is_loopback());
        sample::play(5, |second| exposition.second(second));
        let base = format!("http://{}", exposition.address()).parse().unwrap();
        let mut client = Client::new(Arc::new(Endpoint::new(ClientOptions::new(base)).unwrap()));
        let request = Request::get("/metrics", Duration::from_secs(5));
        let mut body = Keep::new(1 << 20);
        let answer = client
            .exchange(&request, Redirects::Return, &mut body)
            .await
            .unwrap();
        assert_eq!(answer.headers[CONTENT_TYPE], TEXT_FORMAT);
        let text = body.text();
        assert!(text.contains("\nload_gen_elapsed_seconds 5\n"), "{text}");
        drop(client);
        exposition.finish().await;
    }

    #[tokio::test]
    async fn an_address_in_use_is_named() {
        let first = Exposition::listen("127.0.0.1:0").await.unwrap();
        let taken = first.address().to_string();
        let error = Exposition::listen(&taken).await.unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("failed to serve metrics at `{taken}`: ")),
            "{error}"
        );
        let error = Exposition::listen("nonsense")
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("`nonsense`"), "{error}");
    }
}
