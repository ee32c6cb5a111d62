use std::process::{Command, Stdio};

use super::*;
use crate::outputs::sample;

fn metrics_after(length_s: u64) -> Vec<Family> {
    let mut last = Vec::new();
    sample::play(length_s, |second| last = families(second));
    last
}

#[test]
fn the_text_is_that_of_prometheus() {
    let mut families = metrics_after(40);
    for family in &mut families {
        // The whole is long: one of each kind of sample shows the form.
        family.samples.retain(|it| {
            let of = |name| it.labels.iter().find(|(label, _)| *label == name);
            of("request").is_none_or(|(_, request)| request == "submit")
        });
    }
    insta::assert_snapshot!(text(&families));
}

#[test]
fn labels_are_escaped() {
    let mut family = Family::new(Kind::Gauge, "a", "b");
    family.add(&[("x", "\\ \" \n")], 1.0);
    assert_eq!(
        text(&[family]),
        "# HELP a b\n# TYPE a gauge\na{x=\"\\\\ \\\" \\n\"} 1\n"
    );
}

#[test]
fn buckets_never_fall_along_limits_and_time() {
    let mut before: Vec<(Vec<(&str, String)>, f64)> = Vec::new();
    sample::play(20, |second| {
        let families = families(second);
        let mut now = Vec::new();
        for family in families.iter().filter(|it| it.kind == Kind::Histogram) {
            let buckets: Vec<&Sample> = family
                .samples
                .iter()
                .filter(|it| it.suffix == "_bucket")
                .collect();
            for pair in buckets.windows(2) {
                let same = pair[0].labels[..pair[0].labels.len() - 1]
                    == pair[1].labels[..pair[1].labels.len() - 1];
                assert!(!same || pair[0].value <= pair[1].value, "{}", family.name);
            }
            now.extend(buckets.iter().map(|it| {
                let mut labels = it.labels.clone();
                labels.push(("family", family.name.to_owned()));
                (labels, it.value)
            }));
        }
        for (labels, value) in &before {
            let later = now.iter().find(|(it, _)| it == labels).unwrap().1;
            assert!(later >= *value, "{labels:?}");
        }
        before = now;
    });
    assert!(before.len() > 100);
}

#[test]
fn a_histogram_ends_with_all_and_its_sum() {
    let tape = sample::total(&sample::tapes(40));
    let families = metrics_after(40);
    let cones = families
        .iter()
        .find(|it| it.name == "cone_search_duration_seconds")
        .unwrap();
    let value = |suffix: &str, le: Option<&str>| {
        let sample = cones.samples.iter().find(|it| {
            it.suffix == suffix
                && le.is_none_or(|le| it.labels.iter().any(|(_, value)| value == le))
        });
        sample.unwrap().value
    };
    let class = &tape.requests.classes[2];
    let count = count_f64(class.response.count());
    assert!((value("_count", None) - count).abs() < 1e-9);
    assert!((value("_bucket", Some("+Inf")) - count).abs() < 1e-9);
    assert!((value("_sum", None) - class.response.sum_seconds()).abs() < 1e-9);
    let below = count_f64(class.response.counts_up_to(&[Duration::from_millis(25)])[0]);
    assert!(below > 0.0 && below < count);
    assert!((value("_bucket", Some("0.025")) - below).abs() < 1e-9);
}

#[test]
fn promtool_has_nothing_to_say() {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    // A machine without Prometheus checks the form by the snapshot above.
    let Ok(mut child) = child else { return };
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, text(&metrics_after(90)).as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&said)
    );
}
