//! What the generator saw of itself, and its workers.

use common::render::page::{Column, Tone, mark, table};
use common::render::svg::{self, Axis, Chart, Line};
use common::render::{figure, grouped, optional};
use common::units::{count_f64, mebibytes};
use maud::{Markup, html};

use super::verdict::stamp;
use super::{counted, length};
use crate::live::Moment;
use crate::outputs::{Audit, Harvest, WorkerAudit};

/// Whether the generator could do what was asked of it.
pub(super) fn generator(harvest: &Harvest) -> Markup {
    let audit = &harvest.audit;
    let facts = facts(harvest);
    let rows: Vec<Vec<Markup>> = facts
        .into_iter()
        .map(|(name, value, note)| vec![html! { (name) }, html! { (value) }, html! { (note) }])
        .collect();
    let columns = [
        Column::Words("what"),
        Column::Figures("figure"),
        Column::Text("note"),
    ];
    html! {
        @if audit.limited.is_empty() {
            p { (mark(Tone::Good, "not the bottleneck")) " The generator kept up with what was asked of it." }
        } @else {
            p { (mark(Tone::Bad, "generator-limited")) " The generator was the bottleneck for a part of the run: \
                what was measured then is also its own slowness." }
            ul.plain {
                @for (from, to) in audit.limited.iter().take(20) {
                    li { "from " (stamp(*from)) " to " (stamp(*to)) }
                }
                @if audit.limited.len() > 20 {
                    li { "and " (audit.limited.len() - 20) " more times" }
                }
            }
        }
        (table("The generator's own load", &columns, &rows, false))
        (cpu(harvest))
    }
}

type Fact = (&'static str, String, &'static str);

fn facts(harvest: &Harvest) -> Vec<Fact> {
    let Audit {
        lanes,
        cpu_seconds,
        peak_cpu_ratio,
        peak_memory_bytes,
        peak_descriptors,
        descriptors_limit,
        ports,
        limited: _,
    } = &harvest.audit;
    let total = &harvest.tape.requests.total;
    let ended = total.response.count() + total.failed;
    let lag = &harvest.tape.requests.timer_lag;
    let mut facts = vec![("threads that offered load", grouped(*lanes), "")];
    if let Some(cpu) = cpu_seconds {
        facts.push((
            "CPU time",
            format!("{} s", figure(*cpu)),
            "of the whole process during the load",
        ));
        if ended > 0 {
            let each = cpu * 1e6 / count_f64(ended);
            facts.push((
                "CPU time per million requests",
                format!("{} s", figure(each)),
                "",
            ));
        }
    }
    if let Some(ratio) = peak_cpu_ratio {
        facts.push((
            "highest share of its cores",
            format!("{} %", figure(100.0 * ratio)),
            "in one second",
        ));
    }
    if !lag.is_empty() {
        let value = format!(
            "{} / {} ms",
            optional(lag.quantile_ms(0.5)),
            optional(lag.quantile_ms(0.99))
        );
        facts.push((
            "lateness",
            value,
            "median and 99th percentile of how late users started what was due",
        ));
    }
    if let Some(bytes) = peak_memory_bytes {
        facts.push((
            "largest resident memory",
            format!("{} MiB", figure(mebibytes(*bytes))),
            "",
        ));
    }
    if let Some(open) = peak_descriptors {
        let limit = descriptors_limit.map_or_else(String::new, |it| format!(" of {}", grouped(it)));
        facts.push((
            "most open descriptors",
            format!("{}{limit}", grouped(*open)),
            "each connection is one",
        ));
    }
    if let Some(ports) = ports {
        facts.push((
            "ports per source address",
            grouped(*ports),
            "for connections to one server",
        ));
    }
    facts
}

/// The share of its cores over time.
fn cpu(harvest: &Harvest) -> Markup {
    let step = harvest.course.len().div_ceil(300).max(1);
    let points = harvest.course.chunks(step).filter_map(|it: &[Moment]| {
        let highest = it.iter().filter_map(|it| it.cpu_ratio).reduce(f64::max);
        Some((it.first()?.t_s, highest.map(|it| 100.0 * it)))
    });
    let line = Line::new("CPU", points.collect()).filled();
    let Some(highest) = line.highest() else {
        return html! {};
    };
    let seconds = harvest.course.last().map_or(1.0, |it| it.t_s + it.seconds);
    let chart = Chart {
        id: "cpu",
        title: "Share of the generator's cores, %".to_owned(),
        description: format!("At most {} %.", figure(highest)),
        x: Axis::time(seconds),
        y: Axis::up_to(highest.max(100.0)),
        lines: vec![line],
        shades: Vec::new(),
    };
    svg::figure(&chart)
}

/// The workers of a distributed run, and when one was away.
pub(super) fn workers(harvest: &Harvest) -> Option<Markup> {
    let rows: Vec<Vec<Markup>> = harvest.workers.iter().map(row).collect();
    if rows.is_empty() {
        return None;
    }
    let columns = [
        Column::Words("worker"),
        Column::Words("at the end"),
        Column::Figures("users"),
        Column::Figures("highest CPU"),
        Column::Figures("clock offset, ms"),
        Column::Figures("round trip, ms"),
        Column::Figures("times away"),
    ];
    let away = harvest
        .workers
        .iter()
        .flat_map(|worker| worker.absences.iter().map(move |it| (&worker.row.name, it)));
    Some(html! {
        p { (counted(common::units::size_u64(rows.len()), "worker")) " offered the load together." }
        (table("Workers", &columns, &rows, false))
        ul.plain {
            @for (name, it) in away {
                li {
                    (mark(Tone::Doubtful, "away")) " " (name) " from " (length(it.from_s)) " to "
                    (length(it.until_s)) " after the start: " (figure(100.0 * it.share))
                    " % of the load was missing until others had it."
                }
            }
        }
    })
}

fn row(worker: &WorkerAudit) -> Vec<Markup> {
    let cpu = worker.audit.peak_cpu_ratio.or(worker.row.cpu_ratio);
    let cpu = cpu.map_or_else(|| "–".to_owned(), |it| format!("{} %", figure(100.0 * it)));
    vec![
        html! { (worker.row.name) },
        html! { (worker.row.state) },
        html! { (grouped(worker.row.users)) },
        html! { (cpu) },
        html! { (optional(worker.row.clock_offset_ms)) },
        html! { (optional(worker.row.round_trip_ms)) },
        html! { (worker.absences.len()) },
    ]
}
