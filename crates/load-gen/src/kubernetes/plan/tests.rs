use std::collections::BTreeSet;

use super::super::tests::run_of;
use super::*;

#[test]
fn a_plain_command_line_is_a_plan() {
    let plan = Plan::new(run_of(&["--workers", "50", "--name", "night"])).unwrap();
    assert_eq!(plan.pods(), 51);
    assert_eq!(plan.timeout, Duration::from_hours(1));
    assert_eq!(plan.ttl, Duration::from_mins(10));
    assert_eq!(plan.flags, ["--host", "http://archive:8080"]);
}

#[test]
fn a_run_without_a_name_gets_one_that_fits_and_is_its_own() {
    let names: BTreeSet<_> = (0..20)
        .map(|_| Plan::new(run_of(&["--workers", "5000"])).unwrap().name)
        .collect();
    assert_eq!(names.len(), 20);
    assert!(names.iter().all(|it| it.starts_with("load-gen-")));
}

#[test]
fn all_mistakes_are_told_at_once() {
    let mistakes = Plan::new(run_of(&[
        "--workers=0",
        "--name=Night",
        "--cpu=-1",
        "--memory=lots",
        "--ttl=0",
        "--timeout=soon",
        "--service-account=My_Account",
        "--env=secret",
        "--env=LOAD_GEN_TOKEN=x",
        "--env=ASTRO_PERF_TOKEN=x",
        "--env-secret=A=b",
        "--token-secret=a/b/c",
    ]))
    .unwrap_err();
    insta::assert_snapshot!(mistakes.join("\n"));
}

#[test]
fn what_the_run_decides_is_refused_behind_the_dashes() {
    let mut run = run_of(&[]);
    run.flags = [
        "--host=http://a",
        "--master",
        "--output=x",
        "--web",
        "--users",
        "5",
    ]
    .map(str::to_owned)
    .to_vec();
    let mistakes = Plan::new(run).unwrap_err();
    assert_eq!(
        mistakes,
        [
            "`--master` must not be behind `--`: the run sets it",
            "`--output` must not be behind `--`: it goes before `--`",
            "`--web` must not be behind `--`: pods have nobody to look at it",
        ]
    );
}

#[test]
fn flags_that_the_pods_would_refuse_are_refused_here() {
    for (flags, wanted) in [
        (
            vec!["--users"],
            "the flags behind `--`: a value is required for '--users <N>' but none was supplied",
        ),
        (
            vec!["--users", "5"],
            "`--host` is missing behind `--`: which service gets the load?",
        ),
        (
            vec!["scenario", "list"],
            "behind `--` must be a load, got another command",
        ),
        (vec!["--host", "a b"], "`--host` must be a URL, got `a b`"),
    ] {
        let mut run = run_of(&[]);
        run.flags = flags.into_iter().map(str::to_owned).collect();
        assert_eq!(Plan::new(run).unwrap_err(), [wanted]);
    }
}

#[test]
fn a_named_load_has_its_destinations_too() {
    let mut run = run_of(&[]);
    run.flags = [
        "spike",
        "-H",
        "http://archive",
        "--remote-write",
        "https://metrics.example.org/push",
    ]
    .map(str::to_owned)
    .into();
    let plan = Plan::new(run).unwrap();
    assert_eq!(
        plan.destinations,
        [Destination::Service(None), Destination::Outside(443)]
    );
}

#[test]
fn the_longest_name_still_makes_host_names() {
    let fits = |workers: &str, length: usize| {
        let name = "a".repeat(length);
        Plan::new(run_of(&["--workers", workers, "--name", &name])).is_ok()
    };
    // `NAME-9` must be a DNS label of up to 63 characters.
    assert!(fits("9", 61) && !fits("9", 62));
    assert!(fits("50", 60) && !fits("50", 61));
    assert!(fits("1000", 58) && !fits("1000", 59));
}
