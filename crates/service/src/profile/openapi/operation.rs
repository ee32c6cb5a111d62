//! From paths and methods to operations.

mod answer;
mod body;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use self::answer::{Answer, answer};
pub(super) use self::body::Body;
use self::body::body;
use super::OpenApiError;
use super::document::Document;
use super::schema::Schema;
use super::value::{Filler, Meaning, escape};
use crate::profile::Group;

/// The methods that are read; `HEAD`, `OPTIONS` and `TRACE` ask nothing that a test wants to know.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// An operation as it will be written.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) group: Group,
    /// Whether it only asks, so that it can be repeated without harm.
    pub(super) is_safe: bool,
    pub(super) description: String,
    /// What must be checked by hand.
    pub(super) notes: Vec<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Parameters that need not be given.
    pub(super) optional: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
    pub(super) answer: Answer,
}

impl Draft {
    /// Whether the request has a target of the sky with a radius.
    pub(super) fn is_cone(&self) -> bool {
        let mut all: Vec<&str> = vec![&self.path];
        all.extend(self.query.iter().map(|it| it.1.as_str()));
        let json = match &self.body {
            Body::Json(json) => json.to_string(),
            Body::Form(fields) => fields.iter().map(|it| it.1.as_str()).collect(),
            _ => String::new(),
        };
        all.push(&json);
        let has = |wanted: &str| all.iter().any(|it| it.contains(wanted));
        has("{ra}") && has("{dec}") && has("{radius")
    }
}

/// All operations of the document, and the variables that they need.
pub(super) fn operations(
    document: &Document,
) -> Result<(Vec<Draft>, BTreeMap<String, String>), OpenApiError> {
    let mut filler = Filler::default();
    let mut drafts = Vec::new();
    let mut names = BTreeSet::new();
    for (path, item) in document.paths()? {
        if !path.starts_with('/') {
            return Err(document.wrong(&["paths", path], "a path begins with `/`"));
        }
        let Some(Value::Object(item)) = document.resolve(item) else {
            return Err(document.wrong(&["paths", path], "must be an object of methods"));
        };
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let place = ["paths", path, method];
            if !operation.is_object() {
                return Err(document.wrong(&place, "must be an object"));
            }
            let reader = Reader {
                document,
                place,
                operation,
            };
            let mut draft = reader.draft(&mut filler, item.get("parameters"))?;
            draft.name = unique(&draft.name, &mut names);
            drafts.push(draft);
        }
    }
    if drafts.is_empty() {
        return Err(document.wrong(&["paths"], "there is no operation in any of them"));
    }
    Ok((drafts, filler.variables))
}

/// One operation of the document.
struct Reader<'a> {
    document: &'a Document,
    place: [&'a str; 3],
    operation: &'a Value,
}

/// A parameter, its references followed.
struct Parameter<'a> {
    name: &'a str,
    place: &'a str,
    is_required: bool,
    value: &'a Value,
}

impl<'a> Reader<'a> {
    fn draft(&self, filler: &mut Filler, shared: Option<&'a Value>) -> Result<Draft, OpenApiError> {
        let [_, path, method] = self.place;
        let text = |name: &str| self.operation.get(name).and_then(Value::as_str);
        let described = text("summary").or_else(|| text("description"));
        let mut draft = Draft {
            name: text("operationId").map_or_else(|| format!("{method}_{path}"), str::to_owned),
            group: self.group(),
            is_safe: self.is_safe(),
            description: described.unwrap_or_default().to_owned(),
            notes: Vec::new(),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            query: Vec::new(),
            optional: Vec::new(),
            headers: Vec::new(),
            body: Body::None,
            answer: Answer::default(),
        };
        self.fill_parameters(&mut draft, filler, shared)?;
        draft.body = body(self.document, self.operation, filler);
        if !draft.is_safe {
            filler
                .notes
                .push("it may change data: give it a weight when that is meant".into());
        }
        draft.answer = answer(self.document, self.operation, &mut filler.notes);
        draft.notes = std::mem::take(&mut filler.notes);
        Ok(draft)
    }

