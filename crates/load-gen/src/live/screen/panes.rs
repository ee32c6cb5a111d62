//! The parts of the pages.

use common::render::{amount, figure};
use common::units::count_f64;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Wrap};

use super::super::{FailureRow, LimitRow, Row, SkyFigures, Snapshot, WorkerRow, words};
use super::chart::{self, Curve, Scale};
use super::state::ViewState;
use super::table::{self, Column, Styled, number, text};

/// The colour of what is wrong; it is always in words too.
pub(super) const ALARM: Color = Color::Red;

/// Requests per second.
pub(super) fn rate_chart(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let curves = [
        Curve {
            name: "wanted/s",
            colour: Color::Blue,
            value: |it| it.wanted_per_sec,
        },
        Curve {
            name: "requests/s",
            colour: Color::Green,
            value: |it| Some(it.succeeded_per_sec),
        },
        Curve {
            name: "failed/s",
            colour: ALARM,
            value: |it| Some(it.failed_per_sec),
        },
    ];
    chart::draw(frame, area, Scale::Linear, &state.course, &curves);
}

/// Percentiles of the response time.
pub(super) fn time_chart(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let curves = [
        Curve {
            name: "ms: p99",
            colour: Color::Magenta,
            value: |it| it.p99_ms,
        },
        Curve {
            name: "p95",
            colour: Color::Yellow,
            value: |it| it.p95_ms,
        },
        Curve {
            name: "p50",
            colour: Color::Cyan,
            value: |it| it.median_ms,
        },
    ];
    chart::draw(frame, area, Scale::Log, &state.course, &curves);
}

/// Users.
pub(super) fn users_chart(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let curves = [Curve {
        name: "users",
        colour: Color::Blue,
        value: |it| Some(count_f64(it.users)),
    }];
    chart::draw(frame, area, Scale::Linear, &state.course, &curves);
}

/// The generator's own load.
pub(super) fn cpu_chart(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let curves = [Curve {
        name: "generator CPU %",
        colour: Color::Yellow,
        value: |it| it.cpu_ratio.map(|cpu| cpu * 100.0),
    }];
    chart::draw(frame, area, Scale::Linear, &state.course, &curves);
}

const REQUESTS: [Column<Row>; 13] = [
    text("request", 0, 0, |it| it.name.clone()),
    text("method", 6, 100, |it| it.method.clone()),
    number("req/s", 7, 0, |it| figure(it.now_per_sec)),
    number("ok", 10, 70, |it| amount(count_f64(it.succeeded))),
    number("failed", 8, 40, |it| amount(count_f64(it.failed))),
    number("p50 ms", 7, 48, |it| words::or_dash(it.median_ms)),
    number("p95 ms", 7, 30, |it| words::or_dash(it.p95_ms)),
    number("p99 ms", 7, 60, |it| words::or_dash(it.p99_ms)),
    number("max ms", 7, 90, |it| words::or_dash(it.max_ms)),
    number("avg ms", 7, 112, |it| words::or_dash(it.avg_ms)),
    number("min ms", 7, 120, |it| words::or_dash(it.min_ms)),
    number("now p95", 8, 80, |it| words::or_dash(it.now_p95_ms)),
    number("bytes", 8, 128, |it| words::or_dash(it.avg_bytes)),
];

/// The requests, then the personas and the classes of radii.
pub(super) fn requests(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let now = &state.now;
    let plain = |row| (row, Style::new());
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let dim = Style::new().add_modifier(Modifier::DIM);
    let mut rows: Vec<Styled<'_, Row>> = state.requests().into_iter().map(plain).collect();
    for (_, style) in rows
        .iter_mut()
        .filter(|(row, _)| row.now_failed_per_sec > 0.0)
    {
        *style = Style::new().fg(ALARM);
    }
    rows.push((&now.total, bold));
    rows.extend(now.personas.iter().chain(&now.radii).map(|row| (row, dim)));
    let title = format!("Requests, {}", state.order.title());
    table::draw(frame, area, &title, &REQUESTS, &rows, state.scroll);
}

const FAILURES: [Column<FailureRow>; 4] = [
    number("count", 9, 0, |it| amount(count_f64(it.count))),
    text("request", 18, 40, |it| it.request.clone()),
    text("kind", 18, 60, |it| it.kind.clone()),
    text("example", 0, 0, |it| it.example.clone()),
];

