//! Wrong command lines and files: told before anything is started, exit status 2; secrets stay secret.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use support::Room;
use support::server::{Mood, Server, answer};

/// Command lines, each with the one error it gives.
const MISTAKES: &[(&str, &str)] = &[
    (
        "--users 0",
        "`--users` must be between 1 and 10000, got `0`",
    ),
    ("--rate 0", "`--rate` must be above 0"),
    ("--rate NaN", "`--rate` must be above 0"),
    (
        "--timeout 0",
        "`--timeout` must be between 0.001 and 86400 seconds, got `0`",
    ),
    (
        "--job-timeout soon",
        "`--job-timeout` must be a time such as 30s or 5m, got `soon`",
    ),
    (
        "--duration 0",
        "`--duration` must be a time such as 30s or 5m, got `0`",
    ),
    (
        "--radii wide",
        "`--radii` must be `log-uniform`, `seed` or a radius",
    ),
    (
        "--api nothing",
        "`--api` must be one of astro-pipeline, ivoa or a file, got `nothing`",
    ),
    ("--api missing.toml", "missing.toml"),
    ("--set novalue", "`--set` must be NAME=VALUE, got `novalue`"),
    ("--set tabel=x", "no such variable"),
    ("--url ftp://host", "only http:// and https://"),
    (
        "--url localhost:8080",
        "it must begin with http:// or https://",
    ),
    (
        "--url http://h --objects 5000",
        "`--objects` is for the reference service",
    ),
    (
        "--objects 5",
        "`--objects` must be between 1000 and 100000000, got `5`",
    ),
    (
        "--image-size 5000",
        "`--image-size` must be between 64 and 4096, got `5000`",
    ),
    ("--threshold catalog_queries.p96<3", "unknown metric `p96`"),
    (
        "--threshold cone.avg_time_ms<3",
        "this run has no test `cone`",
    ),
    (
        "--tests health_check --threshold catalog_queries.avg_time_ms<3",
        "this run has no test `catalog_queries`",
    ),
    (
        "--api ivoa",
        "the reference service speaks the profile `astro-pipeline`",
    ),
    (
        "--url http://h --api ivoa --tests fits_processing",
        "has no operations for `fits_processing`",
    ),
    ("--user me", "`--user` needs a password"),
    ("--token-file missing", "`--token-file`"),
    ("--header nonsense", "`--header` must be `Name: value`"),
    ("--fits missing", "`--fits`"),
];

#[tokio::test]
async fn every_mistake_has_its_message() {
    for (line, message) in MISTAKES {
        let room = Room::new();
        let arguments: Vec<&str> = line.split_whitespace().collect();
        // Files are looked at when there is a service to measure.
        let url = Server::start(Mood::Says(answer(
            "200 OK",
            "application/json",
            "{\"status\":\"UP\"}",
        )))
        .await;
        let address = url.url();
        let with_url = ["--url", &address];
        let arguments = if line.contains("--fits") {
            [&with_url[..], &arguments].concat()
        } else {
            arguments
        };
        let ended = room.run(&arguments).await;
        ended.assert_error(2, &[message]);
        assert_eq!(ended.stdout, "", "{line}");
        assert!(ended.took.as_secs() < 10, "{line}: {:?}", ended.took);
        assert!(!room.has_report());
        room.assert_nothing_left();
    }
}

#[tokio::test]
async fn all_mistakes_are_told_at_once() {
    let room = Room::new();
    let ended = room
        .run(&["--users", "0", "--rate", "0", "--url", "x"])
        .await;
    ended.assert_exit(2);
    assert_eq!(ended.errors().len(), 3, "{ended:?}");
}

#[tokio::test]
async fn a_wrong_profile_is_told_with_line_and_field() {
    let room = Room::new();
    let text = "format = 1\nname = \"x\"\n[[operation]]\nname = \"ask\"\ngroup = \"catalog\"\n\
                request = { path = \"/x?{raa}\" }\nsuccess = { content = \"json\" }\n";
    let file = room.file("my.toml", text.as_bytes());
    let ended = room
        .run(&["--url", "http://127.0.0.1:1", "--api", &file])
        .await;
    ended.assert_error(
        2,
        &[
            "my.toml:6:",
            "operation `ask`: request.path",
            "unknown placeholder `{raa}`",
        ],
    );
}

#[tokio::test]
async fn profiles_are_listed_printed_and_checked() {
    let room = Room::new();
    let list = room.run(&["apis"]).await;
    list.assert_exit(0);
    assert!(
        list.stdout.contains("astro-pipeline:") && list.stdout.contains("ivoa:"),
        "{}",
        list.stdout
    );
    let printed = room.run(&["apis", "ivoa"]).await;
    let file = room.file("mine.toml", printed.stdout.as_bytes());
    let described = room.run(&["apis", &file]).await;
    described.assert_exit(0);
    assert!(
        described.stdout.contains("tap_async"),
        "{}",
        described.stdout
    );
}

#[tokio::test]
async fn a_profile_begins_with_an_openapi_document() {
    let room = Room::new();
    let document = r#"{"openapi": "3.0.3", "info": {"title": "Archive", "version": "1"}, "paths": {
        "/search": {"get": {"operationId": "search", "parameters": [
            {"name": "ra", "in": "query", "required": true, "schema": {"type": "number"}},
            {"name": "dec", "in": "query", "required": true, "schema": {"type": "number"}},
            {"name": "radius", "in": "query", "required": true, "schema": {"type": "number"}}],
          "responses": {"200": {"description": "rows", "content": {"application/json": {}}}}}}}}"#;
    let file = room.file("openapi.json", document.as_bytes());
    let written = room.run(&["apis", "--from-openapi", &file]).await;
    written.assert_exit(0);
    assert!(written.stdout.contains("{ra}"), "{}", written.stdout);
    let profile = room.file("mine.toml", written.stdout.as_bytes());
    room.run(&["apis", &profile]).await.assert_exit(0);
    let broken = room.file("broken.json", b"{\"openapi\": \"2.0\"}");
    room.run(&["apis", "--from-openapi", &broken])
        .await
        .assert_error(2, &["broken.json"]);
}

#[tokio::test]
async fn secrets_are_nowhere() {
    let room = Room::new();
    let server = Server::start(Mood::Says(answer(
        "500 Internal Server Error",
        "text/plain",
        "http://me:hunter2@db/ refused Bearer s3cret-token",
    )))
    .await;
    let url = server.url().replace("http://", "http://me:hunter2@");
    let key = room.file("key", b"k3y-material\n");
    let arguments = [
        "--url",
        &url,
        "--quick",
        "--tests",
        "health_check",
        "--users",
        "2",
        "--header",
        "X-Api-Key: s3cret-key",
        "--header",
        &format!("X-Other: @{key}"),
        "--format",
        "json",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(4);
    let report = common::files::read(&room.path("app_performance_results.json")).unwrap();
    for text in [&ended.stdout, &ended.stderr, &report] {
        for secret in ["hunter2", "s3cret-key", "k3y-material"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test]
async fn help_and_version_are_no_mistakes() {
    let room = Room::new();
    let help = room.run(&["--help"]).await;
    help.assert_exit(0);
    for flag in [
        "--url",
        "--quick",
        "--timeout",
        "--output",
        "--find-limit",
        "--fits",
    ] {
        assert!(help.stdout.contains(flag), "{flag}");
    }
    room.run(&["--version"]).await.assert_exit(0);
}
