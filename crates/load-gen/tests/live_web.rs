//! The live page without a browser: what orders become, what the stream tells.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::time::Duration;

use load_gen::live::web::{Download, Downloads, WebError, serve};
use load_gen::live::{Order, State, Wanted, steering};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::live_support::http::open;
use crate::live_support::page::Scene;
use crate::live_support::rehearsal::Rehearsal;

mod live_support;

const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test]
async fn orders_reach_the_run() {
    let mut scene = Scene::running().await;
    for (path, body, expected) in [
        (
            "/api/users",
            json!({"users": 80, "spawn_rate": 2.5}),
            Order::Users {
                users: 80,
                spawn_rate: 2.5,
            },
        ),
        (
            "/api/users",
            json!({"users": 0}),
            Order::Users {
                users: 0,
                spawn_rate: f64::INFINITY,
            },
        ),
        ("/api/pause", json!({}), Order::Pause),
        ("/api/stop", json!({}), Order::Stop),
    ] {
        let answer = scene.post(path, &body, &[]).await;
        assert_eq!(
            (answer.status, answer.json()),
            (202, json!({"accepted": true})),
            "{path}"
        );
        assert_eq!(scene.order(), Some(expected));
    }
    scene.run.follow(&Order::Pause);
    scene.publish();
    scene.post("/api/resume", &json!({}), &[]).await;
    assert_eq!(scene.order(), Some(Order::Resume));

    let mut waiting = Scene::new("127.0.0.1:0", Rehearsal::waiting(Wanted::Users(9), None)).await;
    waiting
        .post("/api/start", &json!({"users": 7, "spawn_rate": 1}), &[])
        .await;
    let start = Order::Start {
        users: Some(7),
        spawn_rate: Some(1.0),
    };
    assert_eq!(waiting.order(), Some(start));

    let mut open = Scene::new("127.0.0.1:0", Rehearsal::after(Wanted::Rate(9.0), None, 1)).await;
    open.post("/api/rate", &json!({"rate": 12.5}), &[]).await;
    assert_eq!(open.order(), Some(Order::Rate(12.5)));
}

