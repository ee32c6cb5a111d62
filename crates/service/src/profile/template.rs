//! Strings with placeholders.

mod placeholder;

use std::collections::BTreeMap;

use serde_json::Number;

pub(super) use self::placeholder::range;
pub use self::placeholder::{Placeholder, is_value_name};

/// What the names in templates may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// What `{var.NAME}` stands for.
    pub variables: &'a BTreeMap<String, String>,
    /// Names and columns of the feeders, for `{feed.NAME.COLUMN}`.
    pub feeders: &'a [(String, Vec<String>)],
}

impl<'a> Scope<'a> {
    /// Variables and no feeders.
    pub fn of_variables(variables: &'a BTreeMap<String, String>) -> Self {
        Self {
            variables,
            feeders: &[],
        }
    }
}

/// What a placeholder became.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// A truth.
    Bool(bool),
}

impl Value {
    /// A finite number; a text where it is none.
    pub fn real(number: f64) -> Self {
        Number::from_f64(number).map_or_else(|| Self::Text(number.to_string()), Self::Number)
    }

    /// Appends the value as text.
    pub fn write(&self, out: &mut String) {
        use std::fmt::Write as _;
        match self {
            Self::Text(text) => out.push_str(text),
            // A float is written without an exponent, which not every service reads.
            Self::Number(number) => {
                let _ = match number.as_f64().filter(|_| number.is_f64()) {
                    Some(real) => write!(out, "{real}"),
                    None => write!(out, "{number}"),
                };
            }
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        }
    }
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    Text(String),
    Value(Placeholder),
}

/// A string with placeholders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Template {
    pieces: Vec<Piece>,
    source: String,
}

impl Template {
    /// Reads a template; `variables` are what `{var.NAME}` stands for.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        Self::parse_in(text, Scope::of_variables(variables))
    }

    /// Reads a template that may refer to everything in a scope.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse_in(text: &str, scope: Scope<'_>) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.chars().peekable();
        while let Some(next) = rest.next() {
            match next {
                '{' if rest.peek() == Some(&'{') => {
                    rest.next();
                    plain.push('{');
                }
                '}' if rest.peek() == Some(&'}') => {
                    rest.next();
                    plain.push('}');
                }
                '{' => {
                    let mut inside = String::new();
                    loop {
                        match rest.next() {
                            Some('}') => break,
                            Some(other) => inside.push(other),
                            None => return Err(format!("`{{{inside}` is not closed by a brace")),
                        }
                    }
                    if let Some(name) = inside.strip_prefix("var.") {
                        let value = scope
                            .variables
                            .get(name)
                            .ok_or_else(|| unknown_variable(name, scope.variables))?;
                        plain.push_str(value);
                        continue;
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Value(placeholder::read(&inside, scope.feeders)?));
                }
                '}' => return Err("a single `}` must be written as `}}`".to_owned()),
                other => plain.push(other),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self {
            pieces,
            source: text.to_owned(),
        })
    }

    /// A template of a text without placeholders.
    pub fn plain(text: &str) -> Self {
        Self {
            pieces: vec![Piece::Text(text.to_owned())],
            source: text.to_owned(),
        }
    }

    /// The text as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The mean of the number that it becomes; none where that is not known before.
    pub fn mean(&self) -> Option<f64> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => text.trim().parse().ok(),
            [Piece::Value(Placeholder::Int(low, high))] => {
                let real = |number: &i64| number.to_string().parse::<f64>().ok();
                Some(f64::midpoint(real(low)?, real(high)?))
            }
            [Piece::Value(Placeholder::Real(low, high))] => Some(f64::midpoint(*low, *high)),
            _ => None,
        }
    }

    /// Whether a placeholder occurs in it.
    pub fn uses(&self, wanted: &Placeholder) -> bool {
        self.pieces
            .iter()
            .any(|it| matches!(it, Piece::Value(found) if found == wanted))
    }

    /// Whether it holds anything of the target.
    pub fn has_target(&self) -> bool {
        let is_target = |it: &Piece| {
            matches!(
                it,
                Piece::Value(Placeholder::Ra | Placeholder::Dec | Placeholder::Radius(_))
            )
        };
        self.pieces.iter().any(is_target)
    }

    /// The names of the values (`{value.NAME}`) that occur in it.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|it| match it {
            Piece::Value(Placeholder::Value(name)) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The text, when there is no placeholder in it.
    pub fn as_plain(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Appends the text with its placeholders filled in; `encode` writes a text as its place needs it.
    pub fn render(
        &self,
        out: &mut String,
        encode: impl Fn(&str, &mut String),
        mut draw: impl FnMut(&Placeholder) -> Value,
    ) {
        let mut value = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => encode(text, out),
                Piece::Value(placeholder) => {
                    value.clear();
                    draw(placeholder).write(&mut value);
                    encode(&value, out);
                }
            }
        }
    }

    /// The value, typed where the template is one placeholder and nothing else.
    pub fn value(&self, mut draw: impl FnMut(&Placeholder) -> Value) -> Value {
        if let [Piece::Value(placeholder)] = self.pieces.as_slice() {
            return draw(placeholder);
        }
        let mut text = String::new();
        self.render(&mut text, |piece, out| out.push_str(piece), draw);
        Value::Text(text)
    }
}

