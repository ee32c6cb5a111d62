//! What a body says: one reader for each content, one verdict for all.

use super::super::{Problem, kinds};
use crate::profile::{Content, Success};
use crate::protocol::{
    BodyReader, BodySummary, CsvReader, CsvRules, Fault, FitsReader, JsonReader, JsonRules,
    Malformed, Pointer, PrometheusReader, QueryState, Scalar, TextReader, VotableOptions,
    VotableReader, VotableSummary, parse_availability,
};

/// The pointers into a JSON body: first those that are kept for the caller, then those of the rules.
#[derive(Debug)]
pub(super) struct Wanted {
    pointers: Vec<Pointer>,
    pub(super) kept: usize,
}

/// What was found in a body.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Option<u64>,
    pub(super) captures: Vec<Option<String>>,
}

impl Wanted {
    pub(super) fn new(rules: &Success, captures: &[String]) -> Self {
        let kept = captures.len();
        let of_rules = rules
            .equal
            .iter()
            .map(|it| &it.0)
            .chain(&rules.present)
            .chain(&rules.absent);
        let pointers = captures
            .iter()
            .chain(of_rules)
            .map(|it| pointer(it))
            .collect();
        Self { pointers, kept }
    }

    /// The reader of a body of this media type, which tells variants of a format apart.
    pub(super) fn reader(&self, rules: &Success, media_type: &str) -> BodyReader {
        match rules.content {
            Content::Json => BodyReader::Json(Box::new(JsonReader::new(&JsonRules {
                rows: rules.rows.as_deref().map(pointer),
                captures: self.pointers.clone(),
                row_fields: rules.position.clone(),
            }))),
            Content::Votable => {
                BodyReader::Votable(Box::new(VotableReader::new(VotableOptions::default())))
            }
            Content::Csv => {
                let is_tabbed = media_type.contains("tab-separated");
                let rules = if is_tabbed {
                    CsvRules::tsv()
                } else {
                    CsvRules::csv()
                };
                BodyReader::Csv(Box::new(CsvReader::new(rules)))
            }
            Content::Text => BodyReader::Text(TextReader::default()),
            Content::Prometheus => {
                BodyReader::Prometheus(PrometheusReader::new(media_type.contains("openmetrics")))
            }
            Content::Fits => BodyReader::Fits(FitsReader::default()),
            Content::Availability | Content::Xml => BodyReader::Xml(Box::default()),
            Content::Any | Content::None => BodyReader::Ignore,
        }
    }
}

/// A pointer of a profile, which was checked when the profile was read.
fn pointer(text: &str) -> Pointer {
    text.parse().unwrap_or_default()
}

pub(super) fn judge(
    rules: &Success,
    summary: Result<BodySummary, Malformed>,
    start: &[u8],
    limit: Option<u64>,
    wanted: &Wanted,
) -> Result<Found, Problem> {
    let summary = summary.map_err(|error| malformed(&error))?;
    let rows = summary.rows();
    match summary {
        BodySummary::Json(json) => {
            let values = &json.captures[wanted.kept..];
            check_values(rules, values)?;
            if let (Some(place), None) = (&rules.rows, json.rows) {
                let message = format!("the answer has no list of rows at `{place}`");
                return Err(Problem::new(kinds::WRONG_CONTENT, message));
            }
            Ok(Found {
                rows,
                captures: json
                    .captures
                    .iter()
                    .map(|it| it.as_ref().and_then(kept))
                    .collect(),
            })
        }
        BodySummary::Votable(table) => {
            check_table(rules, &table, limit)?;
            Ok(Found {
                rows,
                captures: Vec::new(),
            })
        }
        BodySummary::Xml(_) if rules.content == Content::Availability => {
            let availability = parse_availability(start).map_err(|error| malformed(&error))?;
            if availability.available {
                return Ok(Found::default());
            }
            let notes = availability.notes.join("; ");
            Err(Problem::new(
                kinds::QUERY_ERROR,
                format!("the service says that it is not available: {notes}"),
            ))
        }
        _ => Ok(Found {
            rows: rows.filter(|_| rules.content == Content::Csv),
            captures: Vec::new(),
        }),
    }
}