#[tokio::test]
async fn orders_that_make_no_sense_are_explained() {
    let mut scene = Scene::running().await;
    for (path, body, status, words) in [
        ("/api/start", json!({}), 409, "begun already"),
        ("/api/users", json!({"users": -1}), 422, "users"),
        (
            "/api/users",
            json!({"users": 5_000_000}),
            422,
            "at most 1000000",
        ),
        (
            "/api/users",
            json!({"users": 5, "spawn_rate": 0}),
            422,
            "above 0",
        ),
        ("/api/users", json!({}), 422, "missing field `users`"),
        (
            "/api/users",
            json!({"users": 5, "hosts": 1}),
            422,
            "unknown field `hosts`",
        ),
        (
            "/api/users",
            json!({"users": "x".repeat(5000)}),
            413,
            "length limit",
        ),
        ("/api/rate", json!({"rate": 5}), 409, "not a rate"),
        ("/api/resume", json!({}), 409, "not paused"),
    ] {
        let answer = scene.post(path, &body, &[]).await;
        assert_eq!(answer.status, status, "{path} {answer:?}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(words), "{path} {body}: {error}");
        assert_eq!(scene.order(), None, "{path} {body}");
    }
    assert_eq!(scene.get("/api/pause", &[]).await.status, 405);
    assert_eq!(scene.get("/api/passwd", &[]).await.status, 404);
}

#[tokio::test]
async fn files_are_there_when_the_run_is_over() {
    let scene = Scene::running().await;
    let early = scene.get("/api/results.json", &[]).await;
    assert_eq!(early.status, 409);
    assert!(
        early.body.contains("when the run is over"),
        "{}",
        early.body
    );
    scene.downloads.offer(Download::ResultsJson, "{}");
    scene
        .downloads
        .offer(Download::ReportHtml, "<h1>it went well</h1>");
    let json = scene.get("/api/results.json", &[]).await;
    assert_eq!((json.status, json.body.as_str()), (200, "{}"));
    assert_eq!(
        json.header("content-disposition"),
        Some("attachment; filename=\"results.json\"")
    );
    let report = scene.get("/api/report.html", &[]).await;
    assert_eq!(report.body, "<h1>it went well</h1>");
    assert!(
        report
            .header("content-security-policy")
            .unwrap()
            .starts_with("sandbox ")
    );
    assert_eq!(scene.get("/api/stats.csv", &[]).await.status, 409);
}

/// The stream of events of a page.
struct Events {
    lines: tokio::io::Lines<BufReader<TcpStream>>,
}

impl Events {
    async fn of(scene: &Scene) -> Self {
        let host = scene.host();
        let stream = open(
            scene.served.address,
            "GET /api/stream",
            &[("host", &host)],
            "",
        )
        .await;
        Self {
            lines: BufReader::new(stream).lines(),
        }
    }

    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let line = timeout(LIMIT, self.lines.next_line())
                .await
                .expect("no event comes");
            let line = line.ok()??;
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn the_stream_tells_the_whole_run_and_then_what_is_new() {
    let mut scene = Scene::running().await;
    let mut events = Events::of(&scene).await;
    let first = events.next().await.unwrap();
    assert_eq!(
        (&first["whole"], first["moments"].as_array().unwrap().len()),
        (&json!(true), 20)
    );
    scene.run.tick();
    scene.publish();
    let second = events.next().await.unwrap();
    let times: Vec<f64> = second["moments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["t_s"].as_f64().unwrap())
        .collect();
    assert_eq!((&second["whole"], times), (&json!(false), vec![19.0, 20.0]));
    assert_eq!(second["snapshot"]["elapsed_s"], json!(21.0));

    // Silence is not taken for the end: the last picture comes again.
    assert_eq!(
        events.next().await.unwrap()["snapshot"]["elapsed_s"],
        json!(21.0)
    );
}

#[tokio::test]
async fn the_stream_stays_after_the_end_and_tells_of_files() {
    let mut scene = Scene::running().await;
    let mut events = Events::of(&scene).await;
    events.next().await.unwrap();
    scene.run.follow(&Order::Stop);
    scene.run.tick();
    scene.publish();
    assert_eq!(scene.run.now().state, State::Finished);
    assert_eq!(
        events.next().await.unwrap()["snapshot"]["state"],
        "finished"
    );
    let (spare, _) = steering(scene.run.now());
    drop(std::mem::replace(&mut scene.desk, spare));
    events.next().await.unwrap();
    scene.downloads.offer(Download::StatsCsv, "a,b");
    let mut told = events.next().await.unwrap();
    while told["downloads"] != json!(["stats.csv"]) {
        told = events.next().await.unwrap();
    }
    scene.served.close().await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn several_browsers_see_the_same() {
    let mut scene = Scene::running().await;
    let mut all = Vec::new();
    for _ in 0..20 {
        let mut events = Events::of(&scene).await;
        events.next().await.unwrap();
        all.push(events);
    }
    scene.run.tick();
    scene.publish();
    for events in &mut all {
        assert_eq!(
            events.next().await.unwrap()["snapshot"]["elapsed_s"],
            json!(21.0)
        );
    }
}

#[tokio::test]
async fn a_port_in_use_is_said_with_what_helps() {
    let scene = Scene::running().await;
    let (_desk, view) = steering(scene.run.now());
    let Err(error) = serve(&scene.host(), view.clone(), Downloads::default()).await else {
        panic!("two pages at one port");
    };
    assert_eq!(
        error.to_string(),
        format!(
            "failed to open the live page at {}: the port is in use",
            scene.host()
        )
    );
    assert!(error.hint().contains("another port"), "{}", error.hint());
    let Err(error) = serve("192.0.2.7:80", view, Downloads::default()).await else {
        panic!("an address of nobody's");
    };
    assert!(matches!(error, WebError::Listen { .. }), "{error}");
}
