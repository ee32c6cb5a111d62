//! The document: reading it, following its references, telling where something is wrong.

use serde_json::{Map, Value};

use super::OpenApiError;

/// The most references that are followed one after the other.
const MAX_REFERENCES: usize = 16;

/// An `OpenAPI` document.
#[derive(Debug)]
pub(super) struct Document {
    text: String,
    root: Value,
}

impl Document {
    /// Reads JSON, or YAML where the text does not begin with `{`.
    pub(super) fn read(text: &str) -> Result<Self, OpenApiError> {
        let text = text.trim_start_matches('\u{feff}');
        let root = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| OpenApiError::Syntax {
                line: u64::try_from(error.line()).unwrap_or_default(),
                column: u64::try_from(error.column()).unwrap_or_default(),
                message: json_message(&error),
            })?
        } else {
            // YAML 1.2: `no` and `on` are words, as in an enumeration of countries.
            let options = serde_saphyr::options! { strict_booleans: true };
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let place = error.location();
                OpenApiError::Syntax {
                    line: place.map_or(1, |it| it.line()),
                    column: place.map_or(1, |it| it.column()),
                    message: first_line(&error.without_snippet().to_string()),
                }
            })?
        };
        let document = Self {
            text: text.to_owned(),
            root,
        };
        document.check_version()?;
        Ok(document)
    }

    fn check_version(&self) -> Result<(), OpenApiError> {
        if self.root.get("swagger").is_some() {
            let message = "version 2 is not read, convert the document to OpenAPI 3 first";
            return Err(self.wrong(&["swagger"], message));
        }
        let version = self.root.get("openapi");
        match version.and_then(Value::as_str) {
            Some(version) if version.starts_with("3.") => Ok(()),
            Some(version) => {
                let message = format!("must be 3.0 or 3.1, got `{version}`");
                Err(self.wrong(&["openapi"], message))
            }
            None if version.is_some() => {
                Err(self.wrong(&["openapi"], "must be a text such as \"3.0.3\""))
            }
            None => Err(self.wrong(&["openapi"], "is missing, so this is no OpenAPI document")),
        }
    }

    /// The paths with their items.
    pub(super) fn paths(&self) -> Result<&Map<String, Value>, OpenApiError> {
        match self.root.get("paths") {
            Some(Value::Object(paths)) if !paths.is_empty() => Ok(paths),
            Some(Value::Object(_)) | None => Err(self.wrong(&["paths"], "there are none")),
            Some(_) => Err(self.wrong(&["paths"], "must be an object of paths")),
        }
    }

    /// A text of the document's own description.
    pub(super) fn info(&self, name: &str) -> Option<String> {
        super::schema::scalar(self.root.get("info")?.get(name)?)
    }

    /// The addresses of its servers.
    pub(super) fn servers(&self) -> impl Iterator<Item = &str> {
        let servers = self.root.get("servers").and_then(Value::as_array);
        servers
            .into_iter()
            .flatten()
            .filter_map(|it| it.get("url")?.as_str())
    }

    /// The value itself, or what its reference leads to; `None` when that is outside of the document,
    /// is not there or leads in a circle.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        for _ in 0..MAX_REFERENCES {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return Some(value);
            };
            let pointer = reference.strip_prefix('#')?;
            let pointer = percent_encoding::percent_decode_str(pointer)
                .decode_utf8()
                .ok()?;
            value = self.root.pointer(&pointer)?;
        }
        None
    }

    /// An error in a field, with its line where the text shows it.
    pub(super) fn wrong(&self, field: &[&str], message: impl Into<String>) -> OpenApiError {
        let mut name = String::new();
        for part in field {
            let separator = if name.is_empty() || part.starts_with('[') {
                ""
            } else {
                "."
            };
            name += separator;
            name += part;
        }
        OpenApiError::Field {
            line: self.line_of(field),
            field: name,
            message: message.into(),
        }
    }

    /// The line of a section, of a path or of a method below a path. Deeper names occur too often to
    /// be found without a parser that keeps places.
    fn line_of(&self, field: &[&str]) -> Option<u64> {
        let depth = if field.first() == Some(&"paths") {
            3
        } else {
            1
        };
        let mut from = 0;
        let mut found = None;
        for name in field.iter().take(depth) {
            let Some(at) = self.key_after(from, name) else {
                break;
            };
            let line = self.text[..at].bytes().filter(|it| *it == b'\n').count() + 1;
            found = u64::try_from(line).ok();
            from = at + name.len();
        }
        found
    }

    /// Where a key begins in the text.
    fn key_after(&self, from: usize, name: &str) -> Option<usize> {
        let text = &self.text;
        let mut from = from;
        while let Some(at) = text.get(from..)?.find(name).map(|at| from + at) {
            let end = at + name.len();
            let before = text[..at].chars().next_back();
            let is_begin = before.is_none_or(|it| it.is_whitespace() || "\"'{,".contains(it));
            let after = text[end..].trim_start_matches(['"', '\'']).trim_start();
            if is_begin && after.starts_with(':') {
                return Some(at);
            }
            from = end;
        }
        None
    }
}

/// The message of a JSON error without its place, which is told apart.
fn json_message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => message,
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().trim().to_owned()
}
