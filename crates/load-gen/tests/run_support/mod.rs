//! What the tests of the built program share.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::ops::Deref;

/// A scenario of one quick question without a pause.
pub(crate) const HEALTH: &str = r#"
format = 1
name = "health"
description = "asks whether the service is well"
api = "astro-pipeline"

[[persona]]
name = "prober"
weight = 1
think = "none"
tasks = [{ request = "health" }]

[load]
users = 1
run_time = "5s"
"#;

/// A room for runs of `load-gen`.
pub(crate) struct Room(testkit::Room);

impl Room {
    pub(crate) fn new() -> Self {
        Self(testkit::Room::new(
            env!("CARGO_BIN_EXE_load-gen"),
            "load_test_results.json",
        ))
    }
}

impl Deref for Room {
    type Target = testkit::Room;

    fn deref(&self) -> &testkit::Room {
        &self.0
    }
}