fn unknown_variable(name: &str, variables: &BTreeMap<String, String>) -> String {
    let known: Vec<&str> = variables.keys().map(String::as_str).collect();
    if known.is_empty() {
        format!("`{{var.{name}}}`: there is no [variables] section that says what it is")
    } else {
        format!(
            "`{{var.{name}}}`: unknown variable, [variables] has: {}",
            known.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Template, String> {
        let variables = BTreeMap::from([("table".to_owned(), "gaia.source".to_owned())]);
        Template::parse(text, &variables)
    }

    fn rendered(text: &str) -> String {
        let mut out = String::new();
        parse(text).unwrap().render(
            &mut out,
            |piece, out| out.push_str(piece),
            |it| match it {
                Placeholder::Ra => Value::real(0.000_000_1),
                Placeholder::Int(low, _) => Value::Number((*low).into()),
                other => Value::Text(format!("<{other:?}>")),
            },
        );
        out
    }

    #[test]
    fn braces_are_doubled_and_variables_filled_in() {
        assert_eq!(
            rendered("SELECT {{x}} FROM {var.table}"),
            "SELECT {x} FROM gaia.source"
        );
        assert_eq!(parse("a{{b").unwrap().as_plain(), Some("a{b"));
    }

    #[test]
    fn numbers_have_no_exponent() {
        assert_eq!(rendered("ra={ra}&n={int:3..4}"), "ra=0.0000001&n=3");
    }

    #[test]
    fn a_lone_placeholder_keeps_its_type() {
        let draw = |_: &Placeholder| Value::Bool(true);
        assert_eq!(parse("{bool}").unwrap().value(draw), Value::Bool(true));
        assert_eq!(
            parse("x{bool}").unwrap().value(draw),
            Value::Text("xtrue".into())
        );
    }

    #[test]
    fn values_and_records_are_named() {
        let template = parse("/jobs/{value.job}/{value.part}").unwrap();
        assert_eq!(template.values().collect::<Vec<_>>(), ["job", "part"]);
        let feeders = [(
            "targets".to_owned(),
            vec!["name".to_owned(), "ra".to_owned()],
        )];
        let variables = BTreeMap::new();
        let scope = Scope {
            variables: &variables,
            feeders: &feeders,
        };
        let read = |text| Template::parse_in(text, scope);
        let placeholder = Placeholder::Feed {
            feeder: 0,
            column: 1,
        };
        assert!(read("{feed.targets.ra}").unwrap().uses(&placeholder));
        for (text, part) in [
            ("{feed.targets}", "a feeder and a column"),
            ("{feed.target.ra}", "there are: targets"),
            ("{feed.targets.dec}", "it has: name, ra"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn wrong_placeholders_say_what_is_wrong() {
        for (text, part) in [
            ("{raa}", "unknown placeholder"),
            ("{ra", "not closed"),
            ("a}", "must be written"),
            ("{int:5..1}", "A at most B"),
            ("{int:x}", "two whole numbers"),
            ("{log:0..1}", "above 0"),
            ("{real:1..inf}", "two numbers"),
            ("{choice:A*0}", "weight above 0"),
            ("{ra:1}", "takes no argument"),
            ("{int}", "needs an argument"),
            ("{var.tabel}", "unknown variable"),
            ("{value.}", "letters, digits"),
            ("{feed.targets.ra}", "there is no feeder"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
