use common::record::Times;
use common::units::count_f64;

use super::*;
use crate::outputs::sample;

fn limit(text: &str) -> Limit {
    Limit::parse(text, &sample::roster()).unwrap()
}

fn mistake(text: &str) -> String {
    Limit::parse(text, &sample::roster()).unwrap_err()
}

const MINUTE: Duration = Duration::from_mins(1);

fn figure(text: &str, tape: &Tape) -> f64 {
    limit(text).judge_tape(tape, MINUTE).figure.unwrap()
}

#[test]
fn figures_are_those_of_the_tape() {
    let tape = sample::total(&sample::tapes(60));
    let class = &tape.requests.total;
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * b.abs(), "{a} against {b}");
    near(
        figure("p95 < 1", &tape),
        class.response.quantile_ms(0.95).unwrap(),
    );
    near(
        figure("p95 < 1s", &tape),
        class.response.quantile_ms(0.95).unwrap() / 1e3,
    );
    near(
        figure("avg_time_ms<1", &tape),
        class.response.mean_ms().unwrap(),
    );
    let cone = &tape.requests.classes[2].response;
    near(
        figure("cone_search.median < 1", &tape),
        cone.quantile_ms(0.5).unwrap(),
    );
    let persona = &tape.requests.classes[sample::roster().persona_label(1)].response;
    near(
        figure("persona.pipeline.max < 1", &tape),
        persona.max_ms().unwrap(),
    );
    let (good, bad) = (count_f64(class.response.count()), count_f64(class.failed));
    assert!(bad > 3.0);
    near(figure("rate > 1", &tape), good / 60.0);
    near(figure("rate > 1/min", &tape), good);
    near(figure("errors < 1%", &tape), 100.0 * bad / (good + bad));
    near(figure("errors < 3", &tape), bad);
    near(figure("count > 3", &tape), good + bad);
    near(
        figure("success_rate > 3", &tape),
        100.0 * good / (good + bad),
    );
    near(figure("items > 3/s", &tape), 12.0 * good / 60.0);
    near(
        figure("iterations.p90 < 3", &tape),
        tape.iterations.response.quantile_ms(0.9).unwrap(),
    );
}

#[test]
fn dropped_iterations_are_a_number_or_a_share_of_those_planned() {
    let mut tape = sample::empty();
    tape.iterations.started = 75;
    tape.iterations
        .dropped
        .insert(crate::crowd::Dropped::NoFreeUser, 25);
    assert!((figure("dropped < 1%", &tape) - 25.0).abs() < 1e-12);
    let verdict = limit("dropped <= 24").judge_tape(&tape, MINUTE);
    assert_eq!(verdict.verdict, Verdict::Fail);
    assert_eq!(
        verdict.reason,
        "dropped is 25.0 over 100 planned iterations"
    );
}

#[test]
fn the_limit_itself_decides_at_its_edge() {
    let mut tape = sample::empty();
    tape.iterations.started = 10;
    let verdict = |text| limit(text).judge_tape(&tape, MINUTE).verdict;
    assert_eq!(verdict("dropped <= 0"), Verdict::Pass);
    assert_eq!(verdict("dropped < 0"), Verdict::Fail);
    assert_eq!(verdict("dropped >= 0"), Verdict::Pass);
    assert_eq!(verdict("dropped > 0"), Verdict::Fail);
}

#[test]
fn nothing_seen_is_never_a_pass() {
    let tape = sample::empty();
    for text in [
        "p95 < 1h",
        "errors < 1%",
        "rate > 0",
        "count >= 0",
        "cone_search.avg < 9s",
        "dropped < 1",
        "iterations.errors < 1",
    ] {
        let text = text.replace("1h", "60min");
        let verdict = limit(&text).judge_tape(&tape, MINUTE);
        assert_eq!(verdict.verdict, Verdict::NoData, "{text}");
        assert_eq!(verdict.figure, None);
    }
}

