//! A load in sentences and as a picture.

use std::fmt::Write as _;
use std::time::Duration;

use common::render::amount;
use common::units::{round_u64, seconds};

use super::super::model::{Replay, Scenario};
use super::super::times::words;
use super::expectation::{closed_rate, people, requests_per_iteration, seconds_per_iteration};
use super::plot;
use crate::crowd::{Arrivals, Program, Stretch, Users};
use crate::plan::{Kind, offer};

/// How long a request takes where a rate depends on it.
const SERVICE: Duration = Duration::from_millis(100);

/// Describes a load; tells how many users of a closed one are of each persona.
pub(super) fn describe(scenario: &Scenario, out: &mut String) -> Option<Vec<u64>> {
    let program = offer(&scenario.load, Kind::Plain, true, &mut Vec::new())?.program;
    let (people, unit) = match &program {
        Program::Users(load) => (Some(describe_users(scenario, &program, load, out)), "users"),
        Program::Arrivals(load) => {
            describe_arrivals(scenario, &program, load, out);
            (None, "iterations/s")
        }
    };
    describe_edges(scenario, out);
    match program.length() {
        Some(length) => {
            let _ = write!(out, "\n{}", plot::plot(&program, length, unit));
        }
        None if scenario.load.iterations.is_none() => {
            out.push_str("`--run-time TIME` says when it ends.\n");
        }
        None => {}
    }
    people
}

/// The requests of a log.
pub(super) fn describe_replay(replay: &Replay, out: &mut String) {
    let length = replay.entries.last().map_or(Duration::ZERO, |it| it.at);
    let _ = writeln!(
        out,
        "{} requests of a log are asked at their times, {} times as fast: {} of the log in {}.",
        amount(common::units::size_f64(replay.entries.len())),
        amount(replay.speed),
        words(whole(length)),
        words(whole(length.div_f64(replay.speed))),
    );
}

/// A time without fractions that nobody reads.
fn whole(time: Duration) -> Duration {
    if time < Duration::from_secs(10) {
        return Duration::from_millis(round_u64(time.as_secs_f64() * 1e3));
    }
    Duration::from_secs(round_u64(time.as_secs_f64()))
}

fn highest(stretches: &[Stretch]) -> f64 {
    let tops = stretches.iter().map(|it| it.from.max(it.to));
    tops.fold(0.0, f64::max)
}

/// When it ends: `for 5 min`, `until 100 iterations are done`.
fn end(program: &Program, iterations: Option<u64>) -> String {
    match (program.length(), iterations) {
        (Some(length), None) => format!("for {}", words(length)),
        (Some(length), Some(count)) => {
            format!(
                "for {}, or until {count} iterations are done",
                words(length)
            )
        }
        (None, Some(count)) => format!("until {count} iterations are done"),
        (None, None) => "until somebody ends it".to_owned(),
    }
}

fn describe_users(
    scenario: &Scenario,
    program: &Program,
    load: &Users,
    out: &mut String,
) -> Vec<u64> {
    let users = round_u64(highest(&load.stretches).ceil());
    let how = match (scenario.load.stages.len(), scenario.load.spawn_rate) {
        (0, Some(rate)) => format!(", {} of them starting in a second,", amount(rate)),
        (0, None) => String::new(),
        (1, _) => " at most, in a stage,".to_owned(),
        (count, _) => format!(" at most, in {count} stages,"),
    };
    let some = if users == 1 { "user" } else { "users" };
    let ends = end(program, load.iterations);
    let _ = writeln!(out, "{users} {some}{how} {ends}.");
    let people = people(&scenario.personas, users);
    let at_most = if scenario.load.stages.is_empty() {
        ""
    } else {
        "at most "
    };
    let rate = |service: Duration| closed_rate(scenario, &people, service.as_secs_f64());
    let _ = match (rate(Duration::ZERO), rate(SERVICE)) {
        (Some(fast), Some(slow)) => writeln!(
            out,
            "Together they ask {at_most}{fast:.1} requests/s if answers take no time, {slow:.1} if each takes {}.",
            words(SERVICE)
        ),
        (None, Some(slow)) => writeln!(
            out,
            "Some do not think: they ask as fast as answers come, {slow:.1} requests/s in all if each takes {}.",
            words(SERVICE)
        ),
        _ => writeln!(out, "They ask nothing."),
    };
    people
}

fn describe_arrivals(scenario: &Scenario, program: &Program, load: &Arrivals, out: &mut String) {
    let most = highest(&load.stretches);
    let is_constant = matches!(load.stretches.as_slice(), [it] if (it.from - it.to).abs() < 1e-9);
    let how = if load.poisson { "at random" } else { "evenly" };
    let up_to = if is_constant { "" } else { "Up to " };
    let ends = end(program, load.iterations);
    let _ = writeln!(
        out,
        "{up_to}{} iterations/s arrive {how}, whether the service keeps up or not, {ends}.",
        amount(most)
    );
    let requests = most * requests_per_iteration(scenario);
    let under_way = most * seconds_per_iteration(scenario, SERVICE.as_secs_f64());
    let most_users = common::units::count_f64(load.max_users);
    let _ = writeln!(
        out,
        "That is {}{} requests/s. If each takes {}, {} users are under way.",
        up_to.to_lowercase(),
        amount(requests),
        words(SERVICE),
        amount(under_way.ceil()),
    );
    let _ = writeln!(
        out,
        "At most {} users may be: enough as long as an iteration takes {} on average.",
        amount(most_users),
        words(whole(seconds(most_users / most))),
    );
}

fn describe_edges(scenario: &Scenario, out: &mut String) {
    if let Some(warm_up) = scenario.load.warm_up.filter(|it| !it.is_zero()) {
        let _ = writeln!(out, "The first {} are in no figure.", words(warm_up));
    }
    if let Some(stop) = scenario.load.graceful_stop {
        let _ = writeln!(
            out,
            "What is under way at the end may take {}.",
            words(stop)
        );
    }
}
