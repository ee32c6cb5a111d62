//! What a run does on a server of the user's: loads, schedules, and what stays.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use run_common::Room;
use run_common::server::{assert_nothing_left, execute, inventory, schemas, start, texts};

#[tokio::test]
async fn requests_arrive_at_the_rate_that_was_asked_for() {
    let server = start().await;
    let room = Room::new();
    let ended = room
        .run(&[
            "--quick",
            "--objects",
            "1000",
            "--url",
            &server.url(),
            "--rate",
            "50",
            "--duration",
            "3s",
            "--tests",
            "cone_search,concurrent_load",
        ])
        .await;
    ended.assert_exit(0);
    let report = room.report();
    for name in ["cone_search", "concurrent_load"] {
        let test = report.test(name).unwrap();
        let accounting = &test.accounting;
        // The second before the three is the warm-up.
        assert!(
            (149..=151).contains(&accounting.planned),
            "{name}: {accounting:?}"
        );
        assert!(
            (49..=51).contains(&accounting.warm_up),
            "{name}: {accounting:?}"
        );
        assert_eq!(
            (accounting.failed, accounting.not_started),
            (0, 0),
            "{name}: {:?}",
            test.errors
        );
        let throughput = test.throughput_ops_per_sec.unwrap();
        assert!((45.0..=52.0).contains(&throughput), "{name}: {throughput}");
        assert!(
            (2.5..=4.5).contains(&test.duration_s),
            "{name}: {}",
            test.duration_s
        );
        assert_eq!(test.parameters["rate_per_sec"], 50.0);
        let (response, service) = (
            test.avg_time_ms.unwrap(),
            test.service_time.as_ref().unwrap(),
        );
        assert!(
            response >= service.avg_ms.unwrap() * 0.99,
            "{name}: {response} {service:?}"
        );
    }
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

/// A hash of every row of every table of a schema.
async fn hashes(server: &db_perf::target::Embedded, schema: &str) -> Vec<String> {
    let tables = texts(
        server,
        &format!("SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1"),
    )
    .await;
    let mut hashes = Vec::new();
    for table in tables {
        let sql = format!(
            "SELECT '{table} ' || count(*) || ' ' ||
                    coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')
             FROM {schema}.{table} t"
        );
        hashes.extend(texts(server, &sql).await);
    }
    hashes
}

#[tokio::test]
async fn equal_seeds_give_equal_catalogues_and_kept_schemas_stay_until_they_are_cleaned() {
    let server = start().await;
    let room = Room::new();
    let url = server.url();
    let mut seen: Vec<Vec<String>> = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for seed in ["7", "7", "8"] {
        let ended = room
            .run(&[
                "--quick",
                "--objects",
                "3000",
                "--url",
                &url,
                "--seed",
                seed,
                "--keep",
                "--tests",
                "cone_search",
            ])
            .await;
        ended.assert_exit(0);
        let now = schemas(&server).await;
        let new: Vec<_> = now.iter().filter(|it| !known.contains(it)).collect();
        assert_eq!(new.len(), 1);
        assert!(
            ended.stderr.contains(&format!("kept schema {}", new[0])),
            "{ended:#?}"
        );
        seen.push(hashes(&server, new[0]).await);
        known = now;
        assert_eq!(room.report().run.seed, seed.parse::<u64>().unwrap());
    }
    assert!(
        seen[0].len() >= 4
            && seen[0]
                .iter()
                .any(|it| it.starts_with("astronomical_objects 3000 "))
    );
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);

    let ended = room.run(&["clean", "--url", &url]).await;
    ended.assert_exit(0);
    assert_eq!(ended.stdout.matches(": removed\n").count(), 3, "{ended:#?}");
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_run_leaves_everything_else_as_it_was() {
    let server = start().await;
    execute(
        &server,
        "CREATE EXTENSION IF NOT EXISTS plpgsql;
         CREATE TABLE public.astronomical_objects (mine text); INSERT INTO astronomical_objects VALUES ('x');
         CREATE TABLE public.observations (mine text);
         CREATE SCHEMA astro_perf; CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS i;
         CREATE ROLE somebody; ALTER DATABASE astro SET work_mem = '7MB'",
    )
    .await;
    let before = inventory(&server).await;
    let room = Room::new();
    let ended = room
        .run(&[
            "--quick",
            "--objects",
            "2000",
            "--duration",
            "1s",
            "--url",
            &server.url(),
        ])
        .await;
    ended.assert_exit(0);
    let report = room.report();
    assert!(
        report.tests.iter().all(|it| it.error_count == 0),
        "{ended:#?}"
    );
    assert_eq!(inventory(&server).await, before);
    assert_eq!(
        texts(&server, "SELECT mine FROM public.astronomical_objects").await,
        ["x"]
    );
    assert_nothing_left(&server).await;
    room.assert_nothing_left();
    server.stop().await.unwrap();
}

#[tokio::test]
async fn two_runs_at_once_on_one_server_do_not_disturb_each_other() {
    let server = start().await;
    let url = server.url();
    let arguments = [
        "--quick",
        "--objects",
        "1000",
        "--tests",
        "cone_search",
        "--rate",
        "40",
        "--duration",
        "2s",
        "--url",
        &url,
    ];
    let (one, other) = (Room::new(), Room::new());
    let (first, second) = tokio::join!(one.run(&arguments), other.run(&arguments));
    first.assert_exit(0);
    second.assert_exit(0);
    assert_ne!(one.report().run.id, other.report().run.id);
    assert!(!first.stderr.contains("crashed") && !second.stderr.contains("crashed"));
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
