//! Servers that misbehave: each kind of trouble has its name, and none takes longer than it may.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::time::Duration;

use client_support::{
    ENOUGH, REST, Server, Then, client, dies_at_the_second, failure_of, forgetful, get, ok,
    options, read_head, reset,
};
use http::Method;
use service::client::{Discard, Redirects, TransportKind};
use service::request::Request;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

const SHORT: Duration = Duration::from_millis(300);

/// When a time-out of [`SHORT`] has certainly been missed, on a busy machine too.
const LATE: Duration = Duration::from_secs(3);

/// The failure of getting `/` from a server that says this and closes.
async fn failure_after(answer: &[u8]) -> (TransportKind, String) {
    let server = Server::saying(answer, Then::Close).await;
    let error = failure_of(&server.url(), ENOUGH).await;
    (error.kind, error.message)
}

#[tokio::test]
async fn nobody_at_the_port_is_refused() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = failure_of(&url, ENOUGH).await;
    assert_eq!(error.kind, TransportKind::Refused);
    assert_eq!(
        error.message,
        format!("failed to GET {url}/: connection refused")
    );
}

#[tokio::test]
async fn an_unknown_name_is_a_failure_of_name_resolution() {
    let error = failure_of("http://no-such-host.invalid/a", ENOUGH).await;
    assert_eq!(error.kind, TransportKind::Dns);
    assert!(error.message.contains("`no-such-host.invalid`"), "{error}");
}

#[tokio::test]
async fn a_server_that_never_answers_runs_into_the_time_out() {
    let server = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = failure_of(&server.url(), SHORT).await;
    assert_eq!(error.kind, TransportKind::Timeout);
    assert!(error.elapsed >= SHORT && error.elapsed < LATE);
    assert!(error.message.contains("no answer within 300ms"), "{error}");
}

#[tokio::test]
async fn a_server_that_sends_a_byte_now_and_then_runs_into_the_time_out() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nHello, hello";
    // The trickle begins in the head, or in the body.
    for at_once in [0, answer.len() - 12] {
        let server = Server::start(move |mut stream, _| async move {
            read_head(&mut stream).await;
            let (first, rest) = answer.split_at(at_once);
            stream.write_all(first).await.unwrap();
            for byte in rest {
                tokio::time::sleep(Duration::from_millis(40)).await;
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
            }
        })
        .await;
        let error = failure_of(&server.url(), SHORT).await;
        assert_eq!(error.kind, TransportKind::Timeout);
        assert!(error.elapsed >= SHORT && error.elapsed < LATE);
        let came = if at_once == 0 { 0..=0 } else { 1..=8 };
        assert!(came.contains(&error.wire_bytes), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_faster_than_the_time_out_is_stopped_by_it() {
    let server = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await;
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let zeros = vec![0; 1 << 18];
        while stream.write_all(&zeros).await.is_ok() {}
    })
    .await;
    let mut options = options(&server.url());
    options.max_body_bytes = u64::MAX;
    let error = get(&mut client(options), "/", SHORT).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::Timeout);
    assert!(error.elapsed < LATE, "{:?}", error.elapsed);
    assert!(error.wire_bytes > 1 << 20);
}

#[tokio::test]
async fn no_connection_in_time_is_its_own_kind() {
    // A listener whose queue is full drops what comes next.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut fillers = Vec::new();
    for _ in 0..4 {
        let connecting = tokio::net::TcpStream::connect(address);
        if let Ok(connected) = tokio::time::timeout(Duration::from_millis(50), connecting).await {
            fillers.push(connected.unwrap());
        }
    }
    let mut options = options(&format!("http://{address}"));
    options.connect_timeout = Duration::from_millis(200);
    let error = get(&mut client(options), "/", ENOUGH).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::ConnectTimeout);
    assert!(error.elapsed < LATE);
}

