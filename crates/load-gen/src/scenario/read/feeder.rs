//! Feeders: records from a file beside the scenario, or inline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use service::profile::is_value_name;

use super::super::document::Node;
use super::super::error::Problems;
use super::super::fields::Fields;
use super::super::model::{FeedOrder, Feeder};

/// Columns that a feeder may have.
const MOST_COLUMNS: usize = 1000;

type Files = BTreeMap<PathBuf, String>;

/// Columns and records.
type Table = (Vec<String>, Vec<Vec<String>>);

/// The `[[feeder]]`s of a file; those that are wrong are left out.
pub(super) fn feeders(nodes: &[Node], files: &Files, problems: &mut Problems<'_>) -> Vec<Feeder> {
    let mut feeders: Vec<Feeder> = Vec::new();
    for node in nodes {
        let Some(feeder) = feeder(node, files, problems) else {
            continue;
        };
        if feeders.iter().any(|it| it.name == feeder.name) {
            let message = format!("there are two feeders `{}`", feeder.name);
            problems.at(
                node.span.clone(),
                &format!("feeder `{}`", feeder.name),
                message,
            );
        }
        feeders.push(feeder);
    }
    feeders
}

fn feeder(node: &Node, files: &Files, problems: &mut Problems<'_>) -> Option<Feeder> {
    let shown = node.get("name").and_then(Node::text).unwrap_or_default();
    let mut fields = Fields::of(node, &format!("feeder `{shown}`"), problems)?;
    let name = fields.text("name", problems).filter(|it| is_value_name(it));
    if name.is_none() {
        fields.wrong(problems, "needs a `name` of letters, digits, _ and -");
    }
    let order = match fields.text("order", problems) {
        None | Some("circular") => Some(FeedOrder::Circular),
        Some("random") => Some(FeedOrder::Random),
        Some("once") => Some(FeedOrder::Once),
        Some(other) => {
            let message = format!("the order is `circular`, `random` or `once`, got `{other}`");
            fields.wrong(problems, message);
            None
        }
    };
    let table = match (fields.get("file"), fields.get("records")) {
        (Some(_), None) => {
            let name = fields.text("file", problems);
            name.and_then(|it| file(it, &fields, files, problems))
        }
        (None, Some(records)) => inline(records, &fields, problems),
        _ => {
            let message = "has either a `file` (.csv or .json) or `records`, a list of tables";
            fields.wrong(problems, message);
            None
        }
    };
    if let Some((columns, records)) = &table {
        check(&fields, columns, records, problems);
    }
    fields.finish(problems);
    let (columns, records) = table?;
    Some(Feeder {
        name: name?.to_owned(),
        order: order?,
        columns,
        records: Arc::new(records),
    })
}

fn check(
    fields: &Fields<'_>,
    columns: &[String],
    records: &[Vec<String>],
    problems: &mut Problems<'_>,
) {
    if records.is_empty() {
        fields.wrong(problems, "has no records");
    }
    if columns.len() > MOST_COLUMNS {
        let message = format!(
            "has {} columns, at most {MOST_COLUMNS} are read",
            columns.len()
        );
        fields.wrong(problems, message);
    }
    for (place, column) in columns.iter().enumerate() {
        if column.is_empty() || column.contains(['{', '}']) {
            let message = format!("`{column}` cannot be the name of a column");
            fields.wrong(problems, message);
        }
        if columns[..place].contains(column) {
            fields.wrong(problems, format!("has two columns `{column}`"));
        }
    }
}

fn file(
    name: &str,
    fields: &Fields<'_>,
    files: &Files,
    problems: &mut Problems<'_>,
) -> Option<Table> {
    let Some(text) = files.get(Path::new(name)) else {
        fields.wrong(
            problems,
            format!("the file `{name}` was not given with the scenario"),
        );
        return None;
    };
    let text = text.trim_start_matches('\u{feff}');
    let extension = Path::new(name).extension().and_then(|it| it.to_str());
    let table = match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => csv(text),
        Some("json") => json(text),
        _ => {
            let message = format!("records come from a .csv or .json file, got `{name}`");
            fields.wrong(problems, message);
            return None;
        }
    };
    match table {
        Ok(table) => Some(table),
        Err((line, message)) => {
            problems.elsewhere(name, line, message);
            None
        }
    }
}

fn csv(text: &str) -> Result<Table, (usize, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        (common::units::count_usize(line), error.to_string())
    };
    let header = reader.headers().map_err(wrong)?;
    let columns: Vec<String> = header.iter().map(str::to_owned).collect();
    let records = reader.records().map(|record| {
        let record = record.map_err(wrong)?;
        Ok(record.iter().map(str::to_owned).collect())
    });
    Ok((columns, records.collect::<Result<_, _>>()?))
}

/// A list of objects; a record without a column has an empty text there.
fn json(text: &str) -> Result<Table, (usize, String)> {
    type Record = serde_json::Map<String, serde_json::Value>;
    let records: Vec<Record> = serde_json::from_str(text).map_err(|error| {
        let message = format!("must be a list of objects: {error}");
        (error.line().max(1), message)
    })?;
    let mut columns: Vec<String> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for (number, record) in records.into_iter().enumerate() {
        let mut row = vec![String::new(); columns.len()];
        for (name, value) in record {
            let text = match value {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text,
                serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                    let message =
                        format!("`{name}` of record {} is a list or an object", number + 1);
                    return Err((1, message));
                }
                other => other.to_string(),
            };
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push(name.clone());
                columns.len() - 1
            });
            if row.len() <= place {
                row.resize(place + 1, String::new());
            }
            row[place] = text;
        }
        rows.push(row);
    }
    for row in &mut rows {
        row.resize(columns.len(), String::new());
    }
    Ok((columns, rows))
}

fn inline(node: &Node, fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<Table> {
    let list = node.elements().filter(|it| !it.is_empty());
    let first = list.and_then(|it| it.first()?.entries());
    let (Some(list), Some(first)) = (list, first) else {
        let message = "must be a list of tables: [{ name = \"M31\", ra = 10.68, dec = 41.27 }]";
        fields.wrong_at(node, "records", problems, message);
        return None;
    };
    let columns: Vec<String> = first.iter().map(|it| it.key.clone()).collect();
    let mut rows = Vec::new();
    for (place, record) in list.iter().enumerate() {
        let entries = record.entries().unwrap_or(&[]);
        let row = columns.iter().map(|column| record.get(column)?.plain());
        match row.collect::<Option<Vec<String>>>() {
            Some(row) if entries.len() == columns.len() => rows.push(row),
            _ => {
                let message = format!(
                    "every record needs a plain value for each of {}, as the first one has",
                    columns.join(", ")
                );
                let key = format!("records[{}]", place + 1);
                fields.wrong_at(record, &key, problems, message);
            }
        }
    }
    (rows.len() == list.len()).then_some((columns, rows))
}