    /// The parameters of the path with those of the operation, which replace them.
    fn parameters(&self, shared: Option<&'a Value>) -> Result<Vec<Parameter<'a>>, OpenApiError> {
        let [section, path, method] = self.place;
        let own = self.operation.get("parameters");
        let mut all: Vec<Parameter<'a>> = Vec::new();
        for list in [shared, own].into_iter().flatten() {
            let Some(list) = list.as_array() else {
                let field = [section, path, method, "parameters"];
                return Err(self.document.wrong(&field, "must be a list"));
            };
            for (index, value) in list.iter().enumerate() {
                let index = format!("[{index}]");
                let wrong = |part: &[&str], message: &str| {
                    let mut field = vec![section, path, method, "parameters", index.as_str()];
                    field.extend(part);
                    Err(self.document.wrong(&field, message))
                };
                let Some(value) = self.document.resolve(value) else {
                    return wrong(&["$ref"], "leads to nothing in this document");
                };
                let Some(name) = value.get("name").and_then(Value::as_str) else {
                    return wrong(&["name"], "is missing");
                };
                let Some(place) = value.get("in").and_then(Value::as_str) else {
                    return wrong(&["in"], "is missing: path, query, header or cookie");
                };
                all.retain(|it| (it.name, it.place) != (name, place));
                let is_required = value.get("required").and_then(Value::as_bool);
                all.push(Parameter {
                    name,
                    place,
                    is_required: is_required.unwrap_or(place == "path"),
                    value,
                });
            }
        }
        Ok(all)
    }

    fn fill_parameters(
        &self,
        draft: &mut Draft,
        filler: &mut Filler,
        shared: Option<&'a Value>,
    ) -> Result<(), OpenApiError> {
        let mut in_path = BTreeMap::new();
        for parameter in self.parameters(shared)? {
            let name = parameter.name;
            let is_target = matches!(
                Meaning::of(name),
                Meaning::Ra | Meaning::Dec | Meaning::Radius
            );
            let is_sent = match parameter.place {
                "path" | "query" => true,
                "header" => !is_own_header(name),
                _ => false,
            };
            let is_wanted = is_sent && (parameter.is_required || is_target);
            let before = filler.notes.len();
            // What is not written into the profile needs no variable there.
            let variables = (!is_wanted).then(|| filler.variables.clone());
            let template = self.parameter_template(filler, &parameter);
            if let Some(variables) = variables {
                filler.variables = variables;
                filler.notes.truncate(before);
            }
            match parameter.place {
                "path" => {
                    in_path.insert(name.to_owned(), template);
                }
                "query" if is_wanted => draft.query.push((name.to_owned(), template)),
                "query" => draft.optional.push((name.to_owned(), template)),
                "header" if is_wanted => draft.headers.push((name.to_owned(), template)),
                "header" => {}
                place if parameter.is_required => {
                    filler
                        .notes
                        .push(format!("`{name}` in {place} is not sent"));
                }
                _ => {}
            }
        }
        draft.path = fill_path(&draft.path, &in_path, filler);
        Ok(())
    }

    fn parameter_template(&self, filler: &mut Filler, parameter: &Parameter<'_>) -> String {
        let value = parameter.value;
        let content = value.get("content").and_then(Value::as_object);
        let in_content = content.and_then(|it| it.values().next()?.get("schema"));
        let schema = value.get("schema").or(in_content).unwrap_or(&Value::Null);
        let schema = Schema::new(self.document, schema);
        // An example of the parameter says more than its schema, unless that has better: a choice, a
        // target.
        let example = value.get("example").or_else(|| {
            let examples = value.get("examples")?.as_object()?;
            self.document
                .resolve(examples.values().next()?)?
                .get("value")
        });
        match example.and_then(super::schema::scalar) {
            Some(example)
                if Meaning::of(parameter.name) == Meaning::Other && schema.words().is_empty() =>
            {
                let with_example = serde_json::json!({ "type": "string", "example": example });
                filler.template(parameter.name, Schema::new(self.document, &with_example))
            }
            _ => {
                let words = value.get("description").and_then(Value::as_str);
                filler.parameter(parameter.name, words.unwrap_or_default(), schema)
            }
        }
    }

    /// The group, by the words of the path and of the operation's tags.
    fn group(&self) -> Group {
        let [_, path, _] = self.place;
        let tags = self.operation.get("tags").and_then(Value::as_array);
        let tags = tags.into_iter().flatten().filter_map(Value::as_str);
        let said: String = std::iter::once(path)
            .chain(tags)
            .flat_map(|it| [it, " "])
            .collect();
        let said = said.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|it| said.contains(it));
        if has(&["health", "availability", "/ping", "ready", "/live", "/up "]) {
            Group::Health
        } else if has(&[
            "metric",
            "prometheus",
            "/info",
            "capabilities",
            "/version",
            "actuator",
        ]) {
            Group::Monitoring
        } else if has(&[
            "job", "process", "upload", "task", "reduc", "calibrat", "pipeline", "/async",
        ]) {
            Group::Processing
        } else {
            Group::Catalog
        }
    }

    /// GET only asks; a POST does when it is called a search.
    fn is_safe(&self) -> bool {
        let [_, path, method] = self.place;
        let id = self.operation.get("operationId").and_then(Value::as_str);
        let said = format!("{path} {}", id.unwrap_or_default()).to_ascii_lowercase();
        let asks = [
            "search", "query", "cone", "match", "find", "lookup", "/sync",
        ];
        method == "get" || (method == "post" && asks.iter().any(|it| said.contains(it)))
    }
}

/// Headers that the client writes itself.
fn is_own_header(name: &str) -> bool {
    let own = [
        "accept",
        "content-type",
        "authorization",
        "host",
        "content-length",
    ];
    own.contains(&name.to_ascii_lowercase().as_str())
}

/// The path with its parameters filled in.
fn fill_path(path: &str, values: &BTreeMap<String, String>, filler: &mut Filler) -> String {
    let mut filled = String::new();
    let mut rest = path;
    while let Some((before, inside)) = rest.split_once('{') {
        filled += &escape(before);
        let Some((name, after)) = inside.split_once('}') else {
            rest = inside;
            continue;
        };
        filled += &match values.get(name) {
            Some(template) => template.clone(),
            None => filler.variable(name, None),
        };
        rest = after;
    }
    filled + &escape(rest)
}

/// A name of letters, digits and `_` that no operation before has.
fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut plain = String::new();
    let mut was_lower = false;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && was_lower {
                plain.push('_');
            }
            plain.push(character.to_ascii_lowercase());
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
        was_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
    }
    let plain = plain.trim_matches('_');
    let plain = if plain.is_empty() { "operation" } else { plain };
    let mut candidate = plain.to_owned();
    let mut number = 2;
    while !names.insert(candidate.clone()) {
        candidate = format!("{plain}_{number}");
        number += 1;
    }
    candidate
}