#[tokio::test]
async fn a_connection_closed_before_the_head_is_complete_is_closed_early() {
    for answer in [&b""[..], b"HTTP/1.1 200 OK\r\nContent-Le"] {
        let (kind, message) = failure_after(answer).await;
        assert_eq!(kind, TransportKind::ClosedEarly, "{message}");
        assert!(
            message.contains("before the head of the answer"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_body_cut_short_is_never_a_success() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123456789"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let (kind, message) = failure_after(answer).await;
        assert_eq!(kind, TransportKind::Truncated, "{message}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
    ] {
        let (kind, message) = failure_after(answer).await;
        assert_eq!(kind, TransportKind::Protocol, "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[tokio::test]
async fn an_endless_head_is_refused() {
    let answer = [b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".repeat(200_000)].concat();
    let (kind, message) = failure_after(&answer).await;
    assert_eq!(kind, TransportKind::Protocol, "{message}");
}

#[tokio::test]
async fn a_reset_connection_is_told_apart_from_a_closed_one() {
    for answer in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
    ] {
        let server = Server::start(move |mut stream, _| async move {
            read_head(&mut stream).await;
            stream.write_all(answer).await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            reset(stream);
        })
        .await;
        let error = failure_of(&server.url(), ENOUGH).await;
        assert_eq!(error.kind, TransportKind::Reset, "{error}");
    }
}

#[tokio::test]
async fn redirects_that_go_in_a_circle_end() {
    let to_itself = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    let server = Server::saying(to_itself, Then::KeepOn).await;
    let follow = Redirects::Follow { at_most: 10 };
    let mut client = client(options(&server.url()));
    let request = Request::get("/", ENOUGH);
    let error = client
        .exchange(&request, follow, &mut Discard)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::RedirectLoop);
    assert!(error.message.contains("where it came from"), "{error}");

    let deeper = "HTTP/1.1 302 Found\r\nLocation: x/\r\nContent-Length: 0\r\n\r\n";
    let server = Server::saying(deeper, Then::KeepOn).await;
    let mut client = client_support::client(options(&server.url()));
    let error = client
        .exchange(&request, follow, &mut Discard)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::RedirectLoop);
    assert!(error.message.contains("more than 10 times"), "{error}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_a_protocol_error() {
    let answer = "HTTP/1.1 302 Found\r\nLocation: ftp://h/x\r\nContent-Length: 0\r\n\r\n";
    let server = Server::saying(answer, Then::KeepOn).await;
    let request = Request::get("/", ENOUGH);
    let error = client(options(&server.url()))
        .exchange(&request, Redirects::Follow { at_most: 3 }, &mut Discard)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::Protocol);
}

#[tokio::test]
async fn an_idle_connection_closed_by_the_server_is_opened_again_and_counted() {
    let server = forgetful(Duration::ZERO).await;
    let mut client = client(options(&server.url()));
    let first = get(&mut client, "/", ENOUGH).await.unwrap();
    assert!((first.connect.is_some(), first.reused, first.reconnects) == (true, false, 0));
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Also a request that must not be sent twice: it was not sent yet.
    let mut request = Request::get("/", ENOUGH);
    request.method = Method::POST;
    let again = client
        .exchange(&request, Redirects::Return, &mut Discard)
        .await
        .unwrap();
    assert!((again.connect.is_some(), again.reused, again.reconnects) == (true, false, 1));
    let third = get(&mut client, "/", ENOUGH).await.unwrap();
    assert!((third.connect, third.reused, third.reconnects) == (None, true, 0));
    assert_eq!((client.reconnects(), server.connections()), (1, 2));
}

#[tokio::test]
async fn a_reused_connection_that_dies_silently_is_retried_for_idempotent_requests_only() {
    let server = dies_at_the_second(b"").await;
    let mut client = client(options(&server.url()));
    get(&mut client, "/", ENOUGH).await.unwrap();
    tokio::time::sleep(REST).await;
    let second = get(&mut client, "/", ENOUGH).await.unwrap();
    assert_eq!((second.reused, second.reconnects), (false, 1));

    // Without a rest it was not closed for being idle: the service let the request fall.
    let server = dies_at_the_second(b"").await;
    let mut client = client_support::client(options(&server.url()));
    get(&mut client, "/", ENOUGH).await.unwrap();
    let error = get(&mut client, "/", ENOUGH).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::ClosedEarly);
    assert_eq!(server.connections(), 1);

    let server = dies_at_the_second(b"").await;
    let mut client = client_support::client(options(&server.url()));
    let mut request = Request::get("/", ENOUGH);
    request.method = Method::POST;
    client
        .exchange(&request, Redirects::Return, &mut Discard)
        .await
        .unwrap();
    tokio::time::sleep(REST).await;
    let error = client
        .exchange(&request, Redirects::Return, &mut Discard)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::ClosedEarly);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_reused_connection_that_dies_inside_an_answer_is_a_failure() {
    for (answer, kind) in [
        (&b"HTTP/1.1 200"[..], TransportKind::ClosedEarly),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1",
            TransportKind::Truncated,
        ),
    ] {
        let server = dies_at_the_second(answer).await;
        let mut client = client(options(&server.url()));
        get(&mut client, "/", ENOUGH).await.unwrap();
        let error = get(&mut client, "/", ENOUGH).await.unwrap_err();
        assert_eq!((error.kind, server.connections()), (kind, 1));
        // The next exchange begins anew.
        get(&mut client, "/", ENOUGH).await.unwrap();
    }
}

#[tokio::test]
async fn a_fresh_connection_that_dies_silently_is_not_retried() {
    let server = Server::saying("", Then::Close).await;
    let error = failure_of(&server.url(), ENOUGH).await;
    assert_eq!(
        (error.kind, server.connections()),
        (TransportKind::ClosedEarly, 1)
    );
}

#[tokio::test]
async fn a_time_out_leaves_nothing_for_the_next_exchange() {
    let server = Server::start(|mut stream, number| async move {
        while read_head(&mut stream).await.is_some() {
            if number == 0 {
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
            let body = format!("connection {number}");
            if stream.write_all(&ok(body.as_bytes())).await.is_err() {
                break;
            }
        }
    })
    .await;
    let mut client = client(options(&server.url()));
    let error = get(&mut client, "/", Duration::from_millis(50))
        .await
        .unwrap_err();
    assert_eq!(error.kind, TransportKind::Timeout);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut kept = service::client::Keep::new(100);
    let request = Request::get("/", ENOUGH);
    client
        .exchange(&request, Redirects::Return, &mut kept)
        .await
        .unwrap();
    assert_eq!(kept.text(), "connection 1");
}

#[tokio::test]
async fn an_exchange_given_up_half_way_leaves_nothing_for_the_next_one() {
    let server = Server::start(|mut stream, _| async move {
        while let Some(head) = read_head(&mut stream).await {
            if head.starts_with("GET /slow") {
                tokio::time::sleep(LATE).await;
            }
            if stream.write_all(&ok(head.as_bytes())).await.is_err() {
                break;
            }
        }
    })
    .await;
    let mut client = client(options(&server.url()));
    get(&mut client, "/", ENOUGH).await.unwrap();
    let dropped = get(&mut client, "/slow", ENOUGH);
    let dropped = tokio::time::timeout(Duration::from_millis(30), dropped).await;
    assert!(dropped.is_err());
    let start = Instant::now();
    let mut kept = service::client::Keep::new(100);
    let request = Request::get("/quick", ENOUGH);
    client
        .exchange(&request, Redirects::Return, &mut kept)
        .await
        .unwrap();
    assert!(kept.text().starts_with("GET /quick"), "{}", kept.text());
    assert!(start.elapsed() < LATE);
}
