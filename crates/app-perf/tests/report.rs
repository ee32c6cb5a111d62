//! A whole run against the reference service: names, figures, thresholds, exit status, Ctrl-C.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use nix::sys::signal::Signal;
use support::Room;

#[tokio::test]
async fn a_quick_run_measures_everything_on_a_real_service() {
    let room = Room::new();
    let arguments = [
        "--quick",
        "--objects",
        "5000",
        "--image-size",
        "256",
        "--duration",
        "4s",
        "--threshold",
        "catalog_queries.success_rate>=99",
        "--threshold",
        "catalog_queries.cone_search.error_count<=0",
        "--threshold",
        "fits_processing.throughput_mb_per_sec>0",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(0);
    room.assert_nothing_left();
    let report = room.report();
    let names: Vec<&str> = report
        .tests
        .iter()
        .map(|it| it.test_name.as_str())
        .collect();
    let wanted = [
        "health_check",
        "fits_processing",
        "catalog_queries",
        "mixed_workload",
        "workflow",
    ];
    assert_eq!(names, wanted);
    for test in &report.tests {
        assert_eq!(test.error_count, 0, "{}: {:?}", test.test_name, test.errors);
        let http = test.http.as_ref().unwrap();
        assert_eq!(http.total_requests, http.successful_requests);
        assert_eq!(http.avg_response_time_ms, test.avg_time_ms);
    }
    let fits = report.test("fits_processing").unwrap();
    for part in [
        "submission",
        "queue_wait",
        "processing",
        "completion",
        "poll_resolution",
    ] {
        assert!(
            fits.spans.contains_key(part),
            "{part}: {:?}",
            fits.spans.keys()
        );
    }
    let kinds = &report.test("catalog_queries").unwrap().groups;
    for kind in [
        "cone_search",
        "magnitude_search",
        "object_type_search",
        "cross_match",
        "variability_search",
    ] {
        assert!(kinds.contains_key(kind), "{kind}");
    }
    let document: serde_json::Value = serde_json::from_str(
        &common::files::read(&room.path("app_performance_results.json")).unwrap(),
    )
    .unwrap();
    let entry = &document["tests"][0];
    for name in [
        "total_requests",
        "successful_requests",
        "failed_requests",
        "avg_response_time_ms",
        "median_response_time_ms",
        "p95_response_time_ms",
        "p99_response_time_ms",
        "min_response_time_ms",
        "max_response_time_ms",
        "requests_per_second",
        "success_rate",
        "throughput_mb_per_sec",
    ] {
        assert!(
            entry.get(name).is_some_and(|it| !it.is_null()),
            "{name}: {entry}"
        );
    }
}

#[tokio::test]
async fn thresholds_decide_the_exit_status() {
    let room = Room::new();
    let service = room.serve(&[]).await;
    let base = ["--url", &service.url, "--quick", "--tests", "health_check"];
    let with = |threshold: &'static str| [&base[..], &["--threshold", threshold]].concat();
    room.run(&with("health_check.avg_response_time_ms<1000"))
        .await
        .assert_exit(0);
    room.run(&with("health_check.avg_response_time_ms<0"))
        .await
        .assert_exit(1);
    room.run(&with("health_check.nothing.p95_time_ms<1"))
        .await
        .assert_exit(3);
    service.stop().await;
}

#[tokio::test]
async fn equal_seeds_ask_the_same_questions() {
    let room = Room::new();
    let service = room.serve(&[]).await;
    let mut totals = Vec::new();
    for seed in ["1", "1", "2"] {
        let arguments = [
            "--url",
            &service.url,
            "--quick",
            "--tests",
            "catalog_queries",
            "--users",
            "1",
            "--seed",
            seed,
            "--radii",
            "5",
        ];
        room.run(&arguments).await.assert_exit(0);
        let report = room.report();
        let groups = &report.test("catalog_queries").unwrap().groups;
        totals.push(format!(
            "{:?}",
            groups
                .iter()
                .map(|it| (it.0, it.1.time.count, it.1.items_per_iteration))
                .collect::<Vec<_>>()
        ));
    }
    assert_eq!(totals[0], totals[1]);
    assert_ne!(totals[0], totals[2]);
    service.stop().await;
}

#[tokio::test]
async fn ctrl_c_ends_a_run_with_a_report_and_nothing_left() {
    let room = Room::new();
    let service = room.serve(&[]).await;
    let arguments = [
        "--url",
        &service.url,
        "--quick",
        "--tests",
        "mixed_workload",
        "--duration",
        "60s",
    ];
    let mut running = room.start(&arguments);
    running.until("mixed_workload").await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    running.signal(Signal::SIGINT);
    let ended = running.end().await;
    ended.assert_exit(0);
    assert!(ended.took.as_secs() < 40, "{:?}", ended.took);
    let report = room.report();
    assert!(report.summary.interrupted);
    assert!(testkit::report::limitations(&report).contains(&"interrupted"));
    service.stop().await;
}

#[tokio::test]
async fn the_limit_is_found_where_the_service_has_one() {
    let room = Room::new();
    // Two answers at once would take longer than the threshold allows.
    let service = room.serve(&["--fault", "latency=80ms,path=/api"]).await;
    let arguments = [
        "--url",
        &service.url,
        "--quick",
        "--tests",
        "health_check",
        "--find-limit",
        "--rate",
        "20",
        "--threshold",
        "find_limit.p95_time_ms<60",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(1);
    let report = room.report();
    let test = report.test("find_limit").unwrap();
    assert!(
        test.parameters["highest_rate_per_sec"].is_null(),
        "{:?}",
        test.parameters
    );
    service.stop().await;
}

#[tokio::test]
async fn fits_files_are_written_under_the_names_of_archives() {
    let room = Room::new();
    let out = room.path("fits");
    let arguments = [
        "fits",
        "--out",
        out.to_str().unwrap(),
        "--count",
        "7",
        "--cutout",
        "64",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_exit(0);
    let files: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    assert_eq!(files.len(), 7, "{files:?}");
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        assert!(
            !common::fits::read_images(&bytes).unwrap().is_empty(),
            "{}",
            file.display()
        );
    }
    let wrong = room
        .run(&["fits", "--out", "x", "--instrument", "hubble"])
        .await;
    wrong.assert_error(2, &["wfc3-uvis"]);
    let pair = room
        .run(&[
            "fits",
            "--out",
            "x",
            "--instrument",
            "niri",
            "--filter",
            "F606W",
        ])
        .await;
    pair.assert_error(2, &["F606W"]);
}
