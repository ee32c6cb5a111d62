//! What a lane does: it follows the program and the commands, and looks at itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::units::nanos;
use nix::time::{ClockId, clock_gettime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::closed::ClosedCrowd;
use super::lane::{Command, LaneOptions, Vitals};
use super::open::OpenCrowd;
use super::permits::Permits;
use super::timer::Timer;
use super::{Cast, Log, Program};

/// How often a lane looks at itself, and at users that come and go.
const TICK: Duration = Duration::from_millis(50);
/// The same while the number of users changes.
const RAMP_TICK: Duration = Duration::from_millis(5);
/// Arrivals that are begun before others have their turn.
const BATCH: usize = 64;

/// A lane before it begins.
pub(super) struct Conduct<C: Cast> {
    options: LaneOptions<C>,
    log: Log,
    vitals: Arc<Vitals>,
    commands: mpsc::UnboundedReceiver<Command>,
    fine: bool,
}

enum Crowd<C: Cast> {
    Closed(ClosedCrowd<C>),
    Open(Box<OpenCrowd<C>>),
}

impl<C: Cast> Conduct<C> {
    /// `fine` waits for arrivals with the system's timer.
    pub(super) fn new(
        options: LaneOptions<C>,
        log: Log,
        vitals: Arc<Vitals>,
        commands: mpsc::UnboundedReceiver<Command>,
        fine: bool,
    ) -> Self {
        Self {
            options,
            log,
            vitals,
            commands,
            fine,
        }
    }
}

/// Runs a lane until it is told to finish.
pub(super) async fn conduct<C: Cast>(lane: Conduct<C>) {
    let Conduct {
        options,
        log,
        vitals,
        mut commands,
        fine,
    } = lane;
    let mut timer = Timer::new(fine);
    let permits = Arc::clone(&options.permits);
    let mut program = options.program.clone();
    let mut crowd = crowd(options, &log);
    let mut later: Vec<(Duration, Command)> = Vec::new();
    let (graceful, done) = loop {
        vitals.observe();
        while let Some(place) = later.iter().position(|it| it.0 <= log.now()) {
            obey(later.remove(place).1, &mut crowd, &mut program);
        }
        let next = next_moment(&mut crowd, &program, &log, &permits, &vitals);
        let next = later.iter().map(|it| it.0).fold(next, Duration::min);
        let moment = log.epoch() + next;
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(Command::Finish(graceful, done)) => break (graceful, Some(done)),
                Some(Command::At(time, command)) => later.push((time, *command)),
                Some(command) => obey(command, &mut crowd, &mut program),
                // Nobody leads any more: end at once.
                None => break (Duration::ZERO, None),
            },
            () = timer.until(moment) => {}
        }
        // Users and arrivals share the thread with this task.
        tokio::task::yield_now().await;
    };
    finish(crowd, &log, graceful, done).await;
}

fn crowd<C: Cast>(options: LaneOptions<C>, log: &Log) -> Crowd<C> {
    match &options.program {
        Program::Users(_) => Crowd::Closed(ClosedCrowd::new(
            options.cast,
            options.casting,
            log.clone(),
            options.permits,
            options.parts,
        )),
        Program::Arrivals(arrivals) => Crowd::Open(Box::new(OpenCrowd::new(
            options.cast,
            options.casting,
            log.clone(),
            (
                options.seed,
                arrivals,
                arrivals.due(options.seed, options.replay),
            ),
            options.parts,
        ))),
    }
}

/// Does what is due and says when to look again, since the start of the load.
fn next_moment<C: Cast>(
    crowd: &mut Crowd<C>,
    program: &Program,
    log: &Log,
    permits: &Permits,
    vitals: &Vitals,
) -> Duration {
    if Instant::now() < log.epoch() {
        return Duration::ZERO;
    }
    let now = log.now();
    let mut is_over = program.length().is_some_and(|length| now >= length);
    let next = match (crowd, program) {
        (Crowd::Closed(crowd), Program::Users(users)) => {
            crowd.adjust(users);
            is_over |= permits.are_used_up(crowd.parts()) || crowd.have_all_ended();
            let soon = now + RAMP_TICK;
            let changes = users.at(soon) != users.at(now) || users.is_ramp(now);
            if changes { soon } else { now + TICK }
        }
        (Crowd::Open(crowd), _) => {
            let all_begun = crowd.dispatch(BATCH);
            is_over |= crowd.next_due().is_none() && all_begun;
            let next = crowd.next_due().unwrap_or(now + TICK);
            if all_begun { next.min(now + TICK) } else { now }
        }
        (Crowd::Closed(_), Program::Arrivals(_)) => now + TICK,
    };
    vitals.is_over.store(is_over, Ordering::Relaxed);
    next
}

fn obey<C: Cast>(command: Command, crowd: &mut Crowd<C>, program: &mut Program) {
    match (command, crowd) {
        (Command::Pause(is_paused), Crowd::Closed(crowd)) => crowd.pause(is_paused),
        (Command::Pause(is_paused), Crowd::Open(crowd)) => crowd.pause(is_paused),
        (Command::Assign(parts, _), Crowd::Closed(crowd)) => crowd.assign(parts),
        (Command::Assign(parts, since), Crowd::Open(crowd)) => {
            if let Program::Arrivals(arrivals) = program {
                crowd.assign(parts, since, arrivals);
            }
        }
        (Command::Program(new), Crowd::Open(crowd)) => {
            if let Program::Arrivals(arrivals) = &new {
                crowd.redirect(arrivals);
                *program = new;
            }
        }
        (Command::Program(new @ Program::Users(_)), Crowd::Closed(_)) => *program = new,
        (Command::Program(_) | Command::Finish(..) | Command::At(..), _) => {}
    }
}

async fn finish<C: Cast>(
    crowd: Crowd<C>,
    log: &Log,
    graceful: Duration,
    done: Option<oneshot::Sender<()>>,
) {
    let mut tasks = match crowd {
        Crowd::Closed(mut crowd) => {
            crowd.end_all();
            crowd.tasks
        }
        Crowd::Open(mut crowd) => {
            crowd.drop_late();
            crowd.end_all();
            crowd.tasks
        }
    };
    if timeout(graceful, join_all(&mut tasks)).await.is_err() {
        tasks.abort_all();
        while tasks.join_next().await.is_some() {}
    }
    log.interrupt_rest();
    if let Some(done) = done {
        // Whoever asked may be gone.
        let _ = done.send(());
    }
}

async fn join_all(tasks: &mut JoinSet<()>) {
    while let Some(joined) = tasks.join_next().await {
        if let Err(error) = joined
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

impl Vitals {
    /// Notes the CPU time of this thread.
    fn observe(&self) {
        if let Ok(time) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) {
            self.cpu_nanos
                .store(nanos(Duration::from(time)), Ordering::Relaxed);
        }
    }
}
