//! The course over time.

use common::render::page::mark;
use common::render::svg::{self, Axis, Chart, Line, Shade};
use common::render::{figure, grouped, optional};
use common::units::{count_f64, size_f64};
use jiff::Timestamp;
use maud::{Markup, html};

use crate::live::Moment;
use crate::outputs::Harvest;

/// Curves have at most so many points: two to a pixel of a wide screen would not be seen.
const MOST_POINTS: usize = 600;

/// The curves over time.
pub(super) fn course(harvest: &Harvest) -> Option<Markup> {
    let moments = thinned(&harvest.course);
    let first = moments.first()?;
    let last = moments.last()?;
    let seconds = last.t_s + last.seconds;
    let width = first.seconds;
    let shades = shades(harvest, seconds);
    let charts = [
        Some(rates(&moments, seconds, &shades)),
        times(&moments, seconds, &shades),
        Some(users(&moments, seconds, &shades)),
        wanted(&moments, seconds, &shades),
    ];
    Some(html! {
        @for chart in charts.into_iter().flatten() { (svg::figure(&chart)) }
        @if width > 1.5 {
            p.note { "Each point stands for " (figure(width)) " s: rates are means, times are the highest of those seconds." }
        }
        @if harvest.course.iter().any(|it| it.dropped > 0) {
            (dropped(&harvest.course))
        }
    })
}

/// The course in at most so many steps: means of rates, the highest of times.
fn thinned(course: &[Moment]) -> Vec<Moment> {
    let step = course.len().div_ceil(MOST_POINTS).max(1);
    course.chunks(step).map(together).collect()
}

fn together(moments: &[Moment]) -> Moment {
    let seconds: f64 = moments.iter().map(|it| it.seconds).sum();
    let mean = |value: fn(&Moment) -> f64| {
        let sum: f64 = moments.iter().map(|it| value(it) * it.seconds).sum();
        if seconds > 0.0 { sum / seconds } else { 0.0 }
    };
    let highest =
        |value: fn(&Moment) -> Option<f64>| moments.iter().filter_map(value).reduce(f64::max);
    Moment {
        t_s: moments.first().map_or(0.0, |it| it.t_s),
        seconds,
        users: moments.iter().map(|it| it.users).max().unwrap_or_default(),
        wanted_per_sec: moments
            .iter()
            .any(|it| it.wanted_per_sec.is_some())
            .then(|| mean(|it| it.wanted_per_sec.unwrap_or_default())),
        succeeded_per_sec: mean(|it| it.succeeded_per_sec),
        failed_per_sec: mean(|it| it.failed_per_sec),
        dropped: moments.iter().map(|it| it.dropped).sum(),
        median_ms: highest(|it| it.median_ms),
        p95_ms: highest(|it| it.p95_ms),
        p99_ms: highest(|it| it.p99_ms),
        max_ms: highest(|it| it.max_ms),
        cpu_ratio: highest(|it| it.cpu_ratio),
    }
}

/// Times of which something is to be said.
fn shades(harvest: &Harvest, end_s: f64) -> Vec<Shade> {
    let since = |at: Timestamp| {
        at.duration_since(harvest.began)
            .as_secs_f64()
            .clamp(0.0, end_s)
    };
    let away = harvest.workers.iter().flat_map(|it| &it.absences);
    let away = away.map(|it| Shade {
        name: "a worker was away".to_owned(),
        from: it.from_s,
        to: it.until_s,
    });
    let limited = harvest.audit.limited.iter().map(|(from, to)| Shade {
        name: "the generator was too busy".to_owned(),
        from: since(*from),
        to: since(*to),
    });
    away.chain(limited).collect()
}

fn line(name: &str, moments: &[Moment], value: fn(&Moment) -> Option<f64>) -> Line {
    let points = moments.iter().map(|it| (it.t_s, value(it)));
    Line::new(name, points.collect())
}

fn highest(lines: &[Line]) -> f64 {
    let values = lines.iter().filter_map(Line::highest);
    values.fold(0.0, f64::max)
}

