//! What was offered to what, in sentences.

use common::render::grouped;
use common::report::{Host, Report};
use common::units::mebibytes;
use maud::{Markup, html};

use super::{counted, length};
use crate::crowd::Program;
use crate::live::Wanted;
use crate::outputs::Harvest;

/// The plan is shown up to this many bytes; the result document has all of it.
const MOST_PLAN_BYTES: usize = 16_000;

/// What was offered to what.
pub(super) fn load(report: &Report, harvest: &Harvest) -> Markup {
    let plan = serde_json::to_string_pretty(&report.plan).unwrap_or_default();
    let cut = &plan[..plan.floor_char_boundary(MOST_PLAN_BYTES)];
    html! {
        ul.plain {
            li { (what(harvest)) }
            @for line in program(report, harvest) { li { (line) } }
            li { "Everything random comes from the seed " (report.run.seed)
                ": the same seed asks the same questions in the same order." }
            li { "Generator: " (report.tool.name) " " (report.tool.version) " on " (host(&report.run.host)) "." }
        }
        @if !report.target.is_empty() {
            details {
                summary { "What was asked" }
                ul.plain {
                    @for (name, value) in &report.target {
                        li { (name) ": " (words(value)) }
                    }
                }
            }
        }
        @if !report.plan.is_empty() {
            details {
                summary { "The plan in full" }
                pre { (cut) @if cut.len() < plan.len() { "\n…" } }
            }
        }
    }
}

fn what(harvest: &Harvest) -> String {
    let personas = harvest.roster.personas.join(", ");
    let tasks = common::units::size_u64(harvest.roster.tasks.len());
    format!(
        "The scenario “{}” asked {}: {} ({personas}) with {}.",
        harvest.last.scenario,
        harvest.last.target,
        counted(
            common::units::size_u64(harvest.roster.personas.len()),
            "persona"
        ),
        counted(tasks, "task"),
    )
}

/// How much was offered when: from the plan where it has a program, else from what was seen.
fn program(report: &Report, harvest: &Harvest) -> Vec<String> {
    let planned = report.plan.get("program").cloned();
    let planned = planned.and_then(|it| serde_json::from_value::<Program>(it).ok());
    let words = if let Some(program) = &planned {
        crate::words::program(program)
    } else {
        let users = harvest.course.iter().map(|it| it.users);
        let most = counted(users.max().unwrap_or_default(), "user");
        format!("up to {most} in {}", length(harvest.measured_s))
    };
    let most_users = match &planned {
        Some(Program::Arrivals(it)) => Some(it.max_users),
        _ => None,
    };
    match harvest.last.wanted {
        Wanted::Users(_) => vec![
            format!("Closed load: {words}."),
            "Each user waits for its answer and thinks before it asks again, so that a slow service is asked \
             less."
                .to_owned(),
        ],
        Wanted::Rate(_) => {
            let most = most_users.map(|it| format!("; at most {} are busy at once", counted(it, "user")));
            vec![
                format!("Open load: {words}."),
                format!(
                    "Iterations arrive whether the service keeps up or not{}.",
                    most.unwrap_or_default()
                ),
            ]
        }
    }
}

fn host(host: &Host) -> String {
    let mut words = vec![counted(host.cores, "core")];
    words.extend(host.cpu_model.clone());
    if host.memory_bytes > 0 {
        words.push(format!(
            "{} MiB",
            grouped(common::units::round_u64(mebibytes(host.memory_bytes)))
        ));
    }
    words.extend(host.os.clone());
    if let (Some(before), Some(after)) = (host.load_before, host.load_after) {
        words.push(format!(
            "load average {before:.1} before and {after:.1} after"
        ));
    }
    words.join(", ")
}

/// A value of the document in words.
fn words(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
