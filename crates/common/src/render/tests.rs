use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::assess::{
    Assessment, Band, Better, Category, Effort, Priority, Recommendation, Threshold,
};
use crate::load::{Done, Failure, Labels, Tags};
use crate::record::{Accounting, Ending, Recorder, Tally, Times};
use crate::report::{Host, Limitation, Mode, Run, Summary, Table, TestResult, Tool};

/// A small report with everything in it that a format can show.
fn report() -> Report {
    let labels = Labels::new(["radius <= 1'"], ["pool_wait"]);
    let mut recorded = Recorder::new(&labels, Duration::from_secs(1));
    for number in 0..100_u32 {
        let start = Duration::from_millis(10) * number;
        let times = Times {
            due: start,
            start,
            end: start + Duration::from_micros(1000 + 10 * u64::from(number)),
            idle: false,
        };
        let outcome = if number == 7 {
            Err(Failure::new(
                "timeout",
                "canceling statement due to statement timeout",
            ))
        } else {
            Ok(Done {
                bytes: 0,
                items: 3,
                tags: Tags::of(&[0]),
                ..Done::default()
            })
        };
        recorded.record(&times, &outcome);
    }
    let accounting = Accounting {
        planned: 100,
        succeeded: 99,
        failed: 1,
        ..Accounting::default()
    };
    let tally = Tally {
        labels,
        recorded,
        accounting,
        ending: Ending::Finished,
    };
    let mut test = TestResult::new("cone_search", "Cones.", "query", "sources", &tally);
    let mut table = Table::new("Index strategies", &["strategy", "p50 ms"]);
    table.rows.push(vec!["healpix".into(), 0.061.into()]);
    table.rows.push(vec!["q3c".into(), None::<f64>.into()]);
    test.tables.push(table);
    let tests = vec![test];
    let band = Band {
        name: "cone_search",
        metric: "avg_time_ms",
        unit: "ms",
        better: Better::Lower,
        target: 50.0,
        excellent: 25.0,
        good: 100.0,
        success: [95.0, 95.0],
    };
    let threshold: Threshold = "cone_search.p95_time_ms<1".parse().unwrap();
    Report {
        schema_version: crate::report::SCHEMA_VERSION.into(),
        tool: Tool {
            name: "db-perf".into(),
            version: "0.1.0".into(),
        },
        run: Run {
            id: "0123456789ab".into(),
            started_at: "2026-11-23T20:00:00Z".into(),
            duration_s: 12.5,
            mode: Mode::Quick,
            seed: 42,
            host: Host {
                cpu_model: Some("a processor".into()),
                cores: 2,
                memory_bytes: 8 << 30,
                os: None,
                kernel: None,
                load_before: Some(0.1),
                load_after: Some(1.5),
            },
        },
        target: BTreeMap::from([("description".to_owned(), "a server".into())]),
        plan: BTreeMap::new(),
        summary: Summary::of(&tests, false),
        assessment: Assessment {
            bands: vec![band.rate(tests[0].avg_time_ms, tests[0].success_rate, "n 100")],
            thresholds: vec![threshold.judge_tests(&tests)],
        },
        recommendations: vec![Recommendation {
            component: "database/cone_search".into(),
            priority: Priority::High,
            category: Category::Performance,
            issue: "sequential scan over 1,000 rows".into(),
            recommendation: "CREATE INDEX ON t\n  USING gist (p)".into(),
            expected_impact: "100 times faster".into(),
            implementation_effort: Effort::Low,
            estimated_cost_savings: None,
        }],
        limitations: vec![Limitation::of_run(
            "extension_missing",
            "q3c is not installed",
        )],
        tests,
    }
}

#[test]
fn text_is_aligned_and_plain() {
    insta::assert_snapshot!(text(&report(), false));
}

#[test]
fn colour_adds_nothing_but_escapes() {
    let coloured = text(&report(), true);
    assert!(coloured.contains('\u{1b}'));
    let mut plain = String::new();
    let mut in_escape = false;
    for char in coloured.chars() {
        match char {
            '\u{1b}' => in_escape = true,
            'm' if in_escape => in_escape = false,
            _ if in_escape => {}
            char => plain.push(char),
        }
    }
    let trim = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(trim(&plain), trim(&text(&report(), false)));
}

#[test]
fn markdown_has_tables() {
    insta::assert_snapshot!(markdown(&report()));
}

#[test]
fn a_report_survives_its_json() {
    let before = report();
    let after: Report = serde_json::from_str(&json(&before)).unwrap();
    assert_eq!(before, after);
}

#[test]
fn json_follows_the_schema() {
    let validator = jsonschema::validator_for(&crate::report::json_schema()).unwrap();
    let mut document = serde_json::to_value(report()).unwrap();
    assert!(validator.is_valid(&document));
    document["tests"][0]["iterations"] = "many".into();
    assert!(!validator.is_valid(&document));
}
