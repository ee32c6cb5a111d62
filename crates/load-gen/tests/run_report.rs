//! The files of a run: the result document, the page, Locust's columns, the histogram log.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_support;

use run_support::Room;

#[tokio::test]
async fn a_run_writes_everything_that_it_was_asked_for() {
    let room = Room::new();
    let arguments = [
        "--users",
        "10",
        "--run-time",
        "6s",
        "--warm-up",
        "1s",
        "--html",
        "report.html",
        "--csv",
        "stats",
        "--hlog",
        "run.hlog",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(0);
    let report = room.report();
    let test = report.test("load_test").unwrap();
    assert!(test.accounting.balances());
    assert!(test.accounting.warm_up > 0);
    assert!(test.groups.contains_key("persona researcher"));
    assert!(ended.stdout.contains("load_test"), "{}", ended.stdout);
    let read = |name: &str| std::fs::read_to_string(room.path(name)).unwrap();
    let page = read("report.html");
    assert!(page.len() <= 300_000, "{}", page.len());
    assert!(page.contains("Load test") && !page.contains("http-equiv=\"refresh\""));
    let stats = read("stats_stats.csv");
    assert!(
        stats.starts_with("Type,Name,Request Count,Failure Count"),
        "{stats}"
    );
    let last = stats.lines().last().unwrap();
    let total: Vec<&str> = last.split(',').collect();
    assert_eq!(total[1], "Aggregated");
    assert_eq!(total[2], test.iterations.to_string());
    let history = read("stats_stats_history.csv");
    assert!(history.lines().count() >= 6, "{history}");
    let log = read("run.hlog");
    assert!(log.contains("[Histogram log format version 1.3]"), "{log}");
    room.assert_nothing_left();
}

#[tokio::test]
async fn a_search_for_the_limit_tells_the_highest_rate_that_held() {
    let room = Room::new();
    let scenario = room.file("health.toml", run_support::HEALTH.as_bytes());
    // Five users that each wait 100 ms for an answer can do 50 iterations per second.
    let arguments = [
        "breakpoint",
        "-f",
        &scenario,
        "--fault",
        "latency=100ms",
        "--rate",
        "20",
        "--max-users",
        "5",
        "--run-time",
        "60s",
        "--threshold",
        "p95 < 500ms",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(0);
    let report = room.report();
    let test = report.test("load_test").unwrap();
    let table = test
        .tables
        .iter()
        .find(|it| it.title == "Search for the limit")
        .unwrap();
    let held: f64 = ended
        .stderr
        .lines()
        .find_map(|it| it.strip_prefix("the highest rate that held: "))
        .and_then(|it| it.split(' ').next()?.parse().ok())
        .unwrap();
    assert!((25.0..=50.0).contains(&held), "{held}: {table:#?}");
}
