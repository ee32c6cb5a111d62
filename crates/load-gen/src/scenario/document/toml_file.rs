//! TOML with places.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::error::Problems;
use super::{DEEPEST, Entry, Node, Tree};

pub(super) fn parse(text: &str, problems: &mut Problems<'_>) -> Option<Node> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        problems.at(span, "file", error.message().replace('\n', " "));
    }
    if !errors.is_empty() {
        return None;
    }
    let span = table.span();
    match entries(table.get_ref(), 0) {
        Ok(entries) => Some(Node {
            tree: Tree::Table(entries),
            span,
        }),
        Err((span, message)) => {
            problems.at(span, "file", message);
            None
        }
    }
}

type Wrong = (Range<usize>, String);

fn entries(table: &DeTable<'_>, depth: usize) -> Result<Vec<Entry>, Wrong> {
    let entries = table.iter().map(|(key, value)| {
        Ok(Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            node: node(value, depth + 1)?,
        })
    });
    let mut entries: Vec<Entry> = entries.collect::<Result<_, Wrong>>()?;
    entries.sort_by_key(|it| it.key_span.start);
    Ok(entries)
}

fn node(value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Wrong> {
    let span = value.span();
    if depth > DEEPEST {
        return Err((
            span,
            format!("values lie more than {DEEPEST} deep in each other"),
        ));
    }
    let no_number = |text: &str| (span.clone(), format!("`{text}` is too large a number"));
    let tree = match value.get_ref() {
        DeValue::String(text) => Tree::Text(text.to_string()),
        DeValue::Integer(number) => Tree::Whole(
            i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| no_number(number.as_str()))?,
        ),
        DeValue::Float(number) => Tree::Real(
            number
                .as_str()
                .parse()
                .map_err(|_| no_number(number.as_str()))?,
        ),
        DeValue::Boolean(truth) => Tree::Truth(*truth),
        DeValue::Datetime(time) => Tree::Text(time.to_string()),
        DeValue::Array(list) => {
            let list = list.iter().map(|it| node(it, depth + 1));
            Tree::List(list.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => Tree::Table(entries(table, depth)?),
    };
    Ok(Node { tree, span })
}
