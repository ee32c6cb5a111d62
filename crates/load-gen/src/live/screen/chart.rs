//! Lines over time.

use common::render::figure;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use super::super::{Moment, words};

/// A line of a chart: its name, its colour, its value at a moment if there is one.
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) colour: Color,
    pub(super) value: fn(&Moment) -> Option<f64>,
}

/// How values become heights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    /// Decades.
    Log,
}

/// Draws a chart with its curves named in the title.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    scale: Scale,
    course: &[Moment],
    curves: &[Curve],
) {
    let names = curves
        .iter()
        .filter(|it| course.iter().any(|at| (it.value)(at).is_some()));
    let title = names.flat_map(|it| {
        let style = Style::new().fg(it.colour).add_modifier(Modifier::BOLD);
        [Span::styled(format!(" {}", it.name), style)]
    });
    let block = Block::bordered().title(title.chain([Span::raw(" ")]).collect::<Line<'_>>());
    let height = |value: f64| match scale {
        Scale::Linear => value,
        Scale::Log => libm::log10(value.max(LEAST)),
    };
    let pieces: Vec<(Color, Vec<(f64, f64)>)> = curves
        .iter()
        .flat_map(|it| {
            unbroken(course, it)
                .into_iter()
                .map(move |points| (it.colour, points))
        })
        .map(|(colour, points)| {
            let points = points.into_iter().map(|(t, value)| (t, height(value)));
            (colour, points.collect())
        })
        .collect();
    let heights = pieces
        .iter()
        .flat_map(|(_, points)| points.iter().map(|(_, y)| *y));
    let (bounds, labels) = match scale {
        Scale::Linear => linear(heights),
        Scale::Log => decades(heights, area.height.saturating_sub(3)),
    };
    let sets = pieces.iter().map(|(colour, points)| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(Style::new().fg(*colour))
            .data(points)
    });
    let dim = Style::new().add_modifier(Modifier::DIM);
    let times = times(course);
    let clocks = times.map(words::clock);
    let chart = Chart::new(sets.collect())
        .block(block)
        .legend_position(None)
        .x_axis(Axis::default().bounds(times).labels(clocks).style(dim))
        .y_axis(Axis::default().bounds(bounds).labels(labels).style(dim));
    frame.render_widget(chart, area);
}

/// Nothing is faster than a microsecond.
const LEAST: f64 = 1e-3;

/// The stretches of a curve without a gap.
fn unbroken(course: &[Moment], curve: &Curve) -> Vec<Vec<(f64, f64)>> {
    let mut pieces = Vec::new();
    let mut piece = Vec::new();
    for moment in course {
        match (curve.value)(moment) {
            Some(value) => piece.push((moment.t_s, value)),
            None => pieces.push(std::mem::take(&mut piece)),
        }
    }
    pieces.push(piece);
    pieces.retain(|it| !it.is_empty());
    pieces
}

fn times(course: &[Moment]) -> [f64; 2] {
    let first = course.first().map_or(0.0, |it| it.t_s);
    let last = course.last().map_or(1.0, |it| it.t_s + it.seconds);
    [first, last.max(first + 1.0)]
}

/// From 0 to a round figure above everything.
fn linear(heights: impl Iterator<Item = f64>) -> ([f64; 2], Vec<String>) {
    let most = round_above(heights.fold(0.0, f64::max));
    let labels = [0.0, most / 2.0, most].map(figure);
    ([0.0, most], labels.to_vec())
}

/// 1, 2, 4, 6 or 8 times a power of ten, at or above the value: their halves are round too.
fn round_above(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::log10(value).floor());
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        .map(|it| it * power)
        .into_iter()
        .find(|it| *it >= value)
        .unwrap_or(value)
}

/// Whole decades around everything, labelled as densely as the rows allow.
fn decades(heights: impl Iterator<Item = f64>, rows: u16) -> ([f64; 2], Vec<String>) {
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
        (low.min(it), high.max(it))
    });
    if !low.is_finite() {
        return ([0.0, 1.0], vec!["1".to_owned(), "10".to_owned()]);
    }
    let low = low.floor();
    let high = high.ceil().max(low + 1.0);
    let mut exponents = vec![low];
    while exponents.last().is_some_and(|it| *it < high) {
        exponents.extend(exponents.last().map(|it| it + 1.0));
    }
    if exponents.len() > usize::from(rows) {
        exponents = vec![low, high];
    }
    let labels = exponents.iter().map(|it| figure(libm::pow(10.0, *it)));
    ([low, high], labels.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_figures() {
        let tops = [0.0, 0.3, 1.0, 1.1, 4.9, 99.0, 501.0].map(|it| figure(round_above(it)));
        assert_eq!(
            tops,
            ["1.00", "0.400", "1.00", "2.00", "6.00", "100", "600"]
        );
    }

    #[test]
    fn a_logarithmic_axis_has_a_label_per_decade_where_they_fit() {
        let heights = || [0.2, 2.3].into_iter();
        assert_eq!(
            decades(heights(), 9),
            (
                [0.0, 3.0],
                ["1.00", "10.0", "100", "1,000"].map(str::to_owned).to_vec()
            )
        );
        assert_eq!(decades(heights(), 3).1.len(), 2);
        assert_eq!(decades([].into_iter(), 3).1, ["1", "10"]);
    }

    #[test]
    fn a_gap_breaks_a_curve() {
        let at = |t_s, p95_ms| Moment {
            t_s,
            seconds: 1.0,
            p95_ms,
            ..Moment::default()
        };
        let course = [
            at(0.0, Some(1.0)),
            at(1.0, None),
            at(2.0, Some(2.0)),
            at(3.0, Some(3.0)),
        ];
        let curve = Curve {
            name: "p95",
            colour: Color::Red,
            value: |it| it.p95_ms,
        };
        assert_eq!(
            unbroken(&course, &curve),
            vec![vec![(0.0, 1.0)], vec![(2.0, 2.0), (3.0, 3.0)]]
        );
    }
}
