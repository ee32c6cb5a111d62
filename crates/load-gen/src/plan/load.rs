//! How much is offered: what the scenario says, the command line in its place, and the named loads.

use std::time::Duration;

use common::cli::{Mistake, check_time, parse_duration};
use common::units::{count_f64, round_u64};

use super::Kind;
use crate::args::Load;
use crate::crowd::{Arrivals, FOREVER, Program, Stretch, Users};
use crate::scenario::{Level, LoadSpec, StageSpec};

/// More users than this are no load of one run.
const MOST_USERS: u64 = 10_000_000;
/// More iterations per second than this are no load of one run.
const MOST_RATE: f64 = 10_000_000.0;
/// How long what is under way at the end may take, unless said otherwise.
const GRACEFUL: Duration = Duration::from_secs(30);
/// Users that a load needs at least and at most, where nobody says how many.
const USERS_OF_RATES: (f64, f64) = (50.0, 20_000.0);
/// How many seconds' worth of iterations may be under way at once: a stall of this length delays answers and
/// not questions.
const WORTH_SECONDS: f64 = 10.0;

/// What is offered, with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Offer {
    pub(crate) program: Program,
    pub(crate) warm_up: Duration,
    pub(crate) graceful_stop: Duration,
    /// How long each step of a search for the limit is.
    pub(crate) step: Duration,
}

/// Puts the command line in the place of what the scenario says.
pub(crate) fn merge(mut spec: LoadSpec, load: &Load, mistakes: &mut Vec<Mistake>) -> LoadSpec {
    let Load {
        users,
        spawn_rate,
        run_time,
        rate,
        poisson,
        max_users,
        stages,
        iterations,
        warm_up,
        graceful_stop,
        threads: _,
        source_address: _,
    } = load;
    if let Some(text) = stages {
        spec.users = None;
        spec.rate = None;
        spec.run_time = None;
        spec.stages = read_stages(text, mistakes);
    }
    if let Some(rate) = rate {
        spec.stages.clear();
        spec.users = None;
        spec.spawn_rate = None;
        spec.rate = Some(*rate);
    }
    if let Some(users) = users {
        spec.stages.clear();
        spec.rate = None;
        spec.users = Some(*users);
    }
    spec.spawn_rate = spawn_rate.or(spec.spawn_rate);
    spec.poisson |= poisson;
    spec.max_users = max_users.or(spec.max_users);
    spec.iterations = iterations.or(spec.iterations);
    let mut time = |flag: &str, text: &Option<String>| {
        text.as_deref().map(|it| check_time(flag, it, mistakes))
    };
    spec.run_time = time("--run-time", run_time).or(spec.run_time);
    spec.warm_up = warm_up
        .as_deref()
        .map(|it| check_zero_or_time("--warm-up", it, mistakes))
        .or(spec.warm_up);
    spec.graceful_stop = graceful_stop
        .as_deref()
        .map(|it| check_zero_or_time("--graceful-stop", it, mistakes))
        .or(spec.graceful_stop);
    spec
}

fn check_zero_or_time(flag: &str, text: &str, mistakes: &mut Vec<Mistake>) -> Duration {
    parse_duration(text).unwrap_or_else(|| {
        mistakes.push(Mistake::of_flag(
            flag,
            "a time such as 0s, 30s or 5m",
            &text,
        ));
        Duration::ZERO
    })
}

