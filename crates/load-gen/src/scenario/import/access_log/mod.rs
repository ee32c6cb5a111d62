//! Scenarios fitted to the log of a web server.
//!
//! The log is read as a stream; what is kept of it is bounded, however long it is.

mod line;
mod reader;
mod replay;
mod robots;
mod shape;
mod slot;
mod visits;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use common::cli::parse_duration;

use self::line::{Line, line};
use self::shape::Shapes;
use self::visits::{Asked, Visits};
use super::super::args::FromAccessLog;
use super::text::{is_asset, name_of};
use super::{ImportError, Imported};

/// The pauses that can end a visit, seconds.
const GAPS: std::ops::RangeInclusive<f64> = 1.0..=86_400.0;
/// Hours whose requests are counted; a log of a year has fewer.
const MOST_HOURS: usize = 10_000;

/// What a log says.
#[derive(Debug)]
struct Survey {
    shapes: Shapes,
    visits: Visits,
    lines: u64,
    malformed: u64,
    first_malformed: Option<u64>,
    /// Requests that are not asked again, since the log does not have their bodies, by their methods.
    others: BTreeMap<String, u64>,
    /// Requests that are too long, or of one shape too many.
    left_out: u64,
    first_s: i64,
    last_s: i64,
    /// Requests by the hours since 1970.
    hours: BTreeMap<i64, u64>,
}

impl Survey {
    fn new(gap_s: i64) -> Self {
        Self {
            shapes: Shapes::new(),
            visits: Visits::new(gap_s),
            lines: 0,
            malformed: 0,
            first_malformed: None,
            others: BTreeMap::new(),
            left_out: 0,
            first_s: i64::MAX,
            last_s: i64::MIN,
            hours: BTreeMap::new(),
        }
    }

    fn read(&mut self, text: &str) {
        self.lines += 1;
        if text.trim().is_empty() {
            return;
        }
        if let Some(line) = line(text) {
            self.add(&line);
        } else {
            self.malformed += 1;
            self.first_malformed.get_or_insert(self.lines);
        }
    }

    fn add(&mut self, line: &Line<'_>) {
        if !is_asked_again(line.method) {
            // There are few methods, whatever a log has in their place.
            if self.others.len() < 16 || self.others.contains_key(line.method) {
                *self.others.entry(line.method.to_owned()).or_default() += 1;
            }
            return;
        }
        let Some(shape) = self.shapes.add(line.method, line.target, line.status) else {
            self.left_out += 1;
            return;
        };
        self.first_s = self.first_s.min(line.at_s);
        self.last_s = self.last_s.max(line.at_s);
        let hour = line.at_s.div_euclid(3600);
        if self.hours.len() < MOST_HOURS || self.hours.contains_key(&hour) {
            *self.hours.entry(hour).or_default() += 1;
        }
        let asked = Asked {
            at_s: line.at_s,
            shape,
            is_asset: is_asset(line.target.split('?').next().unwrap_or_default()),
            told: robots::told(line.agent, line.target),
        };
        self.visits.add(line.host, line.agent, asked);
    }

    /// How long the log is, at least a second.
    fn span_s(&self) -> f64 {
        let span = self.last_s.saturating_sub(self.first_s).max(1);
        common::units::count_f64(span.unsigned_abs())
    }

