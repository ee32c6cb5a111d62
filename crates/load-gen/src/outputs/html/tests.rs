use std::collections::BTreeMap;
use std::time::Duration;

use common::assess::{Assessment, Band, Better};
use common::report::{Host, Limitation, Mode, Run, SCHEMA_VERSION, Summary, Tool};

use super::*;
use crate::limits::Limits;
use crate::outputs::{Ending, sample};
use crate::scenario::LimitSpec;

/// The document of the sample run.
fn report(harvest: &Harvest) -> Report {
    let limits = ["p95 < 1s", "errors < 1%", "cone_search.p99.9 < 2s"].map(|text| LimitSpec {
        text: text.to_owned(),
        abort: false,
        after: Duration::ZERO,
    });
    let limits = Limits::parse(&limits, &harvest.roster).unwrap();
    let band = Band {
        name: "catalog_queries",
        metric: "avg_response_time_ms",
        unit: "ms",
        better: Better::Lower,
        target: 500.0,
        excellent: 100.0,
        good: 500.0,
        success: [99.0, 95.0],
    };
    let program = serde_json::json!({"model": "users", "iterations": null, "stretches": [
        {"from": 0.0, "to": 60.0, "seconds": 20.0}, {"from": 60.0, "to": 60.0, "seconds": 100.0}]});
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "load-gen".to_owned(),
            version: "0.1.0".to_owned(),
        },
        run: Run {
            id: "0123456789ab".to_owned(),
            started_at: "2026-11-23T20:00:00Z".to_owned(),
            duration_s: 123.0,
            mode: Mode::Full,
            seed: 42,
            host: Host {
                cpu_model: Some("a processor".to_owned()),
                cores: 2,
                memory_bytes: 8 << 30,
                os: Some("Linux".to_owned()),
                kernel: None,
                load_before: Some(0.1),
                load_after: Some(1.5),
            },
        },
        target: BTreeMap::from([("api".to_owned(), "astro-pipeline".into())]),
        plan: BTreeMap::from([("program".to_owned(), program)]),
        tests: Vec::new(),
        summary: Summary::of(&[], false),
        assessment: Assessment {
            bands: vec![band.rate(Some(61.0), Some(98.2), "n 2,000")],
            thresholds: limits.judge(&harvest.tape, Duration::from_secs_f64(harvest.measured_s)),
        },
        recommendations: Vec::new(),
        limitations: vec![Limitation::of_run(
            "busy_machine",
            "the machine was busy before the run",
        )],
    }
}

fn page_of(length_s: u64) -> String {
    let harvest = sample::harvest(length_s);
    page(&report(&harvest), &harvest)
}

/// What a reader sees, a line for each block.
fn words(page: &str) -> String {
    let body = page.split("</style>").nth(1).unwrap();
    let mut text = String::new();
    for piece in body.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap();
        if tag.starts_with("text") || tag.starts_with("/svg") {
            continue;
        }
        let is_block = [
            "h", "p", "tr", "li", "dt", "figcap", "caption", "desc", "summary",
        ]
        .iter()
        .any(|it| tag.starts_with(it));
        text.push_str(if is_block { "\n" } else { " " });
        text.push_str(words.trim());
    }
    let lines = text
        .lines()
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "));
    lines
        .filter(|it| !it.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_page_says_all_of_this() {
    insta::assert_snapshot!(words(&page_of(120)));
}

#[test]
fn what_a_service_answers_never_becomes_a_part_of_the_page() {
    let mut harvest = sample::harvest(120);
    harvest.last.scenario = sample::NASTY.to_owned();
    harvest.last.target = sample::NASTY.to_owned();
    harvest.last.notes = vec![sample::NASTY.to_owned()];
    harvest.ending = Ending::Aborted(sample::NASTY.to_owned());
    harvest.workers[0].row.name = sample::NASTY.to_owned();
    harvest.roster.requests[2] = sample::NASTY.to_owned();
    harvest.roster.personas[0] = sample::NASTY.to_owned();
    let mut report = report(&sample::harvest(120));
    report.limitations[0].message = sample::NASTY.to_owned();
    report.target.insert("api".to_owned(), sample::NASTY.into());
    report.plan.insert("x".to_owned(), sample::NASTY.into());
    let page = page(&report, &harvest);
    assert!(page.contains("&lt;script&gt;alert("));
    assert!(!page.contains("<script"));
}

#[test]
fn the_page_of_an_hour_and_of_a_day_is_small() {
    let mut harvest = sample::harvest(60);
    for hours in [1, 24] {
        let course = harvest.course.iter().cycle().take(3600 * hours);
        harvest.course = course.cloned().collect();
        for (at, moment) in (0_u32..).zip(&mut harvest.course) {
            moment.t_s = f64::from(at);
        }
        let page = page(&report(&harvest), &harvest);
        assert!(page.len() < 200_000, "{} bytes", page.len());
    }
}

#[test]
fn a_run_without_anything_still_has_a_page() {
    let mut harvest = sample::harvest(0);
    harvest.workers.clear();
    harvest.measured_s = 0.0;
    harvest.last.sky = crate::live::SkyFigures::default();
    let page = page(&report(&harvest), &harvest);
    assert!(page.contains("No request succeeded"), "{page}");
    assert!(!page.contains("NaN") && !page.contains("inf"), "{page}");
    assert!(!page.contains("id=\"failures\"") && page.contains("id=\"generator\""));
}

#[test]
fn headings_go_down_a_step_at_a_time_and_ids_are_unique() {
    let page = page_of(120);
    let levels: Vec<u32> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page[at + 2..at + 3].parse().ok())
        .collect();
    assert_eq!(levels.iter().filter(|it| **it == 1).count(), 1);
    assert!(levels.windows(2).all(|it| it[1] <= it[0] + 1), "{levels:?}");
    let mut ids: Vec<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|it| it.split('"').next())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
