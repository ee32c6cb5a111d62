//! A user who asks: operations of a profile are composed, sent, judged and, where they start a job,
//! followed to its end.

mod capture;
mod compose;
mod draws;
mod job;
mod judge;
mod litter;
mod memory;
mod parts;
mod problem;
mod scene;
mod workflow;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use common::sky::{Position, Target};
use http::{HeaderMap, StatusCode};

pub use job::{JobAnswer, WaitSource};
pub use litter::Litter;
pub use parts::{LOOKUPS, PARTS, SOURCE_LIST};
pub use problem::{Problem, kinds};
pub use scene::{Asked, CountRange, FitsFile, Polling, Scene};
pub use workflow::WorkflowAnswer;

use self::capture::Keep;
use self::compose::{Composed, compose};
use self::draws::{Draws, Occasion};
use self::judge::Judge;
use crate::client::{Client, Endpoint, Redirects};
use crate::profile::{Call, Group, JobId, Operation, Profile};
use crate::request::Target as Address;

/// Jobs that a user remembers; older ones are forgotten first.
const REMEMBERED_JOBS: usize = 20;

/// A right answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The rows; none where the content has none.
    pub rows: Option<u64>,
    /// Whether the number of rows was compared with what the catalogue has.
    pub count_checked: bool,
    /// Setting up the connection, where that was needed.
    pub connect: Option<Duration>,
    /// From the start to the head of the answer.
    pub first_byte: Duration,
    /// From the start to the last byte.
    pub total: Duration,
    /// Bytes of the body as they came over the wire.
    pub wire_bytes: u64,
    /// Bytes of the request's body.
    pub sent_bytes: u64,
    /// The target that was asked for.
    pub target: Option<Target>,
    headers: HeaderMap,
    captures: Vec<Option<String>>,
    body: Vec<u8>,
    positions: Vec<Position>,
}

/// A simulated user of a service: a connection, a seed, jobs of its own.
pub struct Session {
    client: Client,
    profile: Arc<Profile>,
    draws: Draws,
    jobs: VecDeque<String>,
}

impl Session {
    /// User `number` of a run.
    pub fn new(
        endpoint: Arc<Endpoint>,
        profile: Arc<Profile>,
        scene: Arc<Scene>,
        number: u64,
    ) -> Self {
        Self {
            client: Client::new(endpoint),
            profile,
            draws: Draws::new(scene, number),
            jobs: VecDeque::new(),
        }
    }

    /// The profile whose operations are asked.
    pub fn profile(&self) -> &Arc<Profile> {
        &self.profile
    }

    /// Draws from here on what belongs to a number (an iteration of an open load), so that it does not matter
    /// which user does it.
    pub fn restart_draws(&mut self, number: u64) {
        self.draws.restart(number);
    }

    /// A share in [0, 1) of the user's random numbers.
    pub fn share(&mut self) -> f64 {
        self.draws.share()
    }

    /// The user begins to think: what an open connection costs beside the connection is given up until the
    /// next question. For pauses from some milliseconds on.
    pub fn rest(&mut self) {
        self.client.park();
        self.draws.rest();
    }

    /// Draws an operation of a group by the weights; with a user who has no job, those that need one are
    /// left out. `None` when the group has none to offer.
    pub fn choose(&mut self, group: Group, jobs: JobChoice) -> Option<usize> {
        let share = self.draws.share();
        let has_job = !self.jobs.is_empty();
        let is_possible = |it: &Operation| {
            it.group == group
                && it.weight > 0.0
                && self.draws.scene.can_ask(it)
                && match jobs {
                    JobChoice::Without => it.job.is_none() && !it.needs_job(),
                    JobChoice::Only => it.job.is_some(),
                    JobChoice::Any => has_job || !it.needs_job(),
                }
        };
        let operations = self.profile.operations.iter().enumerate();
        let possible: Vec<(usize, f64)> = operations
            .filter(|it| is_possible(it.1))
            .map(|(index, it)| (index, it.weight))
            .collect();
        let mut left = share * possible.iter().map(|it| it.1).sum::<f64>();
        for (index, weight) in &possible {
            left -= weight;
            if left < 0.0 {
                return Some(*index);
            }
        }
        possible.last().map(|it| it.0)
    }

    /// Draws a group by its share of the mixed workload.
    pub fn choose_group(&mut self) -> Option<Group> {
        let mut left = self.draws.share() * self.profile.mixed.values().sum::<f64>();
        for (group, share) in &self.profile.mixed {
            left -= share;
            if left < 0.0 {
                return Some(*group);
            }
        }
        None
    }

    /// Asks an operation once; the job that it may start is remembered and not followed.
    pub async fn ask(&mut self, index: usize) -> Result<Answer, Problem> {
        let profile = Arc::clone(&self.profile);
        let operation = &profile.operations[index];
        let mut occasion = self.draws.occasion();
        if operation.needs_job() {
            let place = self.draws.index(self.jobs.len());
            occasion.job = self.jobs.get(place).cloned();
        }
        let answer = self
            .call(&operation.call, &occasion, Keep::of(operation))
            .await?;
        self.note(operation, &answer)?;
        Ok(answer)
    }

