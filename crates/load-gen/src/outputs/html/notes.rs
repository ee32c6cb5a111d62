//! What to change, and what the figures do not say.

use common::assess::{Effort, Priority};
use common::render::page::{Tone, mark};
use common::report::Report;
use maud::{Markup, html};

use crate::outputs::Harvest;

/// What to change, the most urgent first.
pub(super) fn recommendations(report: &Report) -> Option<Markup> {
    (!report.recommendations.is_empty()).then(|| {
        html! {
            ul.plain {
                @for it in &report.recommendations {
                    li {
                        (mark(tone(it.priority), priority(it.priority))) " "
                        b { (it.component) } ": " (it.issue) br;
                        (it.recommendation) br;
                        span.note { (it.expected_impact) " · effort " (effort(it.implementation_effort)) }
                    }
                }
            }
        }
    })
}

fn tone(priority: Priority) -> Tone {
    match priority {
        Priority::High => Tone::Bad,
        Priority::Medium => Tone::Doubtful,
        Priority::Low => Tone::Plain,
    }
}

fn priority(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "high",
        Priority::Medium => "medium",
        Priority::Low => "low",
    }
}

fn effort(effort: Effort) -> &'static str {
    match effort {
        Effort::Low => "below an hour",
        Effort::Medium => "hours",
        Effort::High => "more than a day",
    }
}

/// What was left out, not measured or disturbed.
pub(super) fn limitations(report: &Report, harvest: &Harvest) -> Markup {
    let is_measured = !harvest.tape.requests.total.response.is_empty();
    html! {
        ul.plain {
            @for it in &report.limitations {
                li { @if let Some(test) = &it.test_name { b { (test) } ": " } (it.message) }
            }
            @if is_measured {
                li {
                    "Times are kept to three digits, and are seen from the generator: the network between it and \
                     the service is part of them."
                }
            }
        }
    }
}
