//! The live page: a browser that watches and steers a run.
//!
//! On the loopback addresses whoever is on this machine may steer. Elsewhere a random token is needed, which is
//! part of the URL that the user sees. Pages of others cannot reach it.

mod address;
mod api;
mod downloads;
mod guard;
mod orders;
mod page;
mod stream;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

pub use downloads::{Download, Downloads};

use super::View;
use guard::Guard;
use page::Page;

/// Why there is no live page.
#[derive(Debug, Error)]
pub enum WebError {
    /// The address is none.
    #[error("`--web` must be an address such as `127.0.0.1:8089`, got `{0}`")]
    Address(String),
    /// The name of a host is not known.
    #[error("failed to find the address of `{host}` for `--web`: {source}")]
    Lookup {
        /// The name.
        host: String,
        /// The cause.
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error("failed to open the live page at {0}: the port is in use")]
    InUse(SocketAddr),
    /// The system does not allow to listen there.
    #[error("failed to open the live page at {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

impl WebError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => {
                "port alone: `8090`, this machine only; every network: `0.0.0.0:8089`"
            }
            Self::Lookup { .. } | Self::Listen { .. } => {
                "the address must be one of this machine: `--web 127.0.0.1:8089`"
            }
            Self::InUse(_) => {
                "take another port: `--web 127.0.0.1:8090`, or any free one: `--web 127.0.0.1:0`"
            }
        }
    }
}

/// A live page that is served until this is closed or dropped.
pub struct Served {
    /// What to open in a browser. It holds the token, where one is needed: show it to the user, and put it
    /// into no file.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    closing: CancellationToken,
    task: JoinHandle<()>,
}

/// How long answers that are under way may take when the page is closed.
const CLOSING: Duration = Duration::from_secs(2);

impl Served {
    /// Ends the page: streams end, other answers may finish for two seconds.
    pub async fn close(mut self) {
        self.closing.cancel();
        if timeout(CLOSING, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.closing.cancel();
    }
}

/// Serves the page of a run at an address: `HOST:PORT`, `HOST` or `PORT`.
pub async fn serve(addr: &str, view: View, downloads: Downloads) -> Result<Served, WebError> {
    let wanted = address::parse(addr).await?;
    let listener = TcpListener::bind(wanted)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => WebError::InUse(wanted),
            _ => WebError::Listen {
                address: wanted,
                source,
            },
        })?;
    let address = listener.local_addr().map_err(|source| WebError::Listen {
        address: wanted,
        source,
    })?;
    let guard = Guard::for_address(address);
    let url = guard.url(address);
    let closing = CancellationToken::new();
    let site = Arc::new(Site {
        view,
        downloads,
        guard,
        page: Page::new(),
        closing: closing.clone(),
    });
    let served = axum::serve(listener, router(site))
        .with_graceful_shutdown(closing.clone().cancelled_owned());
    let task = tokio::spawn(async move {
        // Errors of single connections are not told here; the listener itself has none that end it.
        let _ = served.await;
    });
    Ok(Served {
        url,
        address,
        closing,
        task,
    })
}

/// What all answers are made of.
struct Site {
    view: View,
    downloads: Downloads,
    guard: Guard,
    page: Page,
    closing: CancellationToken,
}

/// No order is longer.
const LARGEST_BODY: usize = 4096;

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/api/snapshot", get(api::snapshot))
        .route("/api/course", get(api::course))
        .route("/api/stream", get(stream::follow))
        .route("/api/start", post(orders::start))
        .route("/api/users", post(orders::users))
        .route("/api/rate", post(orders::rate))
        .route("/api/pause", post(orders::pause))
        .route("/api/resume", post(orders::resume))
        .route("/api/stop", post(orders::stop))
        .route("/api/{download}", get(api::download))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(Arc::clone(&site), guard::check))
        .with_state(site)
}
