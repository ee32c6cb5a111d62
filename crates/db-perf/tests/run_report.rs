//! What a run prints and writes, and how thresholds decide its exit status.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use common::report::Report;
use run_common::server::{assert_nothing_left, start};
use run_common::{Ended, Room, report};

async fn run(room: &Room, url: &str, more: &[&str]) -> Ended {
    let arguments = ["--quick", "--objects", "1000", "--url", url];
    let tests: &[&str] = if more.contains(&"--tests") {
        &[]
    } else {
        &["--tests", "cone_search"]
    };
    room.run(&[&arguments[..], tests, more].concat()).await
}

fn without_times(report: &Report) -> (usize, Vec<String>, u64) {
    let names = report.tests.iter().map(|it| it.test_name.clone()).collect();
    (report.tests.len(), names, report.summary.total_iterations)
}

#[tokio::test]
async fn every_test_of_a_quick_run_adds_up_and_follows_the_schema() {
    let room = Room::new();
    let ended = room
        .run(&[
            "--quick",
            "--objects",
            "5000",
            "--duration",
            "2s",
            "--format",
            "json",
        ])
        .await;
    ended.assert_exit(0);
    let file = common::files::read(&room.path("db_performance_results.json")).unwrap();
    assert_eq!(ended.stdout.trim_end(), file.trim_end());
    let report = room.report();
    for family in [
        "cone_search",
        "index_strategies",
        "bulk_insert",
        "complex_queries",
        "concurrent_load",
    ] {
        let of_family = |name: &str| name.split('.').next() == Some(family);
        assert!(
            report.tests.iter().any(|it| of_family(&it.test_name)),
            "{family}"
        );
    }
    for test in &report.tests {
        assert!(
            test.iterations > 0 && test.error_count == 0,
            "{}: {:?}",
            test.test_name,
            test.errors
        );
        // Where 50 users ask 2 cores, some may be under way at the end.
        assert!(
            test.accounting.interrupted == 0,
            "{}: {:?}",
            test.test_name,
            test.accounting
        );
    }
    assert_eq!(
        report.summary.clean_tests + not_finished(&report),
        report.summary.total_tests
    );
    assert_eq!(report.target["kind"], "throwaway");
    room.assert_nothing_left();
}

/// Tests that their time limit ended early.
fn not_finished(report: &Report) -> u64 {
    let early = report
        .tests
        .iter()
        .filter(|it| it.accounting.not_started > 0);
    u64::try_from(early.count()).unwrap()
}

#[tokio::test]
async fn formats_and_pipes() {
    let server = start().await;
    let url = server.url();
    let room = Room::new();
    let ended = run(&room, &url, &["--format", "json", "--output", "named.json"]).await;
    ended.assert_exit(0);
    let printed = report::check(&ended.stdout);
    let written = report::read(&room.path("named.json"));
    assert_eq!(printed, written);
    assert_eq!(without_times(&written).1, ["cone_search"]);
    assert!(!room.has_report());

    let ended = run(&room, &url, &["--format", "markdown"]).await;
    assert!(
        ended.stdout.starts_with('#') && ended.stdout.contains("| cone_search |"),
        "{ended:#?}"
    );
    let ended = run(&room, &url, &["--format", "text"]).await;
    assert!(
        ended.stdout.starts_with("db-perf ") && !ended.stdout.contains('\u{1b}'),
        "{ended:#?}"
    );
    assert!(
        !ended.stderr.contains('\u{1b}') && !ended.stderr.contains('\r'),
        "{ended:#?}"
    );

    // A result document in place of standard output, and one that is replaced whole.
    let ended = run(&room, &url, &["--output", "/dev/null"]).await;
    ended.assert_exit(0);
    room.file("db_performance_results.json", b"an older result");
    run(&room, &url, &[]).await.assert_exit(0);
    room.report();
    room.assert_nothing_left();
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_goes_away_is_success() {
    let server = start().await;
    let room = Room::new();
    let url = server.url();
    let mut command = room.command(&[
        "--quick",
        "--objects",
        "1000",
        "--tests",
        "cone_search",
        "--format",
        "json",
        "--url",
        &url,
    ]);
    command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = tokio::time::timeout(run_common::LIMIT, child.wait_with_output()).await;
    let output = output.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("error"),
        "{output:?}"
    );
    room.report();
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_full_standard_output_is_an_error_and_the_report_is_there() {
    let server = start().await;
    let room = Room::new();
    let url = server.url();
    let mut command = room.command(&[
        "--quick",
        "--objects",
        "1000",
        "--tests",
        "cone_search",
        "--url",
        &url,
    ]);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    command.stdout(full).stderr(std::process::Stdio::piped());
    let child = command.spawn().unwrap();
    let output = tokio::time::timeout(run_common::LIMIT, child.wait_with_output()).await;
    let output = output.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("error: failed to write to standard output: "),
        "{stderr}"
    );
    room.report();
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn thresholds_decide_the_exit_status() {
    let server = start().await;
    let url = server.url();
    let limits = [
        (
            &[
                "cone_search.p95_time_ms<60000",
                "cone_search.success_rate>=100",
            ][..],
            0,
            "PASS",
        ),
        (&["cone_search.avg_time_ms<0.000001"], 1, "FAIL"),
        (
            &[
                "cone_search.success_rate>=100",
                "cone_search.throughput_ops_per_sec>1e12",
            ],
            1,
            "FAIL",
        ),
        (&["cone_search.no_such.p95_time_ms<1"], 3, "NO_DATA"),
        (
            &[
                "cone_search.avg_time_ms<0.000001",
                "cone_search.no_such.p95_time_ms<1",
            ],
            1,
            "FAIL",
        ),
    ];
    for (texts, exit, verdict) in limits {
        let room = Room::new();
        let flags: Vec<&str> = texts.iter().flat_map(|it| ["--threshold", *it]).collect();
        let ended = run(&room, &url, &flags).await;
        ended.assert_exit(exit);
        let report = room.report();
        assert_eq!(report.assessment.thresholds.len(), texts.len());
        let verdicts = serde_json::to_value(&report.assessment.thresholds)
            .unwrap()
            .to_string();
        assert!(verdicts.contains(&format!("\"{verdict}\"")), "{verdicts}");
    }

    // Twenty iterations cannot tell what one in a thousand takes.
    let room = Room::new();
    let few = [
        "--tests",
        "complex_queries",
        "--threshold",
        "complex_queries.cross_match.p999_time_ms<60000",
    ];
    let ended = run(&room, &url, &few).await;
    ended.assert_exit(3);
    assert!(ended.stdout.contains("too few"), "{}", ended.stdout);
    room.report();
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
