//! Faults are what was asked for, counted exactly.

#![expect(clippy::unwrap_used, reason = "a failure is the end of the test")]

mod reference_common;

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use reference_common::{get, get_json, parse, small, start};
use service::reference::{CatalogueSource, FaultKind, Reference, ReferenceOptions};
use tokio::net::TcpStream;
use tokio::time::Instant;

const CONE: &str = "/api/v1/catalog/cone-search?ra=10&dec=20&radius=5";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_one_path_are_exactly_those_counted() {
    let reference = small(&["error=1/10:503,path=/api/v1/catalog"]).await;
    let mut errors = 0;
    for _ in 0..100 {
        let answer = get(&reference, CONE).await.unwrap();
        if answer.status != 200 {
            assert_eq!(answer.status, 503);
            assert_eq!(answer.json()["error"], "Service Unavailable");
            errors += 1;
        }
        assert_eq!(
            get(&reference, "/actuator/health").await.unwrap().status,
            200
        );
    }
    assert_eq!(errors, 10);
    assert_eq!(reference.injected()["error"], 10);
    let text = get(&reference, "/actuator/prometheus")
        .await
        .unwrap()
        .text();
    assert!(text.contains("astro_faults_injected_total{kind=\"error\"} 10"));
    assert!(reference.stop().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drops_cuts_and_wrong_bodies_are_seen_by_the_client_as_such() {
    let reference = small(&[
        "drop=1/4,path=/actuator/health",
        "truncate=1/4,path=/actuator/info",
        "truncate-chunked=1/4,path=/actuator/metrics",
        "error-page=1/4,path=/api/v1/catalog",
        "garbage=1/4,path=/api/v1/processing",
    ])
    .await;
    let (mut dropped, mut cut, mut cut_in_chunks, mut pages, mut garbage) = (0, 0, 0, 0, 0);
    for _ in 0..20 {
        dropped += u64::from(get(&reference, "/actuator/health").await.is_none());
        let info = get(&reference, "/actuator/info").await.unwrap();
        if !info.complete {
            assert_eq!(info.status, 200);
            assert!(info.headers.contains_key("content-length") && !info.body.is_empty());
            cut += 1;
        }
        let metrics = get(&reference, "/actuator/metrics").await.unwrap();
        if !metrics.complete {
            assert_eq!(metrics.headers["transfer-encoding"], "chunked");
            assert!(!metrics.body.is_empty());
            cut_in_chunks += 1;
        }
        let cone = get(&reference, CONE).await.unwrap();
        if cone.headers["content-type"].starts_with("text/html") {
            assert_eq!(cone.status, 200);
            pages += 1;
        }
        let list = get(&reference, "/api/v1/processing/jobs").await.unwrap();
        if serde_json::from_slice::<serde_json::Value>(&list.body).is_err() {
            assert!(list.status == 200 && list.complete);
            garbage += 1;
        }
    }
    assert_eq!(
        (dropped, cut, cut_in_chunks, pages, garbage),
        (5, 5, 5, 5, 5)
    );
    for kind in [
        "drop",
        "truncate",
        "truncate-chunked",
        "error-page",
        "garbage",
    ] {
        assert_eq!(reference.injected()[kind], 5, "{kind}");
    }
    assert!(reference.stop().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_body_comes_at_its_rate() {
    let reference = small(&["slow-body=2kB/s,path=/actuator/prometheus,share=1/2"]).await;
    get(&reference, "/actuator/prometheus").await.unwrap();
    let begin = Instant::now();
    let slow = get(&reference, "/actuator/prometheus").await.unwrap();
    let should = common::units::size_f64(slow.body.len()) / 2000.0;
    let took = begin.elapsed().as_secs_f64();
    assert!(slow.complete);
    assert!(
        (0.9 * should..1.2 * should + 0.2).contains(&took),
        "{took} s, {should} s"
    );
    assert_eq!(reference.injected()["slow-body"], 1);
    assert!(reference.stop().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_freezes_all_answers_and_ends() {
    let reference = small(&["stall=700ms@500ms"]).await;
    let begin = Instant::now();
    get_json(&reference, "/actuator/health").await;
    assert!(begin.elapsed() < Duration::from_millis(400));
    tokio::time::sleep_until(begin + Duration::from_millis(700)).await;
    get_json(&reference, "/actuator/health").await;
    let thawed = begin.elapsed().as_secs_f64();
    // It began a little before `begin`.
    assert!((1.1..1.35).contains(&thawed), "{thawed}");
    let again = Instant::now();
    get_json(&reference, "/actuator/health").await;
    assert!(again.elapsed() < Duration::from_millis(200));
    assert_eq!(reference.injected()["stall"], 1);
    assert!(reference.stop().await.is_empty());
}

/// Sends requests one after the other on one connection; gives the seconds of each.
async fn times(reference: &Reference, count: usize, http2: bool) -> Vec<f64> {
    let url = reference.url();
    let host = url.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(host).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let io = TokioIo::new(stream);
    let mut times = Vec::new();
    let request = || {
        hyper::Request::get(format!("{url}/actuator/info"))
            .header("host", host)
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    if http2 {
        let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
        let (mut sender, connection) = builder.handshake(io).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..count {
            sender.ready().await.unwrap();
            let begin = Instant::now();
            let answer = sender.send_request(request()).await.unwrap();
            assert_eq!(answer.version(), http::Version::HTTP_2);
            answer.into_body().collect().await.unwrap();
            times.push(begin.elapsed().as_secs_f64());
        }
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        for _ in 0..count {
            sender.ready().await.unwrap();
            let begin = Instant::now();
            let answer = sender.send_request(request()).await.unwrap();
            answer.into_body().collect().await.unwrap();
            times.push(begin.elapsed().as_secs_f64());
        }
    }
    times.sort_by(f64::total_cmp);
    times
}

/// Prints the figures that the documentation states; fails where they would spoil a calibration.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn added_latency_is_accurate() {
    for http2 in [false, true] {
        let without = small(&[]).await;
        let base = times(&without, 400, http2).await;
        assert!(without.stop().await.is_empty());
        let with = small(&["latency=5ms"]).await;
        let mut added = times(&with, 400, http2).await;
        assert_eq!(with.injected()["latency"], 400);
        for _ in 1..ATTEMPTS {
            if 1e3 * (added[200] - base[200] - 0.005) < 0.5 {
                break;
            }
            added = times(&with, 400, http2).await;
        }
        assert!(with.stop().await.is_empty());
        for place in [0, 200, 380, 396] {
            let late = 1e3 * (added[place] - 0.005);
            let base_ms = 1e3 * base[place];
            println!("http2 {http2}, {place} of 400: {late:.3} ms late; without: {base_ms:.3} ms");
        }
        assert!(added[0] >= 0.005, "{}", added[0]);
        let late = 1e3 * (added[200] - base[200] - 0.005);
        assert!(late < 0.5, "{late} ms late in the middle");
    }
}

/// How often a distribution of times may be looked at on a busy machine.
const ATTEMPTS: usize = 4;

/// As above for a distribution, with many requests at once, as a load tool makes them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_latency_distribution_is_recovered_at_its_percentiles() {
    let text = "latency=lognormal:20ms:0.5";
    let FaultKind::Latency(delay) = parse(&[text])[0].kind.clone() else {
        panic!("{text} is a latency");
    };
    let reference = start(ReferenceOptions {
        catalogue: CatalogueSource::Memory { objects: 100 },
        faults: parse(&[text]),
        images: 1,
        image_size_px: 128,
        ..ReferenceOptions::default()
    })
    .await;
    // A machine that does other things as well is late now and then; a wrong distribution is always off.
    let mut off: Vec<String> = Vec::new();
    for _ in 0..ATTEMPTS {
        let users = (0..20).map(|_| times(&reference, 150, false));
        let mut all: Vec<f64> = futures::future::join_all(users).await.concat();
        all.sort_by(f64::total_cmp);
        let truths = [(0.5, 1500, 0.2), (0.95, 2850, 0.2), (0.99, 2970, 0.3)];
        let wrong = |(quantile, place, tolerance): (f64, usize, f64)| {
            let (is, should) = (all[place], delay.quantile(quantile).as_secs_f64());
            ((is / should - 1.0).abs() >= tolerance)
                .then(|| format!("{quantile}: {is} s, drawn from {should} s"))
        };
        off = truths.into_iter().filter_map(wrong).collect();
        if off.is_empty() {
            break;
        }
        println!("{off:?}");
    }
    assert!(off.is_empty(), "{off:?}");
    assert!(reference.stop().await.is_empty());
}
