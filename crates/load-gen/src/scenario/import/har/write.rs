//! The scenario as text.

use std::collections::BTreeSet;

use super::super::fit::Fit;
use super::super::text::{Page, key, name_of, quote};
use super::Visit;
use super::call::{Body, LeftOut};

/// What the recording is.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) file: String,
    pub(super) host: &'a str,
    pub(super) left_out: &'a LeftOut,
    pub(super) think: Option<Fit>,
}

/// The whole file.
pub(super) fn scenario(about: &About<'_>, visits: &[Visit]) -> String {
    let mut page = Page::default();
    page.comment(&format!(
        "Made of the recording {}: {} requests to {}.",
        about.file,
        visits.len(),
        about.host
    ));
    page.comment("Values in requests are those of the recording: look through them before you pass this file on.");
    for (what, count) in &about.left_out.others {
        page.comment(&format!("- left out: {count} {what}"));
    }
    if !about.left_out.headers.is_empty() {
        let names: Vec<&str> = about.left_out.headers.iter().map(String::as_str).collect();
        page.comment(&format!("- left out: the headers {}", names.join(", ")));
    }
    page.line("format = 1");
    page.entry(
        "name",
        &name_of(&format!("{} recording", about.host), &mut BTreeSet::new()),
    );
    page.entry(
        "description",
        &format!("what somebody did at {}", about.host),
    );
    if !about.left_out.variables.is_empty() {
        page.line("\n[variables]");
        page.comment("check: they were secrets, `--set NAME=…` fills them in");
        for name in about.left_out.variables.keys() {
            page.entry(name, "");
        }
    }
    let (names, distinct) = names(visits);
    persona(&mut page, about, visits, &names);
    for (name, visit) in distinct {
        request(&mut page, &name, visit);
    }
    page.0
}

/// The names of the requests, in the order of the visits, and those that differ.
fn names(visits: &[Visit]) -> (Vec<String>, Vec<(String, &Visit)>) {
    let mut taken = BTreeSet::from(["visitor".to_owned(), "visit".to_owned()]);
    let mut distinct: Vec<(String, &Visit)> = Vec::new();
    let mut names = Vec::new();
    for visit in visits {
        let known = distinct.iter().find(|(_, it)| {
            it.request == visit.request
                && it.status == visit.status
                && it.media == visit.media
                && it.captures == visit.captures
        });
        if let Some((name, _)) = known {
            names.push(name.clone());
            continue;
        }
        let words = visit
            .request
            .path
            .iter()
            .filter(|it| !it.contains('{'))
            .map(String::as_str);
        let words: Vec<&str> = words.collect();
        let name = name_of(
            &format!("{} {}", visit.request.method, words.join(" ")),
            &mut taken,
        );
        names.push(name.clone());
        distinct.push((name, visit));
    }
    (names, distinct)
}

fn persona(page: &mut Page, about: &About<'_>, visits: &[Visit], names: &[String]) {
    page.line("\n[load]");
    page.comment("check: a recording does not say how many people there are");
    page.line("users = 10\nspawn_rate = 1\nrun_time = \"5m\"\n\n[[persona]]");
    page.entry("name", "visitor");
    let think = about
        .think
        .as_ref()
        .map_or("{ log_normal = { median = \"5s\", sigma = 0.8 } }", |it| {
            it.think.as_str()
        });
    match &about.think {
        Some(fit) => page.comment(&format!(
            "pauses between the pages: median {:.3} s, mean {:.3} s; the fit is off by {:.0} % at most",
            fit.median_s,
            fit.mean_s,
            100.0 * fit.distance
        )),
        None => page.comment("check: the recording has no pauses, this is how people pause"),
    }
    page.line(&format!("think = {think}"));
    page.line("tasks = [{ name = \"visit\", flow = [");
    for (visit, name) in visits.iter().zip(names) {
        if visit.has_pause {
            page.line(&format!("    {{ pause = {think} }},"));
        }
        page.line(&format!("    \"{name}\","));
    }
    page.line("] }]");
}

fn request(page: &mut Page, name: &str, visit: &Visit) {
    let request = &visit.request;
    page.line("\n[[request]]");
    page.entry("name", name);
    if !visit.captures.is_empty() {
        page.line("capture = [");
        for capture in &visit.captures {
            let pointer = quote(&capture.pointer);
            page.line(&format!(
                "    {{ name = \"{}\", json = {pointer} }},",
                capture.name
            ));
        }
        page.line("]");
    }
    page.line("\n[request.request]");
    page.entry("method", &request.method);
    page.entry("path", &format!("/{}", request.path.join("/")));
    match &request.body {
        Body::Json(json) => page.line(&format!("json = {json}")),
        Body::Multipart(parts) => {
            page.line("multipart = [");
            for (name, text) in parts {
                page.line(&format!(
                    "    {{ name = {}, text = {} }},",
                    quote(name),
                    quote(text)
                ));
            }
            page.line("]");
        }
        Body::Form(fields) if fields.is_empty() => page.line("form = {}"),
        // Its fields are a section below those of the query.
        Body::Empty | Body::Form(_) => {}
    }
    page.section("request.request.query", &request.query);
    page.section("request.request.headers", &request.headers);
    if let Body::Form(fields) = &request.body {
        page.section("request.request.form", fields);
    }
    page.line("\n[request.success]");
    if visit.status != 200 {
        page.line(&format!("status = [{}]", visit.status));
    }
    let (content, has_type) = content(visit);
    page.entry("content", content);
    if has_type {
        page.line(&format!(
            "{} = [{}]",
            key("content_type"),
            quote(&visit.media)
        ));
    }
}

/// How the body is read, and whether its media type must be told.
fn content(visit: &Visit) -> (&'static str, bool) {
    let media = visit.media.as_str();
    let is_votable = media.contains("votable");
    match media {
        _ if visit.request.method == "HEAD" || matches!(visit.status, 204 | 205) => ("none", false),
        _ if (300..400).contains(&visit.status) => ("any", false),
        _ if visit.is_json => (
            "json",
            media != "application/json" && !media.ends_with("+json"),
        ),
        _ if is_votable => ("votable", true),
        "text/csv" | "text/tab-separated-values" => ("csv", false),
        "application/fits" | "image/fits" => ("fits", false),
        "text/xml" | "application/xml" => ("xml", false),
        "" | "x-unknown" => ("any", false),
        _ => ("any", media.contains('/')),
    }
}
