//! The crowd: how much is offered when, the users who do it, and what is seen of them.
//!
//! A [`LocalCrowd`] has a lane for each core: a thread with a runtime of its own. Users and iterations are
//! numbered over the whole load, and each lane has the numbers of its [`Part`]s, so that one process and many
//! machines do the same.

mod actor;
mod beck;
mod casting;
mod closed;
mod conduct;
mod lane;
mod local;
mod log;
mod open;
mod owned;
mod permits;
mod program;
mod roster;
mod tape;
#[cfg(test)]
mod tests;
mod timer;

pub use actor::{Actor, Cast, Iterated, Turn};
pub use casting::Casting;
pub use local::{LocalCrowd, Play, Taken};
pub use log::Log;
pub use program::{Arrivals, Dues, FOREVER, Part, Program, Stretch, Users, replayed};
pub use roster::Roster;
pub use tape::{Dropped, Iterations, Tape};
