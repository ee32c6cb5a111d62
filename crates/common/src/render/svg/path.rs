//! Lines as path data.

use std::fmt::Write as _;

use super::Line;
use super::axis::Placed;

/// A coordinate to a tenth, without a needless zero.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// The stretches of a line without gaps, in coordinates.
fn stretches(line: &Line, x: &Placed, y: &Placed) -> Vec<Vec<(f64, f64)>> {
    let mut stretches = vec![Vec::new()];
    for (at, value) in &line.points {
        let value = value.filter(|it| it.is_finite());
        match (value, stretches.last_mut()) {
            (Some(value), Some(stretch)) => stretch.push((x.place(*at), y.place(value))),
            (None, Some(stretch)) if !stretch.is_empty() => stretches.push(Vec::new()),
            _ => {}
        }
    }
    stretches.retain(|it| !it.is_empty());
    stretches
}

pub(super) fn line(line: &Line, x: &Placed, y: &Placed) -> String {
    let mut data = String::new();
    for stretch in stretches(line, x, y) {
        through(&mut data, 'M', &stretch);
        if stretch.len() == 1 {
            // A lone point is a short dash.
            data.push_str("m-1.5 0h3");
        }
    }
    data
}

/// The same, closed along the base.
pub(super) fn area(line: &Line, x: &Placed, y: &Placed, base: f64) -> String {
    let mut data = String::new();
    for stretch in stretches(line, x, y) {
        if let (Some((first, _)), Some((last, _))) = (stretch.first(), stretch.last()) {
            let _ = write!(data, "M{} {}", short(*first), short(base));
            through(&mut data, 'L', &stretch);
            let _ = write!(data, "L{} {}z", short(*last), short(base));
        }
    }
    data
}

fn through(data: &mut String, first: char, points: &[(f64, f64)]) {
    for (place, (x, y)) in points.iter().enumerate() {
        // After the first point, coordinates alone mean lines.
        let command = match place {
            0 => first,
            1 => 'L',
            _ => ' ',
        };
        let _ = write!(data, "{command}{} {}", short(*x), short(*y));
    }
}
