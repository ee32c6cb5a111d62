//! What a scenario would do, told before anything runs.

mod describe;
mod expectation;
mod load;
mod plot;
mod steps;

pub(super) use describe::describe;
