//! Servers of every manner on loopback, and a client for them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its part; a failed step is a failed test"
)]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use service::client::{
    Client, ClientOptions, Discard, Endpoint, Exchange, Keep, Redirects, TransportError,
};
use service::request::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a request may take unless the test is about time.
pub(crate) const ENOUGH: Duration = Duration::from_secs(10);

/// Redirects are followed.
pub(crate) const FOLLOW: Redirects = Redirects::Follow { at_most: 5 };

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves each connection with `serve`, which also gets the connection's number from 0.
    pub(crate) async fn start<F, S>(serve: S) -> Self
    where
        S: Fn(TcpStream, usize) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_at("127.0.0.1:0", serve).await
    }

    pub(crate) async fn start_at<F, S>(address: &str, serve: S) -> Self
    where
        S: Fn(TcpStream, usize) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, number));
            }
        });
        Self {
            address,
            connections,
            task,
        }
    }

    /// Answers every request of every connection with these bytes, then closes or keeps on.
    pub(crate) async fn saying(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let answer = Arc::new(answer.into());
        Self::start(move |mut stream, _| {
            let answer = Arc::clone(&answer);
            async move {
                while read_head(&mut stream).await.is_some() {
                    if stream.write_all(&answer).await.is_err() || then == Then::Close {
                        break;
                    }
                }
            }
        })
        .await
    }

    /// Answers every request with the request's own head as text.
    pub(crate) async fn echo() -> Self {
        Self::start(|mut stream, _| async move {
            while let Some(head) = read_head(&mut stream).await {
                let answer = ok(head.as_bytes());
                if stream.write_all(&answer).await.is_err() {
                    break;
                }
            }
        })
        .await
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    KeepOn,
}

/// A server whose first connection ends after one answer, without a word, after some time.
pub(crate) async fn forgetful(after: Duration) -> Server {
    Server::start(move |mut stream, number| async move {
        while read_head(&mut stream).await.is_some() {
            stream.write_all(&ok(b"hello")).await.unwrap();
            if number == 0 {
                tokio::time::sleep(after).await;
                break;
            }
        }
    })
    .await
}

/// A server whose first connection reads a second request and closes, having said `answer`.
pub(crate) async fn dies_at_the_second(answer: &'static [u8]) -> Server {
    Server::start(move |mut stream, number| async move {
        let mut count = 0;
        while read_head(&mut stream).await.is_some() {
            count += 1;
            if number == 0 && count == 2 {
                stream.write_all(answer).await.unwrap();
                break;
            }
            stream.write_all(&ok(b"hello")).await.unwrap();
        }
    })
    .await
}

/// Long enough for a server to close a connection for being idle.
pub(crate) const REST: Duration = Duration::from_millis(1100);

/// An answer with status 200 and its length.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Reads a request's head; `None` when the client has gone.
pub(crate) async fn read_head<R: tokio::io::AsyncRead + Unpin>(stream: &mut R) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

/// Closes with a TCP reset.
pub(crate) fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

pub(crate) fn options(url: &str) -> ClientOptions {
    ClientOptions::new(url.parse().unwrap())
}

pub(crate) fn client(options: ClientOptions) -> Client {
    Client::new(Arc::new(Endpoint::new(options).unwrap()))
}

/// Gets a path with a time-out, without following redirects.
pub(crate) async fn get(
    client: &mut Client,
    path: &str,
    timeout: Duration,
) -> Result<Exchange, TransportError> {
    let request = Request::get(path, timeout);
    client
        .exchange(&request, Redirects::Return, &mut Discard)
        .await
}

/// Sends a request and keeps what came back.
pub(crate) async fn exchange(
    client: &mut Client,
    request: &Request,
    redirects: Redirects,
) -> (Exchange, String) {
    let mut kept = Keep::new(1 << 20);
    let exchange = client
        .exchange(request, redirects, &mut kept)
        .await
        .unwrap();
    (exchange, kept.text().into_owned())
}

pub(crate) async fn text(client: &mut Client, path: &str) -> String {
    exchange(client, &Request::get(path, ENOUGH), FOLLOW)
        .await
        .1
}

/// The error of getting `/` from a URL, and how long it took.
pub(crate) async fn failure_of(url: &str, timeout: Duration) -> TransportError {
    get(&mut client(options(url)), "/", timeout)
        .await
        .unwrap_err()
}
