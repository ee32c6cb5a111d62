//! What the tests of the built program share: a room for its runs, a server.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(unused_imports, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

pub(crate) mod server;

use std::ops::Deref;

pub(crate) use testkit::{Ended, LIMIT, Running, report, until};

/// A room for runs of `db-perf`.
pub(crate) struct Room(testkit::Room);

impl Room {
    pub(crate) fn new() -> Self {
        Self(testkit::Room::new(
            env!("CARGO_BIN_EXE_db-perf"),
            "db_performance_results.json",
        ))
    }
}

impl Deref for Room {
    type Target = testkit::Room;

    fn deref(&self) -> &testkit::Room {
        &self.0
    }
}
