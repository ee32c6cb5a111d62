//! What the built-in scenarios say.

use std::collections::BTreeMap;

use common::load::Think;

use super::super::{BUILT_IN, Persona, Presence, Step};
use super::built_in;

fn persona<'a>(personas: &'a [Persona], name: &str) -> &'a Persona {
    personas.iter().find(|it| it.name == name).unwrap()
}

/// Shares of the tasks in a hundred, rounded to a thousandth.
fn shares(persona: &Persona) -> BTreeMap<&str, f64> {
    let total: f64 = persona.tasks.iter().map(|it| it.weight).sum();
    let share = |weight: f64| (weight / total * 1e5).round() / 1e3;
    let shares = persona
        .tasks
        .iter()
        .map(|it| (it.name.as_str(), share(it.weight)));
    shares.collect()
}

fn uniform(min_seconds: f64, max_seconds: f64) -> Think {
    Think::Uniform {
        min_seconds,
        max_seconds,
    }
}

#[test]
fn every_built_in_scenario_can_be_loaded() {
    for (name, _) in BUILT_IN {
        let scenario = built_in(name);
        assert_eq!(scenario.name, *name);
        assert!(!scenario.description.is_empty(), "{name}");
        assert!(scenario.load.run_time.is_some() || !scenario.load.stages.is_empty());
    }
}

#[test]
fn the_observatory_has_the_personas_of_the_first_test_plan() {
    let personas = built_in("observatory").personas;
    let who: Vec<(&str, Presence, Think)> = personas
        .iter()
        .map(|it| (it.name.as_str(), it.presence, it.think))
        .collect();
    assert_eq!(
        who,
        [
            ("researcher", Presence::Weight(3.0), uniform(2.0, 10.0)),
            (
                "automated_pipeline",
                Presence::Weight(1.0),
                uniform(0.5, 2.0)
            ),
            ("casual_user", Presence::Weight(2.0), uniform(5.0, 15.0)),
        ]
    );
    let catalog = [
        ("cone_search", 40.0),
        ("magnitude_search", 20.0),
        ("object_type_search", 20.0),
        ("cross_match", 10.0),
        ("variability_search", 10.0),
    ];
    assert_eq!(
        shares(persona(&personas, "researcher")),
        BTreeMap::from(catalog)
    );
    let processing = [
        ("submit", 42.857),
        ("job_status", 28.571),
        ("job_list", 14.286),
        ("job_cancel", 14.286),
    ];
    assert_eq!(
        shares(persona(&personas, "automated_pipeline")),
        BTreeMap::from(processing)
    );
    let casual = shares(persona(&personas, "casual_user"));
    let is = |name: &str, share: f64| assert!((casual[name] - share).abs() < 1e-9, "{name}");
    is("cone_search", 28.0);
    is("submit", 8.571);
    is("health", 6.25);
    is("metrics", 2.5);
    is("prometheus", 1.25);
}

#[test]
fn jobs_are_cancelled_one_time_of_ten() {
    let personas = built_in("observatory").personas;
    let pipeline = persona(&personas, "automated_pipeline");
    let cancel = pipeline
        .tasks
        .iter()
        .find(|it| it.name == "job_cancel")
        .unwrap();
    let [Step::Chance { probability, steps }] = cancel.steps.as_slice() else {
        panic!("{cancel:?}");
    };
    assert!((probability - 0.1).abs() < 1e-9);
    assert!(matches!(
        steps.as_slice(),
        [Step::Request { follow: false, .. }]
    ));
}

#[test]
fn other_users_think_as_long_as_they_should() {
    let user = &built_in("astronomical_user").personas[0];
    assert_eq!(user.think, uniform(1.0, 5.0));
    let stressed = &built_in("stress_users").personas[0];
    assert_eq!(stressed.think, uniform(0.1, 0.5));
    assert!(stressed.tasks.iter().all(|it| it.name != "health"));
}

#[test]
fn the_night_has_every_kind_of_step() {
    fn walk(steps: &[Step], seen: &mut BTreeMap<&'static str, u32>) {
        for step in steps {
            let name = match step {
                Step::Request { follow: true, .. } => "follow",
                Step::Request { .. } => "request",
                Step::Pause(_) => "pause",
                Step::Repeat { steps, .. } => {
                    walk(steps, seen);
                    "repeat"
                }
                Step::While { steps, .. } => {
                    walk(steps, seen);
                    "while"
                }
                Step::If {
                    then, otherwise, ..
                } => {
                    walk(then, seen);
                    walk(otherwise, seen);
                    "if"
                }
                Step::Chance { steps, .. } => {
                    walk(steps, seen);
                    "chance"
                }
                Step::Set { .. } => "set",
            };
            *seen.entry(name).or_default() += 1;
        }
    }
    let night = built_in("pipeline_night");
    let mut seen = BTreeMap::new();
    for task in night.personas.iter().flat_map(|it| &it.tasks) {
        walk(&task.steps, &mut seen);
    }
    let kinds: Vec<&str> = seen.keys().copied().collect();
    assert_eq!(
        kinds,
        [
            "chance", "follow", "if", "pause", "repeat", "request", "set", "while"
        ]
    );
    assert_eq!(night.feeders[0].columns, ["name", "ra", "dec"]);
}
