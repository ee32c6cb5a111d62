//! Ctrl-C and termination: what was measured is reported, and everything is taken down.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use std::time::Duration;

use nix::sys::signal::Signal;
use run_common::report::limitations;
use run_common::server::{assert_nothing_left, inventory, start, texts};
use run_common::{Room, until};

/// A run that takes long enough to be interrupted.
const LONG: [&str; 9] = [
    "--quick",
    "--objects",
    "1000",
    "--tests",
    "cone_search,concurrent_load",
    "--rate",
    "40",
    "--duration",
    "60s",
];

#[tokio::test]
async fn a_signal_in_mid_run_gives_a_partial_report_and_drops_the_schema() {
    let server = start().await;
    let before = inventory(&server).await;
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let room = Room::new();
        let mut running = room.start(&[&LONG[..], &["--url", &server.url()]].concat());
        running.until("] cone_search").await;
        tokio::time::sleep(Duration::from_millis(1800)).await;
        running.signal(signal);
        let ended = running.end().await;
        ended.assert_exit(0);
        assert!(
            ended
                .stderr
                .contains("stopping: what is under way may finish")
        );
        assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
        let report = room.report();
        assert!(report.summary.interrupted);
        let test = report.test("cone_search").unwrap();
        assert!(test.accounting.succeeded > 0 && test.accounting.not_started > 2000);
        let limitations = limitations(&report);
        assert!(limitations.contains(&"interrupted"), "{limitations:?}");
        assert!(limitations.contains(&"not_run"), "{limitations:?}");
        assert!(ended.stdout.contains("interrupted"), "{}", ended.stdout);
        assert_nothing_left(&server).await;
        room.assert_nothing_left();
    }
    assert_eq!(inventory(&server).await, before);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_signal_in_mid_run_takes_the_throwaway_server_along() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let room = Room::new();
        let mut running = room.start(&LONG);
        running.until("] cone_search").await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert_eq!(room.server_folders().len(), 1);
        running.signal(signal);
        // An impatient second Ctrl-C must not cut the cleaning up short.
        tokio::time::sleep(Duration::from_millis(50)).await;
        running.signal(signal);
        let ended = running.end().await;
        ended.assert_exit(0);
        assert!(room.report().summary.interrupted);
        room.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_threshold_still_decides_the_exit_of_an_interrupted_run() {
    let room = Room::new();
    let threshold = ["--threshold", "concurrent_load.p95_time_ms<1000"];
    let mut running = room.start(&[&LONG[..], &threshold].concat());
    running.until("] cone_search").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    running.signal(Signal::SIGINT);
    running.end().await.assert_exit(3);
    room.report();
    room.assert_nothing_left();
}

#[tokio::test]
async fn a_signal_while_the_throwaway_server_starts_leaves_nothing() {
    for wait in [0, 40, 400, 900] {
        let room = Room::new();
        let mut running = room.start(&LONG);
        running.until("] start").await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        running.signal(Signal::SIGINT);
        let ended = running.end().await;
        ended.assert_error(130, &["interrupted before there was a result"]);
        assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
        assert!(!room.has_report());
        room.assert_nothing_left();
    }
}

#[tokio::test]
async fn a_signal_while_loading_is_130_and_leaves_nothing() {
    let server = start().await;
    let before = inventory(&server).await;
    let url = server.url();
    let arguments = ["--quick", "--objects", "2000000", "--url", &url];
    for (signal, wait) in [
        (Signal::SIGINT, 0),
        (Signal::SIGTERM, 100),
        (Signal::SIGINT, 1500),
    ] {
        let room = Room::new();
        let mut running = room.start(&arguments);
        running.until("] load").await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        running.signal(signal);
        let begin = tokio::time::Instant::now();
        let ended = running.end().await;
        ended.assert_error(130, &["interrupted before there was a result"]);
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "{:?}",
            begin.elapsed()
        );
        assert!(!room.has_report());
        assert_nothing_left(&server).await;
        room.assert_nothing_left();
    }
    assert_eq!(inventory(&server).await, before);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_signal_before_the_schema_is_made_leaves_none() {
    let server = start().await;
    let url = server.url();
    for wait in [0, 10, 20, 30, 40, 60, 80, 120] {
        let room = Room::new();
        let running = room.start(&["--quick", "--objects", "2000000", "--url", &url]);
        tokio::time::sleep(Duration::from_millis(wait)).await;
        running.signal(Signal::SIGTERM);
        let ended = running.end().await;
        // Before the signals are caught the program simply ends.
        let by_signal = std::os::unix::process::ExitStatusExt::signal(&ended.status);
        assert!(
            ended.status.code() == Some(130) || by_signal == Some(15),
            "after {wait} ms: {ended:#?}"
        );
        assert_nothing_left(&server).await;
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_busy_index_build_does_not_keep_the_schema_from_being_dropped_soon() {
    let server = start().await;
    // Here every index takes a minute to build.
    let slow = "CREATE FUNCTION public.slow() RETURNS event_trigger LANGUAGE plpgsql
                    AS 'BEGIN PERFORM pg_sleep(60); END';
                CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE INDEX')
                    EXECUTE FUNCTION public.slow()";
    run_common::server::execute(&server, slow).await;
    let room = Room::new();
    let running = room.start(&["--quick", "--objects", "1000", "--url", &server.url()]);
    until("an index is being built", async || {
        let building = "SELECT query FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'
                        AND wait_event = 'PgSleep'";
        !texts(&server, building).await.is_empty()
    })
    .await;
    running.signal(Signal::SIGINT);
    let begin = tokio::time::Instant::now();
    let ended = running.end().await;
    ended.assert_error(130, &["interrupted before there was a result"]);
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
