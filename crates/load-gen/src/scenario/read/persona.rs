//! Personas: who they are, how many, what they do.

use common::load::Think;

use super::super::document::Node;
use super::super::error::suggestion;
use super::super::fields::{Fields, Rule, shown};
use super::super::model::{Persona, Presence, Step, Task};
use super::tasks::{TaskSets, name, tasks};
use super::{Reading, steps, think};

/// The `[[persona]]`s of a file.
pub(super) fn personas(
    reading: &mut Reading<'_, '_>,
    nodes: &[Node],
    sets: &TaskSets,
) -> Vec<Persona> {
    let mut personas: Vec<Persona> = Vec::new();
    for node in nodes {
        let Some(persona) = persona(reading, node, sets) else {
            continue;
        };
        if personas.iter().any(|it| it.name == persona.name) {
            let message = format!("there are two personas `{}`", persona.name);
            reading.wrong(node, &format!("persona `{}`", persona.name), message);
        }
        personas.push(persona);
    }
    personas
}

fn persona(reading: &mut Reading<'_, '_>, node: &Node, sets: &TaskSets) -> Option<Persona> {
    let shown = node.get("name").and_then(Node::text).unwrap_or_default();
    let owner = format!("persona `{shown}`");
    let mut fields = Fields::of(node, &owner, reading.problems)?;
    let name = name(reading, &mut fields);
    let presence = presence(reading, &mut fields);
    let think = match fields.get("think") {
        Some(node) => think::think(node, &fields.field("think"), reading.problems),
        None => Some(Think::None),
    };
    let on_start = optional_steps(reading, &mut fields, "on_start");
    let on_stop = optional_steps(reading, &mut fields, "on_stop");
    let tasks = work(reading, &mut fields, sets);
    fields.finish(reading.problems);
    Some(Persona {
        name: name?,
        presence: presence?,
        think: think?,
        on_start: on_start?,
        on_stop: on_stop?,
        tasks: tasks?,
    })
}

fn presence(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<Presence> {
    let problems = &mut *reading.problems;
    match (fields.get("weight"), fields.get("count")) {
        (Some(_), Some(_)) => {
            let message =
                "has either a `weight`, a share of the users, or a `count`, a fixed number";
            fields.wrong(problems, message);
            None
        }
        (_, Some(_)) => fields.count("count", problems).map(Presence::Count),
        (Some(_), None) => fields
            .number("weight", Rule::AboveZero, problems)
            .map(Presence::Weight),
        (None, None) => Some(Presence::Weight(1.0)),
    }
}

fn optional_steps(
    reading: &mut Reading<'_, '_>,
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Option<Vec<Step>> {
    match fields.get(key) {
        Some(node) => steps::steps(reading, node, &fields.field(key)),
        None => Some(Vec::new()),
    }
}

/// What a persona does: tasks by weight, sets of tasks by share, or one flow.
fn work(
    reading: &mut Reading<'_, '_>,
    fields: &mut Fields<'_>,
    sets: &TaskSets,
) -> Option<Vec<Task>> {
    match (fields.get("tasks"), fields.get("sets"), fields.get("flow")) {
        (Some(node), None, None) => tasks(reading, node, &fields.field("tasks")),
        (None, Some(node), None) => shares(reading, node, &fields.field("sets"), sets),
        (None, None, Some(node)) => {
            let steps = steps::steps(reading, node, &fields.field("flow"))?;
            Some(vec![Task {
                name: "flow".to_owned(),
                weight: 1.0,
                steps,
            }])
        }
        _ => {
            let message = "does one of: `tasks`, a list; `sets`, shares of [[task_set]]s; `flow`, steps in order";
            fields.wrong(reading.problems, message);
            None
        }
    }
}

/// Flattens shares of sets to weights of tasks; all weights add up to the sum of the shares.
fn shares(
    reading: &mut Reading<'_, '_>,
    node: &Node,
    field: &str,
    sets: &TaskSets,
) -> Option<Vec<Task>> {
    let Some(entries) = node.entries().filter(|it| !it.is_empty()) else {
        let message =
            "must be a table of task sets and their shares: { catalog = 70, processing = 30 }";
        reading.wrong(node, field, message);
        return None;
    };
    let mut all: Vec<Task> = Vec::new();
    let mut is_right = true;
    for entry in entries {
        let field = format!("{field}.{}", entry.key);
        let share = entry.node.number().filter(|it| Rule::AboveZero.holds(*it));
        let Some(share) = share else {
            let message = format!("must be a share above 0, got {}", shown(&entry.node));
            reading.wrong(&entry.node, &field, message);
            is_right = false;
            continue;
        };
        let Some(set) = sets.get(&entry.key) else {
            let names: Vec<&String> = sets.keys().collect();
            let hint = suggestion(&entry.key, &names);
            let message = format!("there is no [[task_set]] `{}`{hint}", entry.key);
            reading.problems.at(entry.key_span.clone(), &field, message);
            is_right = false;
            continue;
        };
        let Some(set) = set else {
            is_right = false;
            continue;
        };
        let total: f64 = set.iter().map(|it| it.weight).sum();
        for task in set {
            if all.iter().any(|it| it.name == task.name) {
                let message = format!(
                    "the task `{}` is in two of these sets: give one of them another `name`",
                    task.name
                );
                reading.problems.at(entry.key_span.clone(), &field, message);
                is_right = false;
            }
            all.push(Task {
                weight: share * task.weight / total,
                ..task.clone()
            });
        }
    }
    is_right.then_some(all)
}
