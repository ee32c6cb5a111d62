//! Runs from their objects to their results, also when they are ended early.

use std::sync::Arc;

use nix::sys::signal::Signal;

use super::cluster::kubelet::Act;
use super::cluster::{LONG, SHORT, ends_with, place, result_lines, worker};

#[tokio::test]
async fn a_run_is_made_followed_fetched_and_removed() {
    let Some(place) = place("runs", ends_with(0, SHORT)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(&[])).await;
    ended.assert_exit(0);
    assert!(ended.stderr.contains("users 20"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("3 of 3 pods have started"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("load-gen-file"), "{}", ended.stderr);
    assert_eq!(place.room.report().tool.name, "load-gen");
    assert!(!ended.stdout.is_empty());
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn fifty_workers_are_one_run() {
    let Some(place) = place("fifty", ends_with(0, SHORT)).await else {
        return;
    };
    let image = [
        "--image=load-gen:test",
        "--workers=50",
        "--cpu=100m",
        "--",
        "--host=http://a",
    ];
    let ended = place.room.run(&place.line("run", &image)).await;
    ended.assert_exit(0);
    assert!(place.room.has_report());
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn a_threshold_that_failed_in_the_pods_fails_the_run() {
    let Some(place) = place("fails", ends_with(1, SHORT)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(&["--format=json"])).await;
    ended.assert_exit(1);
    assert_eq!(testkit::report::check(&ended.stdout).tool.name, "load-gen");
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn a_log_that_breaks_off_is_read_on_and_no_line_comes_twice() {
    let director = |index| match index {
        0 => Act::Plays {
            lines: (0..20).map(|it| format!("line {it} of the log")).collect(),
            lasts: SHORT,
            last_lines: result_lines(),
            code: 0,
            reason: "Completed",
            cut_after: Some(22),
        },
        _ => worker(),
    };
    let Some(place) = place("breaks", Arc::new(director)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(&[])).await;
    ended.assert_exit(0);
    for number in 0..20 {
        let line = format!("line {number} of the log");
        assert_eq!(ended.stderr.matches(&line).count(), 1, "{}", ended.stderr);
    }
    assert!(place.room.has_report());
    place.leave().await;
}

#[tokio::test]
async fn ctrl_c_brings_what_was_measured_so_far() {
    let Some(place) = place("stops", ends_with(0, LONG)).await else {
        return;
    };
    let mut running = place.room.start(&place.run_line(&[]));
    running.until("3 of 3 pods").await;
    running.signal(Signal::SIGINT);
    let ended = running.end().await;
    ended.assert_exit(0);
    assert!(place.room.has_report());
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn a_run_that_is_ended_before_it_began_leaves_nothing() {
    let director = |_| Act::Waiting("ContainerCreating", "");
    let Some(place) = place("early", Arc::new(director)).await else {
        return;
    };
    let mut running = place.room.start(&place.run_line(&[]));
    running.until("0 of 3 pods").await;
    running.signal(Signal::SIGTERM);
    running
        .end()
        .await
        .assert_error(130, &["interrupted before there was a result"]);
    assert!(!place.room.has_report());
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn the_limit_of_the_whole_brings_what_was_measured_so_far() {
    let Some(place) = place("limit", ends_with(0, LONG)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(&["--timeout=8s"])).await;
    ended.assert_exit(0);
    assert!(
        ended
            .stderr
            .contains("ended after 8 s, the limit of `--timeout`"),
        "{}",
        ended.stderr
    );
    assert!(place.room.has_report());
    place.assert_clean().await;
    place.leave().await;
}
