//! What failed, with an example of each kind.

use common::render::grouped;
use common::render::page::{Column, table};
use maud::{Markup, html};

use super::percent;
use crate::outputs::{Harvest, frequent_failures};

/// Kinds that are listed.
const MOST_KINDS: usize = 50;
/// Bytes of an example that are shown.
const MOST_EXAMPLE_BYTES: usize = 300;

/// The kinds of failure, the most frequent first.
pub(super) fn failures(harvest: &Harvest) -> Option<Markup> {
    let failures = frequent_failures(&harvest.tape);
    if failures.is_empty() {
        return None;
    }
    let all = harvest.tape.requests.total.failed;
    let left = failures.len().saturating_sub(MOST_KINDS);
    let rows: Vec<Vec<Markup>> = failures
        .iter()
        .take(MOST_KINDS)
        .map(|((request, kind), errors)| {
            let name = harvest.roster.requests.get(usize::from(*request));
            let example = &errors.example[..errors.example.floor_char_boundary(MOST_EXAMPLE_BYTES)];
            vec![
                html! { (kind) },
                html! { (name.map_or("", String::as_str)) },
                html! { (grouped(errors.count)) },
                html! { (percent(errors.count, all)) },
                html! { code { (example) @if example.len() < errors.example.len() { "…" } } },
            ]
        })
        .collect();
    let columns = [
        Column::Words("kind"),
        Column::Words("request"),
        Column::Figures("requests"),
        Column::Figures("of failures"),
        Column::Text("the first that was seen"),
    ];
    Some(html! {
        (table("Failures, the most frequent first", &columns, &rows, false))
        @if left > 0 {
            p.note { (super::counted(common::units::size_u64(left), "rarer kind"))
                " are in the result document." }
        }
    })
}
