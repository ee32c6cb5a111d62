//! Wrong command lines and files: told before anything is started, exit status 2.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use run_common::{Ended, Room};

/// Runs a command line that is wrong, which takes no time and leaves nothing.
async fn wrong(room: &Room, line: &str) -> Ended {
    let arguments: Vec<&str> = line.split_whitespace().collect();
    let ended = room.run(&arguments).await;
    ended.assert_exit(2);
    assert_eq!(ended.stdout, "", "{line}");
    assert!(ended.took.as_secs() < 10, "{line}: {:?}", ended.took);
    room.assert_nothing_left();
    assert!(!room.has_report());
    ended
}

/// Command lines, each with the one error it gives.
const MISTAKES: &[(&str, &str)] = &[
    (
        "--users 0",
        "`--users` must be between 1 and 10000, got `0`",
    ),
    (
        "--users 10001",
        "`--users` must be between 1 and 10000, got `10001`",
    ),
    (
        "--objects 999",
        "`--objects` must be between 1000 and 1000000000, got `999`",
    ),
    (
        "--objects 1000000001",
        "`--objects` must be between 1000 and 1000000000, got `1000000001`",
    ),
    (
        "--duration soon",
        "`--duration` must be a time such as 30s or 5m, got `soon`",
    ),
    (
        "--duration 0s",
        "`--duration` must be a time such as 30s or 5m, got `0s`",
    ),
    (
        "--duration=-5s",
        "`--duration` must be a time such as 30s or 5m, got `-5s`",
    ),
    (
        "--rate 0",
        "`--rate` must be above 0 and at most 1000000, got `0`",
    ),
    (
        "--rate=-1",
        "`--rate` must be above 0 and at most 1000000, got `-1`",
    ),
    (
        "--rate NaN",
        "`--rate` must be above 0 and at most 1000000, got `NaN`",
    ),
    (
        "--rate inf",
        "`--rate` must be above 0 and at most 1000000, got `inf`",
    ),
    (
        "--rate 1e7",
        "`--rate` must be above 0 and at most 1000000, got `10000000`",
    ),
    (
        "--statement-timeout 0",
        "`--statement-timeout` must be a time such as 10s or 500ms, got `0`",
    ),
    (
        "--statement-timeout 0.1ms",
        "`--statement-timeout` must be a time such as 10s or 500ms, got `0.1ms`",
    ),
    (
        "--statement-timeout x",
        "`--statement-timeout` must be a time such as 10s or 500ms, got `x`",
    ),
    (
        "--mix wild",
        "`--mix` must be `physical` or `seed`, got `wild`",
    ),
    ("--depth 9", "`--depth` must be between 10 and 24, got `9`"),
    (
        "--depth nan",
        "`--depth` must be between 10 and 24, got `NaN`",
    ),
    (
        "--radii 0",
        "`--radii` must be `log-uniform`, `seed` or a radius in degrees above 0 and up to 90, got `0`",
    ),
    (
        "--radii wide",
        "`--radii` must be `log-uniform`, `seed` or a radius in degrees above 0 and up to 90, got `wide`",
    ),
    (
        "--ra a",
        "`--ra`, `--dec` and `--mag` name columns of `--table` or `--catalog`",
    ),
    (
        "--table t",
        "`--table` needs `--ra` and `--dec`, the columns with the coordinates in degrees",
    ),
    (
        "--table s. --ra a --dec d",
        "`--table` must be `name` or `schema.name`, got `s.`",
    ),
    (
        "--table t --ra a --dec d --objects 5000",
        "`--objects` is for the generated sky and not for `--catalog` or `--table`",
    ),
    (
        "--table t --ra a --dec d --tests bulk_insert",
        "`--table` is measured read-only: only the test `cone_search` is possible",
    ),
    (
        "--table t --ra a --dec d",
        "`--table` needs a connection: --host, --url or PG* variables",
    ),
    ("--keep", "`--keep` needs a connection"),
    (
        "--threshold x",
        "`--threshold` `x`: a threshold has the form `test.metric<limit` with <, <=, > or >=",
    ),
    (
        "--threshold p95_time_ms<1",
        "`--threshold` `p95_time_ms<1`: `p95_time_ms` must name a test and a metric",
    ),
    (
        "--threshold cone_search.p96<1",
        "`--threshold` `cone_search.p96<1`: unknown metric `p96`: use one of avg_time_ms, median_time_ms",
    ),
    (
        "--threshold cone_search.p95_time_ms<fast",
        "`--threshold` `cone_search.p95_time_ms<fast`: `fast` is not a finite number",
    ),
    (
        "--threshold warp.p95_time_ms<1",
        "this run has no test `warp`, it has: cone_search, index_strategies",
    ),
    (
        "--tests cone_search --threshold bulk_insert.success_rate>1",
        "this run has no test `bulk_insert`, it has: cone_search",
    ),
    ("--url http://db/sky", "`--url` is not a connection string"),
    (
        "--url postgres://me@db/sky?sslmod=require",
        "unknown connection parameter `sslmod`",
    ),
    (
        "--url postgres://me@db/sky --sslmode strict",
        "`sslmode` must be",
    ),
    ("--host 127.0.0.1 --user me --port 0", "port"),
    (
        "--host db --user me --sslrootcert no/such/ca.pem --sslmode verify-full",
        "no/such/ca.pem",
    ),
    (
        "--output no/such/folder/out.json",
        "failed to write `no/such/folder/out.json`: No such file or directory",
    ),
    ("--output .", "failed to write `.`: "),
    (
        "--catalog no/such/catalogue.csv",
        "failed to read `no/such/catalogue.csv`: No such file or directory",
    ),
];

