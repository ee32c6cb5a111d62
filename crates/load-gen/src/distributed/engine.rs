//! What offers load on a worker, as the rest of this room sees it.

use std::future::Future;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::crowd::{Part, Program, Tape};
use crate::live::{Generator, Order};
use crate::outputs::Audit;
use crate::scenario::Source;

use super::Asking;

/// Everything that a worker needs to know before it can offer a load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The scenario with its files.
    pub source: Source,
    /// The base URL of the service.
    pub host: String,
    /// How it is asked; its secrets travel, but are never shown.
    pub asking: Asking,
    /// How much is offered.
    pub program: Program,
    /// What is due before this, since the start, is in no figure.
    pub warm_up: Duration,
    /// How long what is under way at the end may take.
    pub graceful_stop: Duration,
    /// The seed of everything random.
    pub seed: u64,
    /// What else users are told, by names that only the engine knows, such as `radii`.
    pub settings: std::collections::BTreeMap<String, String>,
}

/// A part of the load that a worker has from some time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Which part.
    pub part: Part,
    /// How many iterations of it others are known to have started, where the program limits iterations.
    pub done: u64,
}

/// What a worker has seen since it was asked the last time, and how it does now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Second {
    /// What was seen.
    pub tape: Tape,
    /// Up to when, since the start of the load, everything was seen that this engine did.
    pub until: Duration,
    /// Users that are there, by persona in the order of the roster.
    pub users: Vec<u64>,
    /// Iterations under way.
    pub under_way: u64,
    /// How the generator itself does.
    pub generator: Generator,
    /// Where the program limits iterations: how many of each part were started here since it was assigned,
    /// with those that were done before; empty otherwise.
    pub progress: Vec<(Part, u64)>,
    /// Whether the program is over and nothing is under way any more. New parts may undo it.
    pub over: bool,
}

/// The last that comes of an engine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Last {
    /// What was seen since the last second.
    pub second: Second,
    /// What the engine saw of itself.
    pub audit: Audit,
}

/// Offers load. All methods but [`Engine::prepare`] and [`Engine::finish`] return at once.
///
/// The order of calls: `prepare`, `start`, then `assign`, `order`, `lease` and `take` in any order, `finish`.
/// The same engine is never used for a second run.
pub trait Engine: Send + 'static {
    /// Reads the scenario and makes ready whatever takes time; an error is a sentence for people.
    fn prepare(&mut self, job: Job) -> impl Future<Output = Result<(), String>> + Send;

    /// Tells the start of the load, which lies in the past for those that join late.
    fn start(&mut self, at: Instant);

    /// Says what is to be done from a time on (since the start): these shares and no others. Of other
    /// parts nothing is begun any more then; what is under way may finish, and what was due before and never
    /// began counts as dropped. What was due of a new part before its time is no business of this worker.
    /// The times never go back from one call to the next.
    fn assign(&mut self, shares: Vec<Share>, from: Duration);

    /// Changes the load at a time since the start; the time lies in the past for those that join late.
    fn order(&mut self, order: Order, from: Duration);

    /// Allows beginning iterations until then and no longer. It is prolonged all the time; it runs out when
    /// nothing was heard of the master, so that a worker that stood still or was cut off does nothing that
    /// others do by then. Lanes should look at it before each iteration.
    fn lease(&mut self, until: Instant);

    /// Hands over what was seen since the last time. It is asked at each full second since the start.
    fn take(&mut self) -> Second;

    /// Begins nothing any more, gives what is under way so long to finish, ends.
    fn finish(&mut self, graceful: Duration) -> impl Future<Output = Last> + Send;
}
