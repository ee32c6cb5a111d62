//! The report as one page that needs nothing but itself.

mod course;
mod failures;
mod generator;
mod iterations;
mod load;
mod notes;
mod requests;
mod sky;
mod spectrum;
mod verdict;

#[cfg(test)]
mod tests;

use common::render::page::{page as whole_page, section};
use common::render::{figure, optional};
use common::report::Report;
use maud::{Markup, html};

use super::Harvest;

/// The page of a run.
pub fn page(report: &Report, harvest: &Harvest) -> String {
    let scenario = &harvest.last.scenario;
    let parts = [
        ("thresholds", "Thresholds", verdict::thresholds(report)),
        ("ratings", "Ratings", verdict::ratings(report)),
        (
            "load",
            "What was offered",
            Some(load::load(report, harvest)),
        ),
        ("course", "The course of the run", course::course(harvest)),
        ("spectrum", "Latency spectrum", spectrum::spectrum(harvest)),
        ("requests", "Requests", requests::requests(harvest)),
        ("iterations", "Iterations", iterations::iterations(harvest)),
        ("failures", "Failures", failures::failures(harvest)),
        ("sky", "Astronomical figures", sky::sky(harvest)),
        (
            "generator",
            "The generator itself",
            Some(generator::generator(harvest)),
        ),
        ("workers", "Workers", generator::workers(harvest)),
        (
            "recommendations",
            "Recommendations",
            notes::recommendations(report),
        ),
        (
            "limitations",
            "What the figures do not say",
            Some(notes::limitations(report, harvest)),
        ),
    ];
    let present: Vec<(&str, &str, Markup)> = parts
        .into_iter()
        .filter_map(|(id, heading, content)| Some((id, heading, content?)))
        .collect();
    let head = html! {
        h1 { "Load test “" (scenario) "”" }
        p.sub { (harvest.last.target) " · " (verdict::when(harvest)) }
        nav aria-label="Parts of this page" {
            ul {
                @for (id, heading, _) in &present {
                    li { a href=(format!("#{id}")) { (heading) } }
                }
            }
        }
    };
    let mut body = vec![verdict::banner(report, harvest)];
    let sections = present
        .iter()
        .map(|(id, heading, content)| section(id, heading, content));
    body.extend(sections);
    let foot = format!(
        "{} {} · run {} · seed {} · response times count from when a request was due, and are those of \
         requests that succeeded, unless it says otherwise",
        report.tool.name, report.tool.version, report.run.id, report.run.seed
    );
    whole_page(&format!("Load test {scenario}"), &head, &body, &foot)
}

/// A time for a table.
fn ms(value: Option<f64>) -> Markup {
    html! { (optional(value)) }
}

/// A share of something, in percent.
fn percent(part: u64, of: u64) -> String {
    use common::units::count_f64;
    if of == 0 {
        "–".to_owned()
    } else {
        format!("{} %", figure(100.0 * count_f64(part) / count_f64(of)))
    }
}

/// A length of time for sentences: `45 s`, `2 min`, `1 h 30 min`.
fn length(seconds: f64) -> String {
    let whole = common::units::round_u64(seconds);
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    let mut words = Vec::new();
    for (count, unit) in [(hours, "h"), (minutes, "min"), (rest, "s")] {
        if count > 0 {
            words.push(format!("{count} {unit}"));
        }
    }
    if words.is_empty() || seconds < 10.0 {
        format!("{} s", figure(seconds))
    } else {
        words.join(" ")
    }
}

/// A word with its number: `1 user`, `2 users`.
fn counted(count: u64, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {word}{plural}", common::render::grouped(count))
}
