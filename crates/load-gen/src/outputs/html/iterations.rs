//! Where the iterations went.

use common::render::grouped;
use common::render::page::{Column, table};
use maud::{Markup, html};

use super::{ms, percent};
use crate::crowd::Dropped;
use crate::outputs::Harvest;

/// The account of the iterations, and how often each task was done.
pub(super) fn iterations(harvest: &Harvest) -> Option<Markup> {
    let it = &harvest.tape.iterations;
    let planned = it.planned();
    if planned == 0 {
        return None;
    }
    let mut account = vec![
        (
            "succeeded".to_owned(),
            it.succeeded(),
            "all their requests succeeded",
        ),
        ("failed".to_owned(), it.failed, "a request failed"),
        (
            "interrupted".to_owned(),
            it.interrupted,
            "under way when the graceful stop was over",
        ),
    ];
    for (reason, count) in &it.dropped {
        account.push((
            format!("dropped: {}", reason.as_str()),
            *count,
            why(*reason),
        ));
    }
    account.retain(|(_, count, _)| *count > 0);
    account.push((
        "planned".to_owned(),
        planned,
        "what the load had due, or its users started",
    ));
    let rows: Vec<Vec<Markup>> = account
        .iter()
        .map(|(name, count, words)| {
            vec![
                html! { (name) },
                html! { (grouped(*count)) },
                html! { (percent(*count, planned)) },
                html! { (words) },
            ]
        })
        .collect();
    let columns = [
        Column::Words("outcome"),
        Column::Figures("iterations"),
        Column::Figures("share"),
        Column::Text("meaning"),
    ];
    Some(html! {
        (table("Every planned iteration is accounted for", &columns, &rows, true))
        p.note {
            "Response time of an iteration: mean " (ms(it.response.mean_ms())) " ms, median "
            (ms(it.response.quantile_ms(0.5))) " ms, p95 " (ms(it.response.quantile_ms(0.95)))
            " ms, longest " (ms(it.response.max_ms())) " ms."
            @if it.idle > 0 {
                " " (super::counted(it.idle, "iteration"))
                " had nothing to ask, such as the state of a job where the user had none."
            }
            @if it.warm_up > 0 {
                " " (super::counted(it.warm_up, "iteration")) " of the warm-up are in no figure."
            }
        }
        (tasks(harvest))
    })
}

fn why(reason: Dropped) -> &'static str {
    match reason {
        Dropped::NoFreeUser => "all users that the load may need at once were busy",
        Dropped::Paused => "the load was paused",
        Dropped::Stopped => "the run was stopped before",
        Dropped::GeneratorBusy => "the machine of the generator was too busy to start them",
        Dropped::WorkerLost => "a worker was lost and nobody had its share yet",
    }
}

fn tasks(harvest: &Harvest) -> Markup {
    let it = &harvest.tape.iterations;
    let names = harvest.roster.tasks.iter().zip(&it.by_task);
    let rows: Vec<Vec<Markup>> = names
        .filter(|(_, count)| **count > 0)
        .map(|(name, count)| {
            vec![
                html! { (name) },
                html! { (grouped(*count)) },
                html! { (percent(*count, it.started)) },
            ]
        })
        .collect();
    let columns = [
        Column::Words("task"),
        Column::Figures("started"),
        Column::Figures("share"),
    ];
    html! {
        @if rows.len() > 1 {
            details {
                summary { "How often each task was done" }
                (table("Iterations by task", &columns, &rows, false))
            }
        }
    }
}
