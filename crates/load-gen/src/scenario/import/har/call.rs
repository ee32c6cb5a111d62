//! A request of a recording, taken apart so that values in it can be told.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::super::text::{is_secret, plain};
use super::document::{PostData, RequestOf, media};

/// Headers that say what is asked for; all others belong to the browser, the session or the connection.
const KEPT: [&str; 6] = [
    "accept",
    "accept-language",
    "prefer",
    "range",
    "x-requested-with",
    "content-language",
];

/// Its body.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    Empty,
    Form(Vec<(String, String)>),
    Json(toml::Value),
    Multipart(Vec<(String, String)>),
}

/// A request whose texts are templates already.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    /// The parts of the path between slashes.
    pub(super) path: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Body,
}

/// What is left out, and what takes the place of secrets.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    pub(super) headers: BTreeSet<String>,
    /// Variables in place of secrets.
    pub(super) variables: BTreeMap<String, String>,
    /// Other things, and how often.
    pub(super) others: BTreeMap<&'static str, u64>,
}

impl LeftOut {
    pub(super) fn count(&mut self, what: &'static str) {
        *self.others.entry(what).or_default() += 1;
    }

    /// The template of a value: the value, or a variable where it is a secret.
    fn value(&mut self, name: &str, value: &str) -> String {
        if !is_secret(name) {
            return plain(value);
        }
        let letters = |it: char| {
            if it.is_ascii_alphanumeric() {
                it.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let variable: String = name.chars().map(letters).collect();
        let template = format!("{{var.{variable}}}");
        self.variables.insert(variable, String::new());
        template
    }
}

impl Request {
    /// `None` where its body cannot be written into a scenario.
    pub(super) fn read(from: &RequestOf, target: &str, left_out: &mut LeftOut) -> Option<Self> {
        let target = target.split('#').next()?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let decoded = |it: &str| percent_decode_str(it).decode_utf8_lossy().into_owned();
        let body = match &from.post_data {
            None => Body::Empty,
            Some(data) => body(data, left_out)?,
        };
        let mut headers = Vec::new();
        for header in &from.headers {
            let name = header.name.to_ascii_lowercase();
            if KEPT.contains(&name.as_str()) {
                headers.push((name, plain(&header.value)));
            } else if !name.starts_with(':') {
                left_out.headers.insert(name);
            }
        }
        Some(Self {
            method: from.method.clone(),
            path: path
                .trim_start_matches('/')
                .split('/')
                .map(|it| plain(&decoded(it)))
                .collect(),
            query: pairs(query, left_out),
            headers,
            body,
        })
    }

    /// Every text that a captured value may be: all of a part of the path, of a parameter, of a field.
    pub(super) fn texts(&mut self) -> Vec<&mut String> {
        let mut all: Vec<&mut String> = self.path.iter_mut().collect();
        all.extend(self.query.iter_mut().map(|it| &mut it.1));
        match &mut self.body {
            Body::Empty => {}
            Body::Form(fields) | Body::Multipart(fields) => {
                all.extend(fields.iter_mut().map(|it| &mut it.1));
            }
            Body::Json(json) => texts_of(json, &mut all),
        }
        all
    }
}

fn texts_of<'a>(json: &'a mut toml::Value, all: &mut Vec<&'a mut String>) {
    match json {
        toml::Value::String(text) => all.push(text),
        toml::Value::Array(list) => list.iter_mut().for_each(|it| texts_of(it, all)),
        toml::Value::Table(table) => table.iter_mut().for_each(|it| texts_of(it.1, all)),
        _ => {}
    }
}

fn pairs(text: &str, left_out: &mut LeftOut) -> Vec<(String, String)> {
    let decoded = |it: &str| {
        percent_decode_str(&it.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut found: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        if found.iter().any(|it| it.0 == name) {
            left_out.count("parameters that are given twice");
            continue;
        }
        let value = left_out.value(&name, &value);
        found.push((name, value));
    }
    found
}

fn body(data: &PostData, left_out: &mut LeftOut) -> Option<Body> {
    let text = data.text.as_deref().unwrap_or_default();
    let media = media(&data.mime_type);
    if media == "application/x-www-form-urlencoded" {
        if !text.is_empty() {
            return Some(Body::Form(pairs(text, left_out)));
        }
        return Some(Body::Form(fields(data, left_out)));
    }
    if media == "multipart/form-data" {
        return Some(Body::Multipart(fields(data, left_out)));
    }
    if media == "application/json" || media.ends_with("+json") {
        let json: Value = serde_json::from_str(text).ok()?;
        return json_of("", &json, left_out).map(Body::Json);
    }
    (text.is_empty() && data.params.is_empty()).then_some(Body::Empty)
}

fn fields(data: &PostData, left_out: &mut LeftOut) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for field in &data.params {
        if field.file_name.is_some() {
            left_out.count("files of forms");
        } else {
            let value = left_out.value(&field.name, field.value.as_deref().unwrap_or_default());
            found.push((field.name.clone(), value));
        }
    }
    found
}

/// JSON as TOML writes it, without nulls, which TOML has not.
fn json_of(name: &str, json: &Value, left_out: &mut LeftOut) -> Option<toml::Value> {
    Some(match json {
        Value::Null => {
            left_out.count("nulls in JSON bodies");
            return None;
        }
        _ if is_secret(name) && !json.is_array() && !json.is_object() => {
            toml::Value::String(left_out.value(name, ""))
        }
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, real) => real?.into(),
        },
        Value::String(text) => plain(text).into(),
        Value::Array(list) => {
            let list = list.iter().filter_map(|it| json_of(name, it, left_out));
            toml::Value::Array(list.collect())
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter_map(|(name, it)| Some((name.clone(), json_of(name, it, left_out)?)));
            toml::Value::Table(fields.collect())
        }
    })
}
