//! From a file to a scenario: every rule that the tree of values does not say.

mod condition;
mod feeder;
mod limits;
mod load;
mod persona;
mod replay;
mod requests;
mod scenario;
mod steps;
mod tasks;
mod think;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use service::profile::{Operation, Scope, Template};

use super::document::Node;
use super::error::Problems;

/// What the parts of a scenario are read with.
struct Reading<'a, 't> {
    problems: &'a mut Problems<'t>,
    variables: &'a BTreeMap<String, String>,
    feeders: &'a [(String, Vec<String>)],
    operations: Vec<Operation>,
    /// Whether all operations are known; a wrong request must not make every step that names it wrong too.
    is_complete: bool,
    /// The names of requests that are wrong.
    broken: BTreeSet<String>,
    /// Values that something gives: captures and `set`.
    given: BTreeSet<String>,
    /// Values that something needs.
    needed: Vec<(String, Range<usize>, String)>,
}

impl<'a> Reading<'a, '_> {
    fn scope(&self) -> Scope<'a> {
        Scope {
            variables: self.variables,
            feeders: self.feeders,
        }
    }

    /// Something is wrong with a value.
    fn wrong(&mut self, node: &Node, field: &str, message: impl Into<String>) {
        self.problems.at(node.span.clone(), field, message);
    }

    /// A template; a number or a truth is a text.
    fn template(&mut self, node: &Node, field: &str) -> Option<Template> {
        let Some(text) = node.plain() else {
            let message = format!("must be a text, got {}", node.kind());
            self.wrong(node, field, message);
            return None;
        };
        self.template_of(&text, node, field)
    }

    fn template_of(&mut self, text: &str, node: &Node, field: &str) -> Option<Template> {
        match Template::parse_in(text, self.scope()) {
            Ok(template) => {
                let values = template.values();
                let needed = values.map(|it| (it.to_owned(), node.span.clone(), field.to_owned()));
                self.needed.extend(needed);
                Some(template)
            }
            Err(message) => {
                self.wrong(node, field, message);
                None
            }
        }
    }

    /// Tells the values that are needed and never given.
    fn check_values(&mut self) {
        if !self.is_complete {
            return;
        }
        for (name, span, field) in std::mem::take(&mut self.needed) {
            if !self.given.contains(&name) {
                let known: Vec<&String> = self.given.iter().collect();
                let hint = super::error::suggestion(&name, &known);
                let message =
                    format!("`{{value.{name}}}` is captured nowhere and set nowhere{hint}");
                self.problems.at(span, &field, message);
            }
        }
    }
}
