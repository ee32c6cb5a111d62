//! Servers that are not there, hang, lie or die: counted by kind, bounded in time, one clear message, the
//! documented exit status.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use common::report::Report;
use support::Room;
use support::server::{Mood, Server, answer};

/// A run of one short test against an address.
async fn run(room: &Room, url: &str, more: &[&str]) -> testkit::Ended {
    let mut arguments = vec![
        "--url",
        url,
        "--quick",
        "--tests",
        "health_check",
        "--users",
        "30",
        "--timeout",
        "1",
    ];
    arguments.extend(more);
    room.run(&arguments).await
}

/// A server that is well at first and in a mood from its third request on, so that the run begins.
async fn turning(mood: Mood) -> Server {
    let count = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    Server::start_with(move |_| {
        if count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 {
            Mood::Says(answer("200 OK", "application/json", "{\"status\":\"UP\"}"))
        } else {
            mood.clone()
        }
    })
    .await
}

fn failures(report: &Report, kind: &str) -> u64 {
    let test = report.test("health_check").unwrap();
    test.errors.get(kind).map_or(0, |it| it.count)
}

/// The server turns bad in the middle: every failure is of one kind.
async fn turns(mood: Mood, kind: &str, more: &[&str]) -> testkit::Ended {
    let room = Room::new();
    let server = turning(mood).await;
    let ended = run(&room, &server.url(), more).await;
    let report = room.report();
    let test = report.test("health_check").unwrap();
    assert!(failures(&report, kind) > 0, "{:?}", test.errors);
    assert_eq!(
        failures(&report, kind),
        test.error_count,
        "{:?}",
        test.errors
    );
    assert!(ended.took.as_secs() < 40, "{:?}", ended.took);
    room.assert_nothing_left();
    ended
}

#[tokio::test]
async fn nobody_listens() {
    let room = Room::new();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let ended = run(&room, &format!("http://127.0.0.1:{port}"), &[]).await;
    ended.assert_error(4, &["connection refused", "127.0.0.1"]);
    ended.assert_hint("kubectl port-forward");
    assert!(!room.has_report());
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let room = Room::new();
    let ended = run(&room, "http://nowhere.invalid:8080", &[]).await;
    ended.assert_error(4, &["nowhere.invalid"]);
    ended.assert_hint("host name");
}

#[tokio::test]
async fn a_server_that_never_answers_ends_the_run_before_it_begins() {
    let room = Room::new();
    let server = Server::start(Mood::Silent).await;
    let ended = run(&room, &server.url(), &[]).await;
    ended.assert_error(4, &["/actuator/health"]);
    ended.assert_hint("raise `--timeout`");
    assert!(ended.took.as_secs() < 10, "{:?}", ended.took);
}

#[tokio::test]
async fn something_that_is_no_http() {
    let room = Room::new();
    let server = Server::start(Mood::SaysAndCloses(b"220 mail.example ESMTP\r\n".to_vec())).await;
    let ended = run(&room, &server.url(), &[]).await;
    ended.assert_exit(4);
    assert_eq!(ended.errors().len(), 1, "{ended:?}");
}

#[tokio::test]
async fn tls_of_an_unknown_authority() {
    let room = Room::new();
    let server = Server::start_tls().await;
    let url = server.url().replace("http://", "https://");
    let ended = run(&room, &url, &[]).await;
    ended.assert_error(4, &["certificate"]);
    ended.assert_hint("`--ca FILE`");
}

#[tokio::test]
async fn answers_that_stop_coming_are_counted_and_the_run_ends() {
    let ended = turns(Mood::Silent, "timeout", &[]).await;
    ended.assert_exit(4);
}

#[tokio::test]
async fn one_byte_a_second_is_a_time_out() {
    turns(
        Mood::Drips(answer("200 OK", "application/json", "{}")),
        "timeout",
        &[],
    )
    .await;
}

