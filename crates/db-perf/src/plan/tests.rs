use clap::Parser as _;

use super::*;
use crate::args::Args;

fn plan(line: &str) -> Result<Plan, Vec<String>> {
    let args = Args::try_parse_from(format!("db-perf {line}").split_whitespace()).unwrap();
    Plan::new(args.measure).map_err(|all| all.iter().map(ToString::to_string).collect())
}

#[test]
fn the_seed_s_sizes_are_the_full_ones() {
    let full = plan("").unwrap();
    assert_eq!(
        (full.sizes.cone_iterations, full.sizes.cone_users),
        (1000, 20)
    );
    assert_eq!(full.sizes.concurrent_users, 50);
    assert!((full.sizes.concurrent_seconds - 300.0).abs() < 1e-9);
    assert_eq!(full.output, PathBuf::from("db_performance_results.json"));
    assert_eq!(full.tests.len(), 5);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes =
        plan("--rate 0 --users 0 --objects 3 --duration soon --threshold x").unwrap_err();
    assert_eq!(mistakes.len(), 5);
    assert!(mistakes.contains(&"`--users` must be between 1 and 10000, got `0`".to_owned()));
}

#[test]
fn a_threshold_on_a_test_that_does_not_run_is_a_mistake() {
    let mistakes = plan("--tests cone_search --threshold bulk_insert.success_rate>99").unwrap_err();
    assert!(
        mistakes[0].contains("this run has no test `bulk_insert`"),
        "{mistakes:?}"
    );
    assert!(plan("--threshold complex_queries.cross_match.p95_time_ms<9").is_ok());
}

#[test]
fn a_table_is_only_read() {
    let mistakes = plan("--table s.t --ra a --dec b --tests bulk_insert").unwrap_err();
    assert!(mistakes[0].contains("read-only"), "{mistakes:?}");
    let plan = plan("--table s.t --ra a --dec b").unwrap();
    assert_eq!(plan.tests, [TestName::ConeSearch]);
}

#[test]
fn no_secret_is_in_the_serialised_plan() {
    let plan = plan("--url postgres://me:hunter2@db/sky --password hunter3").unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    assert!(!text.contains("hunter"), "{text}");
    assert!(!format!("{plan:?}").contains("hunter3"));
}
