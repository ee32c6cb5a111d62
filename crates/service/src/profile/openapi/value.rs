//! From a name and a schema to a placeholder.

use std::collections::BTreeMap;

use serde_json::Value;

use super::schema::{Schema, scalar};

/// How deep a body is written out.
const MAX_DEPTH: usize = 6;
/// What stands for a text of which nothing is known.
const UNKNOWN: &str = "CHANGE-ME";

/// What is filled in, and what must be looked at.
#[derive(Debug, Default)]
pub(super) struct Filler {
    /// The variables of the profile.
    pub(super) variables: BTreeMap<String, String>,
    /// What must be checked by hand in the current operation.
    pub(super) notes: Vec<String>,
}

/// What a name means in astronomy or in REST services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Ra,
    Dec,
    Radius,
    Limit,
    Offset,
    User,
    Run,
    Magnitude,
    Other,
}

impl Meaning {
    /// The meaning of a parameter or property.
    pub(super) fn of(name: &str) -> Self {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|it| it.to_ascii_lowercase())
            .collect();
        match plain.as_str() {
            "ra" | "radeg" | "raj2000" | "raicrs" | "rightascension" | "centerra"
            | "rightascensiondeg" => Self::Ra,
            "dec" | "decdeg" | "dej2000" | "decj2000" | "decicrs" | "deicrs" | "declination"
            | "centerdec" | "declinationdeg" => Self::Dec,
            "sr" | "searchradius" | "coneradius" => Self::Radius,
            _ if plain.starts_with("radius") => Self::Radius,
            "limit" | "maxrec" | "maxresults" | "maxrows" | "maxrecords" | "pagesize"
            | "perpage" | "size" | "top" | "rowlimit" => Self::Limit,
            "offset" | "page" | "pagenumber" | "skip" | "start" => Self::Offset,
            "user" | "userid" | "username" | "owner" | "ownerid" => Self::User,
            "run" | "runid" => Self::Run,
            _ if plain.starts_with("mag")
                || plain.ends_with("mag")
                || plain.contains("magnitude") =>
            {
                Self::Magnitude
            }
            _ => Self::Other,
        }
    }
}

impl Filler {
    /// The template of a parameter that the document describes in words.
    pub(super) fn parameter(&mut self, name: &str, words: &str, schema: Schema<'_>) -> String {
        if Meaning::of(name) == Meaning::Radius && schema.words().is_empty() {
            let inside = schema.text("description").unwrap_or_default();
            return self.radius(name, &format!("{words} {inside}"));
        }
        self.template(name, schema)
    }

    /// The template of a parameter or of a field.
    pub(super) fn template(&mut self, name: &str, schema: Schema<'_>) -> String {
        let schema = schema.first_choice();
        let schema = match schema.kind() {
            Some("array") => schema.items().unwrap_or(schema),
            _ => schema,
        };
        let words = schema.words();
        if !words.is_empty() {
            return self.choice(name, &words);
        }
        match Meaning::of(name) {
            Meaning::Ra => return "{ra}".into(),
            Meaning::Dec => return "{dec}".into(),
            Meaning::Radius => {
                return self.radius(name, schema.text("description").unwrap_or_default());
            }
            Meaning::User => return "{user}".into(),
            Meaning::Run => return "{run}".into(),
            Meaning::Limit => return limit(schema),
            Meaning::Offset => return start(schema),
            Meaning::Magnitude => return magnitude(name, schema),
            Meaning::Other => {}
        }
        match schema.kind() {
            Some("boolean") => "{bool}".into(),
            Some("integer") => self.integer(name, schema),
            Some("number") => self.number(name, schema),
            Some("string") | None => self.text(name, schema),
            Some(kind) => {
                self.notes
                    .push(format!("`{name}` is of type {kind}, say what it is"));
                self.variable(name, None)
            }
        }
    }

    fn choice(&mut self, name: &str, words: &[String]) -> String {
        // These characters mean something inside of a choice.
        let is_plain = |it: &&String| !it.contains(['|', '*', '{', '}']);
        let plain: Vec<&str> = words.iter().filter(is_plain).map(String::as_str).collect();
        if plain.len() < words.len() {
            self.notes.push(format!(
                "`{name}` has values that a choice cannot hold; they are left out"
            ));
        }
        match plain.as_slice() {
            [] => escape(&words[0]),
            [word] => (*word).to_owned(),
            several => format!("{{choice:{}}}", several.join("|")),
        }
    }

