//! The profile as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::document::Document;
use super::operation::{Body, Draft};
use super::value::Meaning;
use crate::profile::Group;

/// Shares of the groups in a mixed workload, where a profile has the group.
const SHARES: [(Group, u32); 4] = [
    (Group::Health, 10),
    (Group::Monitoring, 10),
    (Group::Catalog, 60),
    (Group::Processing, 20),
];

/// The whole profile.
pub(super) fn profile(
    document: &Document,
    operations: &[Draft],
    variables: &BTreeMap<String, String>,
) -> String {
    let title = document.info("title").unwrap_or_else(|| "a service".into());
    let version = document.info("version");
    let version = version.map_or_else(String::new, |it| format!(", version {it}"));
    let mut out = String::new();
    comment(
        &mut out,
        &format!("Made of the OpenAPI document `{title}`{version}."),
    );
    for line in [
        "To edit, before anything is measured with it:",
        "- lines that begin with `check:`: what the document does not say or what was guessed;",
        "- weights, and the shares in [mixed];",
        "- operations that may change data have weight 0, so that nothing asks them;",
        "- one that starts a job needs [operation.job]: `app-perf apis astro-pipeline` has an example;",
        "- what a right answer is: `rows`, `equal`, `present`, `count`.",
    ] {
        comment(&mut out, line);
    }
    for server in document.servers() {
        comment(
            &mut out,
            &format!("Paths are below the base URL, by the document {server}"),
        );
    }
    let _ = writeln!(out, "format = 1");
    entry(&mut out, "name", &name_of(&title));
    entry(&mut out, "description", &title);
    if !variables.is_empty() {
        let _ = writeln!(out, "\n[variables]");
        for (name, value) in variables {
            entry(&mut out, name, value);
        }
    }
    let _ = writeln!(out, "\n[mixed]");
    for (group, share) in SHARES {
        if operations.iter().any(|it| it.is_safe && it.group == group) {
            let _ = writeln!(out, "{} = {share}", group.as_str());
        }
    }
    for draft in operations {
        operation(&mut out, draft);
    }
    out
}

fn operation(out: &mut String, draft: &Draft) {
    let _ = writeln!(out, "\n[[operation]]");
    entry(out, "name", &draft.name);
    entry(out, "group", draft.group.as_str());
    let _ = writeln!(out, "weight = {}", u8::from(draft.is_safe));
    entry(out, "description", one_line(&draft.description).trim());
    for note in &draft.notes {
        comment(out, &format!("check: {note}"));
    }
    for (name, template) in &draft.optional {
        let value = toml::Value::from(template.as_str());
        comment(
            out,
            &format!("optional in the query: {} = {value}", key(name)),
        );
    }
    let _ = writeln!(out, "\n[operation.request]");
    entry(out, "method", &draft.method);
    entry(out, "path", &draft.path);
    if let Body::Multipart(parts) = &draft.body {
        let _ = writeln!(out, "multipart = [");
        for (name, text) in parts {
            let name = toml::Value::from(name.as_str());
            let content = match text {
                Some(text) => format!("text = {}", toml::Value::from(text.as_str())),
                None => "file = \"fits\"".to_owned(),
            };
            let _ = writeln!(out, "    {{ name = {name}, {content} }},");
        }
        let _ = writeln!(out, "]");
    }
    if let Body::Json(json) = &draft.body
        && !json.is_table()
    {
        let _ = writeln!(out, "json = {json}");
    }
    section(out, "query", &draft.query);
    section(out, "headers", &draft.headers);
    match &draft.body {
        Body::Form(fields) => section(out, "form", fields),
        Body::Json(toml::Value::Table(table)) => {
            let _ = writeln!(out, "\n[operation.request.json]");
            for (name, value) in table {
                let _ = writeln!(out, "{} = {value}", key(name));
            }
        }
        _ => {}
    }
    success(out, draft);
}

fn success(out: &mut String, draft: &Draft) {
    let answer = &draft.answer;
    let _ = writeln!(out, "\n[operation.success]");
    if answer.status != [200] {
        let _ = writeln!(out, "status = {:?}", answer.status);
    }
    entry(out, "content", answer.content);
    if let Some(media) = &answer.content_type {
        let _ = writeln!(
            out,
            "content_type = [{}]",
            toml::Value::from(media.as_str())
        );
    }
    if let Some(rows) = &answer.rows {
        entry(out, "rows", rows);
    }
    if let Some((ra, dec)) = &answer.position {
        let [ra, dec] = [ra, dec].map(|it| toml::Value::from(it.as_str()));
        let _ = writeln!(out, "position = [{ra}, {dec}]");
    }
    let has_rows = answer.rows.is_some() || answer.content == "votable";
    if draft.is_cone() && (answer.position.is_some() || answer.content == "votable") {
        let _ = writeln!(out, "inside_cone = true");
    }
    let form = match &draft.body {
        Body::Form(fields) => fields.as_slice(),
        _ => &[],
    };
    let limit = draft
        .query
        .iter()
        .chain(form)
        .find(|it| Meaning::of(&it.0) == Meaning::Limit);
    if let Some((limit, _)) = limit.filter(|_| has_rows) {
        entry(out, "limit", limit);
    }
}

fn section(out: &mut String, name: &str, values: &[(String, String)]) {
    if values.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n[operation.request.{name}]");
    for (name, value) in values {
        entry(out, name, value);
    }
}

fn entry(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{} = {}", key(name), toml::Value::from(value));
}

fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", one_line(text));
}

/// A key as TOML writes it.
fn key(name: &str) -> String {
    let is_bare = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        return name.to_owned();
    }
    let quoted = serde_json::Value::from(name).to_string();
    // JSON and TOML agree but for this character, which JSON leaves as it is.
    quoted.replace('\u{7f}', "\\u007F")
}

/// A text without line ends and control characters, which a comment may not hold.
fn one_line(text: &str) -> String {
    let spaced = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it });
    let spaced: String = spaced.collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A short name of a title.
fn name_of(title: &str) -> String {
    let words = title.split(|it: char| !it.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|it| !it.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() {
        "service".into()
    } else {
        words.join("-")
    }
}
