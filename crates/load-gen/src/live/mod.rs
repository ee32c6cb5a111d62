//! What can be seen of a run while it goes on, and how it is steered.

pub mod headless;
pub mod screen;
mod snapshot;
mod steering;
pub mod web;
mod words;

pub use snapshot::{
    FailureRow, Generator, IterationCounts, LimitRow, Moment, Row, SkyFigures, Snapshot, State,
    Wanted, WorkerRow,
};
pub use steering::{Desk, Order, View, steering};
