//! Where the users of a lane write what they see.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::load::{Done, Failure};
use common::record::Times;
use tokio::time::Instant;

use super::{Dropped, Iterated, Roster, Tape, Turn};

/// Idle users start at their due time but for the timer. One that is later than this counts from when it was
/// due: the generator was too busy, and that must not make answers look faster than users had them.
const TIMER_TOLERANCE: Duration = Duration::from_millis(2);

/// Where the users of a lane write what they see. Clones write to the same tape.
#[derive(Debug, Clone)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    roster: Arc<Roster>,
    epoch: Instant,
    warm_up: Duration,
    /// Until when iterations may begin, nanoseconds since the epoch.
    lease: AtomicU64,
    tape: Mutex<Tape>,
    /// Users that are there, by persona.
    users: Vec<AtomicU64>,
    under_way: AtomicU64,
    /// Those of them that are no warm-up.
    measured_under_way: AtomicU64,
}

impl Log {
    /// An empty log of a load that begins at `epoch` and leaves out what is due in the first `warm_up`.
    pub fn new(roster: Arc<Roster>, epoch: Instant, warm_up: Duration) -> Self {
        Self(Arc::new(Shared {
            tape: Mutex::new(Tape::new(&roster.labels, roster.tasks.len())),
            users: roster.personas.iter().map(|_| AtomicU64::new(0)).collect(),
            lease: AtomicU64::new(u64::MAX),
            under_way: AtomicU64::new(0),
            measured_under_way: AtomicU64::new(0),
            roster,
            epoch,
            warm_up,
        }))
    }

    /// Since the start of the load; zero before.
    pub fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.0.epoch)
    }

    /// The start of the load.
    pub fn epoch(&self) -> Instant {
        self.0.epoch
    }

    /// Whether iterations may begin: whoever leads was heard of recently enough.
    pub(super) fn is_leased(&self) -> bool {
        common::units::nanos(self.now()) < self.0.lease.load(Ordering::Relaxed)
    }

    /// Iterations may begin until then and no longer.
    pub(super) fn lease(&self, until: Duration) {
        let until = common::units::nanos(until);
        self.0.lease.store(until, Ordering::Relaxed);
    }

    /// The names of everything.
    pub fn roster(&self) -> &Roster {
        &self.0.roster
    }

    /// Whether what is due at a time is measured.
    pub fn is_measured(&self, due: Duration) -> bool {
        due >= self.0.warm_up
    }

    /// Writes down a request: its operation, when it began, and how it ended. The first of an iteration
    /// counts from when the iteration was due.
    pub fn request(
        &self,
        operation: u16,
        turn: &Turn,
        (is_first, start): (bool, Duration),
        outcome: &Result<Done, Failure>,
    ) {
        let end = self.now();
        let mut tape = self.tape();
        if !turn.measured {
            tape.requests.record_warm_up(outcome);
            return;
        }
        let lag = start.saturating_sub(turn.due);
        let waited = is_first && turn.idle;
        if waited && lag > TIMER_TOLERANCE {
            tape.requests.timer_lag.record(lag);
        }
        let times = Times {
            due: if is_first { turn.due.min(start) } else { start },
            start,
            end,
            idle: waited && lag <= TIMER_TOLERANCE,
        };
        tape.record(operation, &times, outcome);
    }

    /// Counts a FITS file that was uploaded or processed, with its bytes where they are known.
    pub fn fits_file(&self, turn: &Turn, bytes: u64) {
        if turn.measured {
            let mut tape = self.tape();
            tape.fits_files += 1;
            tape.fits_bytes += bytes;
        }
    }

    /// Counts the start of an iteration.
    pub(super) fn begin(&self, turn: &Turn) {
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        let measured = u64::from(turn.measured);
        self.0
            .measured_under_way
            .fetch_add(measured, Ordering::Relaxed);
        let mut tape = self.tape();
        if turn.measured {
            tape.iterations.started += 1;
        } else {
            tape.iterations.warm_up += 1;
        }
    }

    /// Counts the end of an iteration.
    pub(super) fn end(&self, turn: &Turn, start: Duration, iterated: Iterated) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
        let measured = u64::from(turn.measured);
        self.0
            .measured_under_way
            .fetch_sub(measured, Ordering::Relaxed);
        let end = self.now();
        let mut tape = self.tape();
        if !turn.measured {
            return;
        }
        let iterations = &mut tape.iterations;
        if let Some(count) = iterations.by_task.get_mut(iterated.task) {
            *count += 1;
        }
        if iterated.failed {
            iterations.failed += 1;
            return;
        }
        iterations.idle += u64::from(iterated.requests == 0);
        let lag = start.saturating_sub(turn.due);
        let from = if turn.idle && lag <= TIMER_TOLERANCE {
            start
        } else {
            turn.due
        };
        iterations.response.record(end.saturating_sub(from));
        iterations.service.record(end.saturating_sub(start));
    }

    /// Counts iterations that could not start.
    pub(super) fn drop_iterations(&self, reason: Dropped, count: u64) {
        if count > 0 {
            *self.tape().iterations.dropped.entry(reason).or_default() += count;
        }
    }

    /// Counts what is still under way as interrupted: nobody will end it.
    pub(super) fn interrupt_rest(&self) {
        self.0.under_way.store(0, Ordering::Relaxed);
        let left = self.0.measured_under_way.swap(0, Ordering::Relaxed);
        self.tape().iterations.interrupted += left;
    }

    pub(super) fn came(&self, persona: usize) {
        self.0.users[persona].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn went(&self, persona: usize) {
        self.0.users[persona].fetch_sub(1, Ordering::Relaxed);
    }

    /// Users that are there, by persona.
    pub fn users(&self) -> Vec<u64> {
        let users = self.0.users.iter();
        users.map(|it| it.load(Ordering::Relaxed)).collect()
    }

    /// Iterations that are under way.
    pub fn under_way(&self) -> u64 {
        self.0.under_way.load(Ordering::Relaxed)
    }

    /// Takes the tape and begins another.
    pub fn take(&self) -> Tape {
        let roster = &self.0.roster;
        let fresh = Tape::new(&roster.labels, roster.tasks.len());
        std::mem::replace(&mut *self.tape(), fresh)
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        // A user that panicked while it wrote ends the run anyway; the tape stays readable.
        self.0.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
