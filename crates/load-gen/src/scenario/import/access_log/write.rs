//! The scenario as text.

use std::path::Path;

use common::units::{count_f64, round_u64};
use jiff::Timestamp;

use super::super::text::Page;
use super::robots::Kind;
use super::visits::Class;
use super::{Chosen, Survey};

/// The longest think time of a scenario, seconds.
const LONGEST_THINK: f64 = 86_400.0;

/// What the log is, what was left out, and the name of the scenario.
pub(super) fn head(file: &Path, survey: &Survey, chosen: &Chosen, with_robots: bool) -> Page {
    let mut page = Page::default();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let time =
        |seconds| Timestamp::from_second(seconds).map_or_else(|_| "?".into(), |it| it.to_string());
    page.comment(&format!(
        "Fitted to the log {name}: {} lines from {} to {}.",
        survey.lines,
        time(survey.first_s),
        time(survey.last_s)
    ));
    let requests = survey
        .visits
        .classes
        .iter()
        .flat_map(|it| it.shapes.values())
        .sum::<u64>();
    page.comment(&format!(
        "{requests} requests, {} a second on average{}.",
        figure(count_f64(requests) / survey.span_s()),
        busiest(survey)
    ));
    page.comment(
        "Values in requests are those of the log: look through them before you pass this file on.",
    );
    for note in left_out(survey, chosen, with_robots) {
        page.comment(&format!("- {note}"));
    }
    page.line("format = 1");
    let stem = name.split('.').next().unwrap_or_default();
    let mut none = std::collections::BTreeSet::new();
    page.entry("name", &super::name_of(&format!("{stem} log"), &mut none));
    page.entry("description", &format!("what the log {name} has"));
    page
}

fn busiest(survey: &Survey) -> String {
    // In a log of an hour or two the hours that it begins and ends in say nothing.
    let most = survey
        .hours
        .values()
        .max()
        .filter(|_| survey.hours.len() > 2);
    most.map_or_else(String::new, |most| {
        format!(
            ", {} in the busiest hour",
            figure(count_f64(*most) / 3600.0)
        )
    })
}

fn left_out(survey: &Survey, chosen: &Chosen, with_robots: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let mut told = |count: u64, what: &str| {
        if count > 0 {
            notes.push(format!("{count} {what}"));
        }
    };
    let place = survey.first_malformed.unwrap_or_default();
    told(
        survey.malformed,
        &format!("lines are of no known form, the first is line {place}: left out"),
    );
    for (method, count) in &survey.others {
        told(
            *count,
            &format!("{method} requests: left out, a log does not have their bodies"),
        );
    }
    told(
        survey.left_out,
        "requests are too long, or of one shape too many: left out",
    );
    told(
        chosen.failed,
        "requests of shapes that never had a right answer: left out",
    );
    told(
        chosen.rare,
        &format!(
            "requests of {} rarer shapes: left out, --most-requests keeps more",
            chosen.rare_shapes
        ),
    );
    told(
        survey.shapes.secrets,
        "parameters whose names say that they are secrets: left out",
    );
    told(
        survey.visits.cut,
        "visits were ended early, since too many went on at once",
    );
    if !with_robots {
        let robots = &survey.visits.classes[Kind::Robots.place()];
        told(
            robots.shapes.values().sum(),
            &format!(
                "requests of {} visits of robots: left out, --with-robots keeps them",
                robots.visits
            ),
        );
    }
    notes
}

/// Who asks: the load and the personas.
pub(super) fn personas(page: &mut Page, survey: &Survey, chosen: &Chosen, with_robots: bool) {
    let span_s = survey.span_s();
    let mut kinds = Vec::new();
    for kind in Kind::ALL
        .into_iter()
        .filter(|it| with_robots || *it != Kind::Robots)
    {
        let class = &survey.visits.classes[kind.place()];
        let kept = class
            .shapes
            .iter()
            .filter(|it| chosen.names.contains_key(it.0));
        let requests = kept.map(|it| *it.1).sum::<u64>();
        if requests > 0 {
            let rate = count_f64(requests) / span_s;
            kinds.push(Share::new(kind, class, rate));
        }
    }
    let at_once: f64 = kinds.iter().map(|it| it.at_once).sum();
    let rate: f64 = kinds.iter().map(|it| it.rate).sum();
    let users = round_u64(at_once).max(1);
    page.line("\n[load]");
    page.comment(&format!(
        "{} visits went on at once on average, until one think time after their last requests: {} requests a second",
        figure(at_once),
        figure(rate)
    ));
    if (count_f64(users) / at_once - 1.0).abs() > 0.2 {
        page.comment(&format!(
            "check: {users} users are so few that the rate is off: take the open load"
        ));
    }
    page.line(&format!("users = {users}"));
    page.line(&format!(
        "spawn_rate = {}",
        figure((count_f64(users) / 60.0).max(1.0))
    ));
    page.line("run_time = \"10m\"");
    page.comment("As an open load, which does not wait for a slow service, in place of these:");
    page.comment(&format!("rate = {}", figure(rate)));
    page.comment("arrivals = \"poisson\"");
    for share in kinds {
        share.write(page, span_s, chosen);
    }
}