    /// The radius, in the unit that its name or the words beside it say.
    fn radius(&mut self, name: &str, words: &str) -> String {
        let said = format!("{name} {words}").to_ascii_lowercase();
        if said.contains("arcsec") {
            return "{radius_arcsec}".into();
        }
        if said.contains("arcmin") {
            return "{radius_arcmin}".into();
        }
        if !said.contains("deg") {
            self.notes.push(format!("`{name}` is taken for degrees"));
        }
        "{radius}".into()
    }

    fn integer(&mut self, name: &str, schema: Schema<'_>) -> String {
        let (low, high) = (schema.integer("minimum"), schema.integer("maximum"));
        match (low, high, schema.example().and_then(scalar)) {
            (Some(low), Some(high), _) if low <= high => format!("{{int:{low}..{high}}}"),
            (_, _, Some(example)) if is_id(name) => self.variable(name, Some(example)),
            (_, _, Some(example)) => escape(&example),
            (low, high, None) => {
                let low = low.unwrap_or_else(|| high.map_or(1, |it| it.min(1)));
                let high = high.unwrap_or_else(|| low.saturating_add(99)).max(low);
                self.notes.push(format!("the range of `{name}` is a guess"));
                format!("{{int:{low}..{high}}}")
            }
        }
    }

    fn number(&mut self, name: &str, schema: Schema<'_>) -> String {
        let (low, high) = (schema.number("minimum"), schema.number("maximum"));
        match (low, high, schema.example().and_then(scalar)) {
            (Some(low), Some(high), _) if low <= high => format!("{{real:{low}..{high}}}"),
            (_, _, Some(example)) => escape(&example),
            (low, high, None) => {
                let low = low.unwrap_or_else(|| high.map_or(0.0, |it| it.min(0.0)));
                let high = high.unwrap_or(low + 1.0).max(low);
                self.notes.push(format!("the range of `{name}` is a guess"));
                format!("{{real:{low}..{high}}}")
            }
        }
    }

    fn text(&mut self, name: &str, schema: Schema<'_>) -> String {
        let example = schema.example().and_then(scalar);
        match (schema.text("format"), example) {
            (Some("uuid"), None) if !is_id(name) => "{uuid}".into(),
            (Some("date-time"), None) => "{now}".into(),
            (_, Some(example)) if is_id(name) => self.variable(name, Some(example)),
            (_, Some(example)) => escape(&example),
            (_, None) => self.variable(name, None),
        }
    }

    /// A variable of the profile, which a person or `--set` fills in.
    pub(super) fn variable(&mut self, name: &str, value: Option<String>) -> String {
        let key: String = name
            .chars()
            .map(|it| if it.is_ascii_alphanumeric() { it } else { '_' })
            .collect();
        let key = if key.is_empty() { "value".into() } else { key };
        let note = match &value {
            Some(value) => format!("variable `{key}` is the document's example `{value}`"),
            None => format!("set variable `{key}`"),
        };
        self.notes.push(note);
        // A variable may have been made by another operation that knew a value.
        let entry = self
            .variables
            .entry(key.clone())
            .or_insert_with(|| UNKNOWN.into());
        if let Some(value) = value
            && entry == UNKNOWN
        {
            *entry = value;
        }
        format!("{{var.{key}}}")
    }

    /// A JSON body of a schema: what is required, and what makes a cone.
    pub(super) fn body(&mut self, schema: Schema<'_>) -> toml::Value {
        match schema.example() {
            Some(example) => self.example("", example),
            None => self.built("", schema, MAX_DEPTH),
        }
    }

