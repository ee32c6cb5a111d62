//! Scenarios made of `OpenAPI` documents.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use service::profile::{Group, Operation, Profile};

use super::super::args::FromOpenapi;
use super::ImportError;
use super::text::Page;

/// Makes a scenario of an `OpenAPI` 3 document: its operations, and a persona that asks those that only ask.
///
/// # Errors
/// A file that cannot be read or is no `OpenAPI` document.
pub(crate) fn from_openapi(args: &FromOpenapi) -> Result<String, ImportError> {
    let text = common::files::read(&args.file)?;
    let wrong = |message: String| ImportError::content(&args.file, message);
    let profile = service::profile::from_openapi(&text).map_err(|it| wrong(it.to_string()))?;
    let origin = args.file.display().to_string();
    let read = Profile::parse(&profile, &origin, &BTreeMap::new());
    let read = read.map_err(|it| wrong(format!("what was made of it is wrong: {it}")))?;
    let (head, operations) = match profile.find("\n[[operation]]") {
        Some(place) => profile.split_at(place),
        None => return Err(wrong("there is no operation in it".to_owned())),
    };
    let mut page = Page::default();
    let mut is_mixed = false;
    // The shares of groups are those of app-perf; a scenario has personas instead.
    for line in head.lines() {
        is_mixed = line == "[mixed]" || is_mixed && !line.starts_with('[');
        if !is_mixed && !is_of_profiles(line) {
            page.line(line);
        }
    }
    persona(&mut page, &read);
    page.0.push_str(&as_requests(operations));
    Ok(page.0)
}

/// Whether a comment of the profile speaks of what scenarios do not have.
fn is_of_profiles(line: &str) -> bool {
    ["# - weights", "# - one that starts", "# - operations that"]
        .iter()
        .any(|it| line.starts_with(it))
}

fn persona(page: &mut Page, profile: &Profile) {
    let mut asked: Vec<&Operation> = profile
        .operations
        .iter()
        .filter(|it| it.weight > 0.0)
        .collect();
    asked.retain(|it| !it.needs_job());
    let is_safe = !asked.is_empty();
    if !is_safe {
        asked = profile
            .operations
            .iter()
            .filter(|it| !it.needs_job())
            .collect();
    }
    let mut name = "visitor".to_owned();
    while profile.operations.iter().any(|it| it.name == name) {
        name.push('_');
    }
    page.line("\n[load]");
    page.comment("check: a document does not say how much a service is used");
    page.line("users = 10\nspawn_rate = 1\nrun_time = \"5m\"\n\n[[persona]]");
    page.entry("name", &name);
    page.comment(
        "check: this is how people pause; weights are alike but for health and monitoring",
    );
    page.line("think = { log_normal = { median = \"5s\", sigma = 0.8 } }");
    if is_safe {
        page.comment(
            "Operations that may change data are below, but in no task: add those that are meant.",
        );
    } else {
        page.comment("check: every operation may change data, do you want to ask all of these?");
    }
    page.line("tasks = [");
    for operation in asked {
        let weight = match operation.group {
            Group::Health | Group::Monitoring => 1,
            Group::Catalog | Group::Processing => 5,
        };
        let name = super::text::quote(&operation.name);
        page.line(&format!("    {{ request = {name}, weight = {weight} }},"));
    }
    page.line("]");
}

/// Operations of a profile as requests of a scenario; lines inside texts stay as they are.
fn as_requests(operations: &str) -> String {
    let mut out = String::new();
    let mut is_text = false;
    for line in operations.lines() {
        let delimiters = line.matches("\"\"\"").count() + line.matches("'''").count();
        let is_header = !is_text && line.starts_with('[');
        is_text ^= delimiters % 2 == 1;
        let line = if is_header {
            line.replacen("[operation", "[request", 1)
        } else {
            line.to_owned()
        };
        let _ = writeln!(out, "{line}");
    }
    out
}
