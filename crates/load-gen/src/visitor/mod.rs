//! A user who plays a persona of a scenario against a service.

mod condition;
mod feeds;
mod play;
mod script;

pub use script::{Script, Visitors};

use std::sync::Arc;
use std::time::Duration;

use service::session::Session;

use self::play::Course;
use crate::crowd::{Actor, Iterated, Log, Turn};

/// A user who plays a persona: its session with cookies, jobs and values is its own.
pub struct Visitor {
    session: Session,
    script: Arc<Script>,
    persona: usize,
}

impl Visitor {
    fn new(script: Arc<Script>, number: u64, persona: usize) -> Self {
        Self {
            session: script.stage.user(number),
            script,
            persona,
        }
    }
}

impl Actor for Visitor {
    async fn begin(&mut self, log: &Log) -> bool {
        let script = Arc::clone(&self.script);
        let steps = &script.scenario.personas[self.persona].on_start;
        if steps.is_empty() {
            return true;
        }
        let now = log.now();
        let turn = Turn {
            number: None,
            due: now,
            idle: false,
            measured: log.is_measured(now),
        };
        // A user that cannot begin asks all the same: what fails is counted, and nothing is hidden.
        let _ = Course::new(self, &script, turn, log).play(steps).await;
        true
    }

    async fn iterate(&mut self, turn: Turn, log: &Log) -> Iterated {
        let script = Arc::clone(&self.script);
        if let Some(number) = turn.number {
            self.session.restart_draws(number);
        }
        if let (Some(replay), Some(number)) = (&script.scenario.replay, turn.number) {
            return self.replay(&script, replay, number, turn, log).await;
        }
        if !script.feeds.give(&mut self.session, turn.number) {
            return Iterated {
                task: 0,
                requests: 0,
                failed: false,
                is_last: true,
            };
        }
        let share = self.session.share();
        let (place, task) = script.task(self.persona, share);
        let mut course = Course::new(self, &script, turn, log);
        let failed = course.play(&task.steps).await.is_err();
        Iterated {
            task: place,
            requests: course.requests,
            failed,
            is_last: false,
        }
    }

    fn pause(&mut self) -> Duration {
        let think = self.script.scenario.personas[self.persona].think;
        if matches!(think, common::load::Think::None) {
            return Duration::ZERO;
        }
        let share = self.session.share();
        think.pause(share)
    }

    fn rest(&mut self) {
        self.session.rest();
    }

    async fn end(&mut self, log: &Log) {
        let script = Arc::clone(&self.script);
        let steps = &script.scenario.personas[self.persona].on_stop;
        if steps.is_empty() {
            return;
        }
        let now = log.now();
        let turn = Turn {
            number: None,
            due: now,
            idle: false,
            measured: log.is_measured(now),
        };
        // As above: it is counted.
        let _ = Course::new(self, &script, turn, log).play(steps).await;
    }
}
