//! Connections: HTTP/1.1 and HTTP/2 without TLS, with the faults between the network and the API.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::faults::{AnswerFault, FaultyBody, Injection};
use super::http::{App, Problem, Template, router, with_type};
use super::metrics::RequestTags;

/// How long a connection may take to bring a whole head; also how long it may be idle.
const HEAD_LIMIT: Duration = Duration::from_mins(5);

/// How long the accept loop rests when the process has no file left for a connection.
const REST: Duration = Duration::from_millis(20);

/// An HTML page as a proxy in front of a broken service sends it, with status 200.
const ERROR_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
    <body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>\n";

/// JSON that ends in the middle.
const GARBAGE: &str =
    r#"{"status":"UP","objects":[{"objectId":17,"objectType":"STAR","ra":12.5,"de"#;

/// The end of a connection whose answer was dropped on purpose.
#[derive(Debug, Error)]
#[error("the answer was dropped on purpose")]
struct Dropped;

/// Accepts and serves connections until `stop`, then lets what goes on finish for a limited time.
/// Gives the number of connections that were cut then.
pub(super) async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    stop: CancellationToken,
    drain: Duration,
) -> usize {
    let api = Api {
        router: router(Arc::clone(&app)),
        app,
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, api.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::debug!("failed to accept a connection: {error}");
                    tokio::time::sleep(REST).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(drain, finished).await.is_ok() {
        return 0;
    }
    let cut = connections.len();
    connections.shutdown().await;
    cut
}

async fn connection(stream: TcpStream, api: Api, stop: CancellationToken) {
    // An answer must not wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT);
    let service = hyper::service::service_fn(move |request| {
        let api = api.clone();
        async move { api.answer(request).await }
    });
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("connection ended: {error}");
    }
}

#[derive(Clone)]
struct Api {
    router: Router,
    app: Arc<App>,
}

impl Api {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response, Dropped> {
        let arrived = Instant::now();
        let method = request.method().as_str().to_owned();
        let faults = &self.app.faults;
        let response = if faults.is_empty() {
            self.route(request).await
        } else {
            let path = request.uri().path().to_owned();
            let injection = faults.on_request(&path);
            if let Some(delay) = injection.delay {
                faults.delay(arrived, delay).await;
            }
            let response = self.with_fault(request, &injection).await;
            faults.stall(&path).await;
            response?
        };
        let template = response.extensions().get::<Template>();
        let status = response.status();
        let tags = RequestTags {
            method,
            uri: template.map_or_else(|| "UNKNOWN".to_owned(), |it| it.0.clone()),
            status: status.as_str().to_owned(),
            outcome: outcome(status),
        };
        self.app.metrics.answered(tags, arrived.elapsed());
        Ok(response)
    }

    async fn route(&self, request: Request<Incoming>) -> Response {
        let service = TowerToHyperService::new(self.router.clone());
        match service.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => {
                let never: Infallible = never;
                match never {}
            }
        }
    }

    async fn with_fault(
        &self,
        request: Request<Incoming>,
        injection: &Injection,
    ) -> Result<Response, Dropped> {
        use axum::response::IntoResponse as _;
        let mut response = match injection.answer {
            Some(AnswerFault::Drop) => return Err(Dropped),
            Some(AnswerFault::Error(status)) => {
                let status = StatusCode::from_u16(status);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Problem::new(status, "an error on purpose").into_response()
            }
            Some(AnswerFault::ErrorPage) => with_type(
                StatusCode::OK,
                "text/html; charset=utf-8",
                ERROR_PAGE.into(),
            ),
            Some(AnswerFault::Garbage) => {
                with_type(StatusCode::OK, "application/json", GARBAGE.into())
            }
            Some(AnswerFault::Truncate { chunked }) => {
                let (response, cut) = FaultyBody::cut(self.route(request).await, chunked);
                if cut {
                    self.app.faults.count_cut(chunked);
                }
                response
            }
            None => self.route(request).await,
        };
        if let Some(rate) = injection.bytes_per_sec {
            response = FaultyBody::slowly(response, rate);
        }
        Ok(response)
    }
}

/// Micrometer's word for a status.
fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..=199 => "INFORMATIONAL",
        200..=299 => "SUCCESS",
        300..=399 => "REDIRECTION",
        400..=499 => "CLIENT_ERROR",
        500..=599 => "SERVER_ERROR",
        _ => "UNKNOWN",
    }
}
