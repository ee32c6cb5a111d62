//! The lanes of this process as one crowd.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::units::{count_f64, size_u64};
use tokio::time::Instant;

use super::lane::{Command, Lane, LaneOptions};
use super::permits::Permits;
use super::{Cast, Casting, Part, Program, Roster, Tape};
use crate::scenario::Replay;

/// What a crowd plays.
pub struct Play<C> {
    /// Makes the users.
    pub cast: Arc<C>,
    /// The names of everything.
    pub roster: Arc<Roster>,
    /// Who is of which persona.
    pub casting: Arc<Casting>,
    /// How much is offered.
    pub program: Program,
    /// The times of a log, in place of those of the program.
    pub replay: Option<Arc<Replay>>,
    /// What is left out of the figures at the start.
    pub warm_up: Duration,
    /// The seed of arrivals and of who does what.
    pub seed: u64,
    /// When the load begins.
    pub epoch: Instant,
    /// The parts of the load that are this crowd's from the start.
    pub parts: Vec<Part>,
    /// How many parts the load is cut into.
    pub of: u64,
    /// Threads that offer load.
    pub lanes: usize,
}

/// The lanes of this process.
pub struct LocalCrowd {
    lanes: Vec<Lane>,
    permits: Arc<Permits>,
    program: Program,
    epoch: Instant,
    /// CPU time of the lanes when it was last taken, and when.
    cpu_before: (Vec<u64>, Instant),
}

/// What happened since it was last asked.
#[derive(Debug)]
pub struct Taken {
    /// What was seen.
    pub tape: Tape,
    /// Users that are there, by persona.
    pub users: Vec<u64>,
    /// Iterations that are under way.
    pub under_way: u64,
    /// The share of its core that the busiest lane used.
    pub busiest: f64,
}

impl LocalCrowd {
    /// Starts the lanes; they offer nothing before the epoch.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<C: Cast>(play: Play<C>) -> std::io::Result<Self> {
        let permits = Arc::new(Permits::new(&play.program, play.of));
        let lanes = (0..play.lanes.max(1))
            .map(|number| {
                Lane::start(
                    number,
                    LaneOptions {
                        cast: Arc::clone(&play.cast),
                        roster: Arc::clone(&play.roster),
                        casting: Arc::clone(&play.casting),
                        program: play.program.clone(),
                        replay: play.replay.clone(),
                        warm_up: play.warm_up,
                        seed: play.seed,
                        epoch: play.epoch,
                        parts: share_of(&play.parts, number, play.lanes.max(1)),
                        permits: Arc::clone(&permits),
                    },
                )
            })
            .collect::<std::io::Result<Vec<_>>>()?;
        Ok(Self {
            cpu_before: (vec![0; lanes.len()], Instant::now()),
            lanes,
            permits,
            program: play.program,
            epoch: play.epoch,
        })
    }

    /// Since the start of the load; zero before.
    pub fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.epoch)
    }

    /// What is offered.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Has these parts of the load from a time since the start on. Each comes with how many of its iterations
    /// others have begun, where the load is limited by their number.
    pub fn assign(&self, parts: &[(Part, u64)], from: Duration) {
        for (part, begun) in parts {
            self.permits.set_begun(*part, *begun);
        }
        let parts: Vec<Part> = parts.iter().map(|it| it.0).collect();
        for (number, lane) in self.lanes.iter().enumerate() {
            let shares = share_of(&parts, number, self.lanes.len());
            let command = Box::new(Command::Assign(shares, from));
            lane.ask(Command::At(from, command));
        }
    }

    /// How many iterations of a part were begun, where the load is limited by their number.
    pub fn begun(&self, part: Part) -> Option<u64> {
        self.permits.begun(part)
    }

    /// Iterations may begin until then and no longer.
    pub fn lease(&self, until: Instant) {
        for lane in &self.lanes {
            lane.log.lease(until.saturating_duration_since(self.epoch));
        }
    }

    /// Begins nothing from a time since the start on, or goes on.
    pub fn pause(&self, is_paused: bool, from: Duration) {
        for lane in &self.lanes {
            lane.ask(Command::At(from, Box::new(Command::Pause(is_paused))));
        }
    }

    /// Has so many users, or so many iterations per second, from a time since the start on; without effect on a
    /// load of the other kind.
    pub fn redirect(&mut self, height: f64, rate_of_change: f64, from: Duration) {
        self.program = match &self.program {
            Program::Users(users) => {
                let wanted = common::units::round_u64(height);
                Program::Users(users.redirected(from, wanted, rate_of_change))
            }
            Program::Arrivals(arrivals) => Program::Arrivals(arrivals.redirected(from, height)),
        };
        for lane in &self.lanes {
            // What lies before is the same.
            lane.ask(Command::Program(self.program.clone()));
        }
    }

    /// What happened since it was last asked.
    ///
    /// # Panics
    /// When there are no lanes.
    pub fn take(&mut self) -> Taken {
        let mut tapes = self.lanes.iter().map(|it| it.log.take());
        let mut tape = tapes.next().expect("there is a lane");
        for other in tapes {
            tape.merge(&other);
        }
        let mut users = vec![0; self.lanes[0].log.roster().personas.len()];
        for lane in &self.lanes {
            for (sum, here) in users.iter_mut().zip(lane.log.users()) {
                *sum += here;
            }
        }
        Taken {
            tape,
            users,
            under_way: self.lanes.iter().map(|it| it.log.under_way()).sum(),
            busiest: self.busiest(),
        }
    }

    fn busiest(&mut self) -> f64 {
        let now = Instant::now();
        let elapsed = now.duration_since(self.cpu_before.1);
        let spent = self.lanes.iter().zip(&mut self.cpu_before.0);
        let most = spent
            .map(|(lane, before)| {
                let cpu = lane.vitals.cpu_nanos.load(Ordering::Relaxed);
                cpu.saturating_sub(std::mem::replace(before, cpu))
            })
            .max()
            .unwrap_or(0);
        self.cpu_before.1 = now;
        count_f64(most) / count_f64(common::units::nanos(elapsed).max(1))
    }

    /// Whether nothing is offered any more.
    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(Lane::is_over)
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> u64 {
        size_u64(self.lanes.len())
    }

    /// Begins nothing any more; what is under way may take so long, the rest is counted as interrupted. What
    /// happens meanwhile can be taken while the future is waited for.
    pub fn finish(&mut self, graceful: Duration) -> impl Future<Output = ()> + Send + use<> {
        let lanes: Vec<_> = self
            .lanes
            .iter_mut()
            .map(|it| it.finish(graceful))
            .collect();
        async {
            futures::future::join_all(lanes).await;
        }
    }
}

/// Each part is cut into as many as there are lanes.
fn share_of(parts: &[Part], lane: usize, lanes: usize) -> Vec<Part> {
    let (lane, lanes) = (size_u64(lane), size_u64(lanes));
    parts
        .iter()
        .map(|it| Part {
            index: it.index + it.of * lane,
            of: it.of * lanes,
        })
        .collect()
}
