//! What a schema says of a value.

use serde_json::Value;

use super::document::Document;

/// How deep schemas are followed, so that circles end.
const MAX_DEPTH: usize = 8;

/// A schema, with its references followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema<'a> {
    pub(super) document: &'a Document,
    value: &'a Value,
}

/// A property of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Property<'a> {
    pub(super) name: &'a str,
    pub(super) schema: Schema<'a>,
    pub(super) is_required: bool,
}

impl<'a> Schema<'a> {
    /// A schema; one that cannot be found says nothing.
    pub(super) fn new(document: &'a Document, value: &'a Value) -> Self {
        let value = document.resolve(value).unwrap_or(&Value::Null);
        Self { document, value }
    }

    /// The schema itself or the first alternative that it names.
    pub(super) fn first_choice(self) -> Self {
        let mut schema = self;
        for _ in 0..MAX_DEPTH {
            let alternatives = ["oneOf", "anyOf"].map(|it| schema.value.get(it));
            let is_null = |it: &&Value| it.get("type").and_then(Value::as_str) == Some("null");
            let first = alternatives
                .into_iter()
                .flatten()
                .filter_map(Value::as_array)
                .find_map(|list| list.iter().find(|it| !is_null(it)));
            match first {
                Some(value) => schema = Self::new(self.document, value),
                None => break,
            }
        }
        schema
    }

    /// The type of the value, `null` left aside.
    pub(super) fn kind(self) -> Option<&'a str> {
        match self.value.get("type")? {
            Value::Array(kinds) => kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|it| *it != "null"),
            kind => kind.as_str(),
        }
    }

    /// A text of the schema, such as its `format`.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    /// A whole number of the schema, such as its `minimum`.
    pub(super) fn integer(self, name: &str) -> Option<i64> {
        self.value.get(name)?.as_i64()
    }

    /// A number of the schema, such as its `maximum`.
    pub(super) fn number(self, name: &str) -> Option<f64> {
        self.value.get(name)?.as_f64()
    }

    /// The words that the value is one of.
    pub(super) fn words(self) -> Vec<String> {
        let list = self.value.get("enum").and_then(Value::as_array);
        let single = self.value.get("const");
        list.into_iter()
            .flatten()
            .chain(single)
            .filter_map(scalar)
            .collect()
    }

    /// A value that the document gives: an example, else the default.
    pub(super) fn example(self) -> Option<&'a Value> {
        let examples = self.value.get("examples").and_then(Value::as_array);
        self.value
            .get("example")
            .or_else(|| examples?.first())
            .or_else(|| self.value.get("default"))
            .filter(|it| !it.is_null())
    }

    /// The schema of the elements of an array.
    pub(super) fn items(self) -> Option<Self> {
        let items = self.value.get("items")?;
        Some(Self::new(self.document, items).first_choice())
    }

    /// Whether the value is a file.
    pub(super) fn is_file(self) -> bool {
        let is_binary =
            |it: Self| it.text("format") == Some("binary") || it.text("contentMediaType").is_some();
        is_binary(self) || self.items().is_some_and(is_binary)
    }

    /// The properties of an object in the order of the document, those of `allOf` included.
    pub(super) fn properties(self) -> Vec<Property<'a>> {
        let mut all = Vec::new();
        self.collect(&mut all, MAX_DEPTH);
        all
    }

    fn collect(self, all: &mut Vec<Property<'a>>, depth: usize) {
        if depth == 0 {
            return;
        }
        let parts = self.value.get("allOf").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            Self::new(self.document, part).collect(all, depth - 1);
        }
        let required = self.value.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|list| list.iter().any(|it| it.as_str() == Some(name)))
        };
        let properties = self.value.get("properties").and_then(Value::as_object);
        for (name, value) in properties.into_iter().flatten() {
            all.retain(|it| it.name != name);
            all.push(Property {
                name,
                schema: Self::new(self.document, value).first_choice(),
                is_required: is_required(name),
            });
        }
    }
}

/// A text, number or truth as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