/// One persona.
struct Share<'a> {
    kind: Kind,
    class: &'a Class,
    /// Requests that are asked again, per second.
    rate: f64,
    /// Visits at once.
    at_once: f64,
    think: String,
    notes: Vec<String>,
}

impl<'a> Share<'a> {
    fn new(kind: Kind, class: &'a Class, rate: f64) -> Self {
        if let Some(fit) = class.think() {
            let notes = vec![
                format!(
                    "pauses between two requests: median {} s, mean {} s; the fit is off by {:.0} % at most",
                    figure(fit.median_s),
                    figure(fit.mean_s),
                    100.0 * fit.distance
                ),
                "with the time of the answer, which the log does not have".to_owned(),
            ];
            let at_once = rate * fit.mean_s;
            return Self {
                kind,
                class,
                rate,
                at_once,
                think: fit.think,
                notes,
            };
        }
        // Every visit has one request: one user comes to the rate of all of them, or so many as it takes.
        let at_once = (1.0 / (rate * LONGEST_THINK)).max(1.0).recip();
        let mean_s = at_once / rate;
        let notes =
            vec!["check: no visit has two requests: the think time keeps the rate".to_owned()];
        let think = format!("{{ exponential = \"{:.3}s\" }}", mean_s.min(LONGEST_THINK));
        Self {
            kind,
            class,
            rate,
            at_once,
            think,
            notes,
        }
    }

    fn write(&self, page: &mut Page, span_s: f64, chosen: &Chosen) {
        page.line("\n[[persona]]");
        page.entry("name", self.kind.as_str());
        page.comment(match self.kind {
            Kind::People => "browsers and tools of people",
            Kind::Scripts => {
                "programs, by their names, and clients with a request a second and more"
            }
            Kind::Robots => {
                "crawlers and monitoring, by their names, and who asked for /robots.txt"
            }
        });
        page.comment(&format!(
            "{} visits, {} an hour, of {} requests each",
            self.class.visits,
            figure(count_f64(self.class.visits) / span_s * 3600.0),
            figure(self.class.requests_a_visit())
        ));
        page.line(&format!(
            "weight = {} # visits at once",
            figure(self.at_once.max(1e-6))
        ));
        for note in &self.notes {
            page.comment(note);
        }
        page.line(&format!("think = {}", self.think));
        page.line("tasks = [");
        for shape in &chosen.order {
            if let (Some(name), Some(count)) =
                (chosen.names.get(shape), self.class.shapes.get(shape))
            {
                page.line(&format!(
                    "    {{ request = \"{name}\", weight = {count} }},"
                ));
            }
        }
        page.line("]");
    }
}

/// The requests.
pub(super) fn requests(page: &mut Page, survey: &Survey, chosen: &Chosen) {
    for place in &chosen.order {
        let shape = usize::try_from(*place)
            .ok()
            .and_then(|it| survey.shapes.list.get(it));
        let (Some(shape), Some(name)) = (shape, chosen.names.get(place)) else {
            continue;
        };
        let total = shape.statuses.values().sum::<u64>();
        let (path, notes) = shape.path();
        let (query, query_notes) = shape.query();
        page.line("\n[[request]]");
        page.entry("name", name);
        let failed = shape
            .statuses
            .iter()
            .filter(|it| *it.0 >= 400)
            .map(|it| *it.1)
            .sum::<u64>();
        page.comment(&format!(
            "{total} times in the log, {failed} of them failed"
        ));
        for note in notes.iter().chain(&query_notes) {
            page.comment(note);
        }
        page.line("\n[request.request]");
        page.entry("method", &shape.method);
        page.entry("path", &path);
        page.section("request.request.query", &query);
        page.line("\n[request.success]");
        page.line(&format!("status = {:?}", statuses(&shape.statuses)));
        page.entry(
            "content",
            if shape.method == "HEAD" {
                "none"
            } else {
                "any"
            },
        );
    }
}

/// The statuses of right answers.
fn statuses(seen: &std::collections::BTreeMap<u16, u64>) -> Vec<u16> {
    let mut right: Vec<u16> = seen.keys().copied().filter(|it| *it < 400).collect();
    // Only who has an older copy is told that it did not change, or gets a part.
    if right.iter().any(|it| matches!(it, 206 | 304)) && !right.contains(&200) {
        right.insert(0, 200);
    }
    right
}

/// A figure with three digits that count, without an exponent.
pub(super) fn figure(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0".to_owned();
    }
    let places = 2.0 - libm::floor(libm::log10(value.abs()));
    let places = common::units::count_usize(round_u64(places.clamp(0.0, 9.0)));
    let text = format!("{value:.places$}");
    if text.contains('.') {
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    text
}
