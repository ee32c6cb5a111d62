//! Known faults of the reference service come out as they are, in every load model and with workers.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_support;

use std::time::Duration;

use common::record::Series;
use common::report::{Report, TestResult};
use nix::sys::signal::Signal;
use run_support::{HEALTH, Room};

fn load_test(report: &Report) -> &TestResult {
    report.test("load_test").unwrap()
}

fn assert_accounted(report: &Report) {
    for test in &report.tests {
        assert!(test.accounting.balances(), "{:?}", test.accounting);
    }
}

/// How often the truth may be missed on a machine that does other things as well.
const ATTEMPTS: usize = 3;

#[tokio::test]
async fn a_stall_shows_in_the_response_times_of_an_open_load() {
    let mut off: Vec<String> = Vec::new();
    for _ in 0..ATTEMPTS {
        let room = Room::new();
        let scenario = room.file("health.toml", HEALTH.as_bytes());
        let arguments = [
            "-f",
            &scenario,
            "--fault",
            "stall=1s/5s",
            "--rate",
            "100",
            "--run-time",
            "10s",
        ];
        room.run(&arguments).await.assert_exit(0);
        let report = room.report();
        assert_accounted(&report);
        let test = load_test(&report);
        // Nothing is invented and nothing left out: 100/s for 10 s.
        assert_eq!(test.accounting.planned, 1000);
        assert_eq!(test.accounting.succeeded, 1000);
        let series = Series::from_base64(&test.histograms.response_time_ns).unwrap();
        let ms = |quantile| series.quantile_ms(quantile).unwrap();
        // A fifth of all requests waits 0 to 1 s.
        let truths = [(0.5, 0.0, 50.0), (0.9, 400.0, 600.0), (0.99, 900.0, 1020.0)];
        let wrong = |(quantile, low, high): &(f64, f64, f64)| {
            let is = ms(*quantile);
            (!(*low..*high).contains(&is)).then(|| format!("p{quantile} {is} not in {low}–{high}"))
        };
        off = truths.iter().filter_map(wrong).collect();
        if off.is_empty() {
            break;
        }
    }
    assert!(off.is_empty(), "{off:?}");
}

#[tokio::test]
async fn failures_are_counted_by_kind_and_none_is_dropped() {
    let room = Room::new();
    let scenario = room.file("health.toml", HEALTH.as_bytes());
    let arguments = [
        "-f",
        &scenario,
        "--fault",
        "error=1/10,path=/actuator",
        "--users",
        "4",
        "--iterations",
        "500",
        "--threshold",
        "errors < 1%",
    ];
    room.run(&arguments).await.assert_exit(1);
    let report = room.report();
    assert_accounted(&report);
    let test = load_test(&report);
    assert_eq!(test.iterations, 500);
    assert_eq!(test.error_count, 50);
    assert_eq!(test.errors["http_status_500"].count, 50);
    let iterations = report.test("iterations").unwrap();
    assert_eq!(iterations.accounting.failed, 50);
    assert_eq!(iterations.accounting.planned, 500);
}

#[tokio::test]
async fn a_rate_that_the_service_cannot_take_is_told() {
    let room = Room::new();
    let scenario = room.file("health.toml", HEALTH.as_bytes());
    let arguments = [
        "-f",
        &scenario,
        "--fault",
        "latency=1s",
        "--rate",
        "50",
        "--max-users",
        "5",
        "--run-time",
        "5s",
        "--threshold",
        "dropped < 1%",
    ];
    room.run(&arguments).await.assert_exit(1);
    let report = room.report();
    assert_accounted(&report);
    let test = load_test(&report);
    assert_eq!(test.accounting.planned, 250);
    assert!(test.accounting.not_started > 200, "{:?}", test.accounting);
    let told = |code: &str| report.limitations.iter().any(|it| it.code == code);
    assert!(told("dropped_iterations"));
}

#[tokio::test]
async fn a_stopped_run_reports_what_it_has_and_leaves_nothing() {
    let room = Room::new();
    let mut running = room.start(&["--users", "20", "--run-time", "10m"]);
    running.until("running").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    running.signal(Signal::SIGINT);
    let ended = running.end().await;
    ended.assert_exit(0);
    let report = room.report();
    assert_accounted(&report);
    assert!(report.summary.interrupted);
    assert!(load_test(&report).accounting.succeeded > 0);
    room.assert_nothing_left();
}

#[tokio::test]
async fn the_share_of_a_killed_worker_goes_to_the_others() {
    let room = Room::new();
    let scenario = room.file("health.toml", HEALTH.as_bytes());
    let mut master = room.start(&[
        "-f",
        &scenario,
        "--master",
        "--expect-workers",
        "2",
        "--bind",
        "127.0.0.1:0",
        "--rate",
        "50",
        "--run-time",
        "12s",
    ]);
    let line = master.until("waiting at").await;
    let port = line.split(':').nth(1).unwrap().split(' ').next().unwrap();
    let worker = |name| {
        let arguments = [
            "--worker",
            "--master-host",
            "127.0.0.1",
            "--master-port",
            port,
            "--worker-name",
            name,
        ];
        room.start(&arguments)
    };
    let (first, second) = (worker("first"), worker("second"));
    master.until("workers begin").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    second.signal(Signal::SIGKILL);
    master.end().await.assert_exit(0);
    first.end().await.assert_exit(0);
    second.end().await;
    let report = room.report();
    let test = load_test(&report);
    // All was due, and all but what was lost before somebody noticed was done: 3 s of half the load.
    let done = test.accounting.succeeded;
    assert!((520..=600).contains(&done), "{:?}", test.accounting);
    assert!(
        report
            .limitations
            .iter()
            .any(|it| it.code == "worker_missing"),
        "{:?}",
        report.limitations
    );
    room.assert_nothing_left();
}
