//! Strings with placeholders.

use std::collections::BTreeMap;

use serde_json::Number;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Placeholder {
    /// Right ascension of the target, degrees.
    Ra,
    /// Declination of the target, degrees.
    Dec,
    /// Radius of the target in the unit that many of make a degree: 1, 60 or 3600.
    Radius(f64),
    /// A whole number from an inclusive range.
    Int(i64, i64),
    /// A number from a range, uniform.
    Real(f64, f64),
    /// A number from a range above 0, uniform in its logarithm.
    Log(f64, f64),
    /// `true` or `false`.
    Bool,
    /// One of these words, by weight.
    Choice(Vec<(String, f64)>),
    /// A new UUID.
    Uuid,
    /// The name of the run.
    Run,
    /// The name of the user.
    User,
    /// The time, RFC 3339 in UTC.
    Now,
    /// The key of an input of the FITS jobs.
    FitsKey,
    /// The name of a job of this user.
    Job,
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
}

impl Template {
    /// Reads a template; `variables` are what `{var.NAME}` stands for.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Self, String> {
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
                        let value = variables
                            .get(name)
                            .ok_or_else(|| unknown_variable(name, variables))?;
                        plain.push_str(value);
                        continue;
                    }
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Value(placeholder(&inside)?));
                }
                '}' => return Err("a single `}` must be written as `}}`".to_owned()),
                other => plain.push(other),
            }
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self { pieces })
    }

    /// A template of a text without placeholders.
    pub fn plain(text: &str) -> Self {
        Self {
            pieces: vec![Piece::Text(text.to_owned())],
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

const NAMES: &str = "ra, dec, radius, radius_arcmin, radius_arcsec, int:A..B, real:A..B, log:A..B, bool, \
choice:A|B, uuid, run, user, now, fits.key, job, var.NAME";

fn placeholder(inside: &str) -> Result<Placeholder, String> {
    let (name, argument) = match inside.split_once(':') {
        Some((name, argument)) => (name, Some(argument)),
        None => (inside, None),
    };
    let simple = match name {
        "ra" => Placeholder::Ra,
        "dec" => Placeholder::Dec,
        "radius" => Placeholder::Radius(1.0),
        "radius_arcmin" => Placeholder::Radius(60.0),
        "radius_arcsec" => Placeholder::Radius(3600.0),
        "bool" => Placeholder::Bool,
        "uuid" => Placeholder::Uuid,
        "run" => Placeholder::Run,
        "user" => Placeholder::User,
        "now" => Placeholder::Now,
        "fits.key" => Placeholder::FitsKey,
        "job" => Placeholder::Job,
        "int" | "real" | "log" | "choice" => {
            let Some(argument) = argument else {
                return Err(format!(
                    "`{{{name}}}` needs an argument, such as `{{{name}:1..9}}`"
                ));
            };
            return with_argument(name, argument);
        }
        _ => {
            return Err(format!(
                "unknown placeholder `{{{inside}}}`: use one of {NAMES}"
            ));
        }
    };
    match argument {
        None => Ok(simple),
        Some(_) => Err(format!("`{{{name}}}` takes no argument")),
    }
}

fn with_argument(name: &str, argument: &str) -> Result<Placeholder, String> {
    let wrong = |rule: &str| format!("`{{{name}:{argument}}}` must be {rule}");
    match name {
        "int" => {
            let (low, high) =
                range::<i64>(argument).ok_or_else(|| wrong("two whole numbers A..B"))?;
            (low <= high)
                .then_some(Placeholder::Int(low, high))
                .ok_or_else(|| wrong("A..B with A at most B"))
        }
        "choice" => choice(argument)
            .ok_or_else(|| wrong("words A|B, each perhaps with a weight above 0 as in A*3")),
        _ => {
            let (low, high) = range::<f64>(argument)
                .filter(|it| it.0.is_finite() && it.1.is_finite() && it.0 <= it.1)
                .ok_or_else(|| wrong("two numbers A..B with A at most B"))?;
            match name {
                "log" if low <= 0.0 => Err(wrong("above 0")),
                "log" => Ok(Placeholder::Log(low, high)),
                _ => Ok(Placeholder::Real(low, high)),
            }
        }
    }
}

pub(super) fn range<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
    let (low, high) = text.split_once("..")?;
    Some((low.trim().parse().ok()?, high.trim().parse().ok()?))
}

fn choice(text: &str) -> Option<Placeholder> {
    let words = text.split('|').map(|word| match word.rsplit_once('*') {
        Some((word, weight)) => {
            let weight: f64 = weight.trim().parse().ok()?;
            (weight.is_finite() && weight > 0.0).then(|| (word.to_owned(), weight))
        }
        None => Some((word.to_owned(), 1.0)),
    });
    let words: Option<Vec<_>> = words.collect();
    words.map(Placeholder::Choice)
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
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
