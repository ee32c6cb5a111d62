//! What is sent and what is understood: headers, addresses, redirects, bodies, versions.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use client_support::{
    ENOUGH, FOLLOW, Server, Then, client, exchange, get, ok, options, read_head, text,
};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use service::client::{
    Auth, Client, Discard, Flow, HttpVersion, Inspect, Redirects, TransportKind,
};
use service::request::{Request, Target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn a_request_has_the_headers_it_should_have() {
    let server = Server::echo().await;
    let mut options = options(&format!("{}/api/v1/proxy/", server.url()));
    options.compression = true;
    options.auth = Some(Auth::Bearer("t0ken".into()));
    options.headers.push((
        HeaderName::from_static("x-trace"),
        HeaderValue::from_static("1"),
    ));
    let mut client = client(options);
    let mut request = Request::get("/health?full=1", ENOUGH);
    request
        .headers
        .insert("accept", HeaderValue::from_static("application/json"));
    let (_, head) = exchange(&mut client, &request, FOLLOW).await;
    let host = format!("host: {}", server.address);
    for line in [
        "GET /api/v1/proxy/health?full=1 HTTP/1.1",
        host.as_str(),
        "accept: application/json",
        "accept-encoding: gzip, zstd",
        "authorization: Bearer t0ken",
        "x-trace: 1",
    ] {
        assert!(head.lines().any(|l| l == line), "{line} is not in\n{head}");
    }
    assert!(
        !head.contains("*/*") && !head.contains("content-length"),
        "{head}"
    );
    assert!(head.contains("user-agent: astro-perf/"));
}

#[tokio::test]
async fn a_user_in_the_url_is_basic_authentication() {
    let server = Server::echo().await;
    let url = format!("http://me:p%40ss@{}/x", server.address);
    let mut client = client(options(&url));
    let head = text(&mut client, "/").await;
    // printf 'me:p@ss' | base64
    assert!(head.contains("authorization: Basic bWU6cEBzcw=="), "{head}");
    assert!(
        head.contains(&format!("host: {}\r\n", server.address)),
        "{head}"
    );
}

#[tokio::test]
async fn an_ipv6_address_is_reached_and_named_in_brackets() {
    let server = Server::start_at("[::1]:0", |mut stream, _| async move {
        let head = read_head(&mut stream).await.unwrap();
        stream.write_all(&ok(head.as_bytes())).await.unwrap();
    })
    .await;
    assert!(server.url().starts_with("http://[::1]:"));
    let head = text(&mut client(options(&server.url())), "/").await;
    assert!(
        head.contains(&format!("host: [::1]:{}", server.address.port())),
        "{head}"
    );
}

#[tokio::test]
async fn a_name_is_resolved_and_its_time_is_told() {
    let server = Server::echo().await;
    let url = format!("http://localhost:{}", server.address.port());
    let mut options = options(&url);
    options.reuse = false;
    let mut client = client(options);
    let first = get(&mut client, "/", ENOUGH).await.unwrap();
    let set_up = first.set_up.unwrap();
    assert!(set_up.dns.is_some() && set_up.tls.is_none());
    assert_eq!(first.connect, Some(set_up.total()));
    assert!(first.total >= set_up.total() + first.first_byte);
    let second = get(&mut client, "/", ENOUGH).await.unwrap();
    assert_eq!(second.set_up.unwrap().dns, None);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn connections_are_reused_or_not_as_asked() {
    let server = Server::echo().await;
    let mut reusing = client(options(&server.url()));
    for n in 0..3 {
        assert_eq!(get(&mut reusing, "/", ENOUGH).await.unwrap().reused, n > 0);
    }
    assert_eq!(server.connections(), 1);
    let mut options = options(&server.url());
    options.reuse = false;
    let mut closing = client(options);
    for _ in 0..3 {
        let (exchange, head) = exchange(&mut closing, &Request::get("/", ENOUGH), FOLLOW).await;
        assert!(!exchange.reused && exchange.connect.is_some());
        assert!(head.contains("connection: close"), "{head}");
    }
    assert_eq!(server.connections(), 4);
    assert_eq!(closing.reconnects(), 0);
}

#[tokio::test]
async fn a_server_that_says_it_closes_is_not_counted_as_a_reconnect() {
    for head in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        let server = Server::saying(head, Then::Close).await;
        let mut client = client(options(&server.url()));
        for _ in 0..3 {
            get(&mut client, "/", ENOUGH).await.unwrap();
        }
        assert_eq!((client.reconnects(), server.connections()), (0, 3));
    }
}

#[tokio::test]
async fn a_body_is_sent_in_its_pieces_and_counted() {
    let server = Server::start(|mut stream, _| async move {
        let head = read_head(&mut stream).await.unwrap();
        let mut body = vec![0; 300_000];
        stream.read_exact(&mut body).await.unwrap();
        let sum: u64 = body.iter().map(|byte| u64::from(*byte)).sum();
        let answer = format!("{head}{sum}");
        stream.write_all(&ok(answer.as_bytes())).await.unwrap();
    })
    .await;
    let mut request = Request::get("/jobs", ENOUGH);
    request.method = Method::POST;
    request.body = vec![
        Bytes::from(vec![1; 100_000]),
        Bytes::new(),
        Bytes::from(vec![2; 200_000]),
    ];
    let mut client = client(options(&server.url()));
    let (answer, echoed) = exchange(&mut client, &request, FOLLOW).await;
    assert_eq!(answer.sent_bytes, 300_000);
    assert!(echoed.contains("content-length: 300000"), "{echoed}");
    assert!(echoed.ends_with("500000"), "{echoed}");
}

#[tokio::test]
async fn an_answer_before_the_whole_request_is_an_answer_but_ends_the_connection() {
    let server = Server::start(|mut stream, _| async move {
        read_head(&mut stream).await.unwrap();
        let answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
        stream.write_all(answer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
    })
    .await;
    let mut request = Request::get("/jobs", ENOUGH);
    request.method = Method::POST;
    request.body = vec![Bytes::from(vec![0; 1 << 20]); 64];
    let mut client = client(options(&server.url()));
    let (answer, body) = exchange(&mut client, &request, FOLLOW).await;
    assert_eq!(
        (answer.status, body.as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "no")
    );
    assert!(answer.sent_bytes < 64 << 20);
    exchange(&mut client, &Request::get("/", ENOUGH), FOLLOW).await;
    assert_eq!((server.connections(), client.reconnects()), (2, 0));
}

/// A server that answers `/` with a redirect, and anything else with the head of the request.
async fn redirecting(status: u16, location: String) -> Server {
    Server::start(move |mut stream, _| {
        let location = location.clone();
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let path = head.split(' ').nth(1).unwrap();
                let answer = if path == "/" {
                    format!(
                        "HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 5\r\n\r\nmoved"
                    )
                    .into_bytes()
                } else {
                    ok(head.as_bytes())
                };
                stream.write_all(&answer).await.unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn redirects_are_followed_or_handed_over() {
    let server = redirecting(303, "/jobs/7".to_owned()).await;
    let mut client = client(options(&server.url()));
    let mut request = Request::get("/", ENOUGH);
    request.method = Method::POST;
    let (answer, body) = exchange(&mut client, &request, Redirects::Return).await;
    assert_eq!(
        (answer.status, body.as_str()),
        (StatusCode::SEE_OTHER, "moved")
    );
    assert_eq!(answer.location(), Some("/jobs/7"));
    let next = client
        .endpoint()
        .resolve(&answer.final_target, "/jobs/7")
        .unwrap();
    assert_eq!(
        next,
        Target::Absolute(format!("{}/jobs/7", server.url()).parse().unwrap())
    );

    let (answer, body) = exchange(&mut client, &request, FOLLOW).await;
    assert!(body.starts_with("GET /jobs/7"), "{body}");
    assert_eq!(
        (answer.status, answer.redirects, &answer.final_target),
        (StatusCode::OK, 1, &next)
    );
    assert_eq!(server.connections(), 1);

    request.target = next;
    request.method = Method::GET;
    let (answer, _) = exchange(&mut client, &request, FOLLOW).await;
    assert!(answer.reused && answer.redirects == 0);
}

#[tokio::test]
async fn only_a_303_turns_a_post_into_a_get() {
    for (status, method, expected) in [
        (301, Method::GET, "GET /x"),
        (307, Method::GET, "GET /x"),
        (308, Method::GET, "GET /x"),
        (303, Method::PUT, "GET /x"),
        (301, Method::POST, "moved"),
        (302, Method::POST, "moved"),
        (307, Method::POST, "moved"),
        (300, Method::GET, "moved"),
    ] {
        let server = redirecting(status, "x".to_owned()).await;
        let mut request = Request::get("/", ENOUGH);
        request.method = method.clone();
        request.body = vec![Bytes::new()];
        let (_, body) = exchange(&mut client(options(&server.url())), &request, FOLLOW).await;
        assert!(body.starts_with(expected), "{method} {status}: {body}");
    }
}

#[tokio::test]
async fn a_redirect_to_another_server_does_not_take_the_secrets_along() {
    let other = Server::echo().await;
    let server = redirecting(302, format!("http://user:pw@{}/landed", other.address)).await;
    let mut options = options(&server.url());
    options.auth = Some(Auth::Bearer("t0ken".into()));
    options
        .secret_header(HeaderName::from_static("x-key"), &"k3y".into())
        .unwrap();
    let mut client = client(options);
    let home = text(&mut client, "/home").await;
    assert!(home.contains("t0ken") && home.contains("k3y"));
    for n in 0..2 {
        let (answer, away) = exchange(&mut client, &Request::get("/", ENOUGH), FOLLOW).await;
        assert!(away.starts_with("GET /landed"), "{away}");
        assert!(
            away.contains(&format!("host: {}\r\n", other.address)),
            "{away}"
        );
        for secret in ["t0ken", "k3y", "authorization", "user:pw"] {
            assert!(!away.contains(secret), "{away}");
        }
        assert_eq!(answer.reused, n > 0);
    }
    assert_eq!((server.connections(), other.connections()), (1, 1));
}

#[tokio::test]
async fn an_inspector_sees_the_head_of_the_last_answer_only() {
    #[derive(Default)]
    struct Heads(Vec<StatusCode>);
    impl Inspect for Heads {
        fn head(&mut self, status: StatusCode, _: &HeaderMap) {
            self.0.push(status);
        }
        fn chunk(&mut self, _: &[u8]) -> Flow {
            Flow::Continue
        }
    }
    let server = redirecting(302, "/x".to_owned()).await;
    let mut heads = Heads::default();
    let request = Request::get("/", ENOUGH);
    let mut client = client(options(&server.url()));
    client.exchange(&request, FOLLOW, &mut heads).await.unwrap();
    assert_eq!(heads.0, [StatusCode::OK]);
}

/// An HTTP/2 server without TLS that answers with what it was asked and the size of the body.
async fn http2_server() -> Server {
    Server::start(|stream, _| async move {
        let service = service_fn(|request: hyper::Request<Incoming>| async move {
            let (head, body) = request.into_parts();
            if head.uri.path() == "/reset" {
                return Err(std::io::Error::other("no"));
            }
            let size = body.collect().await.unwrap().to_bytes().len();
            let host = head.uri.authority().map(ToString::to_string);
            let has_host_header = head.headers.contains_key("host");
            let text = format!(
                "{} {} {host:?} {has_host_header} {size}",
                head.method,
                head.uri.path()
            );
            Ok::<_, std::io::Error>(hyper::Response::new(Full::new(Bytes::from(text))))
        });
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    })
    .await
}

#[tokio::test]
async fn http2_without_tls_is_spoken_when_forced() {
    let server = http2_server().await;
    let mut options = options(&server.url());
    options.version = HttpVersion::Http2;
    let mut once = options.clone();
    once.reuse = false;
    let mut client = client(options);
    let mut request = Request::get("/a?b", ENOUGH);
    request.method = Method::POST;
    request.body = vec![Bytes::from(vec![7; 300_000]); 10];
    for n in 0..3 {
        let (answer, body) = exchange(&mut client, &request, FOLLOW).await;
        let host = Some(server.address.to_string());
        assert_eq!(body, format!("POST /a {host:?} false 3000000"));
        assert_eq!(
            (answer.version, answer.complete),
            (Version::HTTP_2, Some(true))
        );
        assert_eq!((answer.reused, answer.sent_bytes), (n > 0, 3_000_000));
    }
    let error = get(&mut client, "/reset", ENOUGH).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::Reset, "{error}");
    assert_eq!(
        text(&mut client, "/again").await.split(' ').next(),
        Some("GET")
    );
    // What fails ends its connection.
    assert_eq!(server.connections(), 2);
    let mut once = client_support::client(once);
    for _ in 0..2 {
        get(&mut once, "/", ENOUGH).await.unwrap();
    }
    assert_eq!(server.connections(), 4);
}

#[tokio::test]
async fn a_server_that_does_not_speak_http2_is_told() {
    let server = Server::saying(ok(b"hello"), Then::Close).await;
    let mut options = options(&server.url());
    options.version = HttpVersion::Http2;
    let error = get(&mut client(options), "/", Duration::from_secs(1))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.kind,
            TransportKind::Protocol | TransportKind::ClosedEarly
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn no_secret_is_in_any_message_or_debug_text() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut options = options(&format!("http://me:s3cret-url@{address}/x"));
    options
        .secret_header(HeaderName::from_static("x-key"), &"s3cret-key".into())
        .unwrap();
    options.headers.push((
        HeaderName::from_static("x-plain"),
        HeaderValue::from_static("s3cret-plain"),
    ));
    options.auth = Some(Auth::Basic {
        user: "me".to_owned(),
        password: "s3cret-auth".into(),
    });
    let endpoint = Arc::new(service::client::Endpoint::new(options).unwrap());
    let mut client = Client::new(Arc::clone(&endpoint));
    let mut shown = format!("{endpoint} {endpoint:?} {:?}", endpoint.options());
    let away = format!("http://you:s3cret-away@{address}/y?token=s3cret-query");
    for target in [
        Target::Below("/a?token=s3cret-query".to_owned()),
        Target::Absolute(away.parse().unwrap()),
    ] {
        let mut request = Request::get("/", ENOUGH);
        request.target = target;
        let error = client
            .exchange(&request, FOLLOW, &mut Discard)
            .await
            .unwrap_err();
        assert_eq!(error.kind, TransportKind::Refused);
        shown = format!("{shown} {error} {error:?}");
    }
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("/x/a?…: connection refused"), "{shown}");
}