#[test]
fn too_few_samples_are_no_data_with_the_number_that_is_needed() {
    let mut tape = sample::empty();
    let times = Times {
        due: Duration::ZERO,
        start: Duration::ZERO,
        end: Duration::from_millis(5),
        idle: false,
    };
    for _ in 0..19 {
        tape.requests
            .record(&times, &Ok(common::load::Done::default()));
    }
    let verdict = limit("p95 < 500ms").judge_tape(&tape, MINUTE);
    assert_eq!(verdict.verdict, Verdict::NoData);
    assert_eq!(
        verdict.reason,
        "p95 needs at least 20 samples, there are 19 requests that succeeded"
    );
    tape.requests
        .record(&times, &Ok(common::load::Done::default()));
    let verdict = limit("p95 < 500ms").judge_tape(&tape, MINUTE);
    assert_eq!(verdict.verdict, Verdict::Pass);
    assert_eq!(
        verdict.reason,
        "p95 is 5.00 ms over 20 requests that succeeded"
    );
    assert_eq!(
        limit("p99.9 < 1s").judge_tape(&tape, MINUTE).verdict,
        Verdict::NoData
    );
}

#[test]
fn names_with_dots_and_figures_with_dots_are_told_apart() {
    let tape = sample::total(&sample::tapes(60));
    for text in [
        "p99.9 < 9s",
        "cone_search.p99.9<9s",
        "load_test.p95_time_ms <= 9000",
        "persona.student.p12.5>=0us",
    ] {
        let limit = limit(text);
        assert_eq!(limit.as_str(), text);
        limit.judge_tape(&tape, MINUTE);
    }
}

#[test]
fn mistakes_say_what_is_wrong_and_what_was_meant() {
    let texts = [
        "cone_search",
        "cone_search < 500ms",
        "cone_serch.p95 < 500ms",
        "researcher.p95 < 500ms",
        "tycho.p95 < 500ms",
        "cone_search.p95ms < 500",
        "p100 < 1",
        "medain < 1s",
        "< 5",
        "p95 < fast",
        "p95 < 5 parsec",
        "p95 < -5ms",
        "p95 < 1e999",
        "rate > 5%",
        "errors < 0.01",
        "errors < 1.5",
        "errors < 101%",
        "count < 5ms",
        "cone_search.dropped < 1%",
        "iterations.items > 3",
    ];
    let lines: Vec<String> = texts
        .iter()
        .map(|it| format!("{it}\n    {}", mistake(it)))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn spec(text: &str, abort: bool, after_s: u64) -> LimitSpec {
    LimitSpec {
        text: text.to_owned(),
        abort,
        after: Duration::from_secs(after_s),
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let specs = [
        spec("p95 > 3 parsec", false, 0),
        spec("p95 < 1s", false, 0),
        spec("x.p95 < 3", false, 0),
    ];
    let mistakes = Limits::parse(&specs, &sample::roster()).unwrap_err();
    assert_eq!(mistakes.len(), 2);
    assert!(
        mistakes[0]
            .to_string()
            .starts_with("threshold `p95 > 3 parsec`: ")
    );
}

#[test]
fn a_broken_limit_ends_the_run_after_its_delay_only() {
    let tape = sample::total(&sample::tapes(60));
    let broken = |text, abort, after_s, since_s| {
        let specs = [spec("p50 < 1h", false, 0), spec(text, abort, after_s)];
        let specs = specs.map(|it| spec(&it.text.replace("1h", "60min"), it.abort, after_s));
        Limits::parse(&specs, &sample::roster()).unwrap().broken(
            &tape,
            MINUTE,
            Duration::from_secs(since_s),
        )
    };
    assert_eq!(broken("p50 < 1us", true, 10, 9), None);
    let why = broken("p50 < 1us", true, 10, 10).unwrap();
    assert!(
        why.starts_with(
            "the threshold `p50 < 1us` is broken over the 60 s measured so far: p50 is "
        ),
        "{why}"
    );
    assert_eq!(broken("p50 < 1us", false, 0, 60), None);
    assert_eq!(broken("p50 > 1us", true, 0, 60), None);
    // A number can still be reached; no data is no reason to end.
    assert_eq!(broken("count > 1000000", true, 0, 60), None);
    assert_eq!(broken("p99.99 < 1us", true, 0, 60), None);
}

#[test]
fn views_see_what_limits_say_so_far() {
    let specs = [
        spec("p50 < 1us", false, 0),
        spec("rate > 0", false, 0),
        spec("p99.99 < 1s", false, 0),
    ];
    let limits = Limits::parse(&specs, &sample::roster()).unwrap();
    let rows = limits.rows(&sample::total(&sample::tapes(60)), MINUTE);
    let holds: Vec<Option<bool>> = rows.iter().map(|it| it.holds).collect();
    assert_eq!(holds, [Some(false), Some(true), None]);
    assert!(rows[0].figure.is_some() && rows[2].figure.is_none());
}
