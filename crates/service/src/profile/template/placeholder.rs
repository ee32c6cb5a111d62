//! Placeholders: what stands between the braces of a template.

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
    /// A value of this user that was captured or set, by its name.
    Value(String),
    /// A column of the user's record of a feeder, as places in the list of feeders.
    Feed {
        /// Which feeder.
        feeder: usize,
        /// Which of its columns.
        column: usize,
    },
}

const NAMES: &str = "ra, dec, radius, radius_arcmin, radius_arcsec, int:A..B, real:A..B, log:A..B, bool, \
choice:A|B, uuid, run, user, now, fits.key, job, var.NAME, value.NAME, feed.NAME.COLUMN";

/// Whether a text can be the name of a value, so that it can stand in a placeholder.
pub fn is_value_name(name: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    !name.is_empty() && name.chars().all(is_plain)
}

fn feed(path: &str, feeders: &[(String, Vec<String>)]) -> Result<Placeholder, String> {
    let names = |list: &mut dyn Iterator<Item = &String>| {
        let list: Vec<&str> = list.map(String::as_str).collect();
        list.join(", ")
    };
    let Some((name, column_name)) = path.split_once('.') else {
        return Err(format!(
            "`{{feed.{path}}}` must name a feeder and a column, as in `{{feed.targets.ra}}`"
        ));
    };
    if feeders.is_empty() {
        return Err(format!("`{{feed.{path}}}`: there is no feeder"));
    }
    let Some(feeder) = feeders.iter().position(|it| it.0 == name) else {
        let known = names(&mut feeders.iter().map(|it| &it.0));
        return Err(format!(
            "`{{feed.{path}}}`: there is no feeder `{name}`, there are: {known}"
        ));
    };
    let columns = &feeders[feeder].1;
    let Some(column) = columns.iter().position(|it| it == column_name) else {
        let known = names(&mut columns.iter());
        return Err(format!(
            "`{{feed.{path}}}`: the feeder `{name}` has no column `{column_name}`, it has: {known}"
        ));
    };
    Ok(Placeholder::Feed { feeder, column })
}

/// Reads what stands between braces.
pub(super) fn read(inside: &str, feeders: &[(String, Vec<String>)]) -> Result<Placeholder, String> {
    if let Some(name) = inside.strip_prefix("value.") {
        if is_value_name(name) {
            return Ok(Placeholder::Value(name.to_owned()));
        }
        return Err(format!(
            "`{{{inside}}}`: the name of a value consists of letters, digits, _ and -"
        ));
    }
    if let Some(path) = inside.strip_prefix("feed.") {
        return feed(path, feeders);
    }
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

/// An inclusive range `A..B`.
pub(in super::super) fn range<T: std::str::FromStr>(text: &str) -> Option<(T, T)> {
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
