//! What came out, in a line, and the figures that are looked at first.

use common::assess::{BandVerdict, Rating, ThresholdVerdict, Verdict};
use common::render::page::{Column, Tile, Tone, mark, table, tiles};
use common::render::{figure, grouped, optional};
use common::report::Report;
use common::units::{count_f64, size_u64};
use jiff::Timestamp;
use maud::{Markup, html};

use super::{counted, length, percent};
use crate::outputs::{Ending, Harvest};

/// The verdict and the largest figures.
pub(super) fn banner(report: &Report, harvest: &Harvest) -> Markup {
    let (tone, words) = headline(report, harvest);
    let ending = ending(&harvest.ending);
    let worst = report
        .assessment
        .thresholds
        .iter()
        .find(|it| it.verdict == Verdict::Fail);
    html! {
        section class=(format!("banner {}", tone.class())) aria-labelledby="verdict" {
            h2 id="verdict" { (words) }
            @if let Some(worst) = worst {
                p { code { (worst.threshold) } " – " (worst.reason) }
            }
            @if let Some(ending) = ending { p { (ending) } }
            @if !harvest.last.notes.is_empty() {
                ul.plain { @for note in &harvest.last.notes { li { (note) } } }
            }
            (tiles(&figures(harvest)))
        }
    }
}

fn headline(report: &Report, harvest: &Harvest) -> (Tone, String) {
    let thresholds = &report.assessment.thresholds;
    let all = size_u64(thresholds.len());
    let number = |wanted| size_u64(thresholds.iter().filter(|it| it.verdict == wanted).count());
    if harvest.tape.requests.total.response.is_empty() {
        return (Tone::Bad, "No request succeeded".to_owned());
    }
    match report.assessment.verdict() {
        _ if thresholds.is_empty() => {
            (Tone::Plain, "Measured; no thresholds were given".to_owned())
        }
        Verdict::Fail => (
            Tone::Bad,
            format!(
                "Failed: {} of {all} thresholds broken",
                number(Verdict::Fail)
            ),
        ),
        Verdict::NoData => (
            Tone::Doubtful,
            format!(
                "Undecided: {} of {all} thresholds without data",
                number(Verdict::NoData)
            ),
        ),
        Verdict::Pass if all == 1 => (Tone::Good, "Passed: the threshold held".to_owned()),
        Verdict::Pass => (Tone::Good, format!("Passed: all {all} thresholds held")),
    }
}

fn ending(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Finished => None,
        Ending::Stopped => Some("Somebody stopped the run before its planned end.".to_owned()),
        Ending::Aborted(why) => Some(format!("The run was ended early: {why}.")),
        Ending::GaveUp => Some(
            "The run was ended early: nothing had succeeded for long while failures went on."
                .to_owned(),
        ),
        Ending::NoWorkers => Some("The run was ended early: no worker was left.".to_owned()),
    }
}

fn figures(harvest: &Harvest) -> Vec<Tile> {
    let total = &harvest.tape.requests.total;
    let response = &total.response;
    let ended = response.count() + total.failed;
    let seconds = harvest.measured_s;
    let rate = (seconds > 0.0).then(|| count_f64(response.count()) / seconds);
    let iterations = &harvest.tape.iterations;
    let tile = |label: &str, value: String, unit: &str, note: String, is_bad| Tile {
        label: label.to_owned(),
        value,
        unit: unit.to_owned(),
        note,
        is_bad,
    };
    let time = |label, quantile| {
        let value = response.quantile_ms(quantile);
        let unit = if value.is_some() { "ms" } else { "" };
        let note = if value.is_none() {
            "too few samples"
        } else {
            ""
        };
        tile(label, optional(value), unit, note.to_owned(), false)
    };
    vec![
        tile(
            "Requests",
            grouped(ended),
            "",
            format!("in {}", length(seconds)),
            false,
        ),
        tile(
            "Rate",
            optional(rate),
            "/s",
            "that succeeded".to_owned(),
            false,
        ),
        tile(
            "Failed",
            percent(total.failed, ended),
            "",
            counted(total.failed, "request"),
            total.failed > 0,
        ),
        time("Median", 0.5),
        time("95th percentile", 0.95),
        time("99th percentile", 0.99),
        tile(
            "Dropped iterations",
            grouped(iterations.dropped()),
            "",
            format!("of {} planned", grouped(iterations.planned())),
            iterations.dropped() > 0,
        ),
    ]
}

/// The thresholds with their verdicts.
pub(super) fn thresholds(report: &Report) -> Option<Markup> {
    let thresholds = &report.assessment.thresholds;
    let columns = [
        Column::Words("threshold"),
        Column::Words("verdict"),
        Column::Text("why"),
        Column::Figures("samples"),
    ];
    let row = |it: &ThresholdVerdict| {
        let (tone, word) = match it.verdict {
            Verdict::Pass => (Tone::Good, "PASS"),
            Verdict::Fail => (Tone::Bad, "FAIL"),
            Verdict::NoData => (Tone::Doubtful, "NO_DATA"),
        };
        vec![
            html! { code { (it.threshold) } },
            mark(tone, word),
            html! { (it.reason) },
            html! { (grouped(it.samples)) },
        ]
    };
    let rows: Vec<Vec<Markup>> = thresholds.iter().map(row).collect();
    let caption = "Limits over the whole measured part";
    (!rows.is_empty()).then(|| table(caption, &columns, &rows, false))
}

/// How figures stand against the bands of the field.
pub(super) fn ratings(report: &Report) -> Option<Markup> {
    let columns = [
        Column::Words("work"),
        Column::Words("rating"),
        Column::Figures("figure"),
        Column::Figures("target"),
        Column::Text("why"),
    ];
    let row = |it: &BandVerdict| {
        let tone = match it.rating {
            Rating::Excellent | Rating::Good => Tone::Good,
            Rating::NeedsImprovement => Tone::Bad,
            Rating::NotAssessed => Tone::Plain,
        };
        vec![
            html! { (it.name) },
            mark(tone, it.rating.words()),
            html! { (optional(it.figure)) " " (it.unit) },
            html! { (figure(it.target)) " " (it.unit) },
            html! { (it.reason) },
        ]
    };
    let rows: Vec<Vec<Markup>> = report.assessment.bands.iter().map(row).collect();
    let caption = "Figures against the bands of the field";
    (!rows.is_empty()).then(|| table(caption, &columns, &rows, false))
}

/// When it was measured.
pub(super) fn when(harvest: &Harvest) -> String {
    format!("{}, {}", stamp(harvest.began), length(harvest.measured_s))
}

/// A time of the clock.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