#[tokio::test]
async fn each_wrong_value_is_one_message_with_the_flag_the_value_and_the_rule() {
    let room = Room::new();
    for (line, message) in MISTAKES {
        let ended = wrong(&room, line).await;
        let errors = ended.errors();
        assert_eq!(errors.len(), 1, "{line}: {ended:#?}");
        assert!(errors[0].contains(message), "{line}: {}", errors[0]);
    }
}

/// Command lines that the parser itself refuses.
const REFUSED: &[(&str, &str)] = &[
    ("--userz 3", "unexpected argument '--userz'"),
    ("--users many", "invalid value 'many' for '--users <N>'"),
    ("--users", "a value is required for '--users <N>'"),
    (
        "--tests cone_serch",
        "invalid value 'cone_serch' for '--tests <TEST,…>'",
    ),
    (
        "--format xml",
        "invalid value 'xml' for '--format <FORMAT>'",
    ),
    ("--port 70000", "invalid value '70000' for '--port <PORT>'"),
    ("--seed -1", "unexpected argument '-1'"),
    ("--catalog a.csv --table t", "cannot be used with"),
    ("--quick clean", "cannot be used with"),
    ("benchmark", "unrecognized subcommand 'benchmark'"),
];

#[tokio::test]
async fn what_the_parser_refuses_is_usage_too() {
    let room = Room::new();
    for (line, message) in REFUSED {
        let ended = wrong(&room, line).await;
        assert!(ended.stderr.contains(message), "{line}: {}", ended.stderr);
        assert_eq!(ended.errors().len(), 1, "{line}");
    }
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_with_one_hint() {
    let room = Room::new();
    let line = "--rate 0 --users 0 --objects 3 --duration soon --threshold x --mix wild --radii 99";
    let ended = wrong(&room, line).await;
    assert_eq!(ended.errors().len(), 7, "{ended:#?}");
    ended.assert_hint("`db-perf --help` lists the flags");
}

#[tokio::test]
async fn an_output_that_cannot_be_written_is_found_before_the_run() {
    let room = Room::new();
    room.file("a_file", b"");
    for output in ["a_file/out.json", "missing/out.json", "/proc/out.json"] {
        let ended = wrong(&room, &format!("--quick --output {output}")).await;
        ended.assert_error(2, &[&format!("failed to write `{output}`: ")]);
        ended.assert_hint("--output FILE");
        assert!(!ended.stderr.contains("throwaway"), "{ended:#?}");
    }
}

#[tokio::test]
async fn help_and_version_succeed_on_standard_output() {
    let room = Room::new();
    for (line, words) in [
        (&["--help"][..], "Exit status: 0 every threshold held"),
        (&["--version"], "db-perf "),
        (&["clean", "--help"], "--dry-run"),
        (&["server", "--help"], "--port"),
    ] {
        let ended = room.run(line).await;
        ended.assert_exit(0);
        assert!(
            ended.stdout.contains(words) && ended.stderr.is_empty(),
            "{ended:#?}"
        );
    }
    room.assert_nothing_left();
}
