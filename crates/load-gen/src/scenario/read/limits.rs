//! Thresholds.

use std::time::Duration;

use common::load::Labels;

use super::super::document::{Node, Tree};
use super::super::fields::Fields;
use super::super::model::LimitSpec;
use super::super::times::YEAR;
use super::Reading;
use crate::crowd::Roster;
use crate::limits::Limit;

pub(super) fn limits(
    reading: &mut Reading<'_, '_>,
    nodes: &[Node],
    personas: &[&str],
) -> Vec<LimitSpec> {
    let mut limits = Vec::new();
    let roster = roster(reading, personas);
    // What requests there are is not known where the API is wrong.
    let nodes = if reading.is_complete { nodes } else { &[] };
    for (place, node) in nodes.iter().enumerate() {
        let field = format!("thresholds[{}]", place + 1);
        if let Some(limit) = limit(reading, node, &field, &roster) {
            limits.push(limit);
        }
    }
    limits
}

fn limit(
    reading: &mut Reading<'_, '_>,
    node: &Node,
    field: &str,
    roster: &Roster,
) -> Option<LimitSpec> {
    if let Tree::Text(text) = &node.tree {
        check(reading, node, field, text, roster)?;
        return Some(LimitSpec {
            text: text.clone(),
            abort: false,
            after: Duration::ZERO,
        });
    }
    let mut fields = Fields::of(node, field, reading.problems)?;
    let text = fields.text("limit", reading.problems);
    if fields.get("limit").is_none() {
        let message = "needs `limit`, such as \"errors < 1%\"";
        fields.wrong(reading.problems, message);
    }
    let abort = fields.truth("abort", reading.problems);
    let after = match fields.get("after") {
        Some(_) => fields.time("after", (Duration::ZERO, YEAR), reading.problems),
        None => Some(Duration::ZERO),
    };
    fields.finish(reading.problems);
    let text = text?;
    check(reading, node, field, text, roster)?;
    Some(LimitSpec {
        text: text.to_owned(),
        abort,
        after: after?,
    })
}

fn check(
    reading: &mut Reading<'_, '_>,
    node: &Node,
    field: &str,
    text: &str,
    roster: &Roster,
) -> Option<()> {
    match Limit::parse(text, roster) {
        Ok(_) => Some(()),
        Err(message) => {
            reading.wrong(node, field, message);
            None
        }
    }
}

/// The names that limits may use, those of wrong requests and personas too.
fn roster(reading: &Reading<'_, '_>, personas: &[&str]) -> Roster {
    let owned = |it: &&str| (*it).to_owned();
    let mut requests: Vec<String> = reading.broken.iter().cloned().collect();
    requests.extend(reading.operations.iter().map(|it| it.name.clone()));
    Roster {
        labels: Labels::new(Vec::<String>::new(), service::session::PARTS),
        methods: Vec::new(),
        groups: Vec::new(),
        personas: personas.iter().map(owned).collect(),
        tasks: Vec::new(),
        requests,
    }
}
