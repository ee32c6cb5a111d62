//! Clients that park their connections while their users think.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::io::{Read as _, Write as _};
use std::time::Duration;

use bytes::Bytes;
use client_support::{
    ENOUGH, REST, Server, Then, client, dies_at_the_second, exchange, forgetful, get, ok, options,
    read_head, text,
};
use http::Method;
use service::client::{Client, Discard, Redirects, TransportKind};
use service::request::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Long enough for what a server sends or closes to arrive.
const A_MOMENT: Duration = Duration::from_millis(50);

fn post(body: Vec<u8>) -> Request {
    let mut request = Request::get("/", ENOUGH);
    request.method = Method::POST;
    request.body = vec![Bytes::from(body)];
    request
}

#[tokio::test]
async fn a_parked_connection_goes_on_after_every_kind_of_answer() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        let server = Server::saying(answer, Then::KeepOn).await;
        let mut client = client(options(&server.url()));
        client.park();
        for round in 0..5 {
            let answer = get(&mut client, "/", ENOUGH).await.unwrap();
            assert_eq!((answer.reused, answer.reconnects), (round > 0, 0));
            client.park();
            client.park();
        }
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_parked_connection_that_the_server_has_closed_is_opened_again_and_counted() {
    let server = forgetful(Duration::ZERO).await;
    let mut client = client(options(&server.url()));
    get(&mut client, "/", ENOUGH).await.unwrap();
    client.park();
    tokio::time::sleep(A_MOMENT).await;
    // A request that must not be sent twice: it was not sent yet.
    let again = client
        .exchange(&post(Vec::new()), Redirects::Return, &mut Discard)
        .await
        .unwrap();
    assert!((again.connect.is_some(), again.reused, again.reconnects) == (true, false, 1));
    client.park();
    let third = get(&mut client, "/", ENOUGH).await.unwrap();
    assert!((third.connect, third.reused, third.reconnects) == (None, true, 0));
    assert_eq!((client.reconnects(), server.connections()), (1, 2));
}

#[tokio::test]
async fn a_parked_connection_that_dies_under_a_request_is_judged_by_the_length_of_its_rest() {
    for (rest, is_retried) in [(A_MOMENT, false), (REST, true)] {
        let server = dies_at_the_second(b"").await;
        let mut client = client(options(&server.url()));
        get(&mut client, "/", ENOUGH).await.unwrap();
        client.park();
        tokio::time::sleep(rest).await;
        match get(&mut client, "/", ENOUGH).await {
            Ok(answer) => assert!(is_retried && answer.reconnects == 1),
            Err(error) => assert!(!is_retried && error.kind == TransportKind::ClosedEarly),
        }
    }
}

