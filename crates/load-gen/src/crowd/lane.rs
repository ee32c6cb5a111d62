//! A lane: a thread with a runtime of its own whose users share nothing with those of other lanes.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::conduct::{Conduct, conduct};
use crate::scenario::Replay;

use super::permits::Permits;
use super::{Cast, Casting, Log, Part, Program, Roster};

/// What a lane needs to know before it begins.
pub(super) struct LaneOptions<C> {
    /// Makes its users.
    pub cast: Arc<C>,
    /// The names of everything.
    pub roster: Arc<Roster>,
    /// Of each persona: its share of the users, and a fixed number of them.
    pub casting: Arc<Casting>,
    /// What is offered.
    pub program: Program,
    /// The times of a log, in place of those of the program.
    pub replay: Option<Arc<Replay>>,
    /// What is left out of the figures at the start.
    pub warm_up: Duration,
    /// The seed of arrivals and of who does what.
    pub seed: u64,
    /// When the load begins.
    pub epoch: Instant,
    /// The parts of the program that are this lane's.
    pub parts: Vec<Part>,
    /// Iterations that all lanes of the process may still begin.
    pub permits: Arc<Permits>,
}

/// What is asked of a lane while it goes on.
#[derive(Debug)]
pub(super) enum Command {
    /// Do the rest at a time since the start.
    At(Duration, Box<Command>),
    /// Have these parts from now on. Of those that are new, what was due before the time is nobody's business.
    Assign(Vec<Part>, Duration),
    /// Offer this from now on.
    Program(Program),
    /// Begin nothing, or go on.
    Pause(bool),
    /// Begin nothing any more; what is under way may take so long, then tell.
    Finish(Duration, oneshot::Sender<()>),
}

/// A running lane.
pub(super) struct Lane {
    pub(super) log: Log,
    pub(super) vitals: Arc<Vitals>,
    commands: mpsc::UnboundedSender<Command>,
    thread: Option<thread::JoinHandle<()>>,
}

/// How a lane itself does.
#[derive(Debug, Default)]
pub(super) struct Vitals {
    /// CPU time of its thread, nanoseconds.
    pub(super) cpu_nanos: AtomicU64,
    /// Whether it offers nothing any more, since its program is over or its users have ended.
    pub(super) is_over: AtomicBool,
}

impl Lane {
    /// Starts a lane in a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread or no runtime.
    pub(super) fn start<C: Cast>(number: usize, options: LaneOptions<C>) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let log = Log::new(Arc::clone(&options.roster), options.epoch, options.warm_up);
        let vitals = Arc::new(Vitals::default());
        let (commands, orders) = mpsc::unbounded_channel();
        let (its_log, its_vitals) = (log.clone(), Arc::clone(&vitals));
        let thread = thread::Builder::new()
            .name(format!("lane-{number}"))
            .spawn(move || {
                // Where the system refuses, timers are some tens of microseconds later.
                let _ = nix::sys::prctl::set_timerslack(1000);
                runtime.block_on(conduct(Conduct::new(
                    options, its_log, its_vitals, orders, true,
                )));
                // What is left has been counted as interrupted.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            log,
            vitals,
            commands,
            thread: Some(thread),
        })
    }

    pub(super) fn ask(&self, command: Command) {
        // A lane that is over needs no commands.
        let _ = self.commands.send(command);
    }

    /// Ends the lane: nothing new begins, what is under way may take so long.
    pub(super) fn finish(&mut self, graceful: Duration) -> impl Future<Output = ()> + Send + use<> {
        let (done, over) = oneshot::channel();
        self.ask(Command::Finish(graceful, done));
        let thread = self.thread.take();
        async move {
            // A lane whose thread is gone has nothing under way.
            let _ = over.await;
            let Some(thread) = thread else { return };
            let joined = tokio::task::spawn_blocking(move || thread.join()).await;
            if let Ok(Err(panic)) = joined {
                std::panic::resume_unwind(panic);
            }
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.vitals.is_over.load(Ordering::Relaxed)
            || self
                .thread
                .as_ref()
                .is_none_or(thread::JoinHandle::is_finished)
    }
}
