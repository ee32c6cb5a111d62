//! Scenarios made of recordings of browsers.

mod call;
mod capture;
mod document;
mod write;

use serde_json::Value;

use self::call::{LeftOut, Request};
use self::capture::Capture;
use self::document::{Document, Entry};
use super::super::args::FromHar;
use super::ImportError;
use super::fit::{Fit, fit};
use super::text::is_asset;

/// A pause that is somebody's who thinks, seconds.
const SHORTEST_PAUSE: f64 = 1.0;

/// A request of the recording that the scenario asks.
#[derive(Debug)]
struct Visit {
    request: Request,
    status: u16,
    media: String,
    is_json: bool,
    /// The answer, where it is JSON and was not looked at yet.
    answer: Option<Value>,
    captures: Vec<Capture>,
    /// Whether somebody thought before it.
    has_pause: bool,
}

/// Makes a scenario of a recording: one persona that does what was recorded, with its pauses.
///
/// # Errors
/// A file that cannot be read, is no HTTP Archive or has no request to the host.
pub(crate) fn from_har(args: &FromHar) -> Result<String, ImportError> {
    let text = common::files::read(&args.file)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    of_text(&text, &name, args).map_err(|message| ImportError::content(&args.file, message))
}

fn of_text(text: &str, file: &str, args: &FromHar) -> Result<String, String> {
    let document: Document = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("it is no HTTP Archive 1.2: {error}"))?;
    let log = document.log;
    let host = match &args.host {
        Some(host) => host.to_ascii_lowercase(),
        None => {
            first_host(&log.pages, &log.entries).ok_or("there is no http or https request in it")?
        }
    };
    let mut entries: Vec<(&Entry, &str, (f64, f64))> = Vec::new();
    let mut left_out = LeftOut::default();
    for entry in &log.entries {
        let Some((of, target)) = host_of(&entry.request.url).filter(|it| is_host(&it.0, &host))
        else {
            left_out.count("requests to other hosts");
            continue;
        };
        let times = entry.times().ok_or_else(|| {
            format!("a request to {of} has no time that can be read in `startedDateTime`")
        })?;
        entries.push((entry, target, times));
    }
    if entries.is_empty() {
        return Err(format!("there is no request to the host `{host}` in it"));
    }
    entries.sort_by(|a, b| a.2.0.total_cmp(&b.2.0));
    let (mut visits, think) = visits(&entries, args.with_assets, &mut left_out);
    if visits.is_empty() {
        return Err(format!(
            "no request to `{host}` can be asked again: all are images, styles and scripts (`--with-assets` \
             keeps them), failed, or have bodies that a scenario cannot hold"
        ));
    }
    capture::captures(&mut visits);
    let about = write::About {
        file: file.to_owned(),
        host: &host,
        left_out: &left_out,
        think,
    };
    Ok(write::scenario(&about, &visits))
}

fn visits(
    entries: &[(&Entry, &str, (f64, f64))],
    with_assets: bool,
    left_out: &mut LeftOut,
) -> (Vec<Visit>, Option<Fit>) {
    let mut visits: Vec<Visit> = Vec::new();
    let mut pauses = Vec::new();
    let mut quiet_since: Option<f64> = None;
    let mut page: Option<&str> = None;
    let mut is_due = false;
    for (entry, target, (began, ended)) in entries {
        if let Some(since) = quiet_since {
            let pause = began - since;
            let is_next = entry.pageref.as_deref() != page && pause > 0.0;
            if pause >= SHORTEST_PAUSE || is_next {
                pauses.push((pause.min(86_400.0), 1));
                is_due = true;
            }
        }
        page = entry.pageref.as_deref();
        quiet_since = Some(quiet_since.map_or(*ended, |it| it.max(*ended)));
        if let Some(mut visit) = visit(entry, target, with_assets, left_out) {
            visit.has_pause = std::mem::take(&mut is_due) && !visits.is_empty();
            visits.push(visit);
        }
    }
    pauses.sort_by(|a: &(f64, u64), b| a.0.total_cmp(&b.0));
    (visits, fit(&pauses, 0.0))
}

/// `None` where it is not asked again.
fn visit(entry: &Entry, target: &str, with_assets: bool, left_out: &mut LeftOut) -> Option<Visit> {
    let media = entry.response.content.media();
    let path = target.split(['?', '#']).next().unwrap_or_default();
    if !with_assets && (is_asset(path) || is_asset_type(&media)) {
        left_out.count("images, fonts, styles and scripts (--with-assets keeps them)");
        return None;
    }
    let method = entry.request.method.as_str();
    let is_asked = matches!(method, "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE");
    if !is_asked {
        left_out.count("requests of the browser's own, such as OPTIONS");
        return None;
    }
    let status = u16::try_from(entry.response.status).ok();
    let Some(status) = status.filter(|it| (200..400).contains(it)) else {
        left_out.count("requests that failed");
        return None;
    };
    let Some(request) = Request::read(&entry.request, target, left_out) else {
        left_out.count("requests whose bodies a scenario cannot hold");
        return None;
    };
    // A browser that has an older copy is told that it did not change; a user of a test has none.
    let status = if status == 304 { 200 } else { status };
    let has_body =
        !(300..400).contains(&status) && !matches!(status, 204 | 205) && method != "HEAD";
    let answer = entry
        .response
        .content
        .json()
        .filter(|_| has_body && media.contains("json"));
    Some(Visit {
        request,
        status,
        is_json: answer.is_some(),
        media,
        answer,
        captures: Vec::new(),
        has_pause: false,
    })
}

fn is_asset_type(media: &str) -> bool {
    let is_picture = media.starts_with("image/") && media != "image/fits";
    is_picture || media.starts_with("font/") || media.contains("javascript") || media == "text/css"
}

/// The host of the first page, or of the first request.
fn first_host(pages: &[document::PageOf], entries: &[Entry]) -> Option<String> {
    let page = pages.first().map(|it| it.id.as_str());
    let of_page = entries
        .iter()
        .filter(|it| page.is_some() && it.pageref.as_deref() == page);
    let mut hosts = of_page
        .chain(entries)
        .filter_map(|it| host_of(&it.request.url));
    hosts.next().map(|it| it.0)
}

/// The host with its port, without a user's name and password, and the target.
fn host_of(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let host = authority.rsplit('@').next()?.to_ascii_lowercase();
    (!host.is_empty()).then_some((host, target))
}

/// Whether a host, with its port or without, is the one that is meant.
fn is_host(host: &str, wanted: &str) -> bool {
    host == wanted || host.rsplit_once(':').is_some_and(|it| it.0 == wanted)
}
