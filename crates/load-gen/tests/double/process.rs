//! Workers that are processes of their own: the test program starts itself again.

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use clap::Parser;
use load_gen::args::Distributed;
use load_gen::crowd::Tape;
use load_gen::distributed::{Led, Master, MasterOptions, Outcome, WorkerOptions, work};
use load_gen::outputs::WorkerAudit;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_util::sync::CancellationToken;

use super::double::{Double, Log};

/// The variable that makes a worker of a test program: its flags.
const FLAGS: &str = "LOAD_GEN_TEST_WORKER_FLAGS";

/// The test that is a worker when the variable is there.
const TEST: &str = "worker_process";

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    flags: Distributed,
}

/// Flags of a master or worker as on a command line.
pub(crate) fn flags(words: &[&str]) -> Distributed {
    Line::parse_from([&["load-gen"], words].concat()).flags
}

/// Is a worker, where the variable says so.
pub(crate) fn be_a_worker() {
    let Some(words) = std::env::var_os(FLAGS) else {
        return;
    };
    let words = words.into_string().unwrap();
    let flags = flags(&words.split(' ').collect::<Vec<_>>());
    let mut mistakes = Vec::new();
    let options = WorkerOptions::of(&flags, &mut mistakes).unwrap();
    let name = options.name.clone();
    let log = Log::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let end = runtime.block_on(work(
        &options,
        move || Double::new(&name, &log),
        &CancellationToken::new(),
    ));
    println!("worker ended: {end:?}");
    end.unwrap();
}

/// A worker process. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker(Child);

impl Worker {
    /// Starts one; `before` are words in front of the program, such as `ip netns exec NAME`.
    pub(crate) fn start(before: &[&str], words: &str) -> Self {
        let program = std::env::current_exe().unwrap().display().to_string();
        let line = [before, &[&program, TEST, "--exact", "--nocapture"]].concat();
        let child = Command::new(line[0])
            .args(&line[1..])
            .env(FLAGS, words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.0.id().cast_signed()), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn end(mut self) -> ExitStatus {
        for _ in 0..100 {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the worker did not end");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A master with these flags.
pub(crate) async fn master(words: &[&str]) -> Master {
    let mut mistakes = Vec::new();
    let words = [&["--master"], words].concat();
    let options = MasterOptions::of(&flags(&words), &mut mistakes);
    Master::bind(&options.unwrap_or_else(|| panic!("{mistakes:?}")))
        .await
        .unwrap()
}

/// The flags of a worker for a master.
pub(crate) fn worker_flags(name: &str, master: SocketAddr) -> String {
    format!(
        "--worker --worker-name={name} --master-host={} --master-port={}",
        master.ip(),
        master.port()
    )
}

/// Waits for the end of a run.
pub(crate) async fn end(mut led: Led) -> (Tape, Outcome) {
    let mut tape: Option<Tape> = None;
    while let Some(merged) = led.seconds.recv().await {
        match (&mut tape, merged.tape) {
            (Some(all), Some(its)) => all.merge(&its),
            (all @ None, its) => *all = its,
            (Some(_), None) => {}
        }
    }
    (tape.unwrap(), led.outcome().await.unwrap())
}

/// A worker of an outcome.
pub(crate) fn audit<'a>(outcome: &'a Outcome, name: &str) -> &'a WorkerAudit {
    let mut all = outcome.workers.iter();
    all.find(|it| it.row.name == name)
        .unwrap_or_else(|| panic!("{name}: {outcome:?}"))
}