fn rates(moments: &[Moment], seconds: f64, shades: &[Shade]) -> Chart {
    let lines = vec![
        line("succeeded", moments, |it| Some(it.succeeded_per_sec)).filled(),
        line("failed", moments, |it| Some(it.failed_per_sec)).filled(),
    ];
    let mean = |line: &Line| {
        let sum: f64 = line.points.iter().filter_map(|it| it.1).sum();
        figure(sum / size_f64(line.points.len().max(1)))
    };
    Chart {
        id: "rates",
        title: "Requests per second".to_owned(),
        description: format!(
            "On average {} succeeded and {} failed per second; at most {} succeeded.",
            mean(&lines[0]),
            mean(&lines[1]),
            optional(lines[0].highest())
        ),
        x: Axis::time(seconds),
        y: Axis::up_to(highest(&lines)),
        lines,
        shades: shades.to_vec(),
    }
}

fn times(moments: &[Moment], seconds: f64, shades: &[Shade]) -> Option<Chart> {
    let lines = vec![
        line("median", moments, |it| it.median_ms),
        line("99th percentile", moments, |it| it.p99_ms),
        line("95th percentile", moments, |it| it.p95_ms),
        line("longest", moments, |it| it.max_ms),
    ];
    let values = lines.iter().flat_map(|it| &it.points);
    let lowest = values.filter_map(|it| it.1).reduce(f64::min)?;
    Some(Chart {
        id: "times",
        title: "Response time in each second, ms (logarithmic)".to_owned(),
        description: format!(
            "The median was at most {} ms, the longest response {} ms.",
            optional(lines[0].highest()),
            optional(lines[3].highest())
        ),
        x: Axis::time(seconds),
        y: Axis::around(lowest, highest(&lines)),
        lines: lines
            .into_iter()
            .filter(|it| it.highest().is_some())
            .collect(),
        shades: shades.to_vec(),
    })
}

fn users(moments: &[Moment], seconds: f64, shades: &[Shade]) -> Chart {
    let most = moments.iter().map(|it| it.users).max().unwrap_or_default();
    let lines = vec![line("users", moments, |it| Some(count_f64(it.users))).filled()];
    Chart {
        id: "users",
        title: "Users".to_owned(),
        description: format!("At most {} users at once.", grouped(most)),
        x: Axis::time(seconds),
        y: Axis::up_to(highest(&lines)),
        lines,
        shades: shades.to_vec(),
    }
}

/// Arrivals that were wanted and those that were dropped, in an open load.
fn wanted(moments: &[Moment], seconds: f64, shades: &[Shade]) -> Option<Chart> {
    let lines = vec![
        line("wanted", moments, |it| it.wanted_per_sec),
        line("dropped", moments, |it| {
            (it.seconds > 0.0).then(|| count_f64(it.dropped) / it.seconds)
        }),
    ];
    let most = lines[0].highest()?;
    Some(Chart {
        id: "wanted",
        title: "Iterations per second".to_owned(),
        description: format!(
            "At most {} iterations per second were wanted and {} dropped.",
            figure(most),
            optional(lines[1].highest())
        ),
        x: Axis::time(seconds),
        y: Axis::up_to(highest(&lines)),
        lines,
        shades: shades.to_vec(),
    })
}

fn dropped(course: &[Moment]) -> Markup {
    let first = course.iter().find(|it| it.dropped > 0);
    let count: u64 = course.iter().map(|it| it.dropped).sum();
    html! {
        p {
            (mark(common::render::page::Tone::Doubtful, "dropped")) " "
            (super::counted(count, "iteration")) " could not start in time"
            @if let Some(first) = first { ", the first " (super::length(first.t_s)) " after the start" }
            "."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_course_keeps_its_sums_and_its_worst_times() {
        let course: Vec<Moment> = (0..3600_u32)
            .map(|at| Moment {
                t_s: f64::from(at),
                seconds: 1.0,
                succeeded_per_sec: f64::from(at % 7),
                dropped: u64::from(at % 2),
                max_ms: Some(if at == 1801 { 900.0 } else { 5.0 }),
                ..Moment::default()
            })
            .collect();
        let thin = thinned(&course);
        assert_eq!(thin.len(), MOST_POINTS);
        assert_eq!(thin.iter().map(|it| it.dropped).sum::<u64>(), 1800);
        let sum = |course: &[Moment]| -> f64 {
            course
                .iter()
                .map(|it| it.succeeded_per_sec * it.seconds)
                .sum()
        };
        assert!((sum(&thin) - sum(&course)).abs() < 1e-6);
        let worst = thin.iter().find(|it| it.max_ms == Some(900.0)).unwrap();
        assert!(worst.t_s <= 1801.0 && worst.t_s + worst.seconds > 1801.0);
    }
}
