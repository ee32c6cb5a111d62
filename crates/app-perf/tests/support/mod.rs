//! What the tests of the built program share: a room for its runs, the reference service as a program of
//! its own, servers that misbehave.
#![allow(dead_code, reason = "each test program uses a part")]
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

pub(crate) mod server;

use std::ops::Deref;
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use testkit::LIMIT;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;

/// A room for runs of `app-perf`.
pub(crate) struct Room(testkit::Room);

impl Room {
    pub(crate) fn new() -> Self {
        Self(testkit::Room::new(
            env!("CARGO_BIN_EXE_app-perf"),
            "app_performance_results.json",
        ))
    }

    /// The reference service in memory with these flags.
    pub(crate) async fn serve(&self, flags: &[&str]) -> Service {
        let mut arguments = vec![
            "serve",
            "--memory",
            "--objects",
            "2000",
            "--image-size",
            "128",
        ];
        arguments.extend(flags);
        let mut child = self
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = timeout(LIMIT, lines.next_line()).await;
        let url = line
            .expect("it takes too long")
            .unwrap()
            .expect("it prints its address");
        Service { child, url }
    }
}

impl Deref for Room {
    type Target = testkit::Room;

    fn deref(&self) -> &testkit::Room {
        &self.0
    }
}

/// A reference service.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
}

impl Service {
    /// Ends it as Ctrl-C does; it must end by itself and well.
    pub(crate) async fn stop(mut self) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
        let status = timeout(LIMIT, self.child.wait())
            .await
            .expect("it ends")
            .unwrap();
        assert_eq!(status.code(), Some(0));
    }
}
