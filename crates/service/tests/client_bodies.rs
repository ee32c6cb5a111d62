//! Bodies: compressed, without a length, empty, larger than memory, or not wanted to their end.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::time::Duration;

use client_support::{ENOUGH, FOLLOW, Server, Then, client, exchange, get, ok, options, read_head};
use http::Method;
use service::client::{Flow, Inspect, Redirects, TransportKind};
use service::request::Request;
use tokio::io::AsyncWriteExt as _;

/// Held by tests that measure the memory of the process.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

#[tokio::test]
async fn a_body_without_a_length_is_not_known_to_be_complete() {
    let server = Server::saying("HTTP/1.1 200 OK\r\n\r\nhello", Then::Close).await;
    let request = Request::get("/", ENOUGH);
    let (answer, body) = exchange(&mut client(options(&server.url())), &request, FOLLOW).await;
    assert_eq!((answer.complete, body.as_str()), (None, "hello"));
    let server = Server::saying(ok(b"hello"), Then::Close).await;
    let (answer, _) = exchange(&mut client(options(&server.url())), &request, FOLLOW).await;
    assert_eq!(answer.complete, Some(true));
}

#[tokio::test]
async fn answers_without_a_body_end_at_once() {
    let server = Server::start(|mut stream, _| async move {
        while let Some(head) = read_head(&mut stream).await {
            let answer = if head.starts_with("HEAD") {
                "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Encoding: gzip\r\n\r\n"
            } else if head.contains("/304") {
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n"
            } else {
                "HTTP/1.1 204 No Content\r\n\r\n"
            };
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut client = client(options(&server.url()));
    for (method, path) in [
        (Method::HEAD, "/"),
        (Method::GET, "/304"),
        (Method::GET, "/204"),
    ] {
        let mut request = Request::get(path, ENOUGH);
        request.method = method;
        let (answer, body) = exchange(&mut client, &request, FOLLOW).await;
        assert_eq!((answer.complete, body.as_str()), (Some(true), ""));
    }
    assert_eq!(server.connections(), 1);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn compressed_bodies_are_decompressed_and_counted_as_received() {
    let body = "a row of a catalogue\n".repeat(20_000);
    for (encoding, bytes) in [
        ("gzip", gzip(body.as_bytes())),
        ("zstd", zstd::encode_all(body.as_bytes(), 0).unwrap()),
        ("identity", body.clone().into_bytes()),
    ] {
        let server = Server::saying(packed(encoding, &bytes), Then::KeepOn).await;
        let mut client = client(options(&server.url()));
        let (answer, text) = exchange(&mut client, &Request::get("/", ENOUGH), FOLLOW).await;
        assert!(text == body, "{encoding}");
        assert_eq!(answer.wire_bytes, u64::try_from(bytes.len()).unwrap());
        assert_eq!(answer.decoded_bytes, u64::try_from(body.len()).unwrap());
    }
}

#[tokio::test]
async fn a_decompression_bomb_stops_at_the_limit() {
    let _alone = ALONE.lock().await;
    let zeros = std::io::Read::take(std::io::repeat(0), 64 << 20);
    let bomb = zstd::encode_all(zeros, 0).unwrap();
    let server = Server::saying(packed("zstd", &bomb), Then::KeepOn).await;
    let mut options = options(&server.url());
    options.max_body_bytes = 8 << 20;
    let before = resident_bytes();
    let error = get(&mut client(options), "/", ENOUGH).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::TooLarge);
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes");
}

#[tokio::test]
async fn a_decompression_bomb_does_not_outlast_the_time_out() {
    /// Needs a millisecond for each of the bomb's 2,048 steps.
    struct Slow;
    impl Inspect for Slow {
        fn chunk(&mut self, _: &[u8]) -> Flow {
            std::thread::sleep(Duration::from_millis(1));
            Flow::Continue
        }
    }
    let zeros = std::io::Read::take(std::io::repeat(0), 64 << 20);
    let bomb = zstd::encode_all(zeros, 0).unwrap();
    let server = Server::saying(packed("zstd", &bomb), Then::KeepOn).await;
    let request = Request::get("/", Duration::from_millis(300));
    let error = client(options(&server.url()))
        .exchange(&request, Redirects::Return, &mut Slow)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::Timeout);
    assert!(
        error.elapsed < Duration::from_secs(3),
        "{:?}",
        error.elapsed
    );
}

/// Memory of this process.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        * 1024
}

/// A server of bodies without end, with a stated length of 10 GB or in chunks.
async fn huge(chunked: bool) -> Server {
    Server::start(move |mut stream, _| async move {
        read_head(&mut stream).await;
        let head = if chunked {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"
        };
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut block = vec![b'x'; 0x4_0000];
        if chunked {
            block.splice(0..0, b"40000\r\n".iter().copied());
            block.extend_from_slice(b"\r\n");
        }
        while stream.write_all(&block).await.is_ok() {}
    })
    .await
}

#[tokio::test]
async fn a_body_of_10_gb_needs_no_memory_and_ends_at_its_limit() {
    let _alone = ALONE.lock().await;
    let server = huge(true).await;
    let mut limited = options(&server.url());
    limited.max_body_bytes = 200_000_000;
    let before = resident_bytes();
    let error = get(&mut client(limited), "/", ENOUGH).await.unwrap_err();
    let grown = resident_bytes().saturating_sub(before);
    assert_eq!(error.kind, TransportKind::TooLarge);
    assert!(error.wire_bytes > 200_000_000);
    assert!(grown < 16 << 20, "{grown} bytes");
}

#[tokio::test]
async fn a_length_above_the_limit_is_refused_before_the_body() {
    let server = huge(false).await;
    let mut limited = options(&server.url());
    limited.max_body_bytes = 9_999_999_999;
    let error = get(&mut client(limited), "/", ENOUGH).await.unwrap_err();
    assert_eq!((error.kind, error.wire_bytes), (TransportKind::TooLarge, 0));
}

/// Stops after some bytes.
struct Taste(u64);

impl Inspect for Taste {
    fn chunk(&mut self, bytes: &[u8]) -> Flow {
        self.0 = self.0.saturating_sub(u64::try_from(bytes.len()).unwrap());
        if self.0 == 0 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }
}

#[tokio::test]
async fn an_inspector_that_has_enough_ends_the_exchange() {
    let server = huge(false).await;
    let mut client = client(options(&server.url()));
    let request = Request::get("/", ENOUGH);
    for _ in 0..2 {
        let answer = client
            .exchange(&request, Redirects::Return, &mut Taste(1_000_000))
            .await;
        let answer = answer.unwrap();
        assert_eq!(answer.complete, Some(false));
        assert!(answer.wire_bytes < 3_000_000 && !answer.reused);
    }
}
