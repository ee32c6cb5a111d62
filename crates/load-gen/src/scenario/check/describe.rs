//! A scenario in sentences.

use std::fmt::Write as _;

use common::render::amount;

use super::super::model::{FeedOrder, Persona, Scenario, Step, Task};
use super::super::times::words;
use super::expectation::{of_tasks, shares};
use super::{load, steps};

/// What would run.
pub(in super::super) fn describe(scenario: &Scenario) -> String {
    let mut out = format!("{}: {}\n\n", scenario.name, scenario.description);
    if let Some(replay) = &scenario.replay {
        load::describe_replay(replay, &mut out);
    } else {
        let people = load::describe(scenario, &mut out);
        describe_personas(scenario, people.as_deref(), &mut out);
        if has_conditions(scenario) {
            out.push_str("\nWhat is expected takes conditions as met, and `while` as one round.\n");
        }
    }
    describe_feeders(scenario, &mut out);
    describe_limits(scenario, &mut out);
    if !scenario.tags.is_empty() {
        let tags = scenario
            .tags
            .iter()
            .map(|it| format!("{} = {}", it.0, it.1));
        let tags: Vec<String> = tags.collect();
        let _ = writeln!(out, "\nThe report is tagged {}.", tags.join(", "));
    }
    out
}

/// Whether it depends on answers how much is asked.
fn has_conditions(scenario: &Scenario) -> bool {
    fn any(steps: &[Step]) -> bool {
        steps.iter().any(|it| match it {
            Step::While { .. } | Step::If { .. } => true,
            Step::Repeat { steps, .. } | Step::Chance { steps, .. } => any(steps),
            Step::Request { .. } | Step::Pause(_) | Step::Set { .. } => false,
        })
    }
    let mut tasks = scenario.personas.iter().flat_map(|it| &it.tasks);
    tasks.any(|it| any(&it.steps))
}

/// `people` is how many of the users of a closed load are of each persona.
fn describe_personas(scenario: &Scenario, people: Option<&[u64]>, out: &mut String) {
    let all: u64 = people.unwrap_or_default().iter().sum();
    let shares = shares(&scenario.personas);
    for (place, persona) in scenario.personas.iter().enumerate() {
        let presence = match people.and_then(|it| it.get(place)) {
            Some(count) => format!("{count} of {all} users"),
            None => format!("{:.1} % of the iterations", 100.0 * shares[place]),
        };
        // The rate of an open load says when an iteration begins, and nobody's thoughts.
        let thinks = match people {
            Some(_) => format!(" {}, then", steps::think(persona.think)),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "\n{} ({presence}){thinks} {}:",
            persona.name,
            if persona.tasks.len() == 1 {
                "always does"
            } else {
                "does one of"
            }
        );
        describe_work(scenario, persona, out);
    }
}

fn describe_work(scenario: &Scenario, persona: &Persona, out: &mut String) {
    let total: f64 = persona.tasks.iter().map(|it| it.weight).sum();
    for task in &persona.tasks {
        describe_task(task, 100.0 * task.weight / total, scenario, out);
    }
    let expected = of_tasks(&persona.tasks);
    if (expected.requests - 1.0).abs() > 5e-4 {
        let _ = writeln!(
            out,
            "  {} requests an iteration on average",
            amount(expected.requests)
        );
    }
    for (title, list) in [
        ("at its start", &persona.on_start),
        ("at its end", &persona.on_stop),
    ] {
        if !list.is_empty() {
            let _ = writeln!(out, "  {title}:");
            steps::lines(list, &scenario.profile.operations, DEEP, out);
        }
    }
}

/// How far steps stand inside.
const DEEP: usize = 10;

fn describe_task(task: &Task, percent: f64, scenario: &Scenario, out: &mut String) {
    let operations = &scenario.profile.operations;
    let name = &task.name;
    let _ = write!(out, "  {percent:5.1} % {name}");
    let is_itself = |step: &Step| match step {
        Step::Request {
            operation,
            follow: false,
        } => operations
            .get(*operation)
            .is_some_and(|it| it.name == *name),
        _ => false,
    };
    if steps::alone(&task.steps).is_some_and(is_itself) {
        out.push('\n');
        return;
    }
    out.push_str(":\n");
    steps::lines(&task.steps, operations, DEEP, out);
}

fn describe_feeders(scenario: &Scenario, out: &mut String) {
    for feeder in &scenario.feeders {
        let order = match feeder.order {
            FeedOrder::Circular => "in order, again from the first after the last",
            FeedOrder::Random => "at random",
            FeedOrder::Once => "in order; users end when none is left",
        };
        let _ = writeln!(
            out,
            "\nEvery iteration gets one of {} records of {} ({}), {order}.",
            feeder.records.len(),
            feeder.name,
            feeder.columns.join(", ")
        );
    }
}

fn describe_limits(scenario: &Scenario, out: &mut String) {
    if scenario.limits.is_empty() {
        out.push_str(
            "\nThere are no thresholds: `--threshold LIMIT` lets the exit status depend on one.\n",
        );
        return;
    }
    out.push_str("\nThe exit status is 1 unless\n");
    for limit in &scenario.limits {
        let from = if limit.after.is_zero() {
            String::new()
        } else {
            format!(", from {} on", words(limit.after))
        };
        let abort = if limit.abort {
            format!(" (ends the run when it is broken{from})")
        } else {
            String::new()
        };
        let _ = writeln!(out, "  {}{abort}", limit.text);
    }
}
