//! What all users of a run share: the scenario, who is who, where the records are.

use std::sync::Arc;

use service::setting::Stage;

use super::Visitor;
use super::feeds::Feeds;
use crate::crowd::{Cast, Part};
use crate::scenario::{Scenario, Task};

/// What all users of a run share.
pub struct Script {
    pub(super) scenario: Arc<Scenario>,
    pub(super) stage: Stage,
    pub(super) feeds: Feeds,
    /// Of each persona: where its tasks begin among those of the roster, and the sums of their weights.
    tasks: Vec<(usize, Vec<f64>)>,
}

impl Script {
    /// A script for those who have these parts of the load.
    pub fn new(scenario: Arc<Scenario>, stage: Stage, parts: &[Part]) -> Self {
        let mut before = 0;
        let tasks = scenario
            .personas
            .iter()
            .map(|persona| {
                let first = before;
                before += persona.tasks.len();
                let mut sum = 0.0;
                let sums = persona.tasks.iter().map(|task| {
                    sum += task.weight;
                    sum
                });
                (first, sums.collect())
            })
            .collect();
        Self {
            feeds: Feeds::new(&scenario.feeders, parts),
            scenario,
            stage,
            tasks,
        }
    }

    /// The task of a persona for a share in [0, 1), with its place among all tasks.
    pub(super) fn task(&self, persona: usize, share: f64) -> (usize, &Task) {
        let (first, sums) = &self.tasks[persona];
        let wanted = share * sums.last().copied().unwrap_or(0.0);
        let place = sums.partition_point(|sum| *sum <= wanted);
        let tasks = &self.scenario.personas[persona].tasks;
        let place = place.min(tasks.len() - 1);
        (first + place, &tasks[place])
    }
}

/// Makes users of a script.
pub struct Visitors(pub Arc<Script>);

impl Cast for Visitors {
    type Actor = Visitor;

    fn actor(&self, number: u64, persona: usize) -> Visitor {
        Visitor::new(Arc::clone(&self.0), number, persona)
    }
}