    /// Asks an operation with another path and query in place of its own, as a log has them. What an answer
    /// must be is the operation's, but for what depends on the target.
    pub async fn ask_target(&mut self, index: usize, address: Address) -> Result<Answer, Problem> {
        let profile = Arc::clone(&self.profile);
        let operation = &profile.operations[index];
        let occasion = Occasion::default();
        let mut composed = compose(&operation.call, &mut self.draws, &occasion)?;
        composed.request.target = address;
        composed.limit = None;
        let answer = self
            .exchange(&operation.call, &occasion, composed, &Keep::of(operation))
            .await?;
        self.note(operation, &answer)?;
        Ok(answer)
    }

    /// Remembers what a right answer says: captured values, and the name of a job.
    fn note(&mut self, operation: &Operation, answer: &Answer) -> Result<(), Problem> {
        if let Some(job) = &operation.job {
            let name = job_name(&job.id, answer)?;
            self.draws.scene.litter.add(&operation.name, &name);
            self.remember(name);
        }
        self.keep(operation, answer, capture::offset(operation))
    }

    /// Asks an operation that starts a job and follows the job to its end.
    pub async fn follow(&mut self, index: usize) -> Result<JobAnswer, Problem> {
        let profile = Arc::clone(&self.profile);
        job::follow(self, &profile.operations[index]).await
    }

    /// Goes through the workflow of the profile once: an image is calibrated, the brightest of its sources
    /// are looked up in the catalogue.
    pub async fn workflow(&mut self) -> Result<WorkflowAnswer, Problem> {
        workflow::run(self).await
    }

    /// Removes a job of an operation from the service, as its profile says; without a word on how to,
    /// nothing is done.
    pub async fn clean_up(&mut self, operation: &str, job: &str) -> Result<(), Problem> {
        let profile = Arc::clone(&self.profile);
        let cleanup = profile
            .operation(operation)
            .and_then(|it| it.job.as_ref()?.cleanup.as_ref());
        let Some(call) = cleanup else { return Ok(()) };
        let occasion = Occasion {
            job: Some(job.to_owned()),
            ..Occasion::default()
        };
        self.call(call, &occasion, Keep::default())
            .await
            .map(|_| ())
    }

    fn remember(&mut self, job: String) {
        if self.jobs.len() >= REMEMBERED_JOBS {
            self.jobs.pop_front();
        }
        self.jobs.push_back(job);
    }

    /// Sends one request and judges its answer. `keep` is what the caller needs of the body.
    async fn call(
        &mut self,
        call: &Call,
        occasion: &Occasion,
        keep: Keep,
    ) -> Result<Answer, Problem> {
        self.poll(call, occasion, keep, None).await
    }

    /// The same with more parameters behind those of the call.
    async fn poll(
        &mut self,
        call: &Call,
        occasion: &Occasion,
        keep: Keep,
        parameters: Option<&str>,
    ) -> Result<Answer, Problem> {
        let mut composed = compose(call, &mut self.draws, occasion)?;
        if let Some(parameters) = parameters {
            composed.request.target = composed.request.target.with_parameters(parameters);
        }
        self.exchange(call, occasion, composed, &keep).await
    }

    async fn exchange(
        &mut self,
        call: &Call,
        occasion: &Occasion,
        composed: Composed,
        keep: &Keep,
    ) -> Result<Answer, Problem> {
        self.draws.leave_between();
        let mut judge = Judge::new(&call.success, occasion, composed.limit, keep);
        let outcome = self
            .client
            .exchange(&composed.request, redirects(call), &mut judge)
            .await;
        judge.verdict(outcome, occasion)
    }

    /// The limit of a job.
    fn job_limit(&self, given: Option<Duration>) -> Duration {
        given.map_or(self.draws.scene.job_timeout, |it| {
            it.min(self.draws.scene.job_timeout)
        })
    }
}

/// Redirects that one exchange may take.
const MOST_REDIRECTS: u32 = 5;

/// A call whose right answer is a redirect wants to see it.
fn redirects(call: &Call) -> Redirects {
    if call.success.status.iter().any(StatusCode::is_redirection) {
        Redirects::Return
    } else {
        Redirects::Follow {
            at_most: MOST_REDIRECTS,
        }
    }
}

/// Which operations of a group are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobChoice {
    /// Those that are over with their answer.
    Without,
    /// Those that start a job.
    Only,
    /// All that are possible.
    Any,
}

/// The name of the job that an answer tells.
fn job_name(id: &JobId, answer: &Answer) -> Result<String, Problem> {
    let found = match id {
        JobId::Json(_) => answer.captures.first().cloned().flatten(),
        JobId::Header(name) => answer
            .headers
            .get(name)
            .and_then(|it| it.to_str().ok())
            .map(str::to_owned),
    };
    found.filter(|it| !it.is_empty()).ok_or_else(|| {
        let place = match id {
            JobId::Json(pointer) => format!("no value at `{pointer}`"),
            JobId::Header(name) => format!("no header `{name}`"),
        };
        Problem::new(
            kinds::WRONG_CONTENT,
            format!("the answer does not name the job: {place}"),
        )
    })
}

#[cfg(test)]
mod tests;
