//! Known faults of the reference service come out as they are: latencies at their quantiles, stalls in the
//! response times, errors exactly.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use common::record::Series;
use support::{Room, Service};

async fn health(room: &Room, service: &Service, more: &[&str]) -> common::report::TestResult {
    let mut arguments = vec!["--url", &service.url, "--quick", "--tests", "health_check"];
    arguments.extend(more);
    room.run(&arguments).await;
    room.report().test("health_check").unwrap().clone()
}

#[tokio::test]
async fn a_stall_shows_in_the_response_times_and_not_in_fewer_samples() {
    let room = Room::new();
    let service = room.serve(&["--fault", "stall=1s/5s"]).await;
    let test = health(&room, &service, &["--rate", "100", "--duration", "10s"]).await;
    // 10 s and a warm-up of 1 s: two stalls of 1 s, a fifth of all requests waits 0 to 1 s.
    assert_eq!(test.accounting.planned, 1000);
    assert_eq!(test.accounting.succeeded, 1000);
    let series = Series::from_base64(&test.histograms.response_time_ns).unwrap();
    let ms = |quantile| series.quantile_ms(quantile).unwrap();
    assert!(ms(0.5) < 50.0, "p50 {}", ms(0.5));
    // Truth at p90 is 500 ms, at p99 950 ms; the beginning of a stall falls anywhere.
    assert!((350.0..650.0).contains(&ms(0.9)), "p90 {}", ms(0.9));
    assert!((850.0..1100.0).contains(&ms(0.99)), "p99 {}", ms(0.99));
    service.stop().await;
}

#[tokio::test]
async fn an_added_latency_comes_out_at_its_quantiles() {
    let room = Room::new();
    let service = room.serve(&["--fault", "latency=uniform:20ms-60ms"]).await;
    let test = health(&room, &service, &["--rate", "100", "--duration", "15s"]).await;
    let near = |measured: Option<f64>, truth: f64| {
        let measured = measured.unwrap();
        // 2 % or 1 ms of the tool, 3 standard errors of 1500 samples, and a busy machine.
        assert!(
            (measured - truth).abs() < 0.02 * truth + 3.0,
            "{measured} against {truth}"
        );
    };
    near(test.median_time_ms, 40.0);
    near(test.p95_time_ms, 58.0);
    near(test.p99_time_ms, 59.6);
    service.stop().await;
}

#[tokio::test]
async fn injected_errors_are_counted_exactly() {
    for (fault, kind, each) in [
        ("error=1/100", "http_status_500", 100),
        ("truncate=1/50", "truncated", 50),
        ("error-page=1/25", "wrong_content", 25),
        ("garbage=1/40", "truncated", 40),
    ] {
        let room = Room::new();
        let flag = format!("{fault},path=/api/v1/catalog");
        let service = room.serve(&["--fault", &flag]).await;
        let arguments = [
            "--url",
            &service.url,
            "--quick",
            "--tests",
            "catalog_queries",
            "--users",
            "4",
        ];
        room.run(&arguments).await.assert_exit(0);
        let report = room.report();
        let test = report.test("catalog_queries").unwrap();
        // 300 measured and 20 of the warm-up were asked; which of them are hit is known.
        let hit = 320 / each;
        let warm_up_hits = 20_u64.div_ceil(each);
        let counted = test.errors.get(kind).map_or(0, |it| it.count);
        assert_eq!(counted, test.error_count, "{fault}: {:?}", test.errors);
        assert!(
            (hit - warm_up_hits..=hit).contains(&counted),
            "{fault}: {counted} of {hit}"
        );
        assert_eq!(test.http.as_ref().unwrap().failed_requests, counted);
        service.stop().await;
    }
}

#[tokio::test]
async fn counts_of_rows_are_compared_with_the_catalogue() {
    let room = Room::new();
    // A catalogue that is not the service's: its answers must be called wrong.
    let mut stars = String::from(
        "ra,dec
",
    );
    for number in 0..5000 {
        let (ra, dec) = (f64::from(number) * 0.07, f64::from(number % 170) - 85.0);
        stars.push_str(&[ra.to_string(), dec.to_string()].join(","));
        stars.push('\n');
    }
    let file = room.file("stars.csv", stars.as_bytes());
    let service = room.serve(&[]).await;
    let arguments = [
        "--url",
        &service.url,
        "--quick",
        "--tests",
        "catalog_queries",
        "--radii",
        "5",
        "--catalog",
        &file,
    ];
    room.run(&arguments).await.assert_exit(0);
    let report = room.report();
    let test = report.test("catalog_queries").unwrap();
    assert!(test.errors["wrong_count"].count > 20, "{:?}", test.errors);
    let advice = &report.recommendations[0];
    assert!(advice.issue.contains("were wrong"), "{}", advice.issue);
    service.stop().await;
}
