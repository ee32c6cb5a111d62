//! Charts as SVG inside an HTML page: pure functions from figures to markup. Colours are those of the page's
//! style sheet, so that charts follow its light and dark theme.

mod axis;
mod path;
mod ticks;

#[cfg(test)]
mod tests;

use maud::{Markup, html};

pub use axis::{Axis, Scale};

/// Width of the drawing in its own units; the page scales it.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 260.0;
/// Room for the labels of the axes.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;

/// Lines over a common axis.
#[derive(Debug, Clone)]
pub struct Chart {
    /// A name that no other chart of the page has: letters and dashes.
    pub id: &'static str,
    /// What it shows.
    pub title: String,
    /// The same in a sentence with its most important figures, for those who cannot see it.
    pub description: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lines, the most important first; at most six.
    pub lines: Vec<Line>,
    /// Stretches of the x axis that something is to be said of.
    pub shades: Vec<Shade>,
}

/// One line of a chart.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// Points from left to right; a missing value is a gap.
    pub points: Vec<(f64, Option<f64>)>,
    /// Whether the area below it is filled.
    pub is_filled: bool,
}

/// A stretch of the x axis.
#[derive(Debug, Clone)]
pub struct Shade {
    /// What happened there.
    pub name: String,
    /// Its beginning.
    pub from: f64,
    /// Its end.
    pub to: f64,
}

impl Line {
    /// A line without a fill.
    pub fn new(name: impl Into<String>, points: Vec<(f64, Option<f64>)>) -> Self {
        Self {
            name: name.into(),
            points,
            is_filled: false,
        }
    }

    /// The same with the area below it filled.
    #[must_use]
    pub fn filled(mut self) -> Self {
        self.is_filled = true;
        self
    }

    /// The highest value.
    pub fn highest(&self) -> Option<f64> {
        let values = self.points.iter().filter_map(|(_, value)| *value);
        values.reduce(f64::max)
    }
}

/// The chart as a `<figure>` with its legend.
pub fn figure(chart: &Chart) -> Markup {
    html! {
        figure.chart {
            figcaption {
                b { (chart.title) }
                ul.legend {
                    @for (place, line) in chart.lines.iter().enumerate() {
                        li { (key(place)) (line.name) }
                    }
                    @for (place, name) in shade_names(chart).iter().enumerate() {
                        li { (shade_key(place)) (name) }
                    }
                }
            }
            div.scroll tabindex="0" role="group" aria-label=(chart.title) { (drawing(chart)) }
        }
    }
}

fn key(place: usize) -> Markup {
    html! {
        svg.key viewBox="0 0 24 8" aria-hidden="true" {
            path class=(stroke(place)) d="M1 4H23" {}
        }
    }
}

fn shade_key(place: usize) -> Markup {
    html! {
        svg.key viewBox="0 0 24 8" aria-hidden="true" {
            rect class=(shade_class(place)) x="4" y="0" width="16" height="8" {}
        }
    }
}

/// What stretches are about, each once.
fn shade_names(chart: &Chart) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for shade in &chart.shades {
        if !names.contains(&shade.name.as_str()) {
            names.push(&shade.name);
        }
    }
    names
}

fn shade_class(place: usize) -> String {
    format!("shade k{}", place % 2)
}

/// The class of a line; its colour and dashes are in the style sheet.
fn stroke(place: usize) -> String {
    format!("line s{}", place % 6)
}

fn drawing(chart: &Chart) -> Markup {
    let title = format!("{}-title", chart.id);
    let description = format!("{}-desc", chart.id);
    let (x, y) = (
        chart.x.on(LEFT, WIDTH - RIGHT),
        chart.y.on(HEIGHT - BOTTOM, TOP),
    );
    let base = HEIGHT - BOTTOM;
    let shades = shade_names(chart);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
            aria-labelledby=(format!("{title} {description}")) {
            title id=(title) { (chart.title) }
            desc id=(description) { (chart.description) }
            @for shade in &chart.shades {
                @let (from, to) = (x.place(shade.from), x.place(shade.to));
                @let kind = shades.iter().position(|it| *it == shade.name).unwrap_or_default();
                rect class=(shade_class(kind)) x=(path::short(from)) y=(TOP) width=(path::short((to - from).max(1.5)))
                    height=(base - TOP) { title { (shade.name) } }
            }
            @for (value, label) in y.ticks() {
                @let height = path::short(y.place(value));
                path.grid d=(format!("M{LEFT} {height}H{}", WIDTH - RIGHT)) {}
                text.tick x=(LEFT - 8.0) y=(height) dy=".32em" text-anchor="end" { (label) }
            }
            @for (value, label) in x.ticks() {
                @let across = path::short(x.place(value));
                path.grid d=(format!("M{across} {base}v4")) {}
                text.tick x=(across) y=(base + 18.0) text-anchor="middle" { (label) }
            }
            path.axis d=(format!("M{LEFT} {base}H{}", WIDTH - RIGHT)) {}
            // The first line is drawn last, above all others.
            @for (place, line) in chart.lines.iter().enumerate().rev() {
                @if line.is_filled {
                    path class=(format!("area s{}", place % 6)) d=(path::area(line, &x, &y, base)) {}
                }
                path class=(stroke(place)) d=(path::line(line, &x, &y)) {}
            }
        }
    }
}
