//! Steps of a flow.

use service::profile::{Template, is_value_name};

use super::super::document::{Node, Tree};
use super::super::fields::{Fields, Rule, shown};
use super::super::model::Step;
use super::condition::condition;
use super::{Reading, requests, think};

/// Rounds of a `while` unless it says otherwise, and at most.
const USUAL_ROUNDS: u32 = 100;
const MOST_ROUNDS: f64 = 1e6;

/// The keys that make a step what it is.
const KINDS: [&str; 7] = ["pause", "repeat", "while", "if", "chance", "set", "request"];

/// A list of steps: names of requests, or tables.
pub(super) fn steps(reading: &mut Reading<'_, '_>, node: &Node, field: &str) -> Option<Vec<Step>> {
    let Some(list) = node.elements() else {
        let message = format!("must be a list of steps, got {}", node.kind());
        reading.wrong(node, field, message);
        return None;
    };
    if list.is_empty() {
        reading.wrong(node, field, "must have at least one step");
        return None;
    }
    let mut steps = Vec::new();
    let mut all = true;
    for (place, node) in list.iter().enumerate() {
        let before = steps.len();
        step(
            reading,
            node,
            &format!("{field}[{}]", place + 1),
            &mut steps,
        );
        all &= steps.len() > before;
    }
    all.then_some(steps)
}

/// Adds the steps that one entry stands for; none where it is wrong.
fn step(reading: &mut Reading<'_, '_>, node: &Node, field: &str, out: &mut Vec<Step>) {
    if let Tree::Text(name) = &node.tree {
        let found = requests::find(reading, name, node, field);
        out.extend(found.map(|operation| Step::Request {
            operation,
            follow: false,
        }));
        return;
    }
    let Some(mut fields) = Fields::of(node, field, reading.problems) else {
        return;
    };
    let mut kinds: Vec<&str> = KINDS
        .into_iter()
        .filter(|it| fields.get(it).is_some())
        .collect();
    // `{ chance = 0.1, request = "…" }` is one step.
    if kinds == ["chance", "request"] {
        kinds.pop();
    }
    if kinds.is_empty() && !fields.is_empty() {
        // A key that is misspelt is told as such.
        for other in ["flow", "follow", "most", "else"] {
            fields.get(other);
        }
        if !fields.finish(reading.problems) {
            reading.wrong(
                node,
                field,
                format!("a step is one of {}", KINDS.join(", ")),
            );
        }
        return;
    }
    let [kind] = kinds.as_slice() else {
        let message = format!(
            "a step is one of {}{}",
            KINDS.join(", "),
            if kinds.is_empty() {
                String::new()
            } else {
                format!(", got {} together", kinds.join(" and "))
            }
        );
        fields.wrong(reading.problems, message);
        return;
    };
    // The keys of other kinds are unknown to this one.
    let mut own = Fields::of(node, field, reading.problems);
    let Some(fields) = own.as_mut() else { return };
    match *kind {
        "set" => out.extend(set(reading, fields).unwrap_or_default()),
        other => out.extend(one(reading, other, fields)),
    }
    if let Some(fields) = own {
        fields.finish(reading.problems);
    }
}