/// `null` is nothing.
fn kept(value: &Scalar) -> Option<String> {
    match value {
        Scalar::Null => None,
        other => Some(other.to_string()),
    }
}

pub(super) fn malformed(error: &Malformed) -> Problem {
    let kind = match error.kind {
        Fault::Truncated => kinds::TRUNCATED,
        Fault::Malformed | Fault::TooDeep | Fault::TooLong => kinds::WRONG_CONTENT,
    };
    Problem::new(kind, error.to_string())
}

/// Values that must be, must not be, or must be equal, in the order of [`Wanted`].
fn check_values(rules: &Success, values: &[Option<Scalar>]) -> Result<(), Problem> {
    let wrong = |message: String| Err(Problem::new(kinds::WRONG_CONTENT, message));
    let mut values = values.iter();
    for (place, wanted) in &rules.equal {
        let found = values.next().and_then(Option::as_ref);
        if !found.is_some_and(|it| is_equal(it, wanted)) {
            let shown = found.map_or_else(|| "nothing".to_owned(), |it| format!("`{it}`"));
            return wrong(format!(
                "{shown} at `{place}` where there must be `{}`",
                plain(wanted)
            ));
        }
    }
    let is_null = |it: Option<&Scalar>| it.is_none_or(|it| *it == Scalar::Null);
    for place in &rules.present {
        if is_null(values.next().and_then(Option::as_ref)) {
            return wrong(format!("there is nothing at `{place}`"));
        }
    }
    for place in &rules.absent {
        let found = values.next().and_then(Option::as_ref);
        if let Some(found) = found.filter(|it| !is_null(Some(it))) {
            return wrong(format!(
                "`{found}` at `{place}` where there must be nothing"
            ));
        }
    }
    Ok(())
}

fn is_equal(found: &Scalar, wanted: &serde_json::Value) -> bool {
    match (found, wanted) {
        (Scalar::Null, serde_json::Value::Null) => true,
        (Scalar::Bool(found), serde_json::Value::Bool(wanted)) => found == wanted,
        (Scalar::String(found), serde_json::Value::String(wanted)) => found == wanted,
        (Scalar::Number(_), serde_json::Value::Number(wanted)) => found.as_f64() == wanted.as_f64(),
        _ => false,
    }
}

fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A VOTable says itself how the query went, whatever the status of HTTP (DALI 4.4, SCS 1.03 2.3).
fn check_table(rules: &Success, table: &VotableSummary, limit: Option<u64>) -> Result<(), Problem> {
    if let Some(error) = &table.error {
        return Err(Problem::new(
            kinds::QUERY_ERROR,
            format!("the cone search failed: {error}"),
        ));
    }
    match table
        .query_status
        .as_ref()
        .map(|it| (&it.state, &it.message))
    {
        Some((QueryState::Error, message)) => {
            return Err(Problem::new(
                kinds::QUERY_ERROR,
                format!("the query failed: {message}"),
            ));
        }
        Some((QueryState::Other(word), _)) => {
            return Err(Problem::new(
                kinds::WRONG_CONTENT,
                format!("unknown QUERY_STATUS `{word}`"),
            ));
        }
        Some((QueryState::Overflow, _)) if !rules.overflow && limit.is_none() => {
            let message = format!(
                "the service left rows out (QUERY_STATUS OVERFLOW after {} rows)",
                table.rows
            );
            return Err(Problem::new(kinds::WRONG_COUNT, message));
        }
        _ => {}
    }
    match table.serialization {
        Some(kind) if !kind.is_readable() => {
            let message = format!("rows in the serialisation {kind:?} cannot be checked");
            Err(Problem::new(kinds::WRONG_CONTENT, message))
        }
        None if table.fields.is_empty() => Err(Problem::new(
            kinds::WRONG_CONTENT,
            "a VOTable without a table and without a status",
        )),
        _ => Ok(()),
    }
}
