//! Values of answers that later requests use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::super::text::{name_of, plain};
use super::Visit;

/// Shorter values may be the same by accident.
const SHORTEST: usize = 6;
/// Values of one answer that are looked at.
const MOST_VALUES: usize = 20_000;
/// How deep they may lie.
const DEEPEST: usize = 32;

/// A value that a user keeps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Capture {
    pub(super) name: String,
    /// JSON pointer.
    pub(super) pointer: String,
}

/// Finds values that an answer has at one place only, that no request had before, and that are all of a
/// part of a later request; writes placeholders in their place.
pub(super) fn captures(visits: &mut [Visit]) {
    let mut names = BTreeSet::new();
    let mut used: BTreeSet<String> = BTreeSet::new();
    for place in 0..visits.len() {
        let (before, after) = visits.split_at_mut(place + 1);
        let Some(visit) = before.last_mut() else {
            continue;
        };
        used.extend(visit.request.texts().into_iter().map(|it| it.clone()));
        let Some(answer) = visit.answer.take() else {
            continue;
        };
        let mut values = BTreeMap::new();
        values_of(&answer, &mut String::new(), 0, &mut values);
        for (value, pointer) in values {
            let template = plain(&value);
            let Some(pointer) = pointer.filter(|_| !used.contains(&template)) else {
                continue;
            };
            let mut found = Vec::new();
            for later in after.iter_mut() {
                found.extend(
                    later
                        .request
                        .texts()
                        .into_iter()
                        .filter(|it| **it == template),
                );
            }
            if found.is_empty() {
                continue;
            }
            let last = pointer.rsplit('/').find(|it| it.parse::<u32>().is_err());
            let name = name_of(
                last.filter(|it| !it.is_empty()).unwrap_or("value"),
                &mut names,
            );
            for text in found {
                *text = format!("{{value.{name}}}");
            }
            visit.captures.push(Capture { name, pointer });
        }
    }
}

/// Values with a digit, and their pointers; none where a value is at two places.
fn values_of(
    json: &Value,
    pointer: &mut String,
    depth: usize,
    found: &mut BTreeMap<String, Option<String>>,
) {
    if depth > DEEPEST || found.len() >= MOST_VALUES {
        return;
    }
    let length = pointer.len();
    match json {
        Value::Array(list) => {
            for (place, it) in list.iter().enumerate() {
                let _ = write!(pointer, "/{place}");
                values_of(it, pointer, depth + 1, found);
                pointer.truncate(length);
            }
        }
        Value::Object(fields) => {
            for (name, it) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                let _ = write!(pointer, "/{name}");
                values_of(it, pointer, depth + 1, found);
                pointer.truncate(length);
            }
        }
        Value::String(text) => keep(text, pointer, found),
        Value::Number(number) => keep(&number.to_string(), pointer, found),
        Value::Null | Value::Bool(_) => {}
    }
}

fn keep(value: &str, pointer: &str, found: &mut BTreeMap<String, Option<String>>) {
    if value.len() >= SHORTEST && value.bytes().any(|it| it.is_ascii_digit()) {
        found
            .entry(value.to_owned())
            .and_modify(|it| *it = None)
            .or_insert_with(|| Some(pointer.to_owned()));
    }
}
