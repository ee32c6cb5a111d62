//! What the crowd asks of a user, and what a user tells of itself.

use std::future::Future;
use std::time::Duration;

use super::Log;

/// A simulated user. The crowd decides when it acts and counts what it did.
pub trait Actor: Send + 'static {
    /// Does what comes before the first iteration; false when the user has nothing to do at all.
    fn begin(&mut self, log: &Log) -> impl Future<Output = bool> + Send;

    /// Does iteration `number` of the user (closed loads) or of the load (open ones).
    fn iterate(&mut self, turn: Turn, log: &Log) -> impl Future<Output = Iterated> + Send;

    /// The pause before the next iteration, of a user that waits for its answers.
    fn pause(&mut self) -> Duration;

    /// Gives back what it does not need while it thinks.
    fn rest(&mut self) {}

    /// Does what comes after the last iteration.
    fn end(&mut self, log: &Log) -> impl Future<Output = ()> + Send;
}

/// Makes users. Equal numbers and personas give equal users.
pub trait Cast: Send + Sync + 'static {
    /// What it makes.
    type Actor: Actor;

    /// User `number`, of a persona by its index.
    fn actor(&self, number: u64, persona: usize) -> Self::Actor;
}

/// An iteration that is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The number of the iteration in an open load, which decides what is drawn; none where the user's own
    /// sequence does.
    pub number: Option<u64>,
    /// When it was due, since the start of the load.
    pub due: Duration,
    /// Whether the user was free at that time, and the start is late by the timer only.
    pub idle: bool,
    /// Whether it is measured, and no warm-up.
    pub measured: bool,
}

/// What an iteration was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Iterated {
    /// The task, by its index into the roster.
    pub task: usize,
    /// How many requests were made.
    pub requests: u32,
    /// Whether one of them failed.
    pub failed: bool,
    /// Whether the user has nothing more to do.
    pub is_last: bool,
}
