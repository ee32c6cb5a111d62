//! What `load-gen scenario check` prints.

use super::super::BUILT_IN;
use super::super::check::describe;
use super::{built_in, load};

#[test]
fn the_observatory_in_sentences() {
    insta::assert_snapshot!(describe(&built_in("observatory")));
}

#[test]
fn the_night_in_sentences() {
    insta::assert_snapshot!(describe(&built_in("pipeline_night")));
}

#[test]
fn an_open_load_in_sentences() {
    let text = r#"format = 1
name = "release"
description = "the day of a data release"
api = "ivoa"
tags = { site = "paranal" }
[load]
arrivals = "poisson"
warm_up = "10s"
graceful_stop = "20s"
stages = [{ rate = 5, over = "2m" }, { rate = 80, over = "0s" }, { rate = 40, over = "10m" }, { rate = 5, over = "5m" }]
[[persona]]
name = "people"
weight = 3
tasks = [{ request = "scs_cone" }]
[[persona]]
name = "scripts"
tasks = [{ name = "batch", flow = [{ request = "tap_async", follow = true }, "availability"] }]
"#;
    insta::assert_snapshot!(describe(&load(text).unwrap()));
}

#[test]
fn every_built_in_scenario_can_be_described() {
    for (name, _) in BUILT_IN {
        let text = describe(&built_in(name));
        assert!(text.lines().count() > 15, "{text}");
        assert!(text.lines().all(|it| it.chars().count() <= 120), "{text}");
    }
}
