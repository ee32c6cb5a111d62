//! The running server process.
//!
//! A thread of its own starts the server and stays until it has ended: the signal that the kernel
//! sends to the server when we are killed is tied to the thread that started it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use std::os::unix::process::CommandExt;

use super::embedded_error::EmbeddedError;
use super::postgres_binaries::on_path;
use super::server_folder::ServerUser;

/// How often the process is looked at while waiting for its end.
const POLL: Duration = Duration::from_millis(5);
/// How a server is ended, and how long each step may take: fast shutdown, immediate shutdown, kill.
const STOP_STEPS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(20)),
    (Signal::SIGQUIT, Duration::from_secs(5)),
    (Signal::SIGKILL, Duration::from_secs(5)),
];

/// The server, until it has ended and was waited for.
#[derive(Debug)]
pub(super) struct ServerProcess {
    pid: Pid,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    ended: Option<ExitStatus>,
}

impl ServerProcess {
    /// Starts `command`, made by [`command_as`].
    pub(super) fn start(mut command: Command) -> Result<Self, EmbeddedError> {
        let program = PathBuf::from(command.get_program());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("throwaway-server".to_owned())
            .spawn(move || match command.spawn() {
                Ok(child) => {
                    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
                    if sender.send(Ok(pid)).is_ok() {
                        wait_for(child, pid, &shared);
                    }
                }
                Err(error) => drop(sender.send(Err(error))),
            })
            .map_err(|source| EmbeddedError::Spawn {
                program: program.clone(),
                source,
            })?;
        let started = receiver
            .recv()
            .map_err(|_| EmbeddedError::Ended { log: String::new() })?;
        let pid = started.map_err(|source| EmbeddedError::Spawn { program, source })?;
        Ok(Self {
            pid,
            state,
            thread: Some(thread),
        })
    }

    /// The process number of the server.
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        lock(&self.state).ended.is_some()
    }

    /// Sends a signal, unless the process has ended.
    pub(super) fn signal(&self, signal: Signal) {
        // The number stays ours while the lock is held: the process is only waited for under it.
        let state = lock(&self.state);
        if state.ended.is_none() {
            let _ = kill(self.pid, signal);
        }
    }

    /// Waits for the end; `false` when the limit passed first.
    pub(super) async fn wait(&mut self, limit: Duration) -> bool {
        let waited = tokio::time::timeout(limit, async {
            while !self.has_ended() {
                tokio::time::sleep(POLL).await;
            }
        });
        let ended = waited.await.is_ok();
        if ended {
            self.join();
        }
        ended
    }

    /// As [`Self::wait`], for `drop`.
    pub(super) fn wait_blocking(&mut self, limit: Duration) -> bool {
        let mut left = limit;
        while !self.has_ended() {
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(POLL);
            left = left.saturating_sub(POLL);
        }
        self.join();
        true
    }

    /// Ends the server: a fast shutdown, then an immediate one, then without asking.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for (signal, limit) in STOP_STEPS {
            self.signal(signal);
            if self.wait(limit).await {
                return Ok(());
            }
        }
        let (_, limit) = STOP_STEPS[2];
        Err(EmbeddedError::TimedOut {
            what: "stopping the throwaway server",
            limit,
        })
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Nothing of the data is wanted any more: no checkpoint.
        for (signal, limit) in &STOP_STEPS[1..] {
            self.signal(*signal);
            if self.wait_blocking(*limit) {
                return;
            }
        }
        tracing::warn!("the throwaway server {} does not end", self.pid);
    }
}

fn wait_for(mut child: Child, pid: Pid, state: &Mutex<State>) {
    // First without taking the process's number out of use, then under the lock.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        == Err(nix::errno::Errno::EINTR)
    {}
    let mut state = lock(state);
    state.ended = Some(child.wait().unwrap_or_default());
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command of PostgreSQL: as `user`, without our environment, in a process group of its own (a
/// terminal's Ctrl-C goes to the whole group, and the server must outlive the first one).
pub(super) fn command_as(program: &Path, user: Option<ServerUser>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    detach(&mut command, user, folder);
    command
}

/// As [`command_as`], and the kernel sends SIGINT (a fast shutdown) when our thread ends, which is
/// also when we are killed. Without `setpriv` (util-linux) the server outlives a killed run.
pub(super) fn command_tied_to_us(
    program: &Path,
    user: Option<ServerUser>,
    folder: &Path,
) -> Command {
    let Some(setpriv) = on_path("setpriv") else {
        return command_as(program, user, folder);
    };
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "INT", "--"]).arg(program);
    detach(&mut command, user, folder);
    command
}

fn detach(command: &mut Command, user: Option<ServerUser>, folder: &Path) {
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .current_dir(folder)
        .stdin(Stdio::null())
        .process_group(0);
    if let Some(user) = user {
        // The standard library also drops root's supplementary groups.
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
}