/// A server whose first connection says more after its answer than it was asked for, at once or later.
async fn talkative(pause: Duration) -> Server {
    Server::start(move |mut stream, number| async move {
        while read_head(&mut stream).await.is_some() {
            let mut answer = ok(format!("connection {number}").as_bytes());
            let lie = ok(b"a lie");
            if number > 0 {
                stream.write_all(&answer).await.unwrap();
            } else if pause.is_zero() {
                answer.extend(lie);
                stream.write_all(&answer).await.unwrap();
            } else {
                stream.write_all(&answer).await.unwrap();
                tokio::time::sleep(pause).await;
                stream.write_all(&lie).await.unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn what_nobody_asked_for_is_never_the_answer_to_the_next_question() {
    for pause in [Duration::ZERO, A_MOMENT / 2] {
        let server = talkative(pause).await;
        let mut client = client(options(&server.url()));
        assert_eq!(text(&mut client, "/").await, "connection 0");
        client.park();
        tokio::time::sleep(A_MOMENT).await;
        assert_eq!(text(&mut client, "/").await, "connection 1");
        // What came with the answer was seen before the connection could be kept.
        assert_eq!(client.reconnects(), u64::from(!pause.is_zero()));
        assert_eq!(server.connections(), 2);
    }
}

/// More than the system buffers between two sockets.
const A_LOT: usize = 32 << 20;

/// Answers when it has seen the beginning of a request, and reads the rest only afterwards. Its next answer
/// tells how many tildes that had, and the next request.
async fn hasty() -> Server {
    Server::start(|mut stream, _| async move {
        let mut seen = vec![0; 100];
        stream.read_exact(&mut seen).await.unwrap();
        stream.write_all(&ok(b"early")).await.unwrap();
        tokio::time::sleep(A_MOMENT).await;
        let next = loop {
            assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
            let end = String::from_utf8_lossy(&seen[seen.len().saturating_sub(500)..]);
            if let Some(start) = end.rfind("GET /next").filter(|_| end.ends_with("\r\n\r\n")) {
                break end[start..].lines().next().unwrap().to_owned();
            }
        };
        let tildes = memchr::memchr_iter(b'~', &seen).count();
        let told = format!("{tildes} {next}");
        stream.write_all(&ok(told.as_bytes())).await.unwrap();
    })
    .await
}

#[tokio::test]
async fn a_request_that_was_answered_before_it_was_sent_still_arrives_whole() {
    let large_body = post(vec![b'~'; A_LOT]);
    let mut large_head = Request::get("/", ENOUGH);
    let name = http::HeaderName::from_static("x-large");
    let value = http::HeaderValue::from_bytes(&vec![b'~'; A_LOT]).unwrap();
    large_head.headers.insert(name, value);
    for request in [large_body, large_head] {
        let server = hasty().await;
        let mut client = client(options(&server.url()));
        let (_, answer) = exchange(&mut client, &request, Redirects::Return).await;
        assert_eq!(answer, "early");
        client.park();
        let next = Request::get("/next", ENOUGH);
        let (next, told) = exchange(&mut client, &next, Redirects::Return).await;
        assert_eq!(told, format!("{A_LOT} GET /next HTTP/1.1"));
        assert!(next.reused);
    }
}

#[tokio::test]
async fn the_time_out_holds_after_a_rest() {
    let server = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        stream.write_all(&ok(b"hello")).await.unwrap();
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let mut client = client(options(&server.url()));
    get(&mut client, "/", ENOUGH).await.unwrap();
    client.park();
    let error = get(&mut client, "/", A_MOMENT).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::Timeout);
}

/// Resident memory of this process, bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|it| it.starts_with("VmRSS:")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

/// A server that costs this process next to nothing: it serves one request of each connection, keeps the
/// connection open and never looks at it again.
fn frugal_server() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut open = Vec::with_capacity(10_000);
        let mut chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb8\r\n".to_vec();
        chunked.extend([b'x'; 3000]);
        chunked.extend(b"\r\n0\r\n\r\n");
        let answers = [ok(&[b'x'; 3000]), chunked];
        for (stream, answer) in listener.incoming().zip(answers.iter().cycle()) {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).unwrap();
            stream.write_all(answer).unwrap();
            open.push(stream);
        }
    });
    url
}

/// Open connections that fit into the limit of most systems for one process.
const USERS: u64 = 400;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_parked_client_takes_less_than_two_kib() {
    let shared = client(options(&frugal_server())).endpoint().clone();
    let mut clients = Vec::with_capacity(10_000);
    // The first ones pay for what all share.
    for _ in 0..50 {
        let mut client = Client::new(shared.clone());
        get(&mut client, "/", ENOUGH).await.unwrap();
        client.park();
        clients.push(client);
    }
    let before = resident_bytes();
    for _ in 0..USERS {
        let mut client = Client::new(shared.clone());
        get(&mut client, "/", ENOUGH).await.unwrap();
        client.park();
        clients.push(client);
    }
    let each = resident_bytes().saturating_sub(before) / USERS;
    assert!(each < 2048, "{each} bytes for each client");
}
