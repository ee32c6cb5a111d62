//! One line of a text exposition.

/// Which of the two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    Prometheus,
    OpenMetrics,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Sample,
    Eof,
    /// A comment, metadata or a blank line.
    Other,
}

impl Line {
    /// Reads a line without its line end; fails with a clause.
    pub(super) fn read(line: &str, syntax: Syntax) -> Result<Self, &'static str> {
        // Windows line ends are no part of the format, but servers on Windows send them.
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line == "# EOF" {
            return Ok(Self::Eof);
        }
        if let Some(comment) = line.strip_prefix('#') {
            let known = [" HELP ", " TYPE ", " UNIT "];
            let is_known = known.iter().any(|it| comment.starts_with(it));
            if syntax == Syntax::OpenMetrics && !is_known {
                return Err("a comment, which OpenMetrics does not have");
            }
            return Ok(Self::Other);
        }
        if line.trim().is_empty() && syntax == Syntax::Prometheus {
            return Ok(Self::Other);
        }
        sample(line.trim(), syntax)?;
        Ok(Self::Sample)
    }
}

/// `name{label="value"} value [time]`, in `OpenMetrics` with an exemplar after ` # `.
fn sample(line: &str, syntax: Syntax) -> Result<(), &'static str> {
    let name_len = line.find(|c| !is_name_char(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_len);
    let rest = rest.trim_start();
    if name.is_empty() && !rest.starts_with('{') || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a line that begins with no name of a metric");
    }
    let rest = match rest.strip_prefix('{') {
        Some(inside) => labels(inside, name.is_empty())?,
        None => rest,
    };
    let (numbers, exemplar) = match rest.split_once(" # ") {
        Some((numbers, exemplar)) if syntax == Syntax::OpenMetrics => (numbers, Some(exemplar)),
        _ => (rest, None),
    };
    value_and_time(numbers)?;
    if let Some(exemplar) = exemplar {
        let inside = exemplar
            .strip_prefix('{')
            .ok_or("an exemplar without labels")?;
        value_and_time(labels(inside, false)?)?;
    }
    Ok(())
}

/// Labels up to the closing brace; gives back what follows it. With `has_name`, the first one is the
/// quoted name of the metric (names in UTF-8, Prometheus 3).
fn labels(mut rest: &str, has_name: bool) -> Result<&str, &'static str> {
    let mut needs_name = has_name;
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('}') {
            if needs_name {
                return Err("labels without the name of a metric");
            }
            return Ok(after);
        }
        if rest.starts_with('"') {
            rest = quoted(rest)?.trim_start();
        } else {
            let name_len = rest
                .find(|c| !is_name_char(c) || c == ':')
                .unwrap_or(rest.len());
            if name_len == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
                return Err("a label without a name");
            }
            rest = rest[name_len..].trim_start();
            if !rest.starts_with('=') {
                return Err("a label without a value");
            }
        }
        if let Some(value) = rest.strip_prefix('=') {
            rest = quoted(value.trim_start())?.trim_start();
        } else if !std::mem::take(&mut needs_name) {
            return Err("a label without a value");
        }
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.starts_with('}') => {}
            None => return Err("labels without a closing brace"),
        }
    }
}

/// A quoted string; gives back what follows it.
fn quoted(text: &str) -> Result<&str, &'static str> {
    let Some(inside) = text.strip_prefix('"') else {
        return Err("the value of a label without quotes");
    };
    let mut characters = inside.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Ok(&inside[index + 1..]),
            '\\' if !matches!(characters.next(), Some((_, '\\' | '"' | 'n'))) => {
                return Err("an unknown escape in the value of a label");
            }
            _ => {}
        }
    }
    Err("the value of a label without a closing quote")
}

fn value_and_time(text: &str) -> Result<(), &'static str> {
    let mut words = text.split_whitespace();
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    if !words.next().is_some_and(is_number) {
        return Err("a sample whose value is no number");
    }
    if !words.next().is_none_or(is_number) {
        return Err("a sample whose time is no number");
    }
    match words.next() {
        None => Ok(()),
        Some(_) => Err("a sample with more than a value and a time"),
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}
