//! How much is offered.

use std::time::Duration;

use super::super::document::Node;
use super::super::fields::{Fields, Rule};
use super::super::model::{Level, LoadSpec, StageSpec};
use super::super::times::{MICROSECOND, YEAR};
use super::Reading;

/// The longest graceful stop.
const LONGEST_STOP: Duration = Duration::from_hours(1);

pub(super) fn load(reading: &mut Reading<'_, '_>, node: Option<&Node>) -> LoadSpec {
    let problems = &mut *reading.problems;
    let fields = node.and_then(|it| Fields::of(it, "load", problems));
    let Some(mut fields) = fields else {
        return LoadSpec::default();
    };
    let mut load = LoadSpec {
        users: fields.count("users", problems),
        spawn_rate: fields.number("spawn_rate", Rule::AboveZero, problems),
        run_time: fields.time("run_time", (MICROSECOND, YEAR), problems),
        rate: fields.number("rate", Rule::AboveZero, problems),
        poisson: false,
        max_users: fields.count("max_users", problems),
        stages: Vec::new(),
        iterations: fields.count("iterations", problems),
        warm_up: fields.time("warm_up", (Duration::ZERO, YEAR), problems),
        graceful_stop: fields.time("graceful_stop", (Duration::ZERO, LONGEST_STOP), problems),
    };
    match fields.text("arrivals", problems) {
        None | Some("even") => {}
        Some("poisson") => load.poisson = true,
        Some(other) => {
            let message = format!("arrivals are `even` or `poisson`, got `{other}`");
            if let Some(node) = fields.get("arrivals") {
                fields.wrong_at(node, "arrivals", problems, message);
            }
        }
    }
    let nodes = fields.list("stages", problems);
    let mut is_right = true;
    for (place, node) in nodes.iter().enumerate() {
        let field = format!("load: stages[{}]", place + 1);
        match stage(node, &field, reading) {
            Some(stage) => load.stages.push(stage),
            None => is_right = false,
        }
    }
    let problems = &mut *reading.problems;
    for message in load.mistakes() {
        if is_right {
            fields.wrong(problems, message);
        }
    }
    fields.finish(problems);
    load
}

fn stage(node: &Node, field: &str, reading: &mut Reading<'_, '_>) -> Option<StageSpec> {
    let problems = &mut *reading.problems;
    let mut fields = Fields::of(node, field, problems)?;
    let to = match (fields.get("users"), fields.get("rate")) {
        (Some(_), None) => {
            let users = fields.number("users", Rule::NotNegative, problems);
            users.map(|it| Level::Users(common::units::round_u64(it)))
        }
        (None, Some(_)) => fields
            .number("rate", Rule::NotNegative, problems)
            .map(Level::Rate),
        _ => {
            fields.wrong(problems, "a stage leads to either `users` or a `rate`");
            None
        }
    };
    if fields.get("over").is_none() {
        fields.wrong(problems, "needs `over`, how long it takes, such as \"1m\"");
    }
    let over = fields.time("over", (Duration::ZERO, YEAR), problems);
    fields.finish(problems);
    Some(StageSpec {
        to: to?,
        over: over?,
    })
}

impl LoadSpec {
    /// What cannot be meant together, whoever said it.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut rule = |is_broken: bool, message: &str| {
            if is_broken {
                mistakes.push(message.to_owned());
            }
        };
        let is_open =
            self.rate.is_some() || self.stages.iter().any(|it| matches!(it.to, Level::Rate(_)));
        let is_closed = self.users.is_some()
            || self.spawn_rate.is_some()
            || self
                .stages
                .iter()
                .any(|it| matches!(it.to, Level::Users(_)));
        rule(
            is_open && is_closed,
            "a load is either of `users`, who wait and think, or of a `rate`, which does not wait: not both",
        );
        let has_stages = !self.stages.is_empty();
        rule(
            has_stages
                && (self.users.is_some()
                    || self.rate.is_some()
                    || self.run_time.is_some()
                    || self.spawn_rate.is_some()),
            "`stages` stand in place of `users`, `rate`, `spawn_rate` and `run_time`",
        );
        rule(
            self.poisson && !is_open,
            "`arrivals` are those of a `rate`, and there is none",
        );
        rule(
            self.max_users.is_some() && !is_open,
            "`max_users` limits a `rate`, and there is none",
        );
        let length: Duration = self.stages.iter().map(|it| it.over).sum();
        rule(
            has_stages && length.is_zero(),
            "the stages together take no time",
        );
        let highest = self.stages.iter().map(|it| match it.to {
            Level::Users(users) => common::units::count_f64(users),
            Level::Rate(rate) => rate,
        });
        rule(
            has_stages && highest.fold(0.0, f64::max) <= 0.0,
            "all stages lead to 0: nothing would be asked",
        );
        let run_time = if has_stages {
            Some(length)
        } else {
            self.run_time
        };
        rule(
            matches!((self.warm_up, run_time), (Some(warm_up), Some(run_time)) if warm_up >= run_time),
            "the `warm_up` is as long as the run: nothing would be measured",
        );
        mistakes
    }
}
