//! Several machines: a master that leads, workers that offer load, and what they say to each other.
//!
//! A load is cut into parts. Every worker has some of them, and an [`Engine`] that does them. It gives a sign
//! of life twice a second; each one that is answered is a lease to go on. A worker whose lease runs out
//! stops before the master gives its parts to others, so that nothing is done twice. Reports are numbered and
//! kept until they are acknowledged, so that nothing is counted twice and nothing of a worker that comes back is
//! lost.

mod asking;
mod clock;
mod engine;
mod hello;
mod hub;
mod link;
mod master;
mod message;
mod options;
mod parts;
mod proof;
mod tls;
mod wire;
mod worker;

pub use asking::Asking;
pub use engine::{Engine, Job, Last, Second, Share};
pub use hub::{Merged, Outcome};
pub use master::{Led, Master, MasterError};
pub use options::{MasterOptions, WorkerOptions};
pub use tls::TlsFileError;
pub use worker::{WorkerEnd, WorkerError, work};

#[cfg(test)]
mod tests;
