//! Checks find what they are for and are silent on a healthy run.

use std::time::Duration;

use common::load::{Done, Failure, Labels, Spans, Tags};
use common::record::{Accounting, Ending, Recorder, Tally, Times};
use common::report::TestResult;

use super::{Evidence, recommend};

const LABELS: [&str; 3] = ["connect", "queue_wait", "processing"];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn test(name: &str, outcomes: &[Result<Done, Failure>]) -> TestResult {
    let labels = Labels::new(
        ["quick", "middle", "slow"],
        LABELS.into_iter().chain(["first_byte"]),
    );
    let mut recorder = Recorder::new(&labels, ms(1000));
    for outcome in outcomes {
        let length = match outcome {
            Ok(done) if done.tags == Tags::of(&[2]) => ms(2000),
            _ => ms(10),
        };
        let times = Times {
            due: ms(0),
            start: ms(0),
            end: length,
            idle: false,
        };
        recorder.record(&times, outcome);
    }
    let tally = Tally {
        labels,
        recorded: recorder,
        accounting: Accounting::default(),
        ending: Ending::Finished,
    };
    TestResult::new(name, "", "request", "rows", &tally)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside failures")]
fn done(tag: u16, spans: Spans) -> Result<Done, Failure> {
    Ok(Done {
        tags: Tags::of(&[tag]),
        spans,
        ..Done::default()
    })
}

fn issues(name: &str, outcomes: &[Result<Done, Failure>]) -> Vec<String> {
    let tests = [test(name, outcomes)];
    let found = recommend(&Evidence {
        tests: &tests,
        reuses: true,
    });
    found.into_iter().map(|it| it.issue).collect()
}

#[test]
fn a_healthy_run_needs_no_advice() {
    let fine = (0..250).map(|number| {
        done(
            number % 2,
            Spans::one(3, ms(1)).and(1, ms(1)).and(2, ms(100)),
        )
    });
    assert_eq!(
        issues("catalog_queries", &fine.collect::<Vec<_>>()),
        Vec::<String>::new()
    );
}

#[test]
fn each_kind_of_failure_is_explained() {
    for (kind, words) in [
        ("outside_cone", "were wrong"),
        ("query_error", "behind status 200"),
        ("http_status_429", "refused"),
        ("job_timeout", "did not end well"),
    ] {
        let found = issues("x", &[Err(Failure::new(kind, "an example"))]);
        assert_eq!(found.len(), 1, "{kind}: {found:?}");
        assert!(
            found[0].contains(words) && found[0].contains("an example"),
            "{found:?}"
        );
    }
}

#[test]
fn waiting_for_workers_and_for_connections_is_seen() {
    let waits = (0..20)
        .map(|_| done(0, Spans::one(1, ms(900)).and(2, ms(100))))
        .collect::<Vec<_>>();
    assert!(issues("fits_processing", &waits)[0].contains("waits 900 ms"));
    let connects = (0..200)
        .map(|_| done(0, Spans::one(0, ms(5)).and(3, ms(1))))
        .collect::<Vec<_>>();
    assert!(issues("catalog_queries", &connects)[0].contains("100 % of the requests"));
}

#[test]
fn a_kind_that_is_far_slower_is_named() {
    let kinds = (0..90)
        .map(|number| done(number % 3, Spans::one(3, ms(1))))
        .collect::<Vec<_>>();
    let found = issues("catalog_queries", &kinds);
    assert!(found[0].contains("`slow` takes"), "{found:?}");
}
