//! An iteration: the steps of a task, one after the other, each request written down as it ends.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use common::load::{Done, Failure, Tags};
use common::sky::{RadiusClass, Target};
use common::units::count_usize;
use service::profile::Group;
use service::request::Target as Address;
use service::session::{Answer, JobAnswer, Problem};

use super::condition::holds;
use super::{Script, Visitor};
use crate::crowd::{Iterated, Log, Turn};
use crate::scenario::{Replay, Step};

/// More rounds than this of a step that is repeated are a mistake of a template.
const MOST_ROUNDS: u64 = 100_000;

/// An iteration that goes on.
pub(super) struct Course<'a> {
    visitor: &'a mut Visitor,
    script: &'a Script,
    turn: Turn,
    log: &'a Log,
    /// Requests that were made.
    pub(super) requests: u32,
}

/// A request failed, and with it the iteration.
pub(super) struct Failed;

type Steps<'b> = Pin<Box<dyn Future<Output = Result<(), Failed>> + Send + 'b>>;

impl<'a> Course<'a> {
    pub(super) fn new(
        visitor: &'a mut Visitor,
        script: &'a Script,
        turn: Turn,
        log: &'a Log,
    ) -> Self {
        Self {
            visitor,
            script,
            turn,
            log,
            requests: 0,
        }
    }

    /// Plays steps until one fails.
    pub(super) async fn play(&mut self, steps: &[Step]) -> Result<(), Failed> {
        for step in steps {
            match step {
                // Most steps are requests, which need no box of their own.
                Step::Request { operation, follow } => self.request(*operation, *follow).await?,
                other => self.nested(other).await?,
            }
        }
        Ok(())
    }

    fn nested<'b>(&'b mut self, step: &'b Step) -> Steps<'b> {
        Box::pin(async move {
            match step {
                Step::Request { operation, follow } => self.request(*operation, *follow).await,
                Step::Pause(think) => {
                    let pause = think.pause(self.visitor.session.share());
                    tokio::time::sleep(pause).await;
                    Ok(())
                }
                Step::Repeat { times, steps } => {
                    let times = self.visitor.session.evaluate(times);
                    let times: u64 = times.trim().parse().unwrap_or(0);
                    for _ in 0..times.min(MOST_ROUNDS) {
                        self.play(steps).await?;
                    }
                    Ok(())
                }
                Step::While {
                    condition,
                    most,
                    steps,
                } => {
                    for _ in 0..*most {
                        if !holds(condition, &mut self.visitor.session) {
                            break;
                        }
                        self.play(steps).await?;
                    }
                    Ok(())
                }
                Step::If {
                    condition,
                    then,
                    otherwise,
                } => {
                    let chosen = if holds(condition, &mut self.visitor.session) {
                        then
                    } else {
                        otherwise
                    };
                    self.play(chosen).await
                }
                Step::Chance { probability, steps } => {
                    if self.visitor.session.share() < *probability {
                        self.play(steps).await?;
                    }
                    Ok(())
                }
                Step::Set { name, value } => {
                    let value = self.visitor.session.evaluate(value);
                    self.visitor.session.set_value(name, value);
                    Ok(())
                }
            }
        })
    }

    /// Makes a request and writes it down. Of a user who has no job yet, nothing can be asked about one: as in
    /// real life nothing is done then.
    async fn request(&mut self, operation: usize, follow: bool) -> Result<(), Failed> {
        if !self.visitor.session.can_ask(operation) {
            return Ok(());
        }
        let start = self.log.now();
        if follow {
            let outcome = self.visitor.session.follow(operation).await;
            if let Ok(job) = &outcome {
                self.log.fits_file(&self.turn, job.bytes.unwrap_or(0));
            }
            return self.write(operation, start, outcome.map(|it| done_of_job(&it)));
        }
        let outcome = self.visitor.session.ask(operation).await;
        self.note(operation, start, outcome)
    }

    fn note(
        &mut self,
        operation: usize,
        start: Duration,
        outcome: Result<Answer, Problem>,
    ) -> Result<(), Failed> {
        let known = &self.script.scenario.profile.operations[operation];
        if let Ok(answer) = &outcome
            && known.job.is_some()
            && known.group == Group::Processing
        {
            let uploads = known.call.request.uploads_fits();
            let bytes = if uploads { answer.sent_bytes } else { 0 };
            self.log.fits_file(&self.turn, bytes);
        }
        self.write(operation, start, outcome.map(|it| done_of_answer(&it)))
    }

    fn write(
        &mut self,
        operation: usize,
        start: Duration,
        outcome: Result<(Done, Option<Target>), Problem>,
    ) -> Result<(), Failed> {
        let is_first = self.requests == 0;
        self.requests += 1;
        let known = &self.script.scenario.profile.operations[operation];
        let outcome = match outcome {
            Ok((done, target)) => Ok(Done {
                tags: self.tags(operation, target.filter(|_| known.call.success.inside_cone)),
                ..done
            }),
            Err(problem) => Err(problem.failure(self.tags(operation, None))),
        };
        self.log
            .request(label(operation), &self.turn, (is_first, start), &outcome);
        outcome.map(|_| ()).map_err(|_: Failure| Failed)
    }

    fn tags(&self, operation: usize, target: Option<Target>) -> Tags {
        let roster = self.log.roster();
        let persona = label(roster.persona_label(self.visitor.persona));
        match target {
            Some(target) => {
                let class = RadiusClass::of(target.cone.radius_deg);
                let radius = label(roster.radius_label(class));
                Tags::of(&[label(operation), persona, radius])
            }
            None => Tags::of(&[label(operation), persona]),
        }
    }
}

/// More than 65,000 names are not told apart.
fn label(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

fn done_of_answer(answer: &Answer) -> (Done, Option<Target>) {
    let done = Done {
        items: answer.rows.unwrap_or(0),
        bytes: answer.wire_bytes,
        tags: Tags::NONE,
        spans: answer.spans(),
    };
    (done, answer.target)
}

fn done_of_job(job: &JobAnswer) -> (Done, Option<Target>) {
    let done = Done {
        items: job.result.as_ref().and_then(|it| it.rows).unwrap_or(0),
        bytes: job.result.as_ref().map_or(0, |it| it.wire_bytes),
        tags: Tags::NONE,
        spans: job.spans(),
    };
    (done, job.target)
}

impl Visitor {
    /// Asks what a log has.
    pub(super) async fn replay(
        &mut self,
        script: &Script,
        replay: &Replay,
        number: u64,
        turn: Turn,
        log: &Log,
    ) -> Iterated {
        let Some(entry) = replay.entries.get(count_usize(number)) else {
            return Iterated {
                task: 0,
                requests: 0,
                failed: false,
                is_last: false,
            };
        };
        let start = log.now();
        let address = Address::Below(entry.target.clone());
        let outcome = self.session.ask_target(entry.operation, address).await;
        let mut course = Course::new(self, script, turn, log);
        let failed = course.note(entry.operation, start, outcome).is_err();
        Iterated {
            task: 0,
            requests: course.requests,
            failed,
            is_last: false,
        }
    }
}
