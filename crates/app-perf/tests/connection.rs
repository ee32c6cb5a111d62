//! How a service is reached: below a path, with credentials that are sent and never shown, over HTTP/2.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use support::Room;
use support::server::{Mood, Server, answer};

/// A server that is well for those who ask as they should and refuses all others.
async fn strict(wanted: &'static [&'static str]) -> Server {
    Server::start_with(move |head| {
        let head = head.to_ascii_lowercase();
        let body = "{\"status\":\"UP\"}";
        if wanted.iter().all(|it| head.contains(it)) {
            Mood::Says(answer("200 OK", "application/json", body))
        } else {
            Mood::Says(answer("401 Unauthorized", "text/plain", "who are you?"))
        }
    })
    .await
}

const TEST: [&str; 5] = ["--quick", "--tests", "health_check", "--users", "2"];

#[tokio::test]
async fn a_service_behind_kubectl_proxy_is_asked_below_its_path() {
    let server = strict(&[
        "get /api/v1/namespaces/astro/services/image-processor:8080/proxy/actuator/health ",
    ])
    .await;
    let room = Room::new();
    let below = "/api/v1/namespaces/astro/services/image-processor:8080/proxy";
    let url = format!("{}{below}", server.url());
    room.run(&[&["--url", &url][..], &TEST].concat())
        .await
        .assert_exit(0);
    assert_eq!(room.report().test("health_check").unwrap().error_count, 0);
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let server = strict(&[
        "authorization: bearer s3cret-token",
        "x-api-key: k3y-material",
    ])
    .await;
    let room = Room::new();
    let key = room.file("key", b"k3y-material\n");
    let header = format!("X-Api-Key: @{key}");
    let url = server.url();
    let mut command = room.command(&[&["--url", &url, "--header", &header][..], &TEST].concat());
    command.env("ASTRO_PERF_TOKEN", "s3cret-token");
    let ended = testkit::Running::start(command).end().await;
    ended.assert_exit(0);
    let document = common::files::read(&room.path("app_performance_results.json")).unwrap();
    for text in [&ended.stdout, &ended.stderr, &document] {
        assert!(
            !text.contains("s3cret-token") && !text.contains("k3y-material"),
            "{text}"
        );
    }
    // The same without them is refused, and said to be.
    let ended = room.run(&[&["--url", &url][..], &TEST].concat()).await;
    ended.assert_exit(4);
    assert!(ended.stdout.contains("http_status_401"), "{}", ended.stdout);
}

#[tokio::test]
async fn basic_authentication_takes_its_password_from_a_file() {
    // RFC 7617: the base64 of `me:hunter2`.
    let server = Server::start_with(|head| {
        if head.contains("Basic bWU6aHVudGVyMg==") {
            Mood::Says(answer("200 OK", "application/json", "{\"status\":\"UP\"}"))
        } else {
            Mood::Says(answer("401 Unauthorized", "text/plain", head))
        }
    })
    .await;
    let room = Room::new();
    let password = room.file("password", b"hunter2\n");
    let url = server.url();
    let arguments = ["--url", &url, "--user", "me", "--password-file", &password];
    let ended = room.run(&[&arguments[..], &TEST].concat()).await;
    ended.assert_exit(0);
    assert!(!ended.stderr.contains("hunter2") && !ended.stdout.contains("hunter2"));
}

#[tokio::test]
async fn the_reference_service_speaks_http_2_and_connections_can_be_new_each_time() {
    let room = Room::new();
    let service = room.serve(&[]).await;
    let base = ["--url", &service.url];
    room.run(&[&base[..], &["--http", "2"], &TEST].concat())
        .await
        .assert_exit(0);
    assert_eq!(room.report().test("health_check").unwrap().error_count, 0);
    room.run(&[&base[..], &["--no-reuse"], &TEST].concat())
        .await
        .assert_exit(0);
    let report = room.report();
    let test = report.test("health_check").unwrap();
    assert_eq!(test.spans["connect"].count, test.accounting.succeeded);
    service.stop().await;
}
