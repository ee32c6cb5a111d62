//! What an iteration is expected to bring: requests and pauses, on average.

use common::units::count_f64;

use super::super::model::{Persona, Presence, Scenario, Step, Task};
use crate::crowd::Casting;

/// Means of an iteration.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Expected {
    /// Requests; a job that is followed is one.
    pub(super) requests: f64,
    /// Seconds of pauses between them.
    pub(super) pause_seconds: f64,
}

impl Expected {
    fn plus(self, other: Self, times: f64) -> Self {
        Self {
            requests: self.requests + other.requests * times,
            pause_seconds: self.pause_seconds + other.pause_seconds * times,
        }
    }
}

/// Of steps: conditions are taken as met, loops that wait for something as one round.
fn of_steps(steps: &[Step]) -> Expected {
    steps.iter().fold(Expected::default(), |sum, step| {
        let (part, times) = match step {
            Step::Request { .. } => (of_request(), 1.0),
            Step::Pause(think) => (of_pause(think.mean_seconds()), 1.0),
            Step::Repeat { times, steps } => (of_steps(steps), times.mean().unwrap_or(1.0)),
            Step::While { steps, .. } => (of_steps(steps), 1.0),
            Step::If { then, .. } => (of_steps(then), 1.0),
            Step::Chance { probability, steps } => (of_steps(steps), *probability),
            Step::Set { .. } => (Expected::default(), 0.0),
        };
        sum.plus(part, times)
    })
}

fn of_request() -> Expected {
    Expected {
        requests: 1.0,
        pause_seconds: 0.0,
    }
}

fn of_pause(pause_seconds: f64) -> Expected {
    Expected {
        requests: 0.0,
        pause_seconds,
    }
}

/// Of the tasks of a persona by their weights.
pub(super) fn of_tasks(tasks: &[Task]) -> Expected {
    let total: f64 = tasks.iter().map(|it| it.weight).sum();
    tasks.iter().fold(Expected::default(), |sum, task| {
        sum.plus(of_steps(&task.steps), task.weight / total)
    })
}

/// How many of `users` are of each persona.
pub(super) fn people(personas: &[Persona], users: u64) -> Vec<u64> {
    let casting = Casting::of(personas);
    let mut people = vec![0; personas.len()];
    for number in 0..users {
        if let Some(count) = people.get_mut(casting.persona_of_user(number)) {
            *count += 1;
        }
    }
    people
}

/// Which share (0–1) of the iterations of an open load is each persona's: fixed numbers are weights there.
pub(super) fn shares(personas: &[Persona]) -> Vec<f64> {
    let weight_of = |it: &Persona| match it.presence {
        Presence::Weight(weight) => weight,
        Presence::Count(count) => count_f64(count),
    };
    let total: f64 = personas.iter().map(weight_of).sum();
    personas.iter().map(|it| weight_of(it) / total).collect()
}

/// Requests per second of a closed load, where every request takes `service_seconds`; none where somebody
/// neither thinks nor waits.
pub(super) fn closed_rate(
    scenario: &Scenario,
    people: &[u64],
    service_seconds: f64,
) -> Option<f64> {
    let rates = scenario
        .personas
        .iter()
        .zip(people)
        .map(|(persona, count)| {
            let expected = of_tasks(&persona.tasks);
            let seconds = persona.think.mean_seconds()
                + expected.pause_seconds
                + expected.requests * service_seconds;
            if *count == 0 || expected.requests <= 0.0 {
                return Some(0.0);
            }
            (seconds > 0.0).then(|| count_f64(*count) * expected.requests / seconds)
        });
    rates.sum()
}

/// Requests of an iteration of an open load, over all personas.
pub(super) fn requests_per_iteration(scenario: &Scenario) -> f64 {
    let shares = shares(&scenario.personas);
    let requests = scenario
        .personas
        .iter()
        .zip(shares)
        .map(|(persona, share)| of_tasks(&persona.tasks).requests * share);
    requests.sum()
}

/// The mean length of an iteration of an open load in seconds, where a request takes `service_seconds`.
pub(super) fn seconds_per_iteration(scenario: &Scenario, service_seconds: f64) -> f64 {
    let shares = shares(&scenario.personas);
    let lengths = scenario
        .personas
        .iter()
        .zip(shares)
        .map(|(persona, share)| {
            let expected = of_tasks(&persona.tasks);
            (expected.pause_seconds + expected.requests * service_seconds) * share
        });
    lengths.sum()
}

#[cfg(test)]
mod tests {
    use common::load::Think;
    use service::profile::Template;

    use super::*;

    fn persona(presence: Presence) -> Persona {
        Persona {
            name: "somebody".to_owned(),
            presence,
            think: Think::None,
            on_start: Vec::new(),
            on_stop: Vec::new(),
            tasks: Vec::new(),
        }
    }

    #[test]
    fn everybody_is_given_out_and_fixed_numbers_come_first() {
        let personas = [
            persona(Presence::Weight(3.0)),
            persona(Presence::Count(2)),
            persona(Presence::Weight(1.0)),
            persona(Presence::Weight(2.0)),
        ];
        assert_eq!(people(&personas, 98), [48, 2, 16, 32]);
        assert_eq!(people(&personas, 1), [0, 1, 0, 0]);
        assert_eq!(shares(&personas), [0.375, 0.25, 0.125, 0.25]);
    }

    #[test]
    fn loops_and_chances_count_by_their_means() {
        let request = || Step::Request {
            operation: 0,
            follow: false,
        };
        let times = Template::parse("{int:1..3}", &std::collections::BTreeMap::new()).unwrap();
        let steps = [
            request(),
            Step::Repeat {
                times,
                steps: vec![request(), Step::Pause(Think::Constant { seconds: 5.0 })],
            },
            Step::Chance {
                probability: 0.25,
                steps: vec![request()],
            },
        ];
        let expected = of_steps(&steps);
        assert!((expected.requests - 3.25).abs() < 1e-9);
        assert!((expected.pause_seconds - 10.0).abs() < 1e-9);
    }
}