    /// The shapes that the scenario asks, the most frequent first, with their names; and how many requests
    /// of rarer ones, and of ones that never had a right answer, are left out.
    fn choose(&self, is_wanted: impl Fn(robots::Kind) -> bool, most: usize) -> Chosen {
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        for kind in robots::Kind::ALL.into_iter().filter(|it| is_wanted(*it)) {
            for (shape, count) in &self.visits.classes[kind.place()].shapes {
                *counts.entry(*shape).or_default() += count;
            }
        }
        let mut ranked: Vec<(u32, u64)> = counts.into_iter().collect();
        ranked.sort_by_key(|it| std::cmp::Reverse(it.1));
        let mut chosen = Chosen::default();
        let mut names = BTreeSet::new();
        for (place, count) in ranked {
            let shape = usize::try_from(place).ok();
            let Some(shape) = shape.and_then(|it| self.shapes.list.get(it)) else {
                continue;
            };
            if !shape.statuses.keys().any(|it| *it < 400) {
                chosen.failed += count;
            } else if chosen.names.len() >= most {
                chosen.rare += count;
                chosen.rare_shapes += 1;
            } else {
                let name = name_of(&shape.words(), &mut names);
                chosen.order.push(place);
                chosen.names.insert(place, name);
            }
        }
        chosen
    }
}

/// The shapes that a scenario asks.
#[derive(Debug, Default)]
struct Chosen {
    order: Vec<u32>,
    names: BTreeMap<u32, String>,
    rare: u64,
    rare_shapes: u64,
    failed: u64,
}

/// Whether a request can be asked again as the log has it: without a body and without harm.
fn is_asked_again(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

/// Fits a scenario to a log.
///
/// # Errors
/// A file that cannot be read, without requests, or with none of the wanted kind; flags out of range.
pub(crate) fn from_access_log(args: &FromAccessLog) -> Result<Imported, ImportError> {
    let FromAccessLog {
        file,
        visit_gap,
        with_robots,
        most_requests,
        replay: is_replay,
        speed,
    } = args;
    let gap = parse_duration(visit_gap).map(|it| it.as_secs_f64());
    let Some(gap) = gap.filter(|it| GAPS.contains(it)) else {
        let message = format!("must be a time from 1s to 24h, got `{visit_gap}`");
        let flag = "--visit-gap";
        return Err(ImportError::Flag { flag, message });
    };
    if *most_requests == 0 {
        let message = "must be at least 1, got `0`".to_owned();
        let flag = "--most-requests";
        return Err(ImportError::Flag { flag, message });
    }
    if !(1e-3..=1e6).contains(speed) {
        let message = format!("must be a factor from 0.001 to 1000000, got `{speed}`");
        let flag = "--speed";
        return Err(ImportError::Flag { flag, message });
    }
    let gap_s = i64::try_from(common::units::round_u64(gap)).unwrap_or(1800);
    let mut survey = Survey::new(gap_s);
    read(file, |it| survey.read(it))?;
    survey.visits.finish();
    let is_wanted = |kind| *with_robots || kind != robots::Kind::Robots;
    let chosen = survey.choose(is_wanted, *most_requests);
    if chosen.order.is_empty() {
        return Err(ImportError::content(file, nothing(&survey, *with_robots)));
    }
    let mut page = write::head(file, &survey, &chosen, *with_robots);
    let mut beside = None;
    if *is_replay {
        beside = Some(replay::replay(&mut page, &survey, &chosen, args)?);
    } else {
        write::personas(&mut page, &survey, &chosen, *with_robots);
    }
    write::requests(&mut page, &survey, &chosen);
    Ok(Imported {
        scenario: page.0,
        beside,
    })
}

fn read(file: &Path, each: impl FnMut(&str)) -> Result<(), ImportError> {
    reader::lines(file, each).map_err(|source| ImportError::Read {
        path: file.to_owned(),
        source,
    })
}

/// Why a log has nothing to make a scenario of.
fn nothing(survey: &Survey, with_robots: bool) -> String {
    let robots = survey.visits.classes[robots::Kind::Robots.place()].visits;
    if let (true, Some(first)) = (survey.shapes.list.is_empty(), survey.first_malformed) {
        format!(
            "no line is of the common or combined format with a GET or HEAD request; the first that is not \
             is line {first} of {}",
            survey.lines
        )
    } else if robots > 0 && !with_robots {
        format!("only robots were answered ({robots} visits): give `--with-robots` to keep them")
    } else {
        format!(
            "no GET or HEAD request with a right answer in {} lines",
            survey.lines
        )
    }
}
