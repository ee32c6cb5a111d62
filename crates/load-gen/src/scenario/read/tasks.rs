//! Tasks: what an iteration may be, by weight.

use std::collections::BTreeMap;

use service::profile::is_value_name;

use super::super::document::Node;
use super::super::fields::{Fields, Rule};
use super::super::model::{Step, Task};
use super::{Reading, steps};

/// Sets of tasks by their names; none where a set is wrong.
pub(super) type TaskSets = BTreeMap<String, Option<Vec<Task>>>;

/// The `[[task_set]]`s of a file.
pub(super) fn task_sets(reading: &mut Reading<'_, '_>, nodes: &[Node]) -> TaskSets {
    let mut sets = TaskSets::new();
    for node in nodes {
        let shown = node.get("name").and_then(Node::text).unwrap_or_default();
        let owner = format!("task set `{shown}`");
        let Some(mut fields) = Fields::of(node, &owner, reading.problems) else {
            continue;
        };
        let name = name(reading, &mut fields);
        let tasks = if let Some(node) = fields.get("tasks") {
            tasks(reading, node, &fields.field("tasks"))
        } else {
            fields.wrong(reading.problems, "needs `tasks`, a list");
            None
        };
        if let Some(name) = name
            && sets.insert(name.clone(), tasks).is_some()
        {
            let message = format!("there are two task sets `{name}`");
            fields.wrong(reading.problems, message);
        }
        fields.finish(reading.problems);
    }
    sets
}

/// The name of something that reports and thresholds name.
pub(super) fn name(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<String> {
    let Some(node) = fields.get("name") else {
        fields.wrong(reading.problems, "needs a `name`");
        return None;
    };
    let name = fields.text("name", reading.problems)?;
    if is_value_name(name) {
        return Some(name.to_owned());
    }
    let message =
        "a name consists of letters, digits, _ and -, since reports and thresholds use it";
    fields.wrong_at(node, "name", reading.problems, message);
    None
}

/// A list of tasks; none where one of them is wrong.
pub(super) fn tasks(reading: &mut Reading<'_, '_>, node: &Node, field: &str) -> Option<Vec<Task>> {
    let Some(list) = node.elements().filter(|it| !it.is_empty()) else {
        reading.wrong(node, field, "must be a list of at least one task");
        return None;
    };
    let mut tasks: Vec<Task> = Vec::new();
    for (place, node) in list.iter().enumerate() {
        let field = format!("{field}[{}]", place + 1);
        let Some(task) = task(reading, node, &field) else {
            continue;
        };
        if tasks.iter().any(|it| it.name == task.name) {
            let message = format!(
                "there is a task `{}` already: give one of them a `name` of its own",
                task.name
            );
            reading.wrong(node, &field, message);
        }
        tasks.push(task);
    }
    (tasks.len() == list.len()).then_some(tasks)
}

fn task(reading: &mut Reading<'_, '_>, node: &Node, field: &str) -> Option<Task> {
    let mut fields = Fields::of(node, field, reading.problems)?;
    let own_name = match fields.get("name") {
        Some(_) => Some(name(reading, &mut fields)?),
        None => None,
    };
    let weight = match fields.get("weight") {
        Some(_) => fields.number("weight", Rule::AboveZero, reading.problems),
        None => Some(1.0),
    };
    let chance = match fields.get("chance") {
        Some(_) => fields.number("chance", Rule::Share, reading.problems),
        None => Some(1.0),
    };
    let request = fields.get("request");
    let flow = fields.get("flow");
    let (usual_name, steps) = match (request, flow) {
        (Some(node), None) => {
            let step = steps::request(reading, &mut fields);
            (node.text().map(str::to_owned), step.map(|it| vec![it]))
        }
        (None, Some(node)) => {
            if own_name.is_none() {
                let message = "a task with a `flow` needs a `name`";
                fields.wrong(reading.problems, message);
            }
            (None, steps::steps(reading, node, &fields.field("flow")))
        }
        _ => {
            let message =
                "a task has either `request`, the name of one, or `flow`, a list of steps";
            fields.wrong(reading.problems, message);
            (None, None)
        }
    };
    fields.finish(reading.problems);
    let (steps, chance) = (steps?, chance?);
    Some(Task {
        name: own_name.or(usual_name)?,
        weight: weight?,
        steps: if chance < 1.0 {
            vec![Step::Chance {
                probability: chance,
                steps,
            }]
        } else {
            steps
        },
    })
}