#[tokio::test]
async fn a_body_that_ends_early_is_never_a_success() {
    let mut cut = answer(
        "200 OK",
        "application/json",
        "{\"status\":\"UP\",\"components\":{}}",
    );
    cut.truncate(cut.len() - 5);
    turns(Mood::SaysAndCloses(cut), "truncated", &[]).await;
    let whole_json = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"status\":\"UP\"}";
    turns(Mood::SaysAndCloses(whole_json.to_vec()), "truncated", &[]).await;
}

#[tokio::test]
async fn documents_that_end_early_are_told_from_lengths_that_do() {
    let chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"sta\r\n0\r\n\r\n";
    turns(Mood::Says(chunked.to_vec()), "truncated", &[]).await;
}

#[tokio::test]
async fn connections_that_close_without_an_answer() {
    turns(Mood::SaysAndCloses(Vec::new()), "closed_early", &[]).await;
}

#[tokio::test]
async fn pages_for_people_garbage_and_a_service_that_is_down() {
    let page = answer(
        "200 OK",
        "application/json",
        "<!DOCTYPE html><html>sorry</html>",
    );
    turns(Mood::Says(page), "wrong_content", &[]).await;
    let typed = answer("200 OK", "text/html", "{\"status\":\"UP\"}");
    turns(Mood::Says(typed), "wrong_content", &[]).await;
    let garbage = answer("200 OK", "application/json", "{\"status\":\"UP\"]");
    turns(Mood::Says(garbage), "wrong_content", &[]).await;
    let down = answer("200 OK", "application/json", "{\"status\":\"DOWN\"}");
    turns(Mood::Says(down), "wrong_content", &[]).await;
    let refused = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
    let ended = turns(Mood::Says(refused.to_vec()), "http_status_429", &[]).await;
    assert!(ended.stdout.contains("Retry-After 7"), "{}", ended.stdout);
    let broken = answer(
        "500 Internal Server Error",
        "application/json",
        "{\"message\":\"boom\"}",
    );
    turns(Mood::Says(broken), "http_status_500", &[]).await;
}

#[tokio::test]
async fn redirects_in_a_circle() {
    let circle = b"HTTP/1.1 302 Found\r\nLocation: /actuator/health\r\nContent-Length: 0\r\n\r\n";
    turns(Mood::Says(circle.to_vec()), "redirect_loop", &[]).await;
}

#[tokio::test]
async fn a_body_without_end_takes_a_bounded_time_and_memory() {
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10737418240\r\n\r\n";
    let ended = turns(Mood::Floods(head.to_vec()), "timeout", &[]).await;
    ended.assert_exit(4);
}

#[tokio::test]
async fn jobs_that_never_end_and_jobs_that_fail_are_failures() {
    let room = Room::new();
    let service = room.serve(&["--fault", "fail-jobs=1/2"]).await;
    let arguments = [
        "--url",
        &service.url,
        "--quick",
        "--tests",
        "fits_processing",
        "--users",
        "2",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(0);
    let report = room.report();
    let test = report.test("fits_processing").unwrap();
    let failed = test.errors.get("job_failed").map_or(0, |it| it.count);
    assert_eq!(failed, test.error_count);
    assert!((4..=6).contains(&failed), "{:?}", test.errors);
    service.stop().await;

    let service = room.serve(&["--fault", "hang-jobs=1/1"]).await;
    let more = ["--job-timeout", "1s"];
    let ended = room
        .run(&[&arguments_for(&service.url)[..], &more].concat())
        .await;
    ended.assert_exit(4);
    let report = room.report();
    let test = report.test("fits_processing").unwrap();
    assert_eq!(test.errors["job_timeout"].count, test.error_count);
    assert_eq!(test.accounting.succeeded, 0);
    service.stop().await;
}

fn arguments_for(url: &str) -> Vec<&str> {
    vec![
        "--url",
        url,
        "--quick",
        "--tests",
        "fits_processing",
        "--users",
        "5",
    ]
}