/// `100@1m,100@10m,0@30s`, or `50/s@1m`.
fn read_stages(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<StageSpec> {
    let mut stages = Vec::new();
    for stage in text.split(',') {
        let read = stage.trim().split_once('@').and_then(|(level, time)| {
            let over = parse_duration(time)?;
            let to = match level.trim().strip_suffix("/s") {
                Some(rate) => Level::Rate(rate.parse().ok()?),
                None => Level::Users(level.trim().parse().ok()?),
            };
            Some(StageSpec { to, over })
        });
        match read {
            Some(stage) => stages.push(stage),
            None => mistakes.push(Mistake::of_flag(
                "--stages",
                "a list such as `100@1m,0@30s` (users) or `50/s@1m` (arrivals)",
                &stage,
            )),
        }
    }
    let rates = stages.iter().filter(|it| matches!(it.to, Level::Rate(_)));
    let rates = rates.count();
    if rates != 0 && rates != stages.len() {
        mistakes.push(Mistake::new(
            "`--stages` must have either users or arrivals (`/s`) in all stages",
        ));
    }
    stages
}

/// From what is wanted to what is offered. `endless` loads go on until somebody ends them.
pub(crate) fn offer(
    spec: &LoadSpec,
    kind: Kind,
    endless: bool,
    mistakes: &mut Vec<Mistake>,
) -> Option<Offer> {
    let before = mistakes.len();
    check(spec, mistakes);
    let program = match kind {
        Kind::Plain => plain(spec, endless, mistakes),
        Kind::Stress => Some(stress(spec)),
        Kind::Endurance => Some(endurance(spec)),
        Kind::Spike => Some(spike(spec)),
        Kind::Breakpoint => Some(breakpoint(spec)),
    };
    let program = program.filter(|_| mistakes.len() == before)?;
    let length = program.length().unwrap_or(Duration::MAX);
    let warm_up = spec.warm_up.unwrap_or(Duration::ZERO);
    if warm_up >= length {
        mistakes.push(Mistake::new(format!(
            "the warm-up of {} s leaves nothing of a run of {} s",
            warm_up.as_secs_f64(),
            length.as_secs_f64()
        )));
        return None;
    }
    Some(Offer {
        program,
        warm_up,
        graceful_stop: spec.graceful_stop.unwrap_or(GRACEFUL),
        step: breakpoint_step(spec),
    })
}

fn check(spec: &LoadSpec, mistakes: &mut Vec<Mistake>) {
    let mut levels: Vec<Level> = spec.stages.iter().map(|it| it.to).collect();
    levels.extend(spec.users.map(Level::Users));
    levels.extend(spec.rate.map(Level::Rate));
    for level in levels {
        match level {
            Level::Users(users) if users > MOST_USERS => {
                let rule = format!("at most {MOST_USERS}");
                mistakes.push(Mistake::of_flag("--users", &rule, &users));
            }
            Level::Rate(rate) if !(rate.is_finite() && (0.0..=MOST_RATE).contains(&rate)) => {
                let rule = format!("between 0 and {MOST_RATE}");
                mistakes.push(Mistake::of_flag("--rate", &rule, &rate));
            }
            Level::Users(_) | Level::Rate(_) => {}
        }
    }
    if spec.users == Some(0) {
        mistakes.push(Mistake::of_flag("--users", "at least 1", &0));
    }
    if spec.rate.is_some_and(|it| it <= 0.0) {
        mistakes.push(Mistake::of_flag("--rate", "above 0", &0));
    }
    if let Some(rate) = spec.spawn_rate.filter(|it| !(it.is_finite() && *it > 0.0)) {
        mistakes.push(Mistake::of_flag("--spawn-rate", "above 0", &rate));
    }
    if spec.iterations == Some(0) {
        mistakes.push(Mistake::of_flag("--iterations", "at least 1", &0));
    }
    if spec.max_users == Some(0) {
        mistakes.push(Mistake::of_flag("--max-users", "at least 1", &0));
    }
}

fn plain(spec: &LoadSpec, endless: bool, mistakes: &mut Vec<Mistake>) -> Option<Program> {
    if !spec.stages.is_empty() {
        return Some(staged(spec));
    }
    let length = match spec.run_time {
        Some(time) => time.as_secs_f64(),
        None if spec.iterations.is_some() || endless => FOREVER,
        None => {
            let message = "how long? `--run-time TIME` or `--iterations N` says it, since the scenario does not";
            mistakes.push(Mistake::new(message));
            return None;
        }
    };
    if let Some(rate) = spec.rate {
        return Some(arrivals(spec, vec![line(rate, rate, length)]));
    }
    let users = spec.users.unwrap_or(1);
    let spawn_rate = spec.spawn_rate.unwrap_or(f64::INFINITY);
    Some(Program::Users(Users {
        iterations: spec.iterations,
        ..Users::constant(users, spawn_rate, length)
    }))
}

fn line(from: f64, to: f64, seconds: f64) -> Stretch {
    Stretch { from, to, seconds }
}

fn staged(spec: &LoadSpec) -> Program {
    let mut height = 0.0;
    let mut stretches = Vec::new();
    let mut is_open = false;
    for stage in &spec.stages {
        let to = match stage.to {
            Level::Users(users) => count_f64(users),
            Level::Rate(rate) => {
                is_open = true;
                rate
            }
        };
        if !stage.over.is_zero() {
            stretches.push(line(height, to, stage.over.as_secs_f64()));
        }
        height = to;
    }
    if is_open {
        arrivals(spec, stretches)
    } else {
        users(spec, stretches)
    }
}

fn users(spec: &LoadSpec, stretches: Vec<Stretch>) -> Program {
    Program::Users(Users {
        stretches,
        iterations: spec.iterations,
    })
}

fn arrivals(spec: &LoadSpec, stretches: Vec<Stretch>) -> Program {
    let highest = stretches
        .iter()
        .map(|it| it.from.max(it.to))
        .fold(0.0, f64::max);
    let (least, most) = USERS_OF_RATES;
    let worth = (WORTH_SECONDS * highest).clamp(least, most);
    Program::Arrivals(Arrivals {
        stretches,
        poisson: spec.poisson,
        max_users: spec.max_users.unwrap_or(round_u64(worth)),
        iterations: spec.iterations,
    })
}

fn height(spec: &LoadSpec) -> f64 {
    spec.rate
        .unwrap_or_else(|| count_f64(spec.users.unwrap_or(100)))
}

fn of_kind(spec: &LoadSpec, stretches: Vec<Stretch>) -> Program {
    if spec.rate.is_some() {
        arrivals(spec, stretches)
    } else {
        users(spec, stretches)
    }
}

/// One to five times as much, each held for a fifth of the time; the way to each takes a tenth of that.
fn stress(spec: &LoadSpec) -> Program {
    let each = spec.run_time.map_or(60.0, |it| it.as_secs_f64() / 5.0);
    let base = height(spec);
    let stretches = (0..5).flat_map(|step| {
        let (from, to) = (base * count_f64(step), base * count_f64(step + 1));
        [line(from, to, 0.1 * each), line(to, to, 0.9 * each)]
    });
    of_kind(spec, stretches.collect())
}

/// The same for a long time.
fn endurance(spec: &LoadSpec) -> Program {
    let length = spec.run_time.map_or(3600.0, |it| it.as_secs_f64());
    let base = height(spec);
    let ramp = (0.05 * length).min(60.0);
    of_kind(
        spec,
        vec![line(0.0, base, ramp), line(base, base, length - ramp)],
    )
}

/// Calm, ten times as much, calm again: does it recover?
fn spike(spec: &LoadSpec) -> Program {
    let length = spec.run_time.map_or(300.0, |it| it.as_secs_f64());
    let base = height(spec);
    let peak = 10.0 * base;
    let edge = 0.02 * length;
    let stretches = vec![
        line(base, base, 0.3 * length),
        line(base, peak, edge),
        line(peak, peak, 0.2 * length - edge),
        line(peak, base, edge),
        line(base, base, 0.5 * length - edge),
    ];
    of_kind(spec, stretches)
}

/// How much each step of a search for the limit is above the one before.
const BREAKPOINT_FACTOR: f64 = 1.25;

fn breakpoint_step(spec: &LoadSpec) -> Duration {
    spec.run_time.map_or(Duration::from_secs(10), |it| {
        (it / 30).max(Duration::from_secs(2))
    })
}

/// Steps of a rate that grows by a quarter, from `--rate` (10/s) on.
fn breakpoint(spec: &LoadSpec) -> Program {
    let step = breakpoint_step(spec).as_secs_f64();
    let first = spec.rate.unwrap_or(10.0);
    let mut rate = first;
    let mut stretches = Vec::new();
    for _ in 0..30 {
        stretches.push(line(rate, rate, step));
        rate = (rate * BREAKPOINT_FACTOR).min(MOST_RATE);
    }
    arrivals(spec, stretches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(change: impl FnOnce(&mut LoadSpec)) -> LoadSpec {
        let mut spec = LoadSpec {
            run_time: Some(Duration::from_mins(5)),
            ..LoadSpec::default()
        };
        change(&mut spec);
        spec
    }

    fn program(spec: &LoadSpec, kind: Kind) -> Program {
        let mut mistakes = Vec::new();
        let offer = offer(spec, kind, false, &mut mistakes);
        assert_eq!(mistakes, []);
        offer.unwrap().program
    }

    #[test]
    fn stages_are_lines_from_one_level_to_the_next() {
        let mut mistakes = Vec::new();
        let stages = read_stages("100@1m,100@10m,0@30s", &mut mistakes);
        assert_eq!(mistakes, []);
        let program = program(&spec(|it| it.stages = stages), Kind::Plain);
        assert!((program.height(Duration::from_secs(30)) - 50.0).abs() < 1e-9);
        assert!((program.height(Duration::from_mins(5)) - 100.0).abs() < 1e-9);
        assert_eq!(program.length(), Some(Duration::from_secs(690)));
    }

    #[test]
    fn stages_of_two_kinds_are_refused() {
        let mut mistakes = Vec::new();
        read_stages("100@1m,5/s@10m", &mut mistakes);
        assert_eq!(mistakes.len(), 1);
    }

    #[test]
    fn a_spike_is_ten_times_the_calm_before_and_behind_it() {
        let program = program(&spec(|it| it.users = Some(20)), Kind::Spike);
        let at = |seconds| program.height(Duration::from_secs(seconds));
        assert!((at(50) - 20.0).abs() < 1e-9 && (at(130) - 200.0).abs() < 1e-9);
        assert!((at(250) - 20.0).abs() < 1e-9);
        assert_eq!(program.length(), Some(Duration::from_mins(5)));
    }

    #[test]
    fn stress_ends_at_five_times_the_users() {
        let program = program(&spec(|it| it.users = Some(20)), Kind::Stress);
        assert!((program.height(Duration::from_secs(299)) - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_warm_up_must_leave_something() {
        let mut mistakes = Vec::new();
        let spec = spec(|it| it.warm_up = Some(Duration::from_mins(5)));
        assert_eq!(offer(&spec, Kind::Plain, false, &mut mistakes), None);
        assert_eq!(mistakes.len(), 1);
    }
}
