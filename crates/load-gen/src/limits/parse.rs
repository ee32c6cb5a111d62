//! Reads a limit: `[NAME.]FIGURE OP VALUE[UNIT]`.

use common::assess::Operator;
use common::render::amount;
use common::units::size_f64;

use super::figure::{Figure, Subject, Unit};
use super::limit::Limit;
use crate::crowd::Roster;

/// What a figure may be called, the shortest name first; percentiles are `pN` besides.
const FIGURES: &[(Figure, &[&str])] = &[
    (
        Figure::Mean,
        &["avg", "mean", "avg_time_ms", "avg_response_time_ms"],
    ),
    (
        Figure::Quantile(0.5),
        &["median", "med", "median_time_ms", "median_response_time_ms"],
    ),
    (
        Figure::Quantile(0.95),
        &["p95", "p95_time_ms", "p95_response_time_ms"],
    ),
    (
        Figure::Quantile(0.99),
        &["p99", "p99_time_ms", "p99_response_time_ms"],
    ),
    (Figure::Quantile(0.999), &["p99.9", "p999", "p999_time_ms"]),
    (
        Figure::Shortest,
        &["min", "min_time_ms", "min_response_time_ms"],
    ),
    (
        Figure::Longest,
        &["max", "max_time_ms", "max_response_time_ms"],
    ),
    (
        Figure::Rate,
        &["rate", "throughput_ops_per_sec", "requests_per_second"],
    ),
    (
        Figure::Errors,
        &["errors", "error_count", "failed_requests"],
    ),
    (Figure::Dropped, &["dropped"]),
    (Figure::Count, &["count"]),
    (Figure::Success, &["success", "success_rate"]),
    (Figure::Items, &["items", "items_per_sec"]),
    (Figure::Megabytes, &["megabytes", "throughput_mb_per_sec"]),
];

/// A word that is less alike than this share of its letters is no suggestion.
const MOST_CHANGED: f64 = 0.4;

impl Limit {
    /// Reads a limit for a run whose names are these.
    ///
    /// # Errors
    /// What is wrong with it, with the nearest name where one is wrong.
    pub fn parse(text: &str, roster: &Roster) -> Result<Self, String> {
        let text = text.trim();
        let (left, operator, right) = Operator::split(text).ok_or(
            "it must be a figure, <, <=, > or >=, and a value, such as `cone_search.p95 < 500ms`",
        )?;
        let (name, figure_name) = split_name(left, roster)?;
        let figure = figure_of(figure_name).ok_or_else(|| unknown_figure(figure_name))?;
        let subject = subject_of(name, roster)?;
        check_pair(subject, figure, figure_name)?;
        let (value, unit_name) = split_value(right)?;
        let unit = unit_of(figure, figure_name, unit_name)?;
        check_value(value, unit, figure_name)?;
        Ok(Self {
            text: text.to_owned(),
            figure_name: figure_name.to_owned(),
            subject,
            figure,
            operator,
            value,
            unit,
            unit_name: unit_name.to_owned(),
        })
    }
}

/// Parts the name from the figure, which may have a dot in it (`p99.9`).
fn split_name<'a>(left: &'a str, roster: &Roster) -> Result<(&'a str, &'a str), String> {
    if left.is_empty() {
        return Err("there is no figure before the comparison".to_owned());
    }
    if figure_of(left).is_some() {
        return Ok(("", left));
    }
    let dots = left.rmatch_indices('.').map(|(place, _)| place);
    for place in dots {
        let (name, figure) = (&left[..place], &left[place + 1..]);
        if figure_of(figure).is_some() {
            return Ok((name, figure));
        }
    }
    if subject_of(left, roster).is_ok() {
        return Err(format!("`{left}` needs a figure, such as `{left}.p95`"));
    }
    Ok(left.rsplit_once('.').unwrap_or(("", left)))
}

fn figure_of(name: &str) -> Option<Figure> {
    let known = FIGURES.iter().find(|(_, names)| names.contains(&name));
    if let Some((figure, _)) = known {
        return Some(*figure);
    }
    let percent = name.strip_prefix('p')?;
    if !percent.starts_with(|it: char| it.is_ascii_digit()) {
        return None;
    }
    let percent: f64 = percent.parse().ok()?;
    (percent > 0.0 && percent < 100.0).then_some(Figure::Quantile(percent / 100.0))
}

fn unknown_figure(name: &str) -> String {
    let names = FIGURES.iter().flat_map(|(_, names)| names.iter().copied());
    let hint = nearest(name, names)
        .map(|it| format!(", did you mean `{it}`?"))
        .unwrap_or_default();
    let short: Vec<&str> = FIGURES
        .iter()
        .filter_map(|(_, names)| names.first().copied())
        .collect();
    format!(
        "unknown figure `{name}`{hint} (figures: {}, any pN)",
        short.join(", ")
    )
}

