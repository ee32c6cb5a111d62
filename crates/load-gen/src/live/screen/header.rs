//! The lines above everything: what runs, how far it is, the figures of the last second.

use common::render::figure;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{LineGauge, Paragraph};

use super::super::{Snapshot, State, Wanted, words};
use super::panes;

/// Draws the header: two lines, or four where the area has them.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, now: &Snapshot) {
    let [first, bar, figures, generator] = if area.height >= 4 {
        Layout::vertical([Constraint::Length(1); 4]).areas(area)
    } else {
        let [first, figures] = Layout::vertical([Constraint::Length(1); 2]).areas(area);
        [first, Rect::ZERO, figures, Rect::ZERO]
    };
    name(frame, first, now);
    frame.render_widget(Paragraph::new(figure_line(now, area.width)), figures);
    if !bar.is_empty() {
        progress(frame, bar, now);
        let line = format!(" generator: {}", words::generator(now));
        let style = if now.generator.limited_since.is_some() {
            Style::new().fg(panes::ALARM)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        };
        frame.render_widget(Paragraph::new(Line::styled(line, style)), generator);
    }
}

fn name(frame: &mut Frame<'_>, area: Rect, now: &Snapshot) {
    let badge = format!(" {} ", words::state(now.state));
    let width = u16::try_from(badge.len()).unwrap_or(area.width);
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
    let line = Line::from(vec![
        Span::styled(
            format!(" {}", words::one_line(&now.scenario)),
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Span::raw(format!(" at {}", words::one_line(&now.target))),
    ]);
    frame.render_widget(Paragraph::new(line), left);
    let colour = match now.state {
        State::Running => Color::Green,
        State::WarmingUp | State::Waiting => Color::Cyan,
        State::Paused | State::Stopping => Color::Yellow,
        State::Finished => Color::Blue,
    };
    let style = Style::new()
        .fg(colour)
        .add_modifier(Modifier::REVERSED | Modifier::BOLD);
    frame.render_widget(Paragraph::new(Line::styled(badge, style)), right);
}

fn progress(frame: &mut Frame<'_>, area: Rect, now: &Snapshot) {
    let text = format!(" {} ", words::progress(now));
    let Some(planned) = now.planned_s.filter(|it| *it > 0.0) else {
        frame.render_widget(Paragraph::new(text), area);
        return;
    };
    let ratio = (now.elapsed_s / planned).clamp(0.0, 1.0);
    frame.render_widget(
        LineGauge::default()
            .ratio(ratio)
            .label(text)
            .filled_symbol("━")
            .unfilled_symbol("─")
            .filled_style(Style::new().fg(Color::Green))
            .unfilled_style(Style::new().add_modifier(Modifier::DIM)),
        area,
    );
}

/// The figures of the last second, the most important first, since the end may be cut off.
fn figure_line(now: &Snapshot, width: u16) -> Line<'static> {
    let total = &now.total;
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut spans = vec![Span::styled(
        format!(" {}/s", figure(total.now_per_sec)),
        bold,
    )];
    let mut add = |text: String, style: Style| {
        spans.push(Span::raw("  "));
        spans.push(Span::styled(text, style));
    };
    let failed_style = if total.now_failed_per_sec > 0.0 {
        bold.fg(panes::ALARM)
    } else {
        Style::new()
    };
    add(
        format!("failed {}/s", figure(total.now_failed_per_sec)),
        failed_style,
    );
    add(
        format!(
            "p50 {} p95 {} p99 {} ms",
            words::or_dash(total.now_median_ms),
            words::or_dash(total.now_p95_ms),
            words::or_dash(total.now_p99_ms)
        ),
        Style::new(),
    );
    let load = match now.wanted {
        Wanted::Users(_) => format!("users {}", words::users_of_wanted(now)),
        Wanted::Rate(rate) => format!("wanted {}/s users {}", figure(rate), words::users(now)),
    };
    add(load, Style::new());
    if words::dropped(now) > 0 {
        add(
            format!("dropped {}", words::dropped(now)),
            bold.fg(panes::ALARM),
        );
    }
    if width >= 110 {
        let failed = words::failed_ratio(total.failed, total.succeeded);
        let share = failed.map_or_else(|| "–".to_owned(), |it| format!("{} %", figure(it * 100.0)));
        add(
            format!(
                "so far: {} ok, {} failed ({share})",
                total.succeeded, total.failed
            ),
            Style::new(),
        );
    }
    Line::from(spans)
}

/// What is told where there is no room for anything else.
pub(super) fn smallest(now: &Snapshot) -> Vec<Line<'static>> {
    let total = &now.total;
    vec![
        Line::from(format!(
            "{} {}/s",
            words::state(now.state),
            figure(total.now_per_sec)
        )),
        Line::from(format!("p95 {} ms", words::or_dash(total.now_p95_ms))),
        Line::from(format!("failed {}/s", figure(total.now_failed_per_sec))),
        Line::from(words::progress(now)),
        Line::from(format!("users {}", words::users_of_wanted(now))),
    ]
}