/// The failures by request and kind.
pub(super) fn failures(frame: &mut Frame<'_>, area: Rect, now: &Snapshot, scroll: usize) {
    if now.failures.is_empty() {
        return remark(frame, area, "Failures", "no request failed so far");
    }
    let rows: Vec<_> = now.failures.iter().map(|it| (it, Style::new())).collect();
    table::draw(frame, area, "Failures", &FAILURES, &rows, scroll);
}

const WORKERS: [Column<WorkerRow>; 7] = [
    text("worker", 0, 0, |it| it.name.clone()),
    text("state", 8, 0, |it| it.state.clone()),
    number("users", 7, 0, |it| it.users.to_string()),
    number("req/s", 8, 40, |it| figure(it.now_per_sec)),
    number("CPU", 6, 48, |it| {
        it.cpu_ratio.map_or_else(|| "–".to_owned(), words::percent)
    }),
    number("clock ms", 9, 60, |it| words::or_dash(it.clock_offset_ms)),
    number("trip ms", 8, 70, |it| words::or_dash(it.round_trip_ms)),
];

/// The workers of a distributed run.
pub(super) fn workers(frame: &mut Frame<'_>, area: Rect, now: &Snapshot, scroll: usize) {
    if now.workers.is_empty() {
        return remark(frame, area, "Workers", "all load comes from this process");
    }
    let style = |row: &WorkerRow| match row.state.as_str() {
        "missing" => Style::new().fg(ALARM),
        _ => Style::new(),
    };
    let rows: Vec<_> = now.workers.iter().map(|it| (it, style(it))).collect();
    table::draw(frame, area, "Workers", &WORKERS, &rows, scroll);
}

const LIMITS: [Column<LimitRow>; 3] = [
    text("verdict", 8, 0, |it| verdict(it).to_owned()),
    text("limit", 0, 0, |it| it.limit.clone()),
    number("figure", 10, 40, |it| words::or_dash(it.figure)),
];

fn verdict(limit: &LimitRow) -> &'static str {
    match limit.holds {
        Some(true) => "holds",
        Some(false) => "BROKEN",
        None => "no data",
    }
}

/// What the limits say, and below the figures that only this field has.
pub(super) fn limits_and_sky(frame: &mut Frame<'_>, area: Rect, now: &Snapshot, scroll: usize) {
    let figures = sky(&now.sky);
    let tall = u16::try_from(figures.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height / 2);
    let tall = if figures.is_empty() { 0 } else { tall };
    let [limits, below] =
        Layout::vertical([Constraint::Fill(1), Constraint::Length(tall)]).areas(area);
    if now.limits.is_empty() {
        remark(
            frame,
            limits,
            "Limits",
            "none: --threshold 'p95 < 500ms' sets one",
        );
    } else {
        let style = |row: &LimitRow| match row.holds {
            Some(false) => Style::new().fg(ALARM).add_modifier(Modifier::BOLD),
            _ => Style::new(),
        };
        let rows: Vec<_> = now.limits.iter().map(|it| (it, style(it))).collect();
        table::draw(frame, limits, "Limits", &LIMITS, &rows, scroll);
    }
    let lines: Vec<Line<'_>> = figures.into_iter().map(Line::from).collect();
    frame.render_widget(
        Paragraph::new(lines).block(Block::bordered().title(" Sky ")),
        below,
    );
}

/// The figures of the field that there are, a line each.
fn sky(sky: &SkyFigures) -> Vec<String> {
    let lines = [
        ("cone searches", sky.cone_searches_per_sec, "/s"),
        ("sources", sky.sources_per_sec, "/s"),
        ("cross-matches", sky.cross_matches_per_sec, "/s"),
        ("matched pairs", sky.matched_pairs_per_sec, "/s"),
        ("FITS", sky.fits_megabytes, " MB"),
        ("FITS files", sky.fits_files_per_hour, "/h"),
        ("queue wait p50", sky.job_queue_wait_median_ms, " ms"),
        ("queue wait p95", sky.job_queue_wait_p95_ms, " ms"),
        ("processing p50", sky.fits_processing_median_ms, " ms"),
        ("processing p95", sky.fits_processing_p95_ms, " ms"),
    ];
    lines
        .into_iter()
        .filter_map(|(name, value, unit)| Some(format!(" {name:<16} {:>9}{unit}", figure(value?))))
        .collect()
}

fn remark(frame: &mut Frame<'_>, area: Rect, title: &str, text: &str) {
    let block = Block::bordered().title(format!(" {title} "));
    let style = Style::new().add_modifier(Modifier::DIM);
    let paragraph =
        Paragraph::new(Line::styled(format!(" {text}"), style)).wrap(Wrap { trim: false });
    frame.render_widget(paragraph.block(block), area);
}