fn one(reading: &mut Reading<'_, '_>, kind: &str, fields: &mut Fields<'_>) -> Option<Step> {
    match kind {
        "request" => request(reading, fields),
        "pause" => {
            let node = fields.get("pause")?;
            think::think(node, &fields.field("pause"), reading.problems).map(Step::Pause)
        }
        "repeat" => {
            let times = times(reading, fields);
            let steps = flow(reading, fields, "flow");
            Some(Step::Repeat {
                times: times?,
                steps: steps?,
            })
        }
        "while" => {
            let condition = condition(reading, fields.get("while")?, &fields.field("while"));
            let most = most(reading, fields);
            let steps = flow(reading, fields, "flow");
            Some(Step::While {
                condition: condition?,
                most: most?,
                steps: steps?,
            })
        }
        "if" => {
            let condition = condition(reading, fields.get("if")?, &fields.field("if"));
            let then = flow(reading, fields, "flow");
            let otherwise = match fields.get("else") {
                Some(_) => flow(reading, fields, "else"),
                None => Some(Vec::new()),
            };
            Some(Step::If {
                condition: condition?,
                then: then?,
                otherwise: otherwise?,
            })
        }
        _ => {
            let probability = fields.number("chance", Rule::Share, reading.problems);
            let steps = if fields.get("request").is_some() {
                request(reading, fields).map(|it| vec![it])
            } else {
                flow(reading, fields, "flow")
            };
            Some(Step::Chance {
                probability: probability?,
                steps: steps?,
            })
        }
    }
}

/// A request by its name, perhaps followed to the end of the job that it starts.
pub(super) fn request(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<Step> {
    let node = fields.get("request")?;
    let follow = fields.truth("follow", reading.problems);
    let name = fields.text("request", reading.problems)?;
    let operation = requests::find(reading, name, node, &fields.field("request"))?;
    if follow && reading.operations[operation].job.is_none() {
        let message = format!("`{name}` starts no job that could be followed");
        fields.wrong(reading.problems, message);
        return None;
    }
    Some(Step::Request { operation, follow })
}

fn flow(
    reading: &mut Reading<'_, '_>,
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Option<Vec<Step>> {
    let Some(node) = fields.get(key) else {
        fields.wrong(reading.problems, format!("needs `{key}`, a list of steps"));
        return None;
    };
    steps(reading, node, &fields.field(key))
}

/// How often something is repeated: a number, or a template of one.
fn times(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<Template> {
    let node = fields.get("repeat")?;
    let field = fields.field("repeat");
    let template = reading.template(node, &field)?;
    let is_sane = |text: &str| {
        let number: Option<f64> = text.trim().parse().ok();
        number.is_some_and(|it| Rule::Count.holds(it) && it <= MOST_ROUNDS)
    };
    if template.as_plain().is_none_or(is_sane) {
        return Some(template);
    }
    let message = format!(
        "must be a whole number from 1 to {MOST_ROUNDS}, or a template of one such as `{{int:1..5}}`, got {}",
        shown(node)
    );
    reading.wrong(node, &field, message);
    None
}

fn most(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<u32> {
    let Some(node) = fields.get("most") else {
        return Some(USUAL_ROUNDS);
    };
    let number = node.number();
    let number = number.filter(|it| Rule::Count.holds(*it) && *it <= MOST_ROUNDS);
    if number.is_none() {
        let message = format!(
            "must be a whole number from 1 to {MOST_ROUNDS}, got {}",
            shown(node)
        );
        fields.wrong_at(node, "most", reading.problems, message);
    }
    u32::try_from(common::units::round_u64(number?)).ok()
}

fn set(reading: &mut Reading<'_, '_>, fields: &mut Fields<'_>) -> Option<Vec<Step>> {
    let node = fields.get("set")?;
    let field = fields.field("set");
    let entries = node.entries().filter(|it| !it.is_empty());
    let Some(entries) = entries else {
        let message = "must be a table of names and templates: { set = { status = \"new\" } }";
        reading.wrong(node, &field, message);
        return None;
    };
    let mut steps = Vec::new();
    for entry in entries {
        let field = format!("{field}.{}", entry.key);
        if !is_value_name(&entry.key) {
            let message = "the name of a value consists of letters, digits, _ and -";
            reading.problems.at(entry.key_span.clone(), &field, message);
            continue;
        }
        reading.given.insert(entry.key.clone());
        let value = reading.template(&entry.node, &field);
        steps.extend(value.map(|value| Step::Set {
            name: entry.key.clone(),
            value,
        }));
    }
    (steps.len() == entries.len()).then_some(steps)
}
