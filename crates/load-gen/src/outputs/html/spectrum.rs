//! Response times by how many requests were faster.

use std::cmp::Ordering;

use common::record::Series;
use common::render::optional;
use common::render::svg::{self, Axis, Chart, Line};
use common::units::{count_f64, round_u64};
use maud::{Markup, html};

use crate::outputs::Harvest;

/// Requests that get a line of their own beside all together.
const MOST_REQUESTS: usize = 4;
/// Points along each nine.
const POINTS_PER_NINE: f64 = 24.0;

/// The percentile plot of all requests and of those that took the most time.
pub(super) fn spectrum(harvest: &Harvest) -> Option<Markup> {
    let total = &harvest.tape.requests.total.response;
    if total.is_empty() {
        return None;
    }
    let mut requests: Vec<(&String, &Series)> = harvest
        .roster
        .requests
        .iter()
        .zip(harvest.tape.requests.classes.iter().map(|it| &it.response))
        .filter(|(_, series)| !series.is_empty())
        .collect();
    requests.sort_by(|a, b| {
        let (a, b) = (a.1.sum_seconds(), b.1.sum_seconds());
        b.partial_cmp(&a).unwrap_or(Ordering::Equal)
    });
    requests.truncate(MOST_REQUESTS);
    let mut lines = vec![line("all requests", total)];
    lines.extend(requests.iter().map(|(name, series)| line(name, series)));
    let values = lines.iter().flat_map(|it| &it.points);
    let lowest = values.filter_map(|it| it.1).reduce(f64::min)?;
    let highest = lines.iter().filter_map(Line::highest).reduce(f64::max)?;
    let chart = Chart {
        id: "nines",
        title: "Response time (ms, logarithmic) that this share of the requests did not exceed"
            .to_owned(),
        description: format!(
            "Of all requests half took at most {} ms, 99 % at most {} ms, all at most {} ms.",
            optional(total.quantile_ms(0.5)),
            optional(total.quantile_ms(0.99)),
            optional(total.max_ms())
        ),
        x: Axis::nines(count_f64(total.count())),
        y: Axis::around(lowest, highest),
        lines,
        shades: Vec::new(),
    };
    Some(html! {
        (svg::figure(&chart))
        p.note {
            "Each nine to the right is a tenth of the requests that are left. A line ends where there are no \
             more requests to tell. Shown are all requests and those on which users waited longest in all."
        }
    })
}

/// The quantiles of a series, as far as its samples tell.
fn line(name: &str, series: &Series) -> Line {
    let nines = libm::log10(count_f64(series.count()));
    let last = round_u64(nines * POINTS_PER_NINE);
    let points = (0..=last).map(|step| {
        let quantile = 1.0 - libm::pow(10.0, -count_f64(step) / POINTS_PER_NINE);
        (quantile, series.value_ms(quantile))
    });
    Line::new(name, points.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::sample;

    #[test]
    fn a_line_goes_through_the_percentiles() {
        let tape = sample::total(&sample::tapes(60));
        let series = &tape.requests.total.response;
        let line = line("all", series);
        let ninety = line
            .points
            .iter()
            .find(|it| (it.0 - 0.9).abs() < 1e-9)
            .unwrap();
        assert_eq!(ninety.1, series.quantile_ms(0.9));
        assert!(line.points.is_sorted_by(|a, b| a.1 <= b.1));
        let (last, _) = line.points.last().unwrap();
        assert!((1.0 - last) * count_f64(series.count()) > 0.9, "{last}");
    }
}