fn subject_of(name: &str, roster: &Roster) -> Result<Subject, String> {
    match name {
        // The names of the tests in the result document are understood too.
        "" | "load_test" => return Ok(Subject::All),
        "iterations" => return Ok(Subject::Iterations),
        _ => {}
    }
    if let Some(place) = roster.requests.iter().position(|it| it == name) {
        return Ok(Subject::Label(place));
    }
    let persona = name.strip_prefix("persona.");
    let place = persona.and_then(|name| roster.personas.iter().position(|it| it == name));
    if let Some(place) = place {
        return Ok(Subject::Label(roster.persona_label(place)));
    }
    let known: Vec<String> = roster
        .requests
        .iter()
        .cloned()
        .chain(roster.personas.iter().map(|it| format!("persona.{it}")))
        .chain(["iterations".to_owned()])
        .collect();
    // A persona without its prefix is the likeliest mistake.
    let bare = format!("persona.{name}");
    let near = if known.contains(&bare) {
        Some(bare.as_str())
    } else {
        nearest(name, known.iter().map(String::as_str))
    };
    let hint = match near {
        Some(near) => format!(", did you mean `{near}`?"),
        None => format!("; the scenario has: {}", known.join(", ")),
    };
    Err(format!("there is no `{name}` in the scenario{hint}"))
}

/// The known word that is most like another, if one is like it.
fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (changes, near) = known
        .map(|it| (strsim::osa_distance(word, it), it))
        .min_by_key(|(changes, _)| *changes)?;
    let letters = word.chars().count().max(near.chars().count());
    let share = size_f64(changes) / size_f64(letters);
    (share <= MOST_CHANGED).then_some(near)
}

fn check_pair(subject: Subject, figure: Figure, name: &str) -> Result<(), String> {
    match (subject, figure) {
        (Subject::Label(_), Figure::Dropped) => Err(
            "iterations are dropped before it is known what they ask: use `dropped` alone"
                .to_owned(),
        ),
        (Subject::Iterations, Figure::Items | Figure::Megabytes) => Err(format!(
            "`{name}` is a figure of requests and not of iterations"
        )),
        _ => Ok(()),
    }
}

/// Parts the number from its unit.
fn split_value(right: &str) -> Result<(f64, &str), String> {
    let end = right
        .find(|it: char| !it.is_ascii_digit() && !"+-.eE".contains(it))
        .unwrap_or(right.len());
    let (number, unit) = right.split_at(end);
    let value: Option<f64> = number.parse().ok().filter(|it: &f64| it.is_finite());
    match value {
        Some(value) if value >= 0.0 => Ok((value, unit.trim())),
        _ => Err(format!(
            "`{right}` must be a number of 0 or more with its unit"
        )),
    }
}

fn unit_of(figure: Figure, figure_name: &str, unit: &str) -> Result<Unit, String> {
    let wrong = |units: &str| Err(format!("`{figure_name}` takes {units}, got `{unit}`"));
    match figure {
        Figure::Mean | Figure::Quantile(_) | Figure::Shortest | Figure::Longest => match unit {
            "" | "ms" => Ok(Unit::Time(1.0)),
            "s" => Ok(Unit::Time(1e-3)),
            "us" | "µs" => Ok(Unit::Time(1e3)),
            "min" | "m" => Ok(Unit::Time(1.0 / 60_000.0)),
            _ => wrong("ms, s, min or us"),
        },
        Figure::Rate | Figure::Items => match unit {
            "" | "/s" => Ok(Unit::PerTime(1.0)),
            "/min" | "/m" => Ok(Unit::PerTime(60.0)),
            "/h" => Ok(Unit::PerTime(3600.0)),
            _ => wrong("/s, /min or /h"),
        },
        Figure::Megabytes => match unit {
            "" | "MB/s" => Ok(Unit::PerTime(1.0)),
            _ => wrong("MB/s"),
        },
        Figure::Errors | Figure::Dropped => match unit {
            "" => Ok(Unit::Count),
            "%" => Ok(Unit::Percent),
            _ => wrong("% for a share or no unit for a number"),
        },
        Figure::Success => match unit {
            "" | "%" => Ok(Unit::Percent),
            _ => wrong("%"),
        },
        Figure::Count => match unit {
            "" => Ok(Unit::Count),
            _ => wrong("no unit"),
        },
    }
}

fn check_value(value: f64, unit: Unit, figure: &str) -> Result<(), String> {
    match unit {
        Unit::Count if value.fract() != 0.0 => {
            let hint = if value < 1.0 && figure != "count" {
                format!(": write `{}%` for a share", amount(value * 100.0))
            } else {
                String::new()
            };
            Err(format!(
                "`{figure}` without % is a number and must be whole, got `{value}`{hint}"
            ))
        }
        Unit::Percent if value > 100.0 => Err(format!("a share is at most 100 %, got `{value}%`")),
        _ => Ok(()),
    }
}
