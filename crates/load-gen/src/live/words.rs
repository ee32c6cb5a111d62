//! Figures and states in words, the same in every view.

use common::render::figure;
use common::units::{count_f64, mebibytes, round_u64};

use super::{Snapshot, State, Wanted};

/// A time since the start: `04:05`, `1:02:03`.
pub(super) fn clock(seconds: f64) -> String {
    let whole = round_u64(seconds.floor());
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

/// A figure, or a dash where there is none.
pub(super) fn or_dash(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), figure)
}

/// A share as `12 %`.
pub(super) fn percent(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

/// What a run is doing.
pub(super) fn state(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::WarmingUp => "warming up",
        State::Running => "running",
        State::Paused => "paused",
        State::Stopping => "stopping",
        State::Finished => "finished",
    }
}

/// How far a run is: `01:10 of 05:00`.
pub(super) fn progress(now: &Snapshot) -> String {
    match now.planned_s {
        Some(planned) => format!("{} of {}", clock(now.elapsed_s), clock(planned)),
        None => clock(now.elapsed_s),
    }
}

/// How much is wanted: `100 users`, `50/s`.
pub(super) fn wanted(wanted: Wanted) -> String {
    match wanted {
        Wanted::Users(1) => "1 user".to_owned(),
        Wanted::Users(users) => format!("{users} users"),
        Wanted::Rate(rate) => format!("{}/s", figure(rate)),
    }
}

/// Users that are there.
pub(super) fn users(now: &Snapshot) -> u64 {
    now.users.iter().map(|(_, users)| users).sum()
}

/// Users that are there, and those that are wanted where that differs: `37/100`.
pub(super) fn users_of_wanted(now: &Snapshot) -> String {
    let there = users(now);
    match now.wanted {
        Wanted::Users(wanted) if wanted != there => format!("{there}/{wanted}"),
        _ => there.to_string(),
    }
}

/// Iterations that could not start.
pub(super) fn dropped(now: &Snapshot) -> u64 {
    now.iterations.dropped.values().sum()
}

/// Failed requests as a share of all, if there are any requests.
pub(super) fn failed_ratio(failed: u64, succeeded: u64) -> Option<f64> {
    let all = failed + succeeded;
    (all > 0).then(|| count_f64(failed) / count_f64(all))
}

/// How the generator itself does, in a line.
pub(super) fn generator(now: &Snapshot) -> String {
    let it = &now.generator;
    let mut parts = Vec::new();
    parts.extend(it.cpu_ratio.map(|cpu| format!("CPU {}", percent(cpu))));
    parts.extend(
        it.lag_p99_ms
            .map(|lag| format!("starts late by {} ms (p99)", figure(lag))),
    );
    parts.extend(
        it.memory_bytes
            .map(|bytes| format!("{:.0} MiB", mebibytes(bytes))),
    );
    parts.extend(it.descriptors.map(|open| match it.descriptors_limit {
        Some(limit) => format!("{open} of {limit} descriptors"),
        None => format!("{open} descriptors"),
    }));
    parts.join(" · ")
}

/// What somebody who reads the figures must know now: each a sentence that stays the same while it is true.
pub(super) fn warnings(now: &Snapshot) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(since) = now.generator.limited_since {
        warnings.push(format!(
            "generator limited since {} UTC: this machine is too busy, times are too long and rates too low; \
             fewer users, more --threads or workers help",
            since.strftime("%H:%M:%S")
        ));
    }
    for worker in &now.workers {
        if worker.state == "missing" {
            warnings.push(format!(
                "worker {} lost: its share goes to the others",
                worker.name
            ));
        }
    }
    for limit in &now.limits {
        if limit.holds == Some(false) {
            warnings.push(format!("limit broken: {}", limit.limit));
        }
    }
    warnings.extend(now.notes.iter().cloned());
    warnings
}

/// A text for one line of a terminal: control characters, which answers of a service may bring, become blanks.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|it| if it.is_control() { ' ' } else { it })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_has_hours_only_when_there_are_any() {
        let times = [0.0, 59.99, 60.0, 3599.0, 3600.0, 90_061.5].map(clock);
        assert_eq!(
            times,
            ["00:00", "00:59", "01:00", "59:59", "1:00:00", "25:01:01"]
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(one_line("a\x1b[2Jb\nc\u{9b}d"), "a [2Jb c d");
    }
}
