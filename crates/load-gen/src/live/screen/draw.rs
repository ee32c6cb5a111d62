//! The whole picture, laid out for the size there is.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::super::words;
use super::keys::KEYS;
use super::state::{Tab, ViewState};
use super::{header, panes};

/// Below this there is room for figures only.
const SMALLEST: (u16, u16) = (30, 8);

/// Draws the view.
pub fn draw(frame: &mut Frame<'_>, state: &ViewState) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        frame.render_widget(Paragraph::new(header::smallest(&state.now)), area);
        return;
    }
    let spacious = area.height >= 18;
    let warnings = words::warnings(&state.now);
    let shown = u16::try_from(warnings.len())
        .unwrap_or(u16::MAX)
        .min(if area.height >= 40 { 4 } else { 1 });
    let [top, alarm, tabs, body, foot] = Layout::vertical([
        Constraint::Length(if spacious { 4 } else { 2 }),
        Constraint::Length(shown),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    header::draw(frame, top, &state.now);
    frame.render_widget(Paragraph::new(alarms(&warnings, usize::from(shown))), alarm);
    frame.render_widget(Paragraph::new(tab_line(state, area.width)), tabs);
    page(frame, body, state);
    frame.render_widget(Paragraph::new(foot_line(state, area.width)), foot);
    if state.helps {
        help(frame, area);
    }
}

/// As many warnings as fit; where some do not, the last line counts them.
fn alarms(warnings: &[String], room: usize) -> Vec<Line<'static>> {
    let style = Style::new().fg(panes::ALARM).add_modifier(Modifier::BOLD);
    let hidden = warnings.len().saturating_sub(room);
    let mut lines: Vec<String> = warnings
        .iter()
        .take(room)
        .map(|it| words::one_line(it))
        .collect();
    if hidden > 0
        && let Some(last) = lines.last_mut()
    {
        *last = format!("(+{hidden}) {last}");
    }
    lines
        .into_iter()
        .map(|line| Line::styled(format!(" ! {line}"), style))
        .collect()
}

fn tab_line(state: &ViewState, width: u16) -> Line<'static> {
    let chosen = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
    // Where not all titles fit, only the chosen one is written out.
    let roomy = width >= 72;
    let spans = Tab::ALL.iter().enumerate().flat_map(|(place, tab)| {
        let is_chosen = *tab == state.tab;
        let text = if roomy || is_chosen {
            format!(" {} {} ", place + 1, tab.title())
        } else {
            format!(" {} ", place + 1)
        };
        let style = if is_chosen { chosen } else { Style::new() };
        [Span::styled(text, style), Span::raw(" ")]
    });
    spans.collect()
}

fn foot_line(state: &ViewState, width: u16) -> Line<'static> {
    if state.asks_to_stop {
        let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        return Line::styled(" stop the run? s or Enter: yes · any other key: no ", style);
    }
    let dim = Style::new().add_modifier(Modifier::DIM);
    if let Some((wanted, _)) = state.asked {
        return Line::styled(format!(" asked for {}", words::wanted(wanted)), dim);
    }
    let text = if width >= 78 {
        " p pause · + - one · > < 10 % · s stop · q leave · o order · ↑ ↓ scroll · ? help"
    } else {
        " p pause · s stop · q leave · ? help"
    };
    Line::styled(text, dim)
}

fn page(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    match state.tab {
        Tab::Overview => overview(frame, area, state),
        Tab::Requests => panes::requests(frame, area, state),
        Tab::Charts => charts(frame, area, state),
        Tab::Failures => panes::failures(frame, area, &state.now, state.scroll),
        Tab::Workers => panes::workers(frame, area, &state.now, state.scroll),
        Tab::Limits => panes::limits_and_sky(frame, area, &state.now, state.scroll),
    }
}

fn overview(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    if area.width < 60 || area.height < 13 {
        panes::requests(frame, area, state);
        return;
    }
    let is_large = area.width >= 140 && area.height >= 34;
    let share = if is_large { 45 } else { 50 };
    let [top, bottom] =
        Layout::vertical([Constraint::Percentage(share), Constraint::Fill(1)]).areas(area);
    if !is_large {
        let [left, right] = Layout::horizontal([Constraint::Fill(1); 2]).areas(top);
        panes::rate_chart(frame, left, state);
        panes::time_chart(frame, right, state);
        panes::requests(frame, bottom, state);
        return;
    }
    let [left, middle, right] = Layout::horizontal([
        Constraint::Fill(2),
        Constraint::Fill(2),
        Constraint::Fill(1),
    ])
    .areas(top);
    panes::rate_chart(frame, left, state);
    panes::time_chart(frame, middle, state);
    panes::users_chart(frame, right, state);
    let [left, right] =
        Layout::horizontal([Constraint::Percentage(58), Constraint::Fill(1)]).areas(bottom);
    panes::requests(frame, left, state);
    beside(frame, right, state);
}

/// What stands beside the requests where there is room: failures, workers if there are any, limits.
fn beside(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let workers = u32::from(!state.now.workers.is_empty());
    let [failures, middle, limits] = Layout::vertical([
        Constraint::Ratio(1, 2 + workers),
        Constraint::Ratio(workers, 2 + workers),
        Constraint::Fill(1),
    ])
    .areas(area);
    panes::failures(frame, failures, &state.now, 0);
    if workers > 0 {
        panes::workers(frame, middle, &state.now, 0);
    }
    panes::limits_and_sky(frame, limits, &state.now, 0);
}

fn charts(frame: &mut Frame<'_>, area: Rect, state: &ViewState) {
    let draw = [
        panes::rate_chart,
        panes::time_chart,
        panes::users_chart,
        panes::cpu_chart,
    ];
    let columns: usize = if area.width >= 100 { 2 } else { 1 };
    let most = usize::from(area.height / 7).max(1);
    let rows = most.min(draw.len() / columns);
    let lines = Layout::vertical(vec![Constraint::Fill(1); rows]).split(area);
    let cells = lines.iter().flat_map(|line| {
        let cells = Layout::horizontal(vec![Constraint::Fill(1); columns]).split(*line);
        cells.to_vec()
    });
    // Where not all fit, scrolling would hide what belongs together: the first ones are the most telling.
    for (cell, draw) in cells.zip(draw) {
        draw(frame, cell, state);
    }
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let widest = 70.min(area.width);
    let tallest = u16::try_from(KEYS.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height);
    let place = Rect {
        x: (area.width - widest) / 2,
        y: (area.height - tallest) / 2,
        width: widest,
        height: tallest,
    };
    let lines = KEYS.map(|(keys, meaning)| Line::from(format!(" {keys:<14} {meaning}")));
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(lines.to_vec()).block(Block::bordered().title(" Keys ")),
        place,
    );
}
