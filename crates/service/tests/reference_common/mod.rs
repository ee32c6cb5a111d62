//! A client that hides nothing: one connection a request, the bytes as they came.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use service::reference::{CatalogueSource, Fault, Reference, ReferenceOptions};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    /// Whether the body was as long as announced, or its last chunk came.
    pub(crate) complete: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {}", String::from_utf8_lossy(&self.body));
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A small service with its catalogue in memory.
pub(crate) async fn small(faults: &[&str]) -> Reference {
    start(ReferenceOptions {
        catalogue: CatalogueSource::Memory { objects: 2000 },
        faults: parse(faults),
        images: 1,
        image_size_px: 128,
        ..ReferenceOptions::default()
    })
    .await
}

pub(crate) async fn start(options: ReferenceOptions) -> Reference {
    Reference::start(options, |_| {}).await.unwrap()
}

pub(crate) fn parse(faults: &[&str]) -> Vec<Fault> {
    faults.iter().map(|it| it.parse().unwrap()).collect()
}

/// GET; none when the connection was closed without an answer.
pub(crate) async fn get(reference: &Reference, path: &str) -> Option<Answer> {
    send(reference, "GET", path, "", b"").await
}

/// GET of JSON with status 200.
pub(crate) async fn get_json(reference: &Reference, path: &str) -> Value {
    let answer = get(reference, path).await.unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert!(answer.complete);
    assert_eq!(answer.headers["content-type"], "application/json");
    answer.json()
}

/// POST of JSON.
pub(crate) async fn post_json(reference: &Reference, path: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let head = "Content-Type: application/json\r\n";
    send(reference, "POST", path, head, body.as_bytes())
        .await
        .unwrap()
}

pub(crate) async fn send(
    reference: &Reference,
    method: &str,
    path: &str,
    head: &str,
    body: &[u8],
) -> Option<Answer> {
    let whole = exchange(reference, method, path, head, body);
    let whole = tokio::time::timeout(Duration::from_mins(1), whole);
    let bytes = whole.await.expect("an answer within a minute");
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let (body, complete) = if headers.contains_key("transfer-encoding") {
        unchunked(rest)
    } else {
        let length = headers.get("content-length");
        let length: usize = length.map_or(0, |it| it.parse().unwrap());
        (rest.to_vec(), rest.len() == length)
    };
    Some(Answer {
        status: status.parse().unwrap(),
        headers,
        body,
        complete,
    })
}

async fn exchange(
    reference: &Reference,
    method: &str,
    path: &str,
    head: &str,
    body: &[u8],
) -> Vec<u8> {
    let url = reference.url();
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {}\r\n{head}\r\n",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    // A service that refuses early may not read all of it.
    let _ = stream.write_all(body).await;
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|it| it == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, true);
        }
        rest = &rest[end + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return (body, false);
        }
        rest = &rest[size + 2..];
    }
}
