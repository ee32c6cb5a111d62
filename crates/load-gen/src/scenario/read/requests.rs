//! Requests of the scenario's own, in the form of a profile's operations.

use service::profile::{Operation, OperationDraft};

use super::super::document::{Node, ReadError, read_as};
use super::super::error::suggestion;
use super::Reading;

/// Adds the requests of a file to those of its API.
pub(super) fn requests(reading: &mut Reading<'_, '_>, nodes: &[Node]) {
    for node in nodes {
        if request(reading, node).is_none() {
            match node.get("name").and_then(Node::text) {
                Some(name) => {
                    reading.broken.insert(name.to_owned());
                }
                None => reading.is_complete = false,
            }
        }
    }
    let captured = reading.operations.iter().flat_map(Operation::captured);
    reading.given.extend(captured.map(str::to_owned));
}

fn request(reading: &mut Reading<'_, '_>, node: &Node) -> Option<()> {
    let name = node.get("name").and_then(Node::text).unwrap_or_default();
    let field = format!("request `{name}`");
    let draft: OperationDraft = match read_as(node) {
        Ok(draft) => draft,
        Err(ReadError {
            span,
            mut path,
            message,
        }) => {
            path.reverse();
            let place = path.join(".");
            let separator = if place.is_empty() { "" } else { ": " };
            let span = span.unwrap_or_else(|| node.span.clone());
            reading
                .problems
                .at(span, &format!("{field}{separator}{place}"), message);
            return None;
        }
    };
    if reading.operations.iter().any(|it| it.name == draft.name()) {
        let message = format!(
            "there is a request `{name}` already, here or in the API: give it another name, and \
             `like = \"{name}\"` where it is a variant"
        );
        reading.wrong(node.get("name").unwrap_or(node), &field, message);
        return None;
    }
    let file = (reading.problems.text(), reading.problems.origin());
    match draft.check(file, reading.scope(), &reading.operations) {
        Ok(operation) => {
            let needed = operation.values();
            let needed = needed.map(|it| (it.to_owned(), node.span.clone(), field.clone()));
            reading.needed.extend(needed);
            reading.operations.push(operation);
            Some(())
        }
        Err(error) => {
            let mut error = super::super::error::ScenarioError::from(error);
            error.field = error.field.replacen("operation `", "request `", 1);
            reading.problems.add(error);
            None
        }
    }
}

/// The index of a request by its name.
pub(super) fn find(
    reading: &mut Reading<'_, '_>,
    name: &str,
    node: &Node,
    field: &str,
) -> Option<usize> {
    let place = reading.operations.iter().position(|it| it.name == name);
    if place.is_none() && reading.is_complete && !reading.broken.contains(name) {
        let names: Vec<&String> = reading.operations.iter().map(|it| &it.name).collect();
        let hint = suggestion(name, &names);
        let message = format!("there is no request `{name}`{hint}");
        reading.wrong(node, field, message);
    }
    place
}