    fn built(&mut self, name: &str, schema: Schema<'_>, depth: usize) -> toml::Value {
        let schema = schema.first_choice();
        let properties = schema.properties();
        if depth > 0 && !properties.is_empty() {
            let is_target = |name: &str| {
                matches!(
                    Meaning::of(name),
                    Meaning::Ra | Meaning::Dec | Meaning::Radius
                )
            };
            let mut table = toml::Table::new();
            for it in properties {
                if it.is_required || is_target(it.name) {
                    let value = self.built(it.name, it.schema, depth - 1);
                    table.insert(it.name.to_owned(), value);
                }
            }
            return toml::Value::Table(table);
        }
        match (schema.kind(), schema.items(), schema.example()) {
            (Some("object"), _, None) => toml::Value::Table(toml::Table::new()),
            (_, _, Some(example)) if example.is_array() || example.is_object() => {
                self.example(name, example)
            }
            (Some("array"), Some(items), _) if depth > 0 => {
                toml::Value::Array(vec![self.built(name, items, depth - 1)])
            }
            (Some("array"), ..) => toml::Value::Array(Vec::new()),
            (kind, _, _) => typed(kind, self.template(name, schema)),
        }
    }

    /// An example as it is, but for the names that make a target and the user.
    pub(super) fn example(&mut self, name: &str, value: &Value) -> toml::Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.iter().filter(|(_, it)| !it.is_null());
                let fields = fields.map(|(name, it)| (name.clone(), self.example(name, it)));
                toml::Value::Table(fields.collect())
            }
            Value::Array(list) => {
                let list = list.iter().filter(|it| !it.is_null());
                toml::Value::Array(list.map(|it| self.example(name, it)).collect())
            }
            Value::Bool(truth) => toml::Value::Boolean(*truth),
            Value::Null => toml::Value::String(String::new()),
            Value::Number(_) | Value::String(_) => match (Meaning::of(name), value) {
                (Meaning::Ra, _) => "{ra}".into(),
                (Meaning::Dec, _) => "{dec}".into(),
                (Meaning::Radius, _) => {
                    self.notes.push(format!("`{name}` is taken for degrees"));
                    "{radius}".into()
                }
                (Meaning::User, _) => "{user}".into(),
                (_, Value::String(text)) => escape(text).into(),
                (_, value) => match (value.as_i64(), value.as_f64()) {
                    (Some(integer), _) => integer.into(),
                    (None, real) => real.unwrap_or_default().into(),
                },
            },
        }
    }
}

/// A template as a value of the body: a plain number stays one.
fn typed(kind: Option<&str>, template: String) -> toml::Value {
    let integer = template
        .parse::<i64>()
        .ok()
        .filter(|_| kind == Some("integer"));
    let real = template
        .parse::<f64>()
        .ok()
        .filter(|_| kind == Some("number"));
    match (integer, real) {
        (Some(integer), _) => integer.into(),
        (None, Some(real)) => real.into(),
        (None, None) => template.into(),
    }
}

/// Whether a name is that of a thing which must exist in the service.
fn is_id(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_camel = name.ends_with("Id") || name.ends_with("ID");
    is_camel || lower == "id" || lower.ends_with("_id") || lower.ends_with("-id")
}

/// A number of rows that a service gladly gives.
fn limit(schema: Schema<'_>) -> String {
    let low = schema.integer("minimum").unwrap_or(10).max(10);
    let high = schema.integer("maximum").unwrap_or(100).min(100);
    if low < high {
        format!("{{int:{low}..{high}}}")
    } else {
        schema.integer("maximum").unwrap_or(low).to_string()
    }
}

/// The first page.
fn start(schema: Schema<'_>) -> String {
    let first = schema.integer("default").or(schema.integer("minimum"));
    first.unwrap_or(0).to_string()
}

/// A magnitude of catalogues, within what the schema allows.
fn magnitude(name: &str, schema: Schema<'_>) -> String {
    let lower = name.to_ascii_lowercase();
    let (low, high): (f64, f64) = if lower.contains("min") {
        (8.0, 18.0)
    } else if lower.contains("max") {
        (18.0, 25.0)
    } else {
        (8.0, 22.0)
    };
    let low = schema.number("minimum").unwrap_or(low).max(low);
    let high = schema.number("maximum").unwrap_or(high).min(high).max(low);
    format!("{{real:{low}..{high}}}")
}

/// A text in which no placeholder is meant.
pub(super) fn escape(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
