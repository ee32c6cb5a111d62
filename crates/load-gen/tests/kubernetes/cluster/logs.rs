//! The logs of pods, kept and served as a kubelet does: stamped lines, from a time on, followed to the end.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use k8s_openapi::jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

use super::kubelet::loopback;

/// The log of one container.
pub(crate) struct Log {
    lines: Mutex<Vec<(Timestamp, String)>>,
    /// How many lines there are, and whether there will be more.
    state: watch::Sender<(usize, bool)>,
    /// After how many lines a reader is cut off, once.
    cut: Mutex<Option<usize>>,
}

impl Log {
    pub(crate) fn push(&self, line: &str) {
        let mut lines = self.lines.lock().unwrap();
        lines.push((Timestamp::now(), line.to_owned()));
        self.state.send_modify(|state| state.0 = lines.len());
    }

    pub(crate) fn close(&self) {
        self.state.send_modify(|state| state.1 = true);
    }

    /// The first reader loses its connection after so many lines.
    pub(crate) fn cut_after(&self, lines: Option<usize>) {
        *self.cut.lock().unwrap() = lines;
    }
}

/// The logs of all pods, by namespace and name.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<ByPod>>);

type ByPod = HashMap<(String, String), Arc<Log>>;

impl Logs {
    pub(crate) fn open(&self, namespace: &str, pod: &str) -> Arc<Log> {
        let log = Arc::new(Log {
            lines: Mutex::default(),
            state: watch::channel((0, false)).0,
            cut: Mutex::default(),
        });
        let key = (namespace.to_owned(), pod.to_owned());
        self.0.lock().unwrap().insert(key, Arc::clone(&log));
        log
    }

    fn get(&self, namespace: String, pod: String) -> Option<Arc<Log>> {
        self.0.lock().unwrap().get(&(namespace, pod)).cloned()
    }
}

pub(crate) fn routes(logs: Logs) -> Router {
    Router::new()
        .route("/containerLogs/{namespace}/{pod}/{container}", get(answer))
        .with_state(logs)
}

async fn answer(
    State(logs): State<Logs>,
    Path((namespace, pod, _)): Path<(String, String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let Some(log) = logs.get(namespace, pod) else {
        return (StatusCode::NOT_FOUND, "no such pod").into_response();
    };
    let is = |name: &str| query.get(name).is_some_and(|it| it == "true");
    let since = query
        .get("sinceTime")
        .and_then(|it| it.parse::<Timestamp>().ok());
    let cut = log.cut.lock().unwrap().take();
    let reading = Reading {
        state: log.state.subscribe(),
        cut,
        log,
        at: 0,
        since,
        follow: is("follow"),
        stamps: is("timestamps"),
    };
    Body::from_stream(futures::stream::unfold(reading, Reading::next)).into_response()
}

struct Reading {
    log: Arc<Log>,
    state: watch::Receiver<(usize, bool)>,
    at: usize,
    since: Option<Timestamp>,
    follow: bool,
    stamps: bool,
    cut: Option<usize>,
}

impl Reading {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Self)> {
        loop {
            let line = self.log.lines.lock().unwrap().get(self.at).cloned();
            if let Some((stamp, line)) = line {
                if self.cut == Some(self.at) {
                    return None;
                }
                self.at += 1;
                if self.since.is_some_and(|since| stamp < since) {
                    continue;
                }
                let stamp = if self.stamps {
                    format!("{stamp} ")
                } else {
                    String::new()
                };
                return Some((Ok(format!("{stamp}{line}\n").into()), self));
            }
            let (lines, closed) = *self.state.borrow_and_update();
            if lines > self.at {
                continue;
            }
            if closed || !self.follow || self.state.changed().await.is_err() {
                return None;
            }
        }
    }
}

/// Accepts connections of the API server, with a certificate that nobody checks, as most kubelets have.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    tls: TlsAcceptor,
}

impl TlsListener {
    pub(crate) async fn bind() -> Self {
        let made = rcgen::generate_simple_self_signed(["stand-in".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        Self {
            tcp: TcpListener::bind(loopback()).await.unwrap(),
            tls: TlsAcceptor::from(Arc::new(config)),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.tcp.local_addr().unwrap().port()
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, peer)) = self.tcp.accept().await
                && let Ok(stream) = self.tls.accept(stream).await
            {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
