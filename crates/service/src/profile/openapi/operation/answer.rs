//! What a right answer is, by the document.

use serde_json::Value;

use super::super::document::Document;
use super::super::schema::Schema;
use super::super::value::Meaning;
use crate::protocol::media_type;

/// Names of the list of rows in an answer, most likely first.
const ROWS: [&str; 14] = [
    "objects", "results", "rows", "items", "data", "sources", "records", "matches", "content",
    "entries", "jobs", "names", "features", "values",
];

/// A right answer.
#[derive(Debug, Default)]
pub(in crate::profile::openapi) struct Answer {
    pub(in crate::profile::openapi) status: Vec<u16>,
    /// The word of the profile.
    pub(in crate::profile::openapi) content: &'static str,
    /// The media type, where the content does not say it.
    pub(in crate::profile::openapi) content_type: Option<String>,
    /// The pointer to the rows of a JSON answer.
    pub(in crate::profile::openapi) rows: Option<String>,
    /// Names of right ascension and declination in a row.
    pub(in crate::profile::openapi) position: Option<(String, String)>,
}

/// Reads the responses of an operation.
pub(super) fn answer(document: &Document, operation: &Value, notes: &mut Vec<String>) -> Answer {
    let responses = operation.get("responses").and_then(Value::as_object);
    let mut status = Vec::new();
    let mut first = None;
    for (code, response) in responses.into_iter().flatten() {
        let number = match code.as_str() {
            "2XX" | "2xx" => Some(200),
            code => code.parse().ok(),
        };
        let Some(number) = number.filter(|it| (200..400).contains(it)) else {
            continue;
        };
        status.push(number);
        first = first.or(Some(response));
    }
    status.sort_unstable();
    let response = first.or_else(|| responses?.get("default"));
    if status.is_empty() {
        notes.push("the document names no status of success, 200 is a guess".into());
        status.push(200);
    }
    let content = response
        .and_then(|it| document.resolve(it)?.get("content")?.as_object())
        .filter(|it| !it.is_empty());
    let mut answer = Answer {
        status,
        ..Answer::default()
    };
    let Some(content) = content else {
        let has_no_body = answer.status.iter().all(|it| *it == 204 || *it >= 300);
        answer.content = if has_no_body { "none" } else { "any" };
        if !has_no_body {
            notes.push("the document does not say what the answer holds".into());
        }
        return answer;
    };
    // JSON is preferred: of it, rows and values can be tested.
    let is_json = |media: &str| media.contains("json");
    let chosen = content
        .iter()
        .find(|it| is_json(it.0))
        .or_else(|| content.iter().next());
    let Some((media, body)) = chosen else {
        return answer;
    };
    let schema = Schema::new(document, body.get("schema").unwrap_or(&Value::Null)).first_choice();
    let media = media_type(media);
    answer.content = kind(&media);
    if media == "*/*" && (schema.kind().is_some() || !schema.properties().is_empty()) {
        answer.content = "json";
        notes.push("the answer is taken for JSON".into());
    }
    if matches!(answer.content, "any" | "text") && media != "*/*" {
        answer.content_type = Some(media);
    }
    if answer.content == "json" {
        find_rows(&mut answer, schema, notes);
    }
    answer
}

/// The profile's word for a media type.
fn kind(media: &str) -> &'static str {
    match media {
        _ if media.contains("votable") => "votable",
        _ if media.contains("json") => "json",
        _ if media.contains("openmetrics") => "prometheus",
        _ if media.contains("fits") => "fits",
        "text/csv" | "application/csv" | "text/tab-separated-values" => "csv",
        "text/xml" | "application/xml" => "xml",
        _ if media.ends_with("+xml") => "xml",
        _ if media.starts_with("text/plain") => "text",
        _ => "any",
    }
}

/// Finds the list of rows in a JSON answer, and the position in a row.
fn find_rows(answer: &mut Answer, schema: Schema<'_>, notes: &mut Vec<String>) {
    let (pointer, items) = if let Some(items) = schema.items() {
        (String::new(), items)
    } else {
        let properties = schema.properties();
        let lists = properties
            .iter()
            .filter_map(|it| Some((it.name, it.schema.items()?)));
        let lists: Vec<_> = lists.collect();
        let likely = ROWS
            .iter()
            .find_map(|wanted| lists.iter().find(|it| it.0.eq_ignore_ascii_case(wanted)));
        let only = lists.first().filter(|_| lists.len() == 1);
        let Some((name, items)) = likely.or(only) else {
            return;
        };
        if lists.len() > 1 {
            notes.push(format!("the rows are taken to be in `{name}`"));
        }
        (
            format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            *items,
        )
    };
    answer.rows = Some(pointer);
    let properties = items.properties();
    let named = |meaning: Meaning| {
        let found = properties.iter().find(|it| Meaning::of(it.name) == meaning);
        found.map(|it| it.name.to_owned())
    };
    answer.position = named(Meaning::Ra).zip(named(Meaning::Dec));
}
