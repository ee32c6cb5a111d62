//! The master's mind: one task that knows all workers and the run, and decides.

mod coming;
mod ending;
mod load;
mod member;
mod running;
mod seconds;
mod telling;
mod undone;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use common::units::nanos;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::live::{Generator, Order, WorkerRow};
use crate::outputs::{Ending, WorkerAudit};
use crate::scenario::Replay;

use super::Job;
use super::clock::Clock;
use super::link::Event;
use super::message::{Change, SILENCE};
use load::Load;
use member::{Member, State};
use seconds::Seconds;

/// What all workers have seen in a second.
#[derive(Debug, Clone)]
pub struct Merged {
    /// The second since the start.
    pub second: u64,
    /// What was seen; none where nobody told anything.
    pub tape: Option<crate::crowd::Tape>,
    /// Users that are there, by persona in the order of the roster.
    pub users: Vec<u64>,
    /// Iterations under way.
    pub under_way: u64,
    /// How the generators do: of each figure the worst.
    pub generator: Generator,
    /// The workers.
    pub workers: Vec<WorkerRow>,
    /// What happened since the last second, in sentences.
    pub notes: Vec<String>,
}

/// How a run of several machines ended.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How.
    pub ending: Ending,
    /// The workers, with when each was away.
    pub workers: Vec<WorkerAudit>,
    /// What users should know, in sentences.
    pub notes: Vec<String>,
}

/// A run that was agreed upon with the workers.
#[derive(Debug)]
pub(super) struct Begun {
    /// When the load starts.
    pub(super) start: Instant,
    /// How many workers begin.
    pub(super) workers: usize,
}

/// The wish to begin a run.
pub(super) struct Begin {
    pub(super) job: Job,
    pub(super) replay: Option<Arc<Replay>>,
    pub(super) id: u64,
    pub(super) begun: oneshot::Sender<Result<Begun, String>>,
}

/// Where a hub hears and tells.
pub(super) struct Ports {
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) begin: mpsc::Receiver<Begin>,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    pub(super) merged: mpsc::UnboundedSender<Merged>,
    pub(super) rows: watch::Sender<Vec<WorkerRow>>,
    /// Nobody needs it any more.
    pub(super) over: CancellationToken,
}

/// How often a hub looks whether something is due.
const TICK: Duration = Duration::from_millis(50);

/// What is known of a run.
struct Run {
    id: u64,
    job: Job,
    /// The times of a log, in place of those of the program.
    replay: Option<Arc<Replay>>,
    phase: Phase,
    begun: Option<oneshot::Sender<Result<Begun, String>>>,
    load: Load,
    /// For whom the load was shared out when everything had settled.
    shared_for: BTreeSet<usize>,
    seconds: Seconds,
    /// The orders so far.
    orders: Vec<Change>,
    notes: Vec<String>,
    all_notes: Vec<String>,
    ending: Ending,
    /// Since when there is no worker.
    alone: Option<Instant>,
}

enum Phase {
    /// Workers read the scenario, until then at most.
    Preparing { until: Instant },
    /// The load is offered, since then.
    Running { start: Instant },
    /// Workers tell the last, until then at most.
    Finishing { start: Instant, until: Instant },
}

/// See the module.
pub(super) struct Hub {
    clock: Clock,
    members: Vec<Member>,
    run: Option<Run>,
    merged: mpsc::UnboundedSender<Merged>,
}

impl Hub {
    /// Works until the run is over or nobody needs it.
    pub(super) async fn work(clock: Clock, mut ports: Ports) -> Option<Outcome> {
        let mut hub = Self {
            clock,
            members: Vec::new(),
            run: None,
            merged: ports.merged,
        };
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let outcome = loop {
            tokio::select! {
                biased;
                () = ports.over.cancelled() => break None,
                Some(event) = ports.events.recv() => hub.hear(event),
                Some(begin) = ports.begin.recv() => hub.begin(begin),
                Some(order) = ports.orders.recv() => hub.order(order),
                _ = tick.tick() => {
                    if let Some(outcome) = hub.look() {
                        break Some(outcome);
                    }
                }
            }
            let rows = hub.rows();
            ports.rows.send_if_modified(|it| {
                let changed = *it != rows;
                *it = rows;
                changed
            });
        };
        hub.dismiss(&mut ports.events).await;
        outcome
    }

    fn rows(&self) -> Vec<WorkerRow> {
        self.members.iter().map(Member::row).collect()
    }

    /// Looks for what is due.
    fn look(&mut self) -> Option<Outcome> {
        let now = Instant::now();
        for index in 0..self.members.len() {
            let member = &self.members[index];
            let expected = member.link.is_some() || member.is_at_work();
            if expected && now.saturating_duration_since(member.heard) > SILENCE {
                let why = format!("nothing was heard of it for {} s", SILENCE.as_secs_f64());
                self.lose(index, &why);
            }
        }
        match self.run.as_ref()?.phase {
            Phase::Preparing { until } => self.look_preparing(now, until),
            Phase::Running { start } => self.look_running(now, start),
            Phase::Finishing { start, until } => self.look_finishing(now, start, until),
        }
    }

    /// When, since the start of the load, everybody can have heard of something that is told now.
    fn soon(&self) -> Duration {
        let Some(Phase::Running { start } | Phase::Finishing { start, .. }) =
            self.run.as_ref().map(|it| &it.phase)
        else {
            return Duration::ZERO;
        };
        (Instant::now() + self.lead()).saturating_duration_since(*start)
    }

    /// How long it takes until everybody has heard of something.
    fn lead(&self) -> Duration {
        let links = self.members.iter().filter(|it| it.link.is_some());
        let ways = links.filter_map(|it| it.sight.map(|it| it.round_trip));
        let longest = ways.max().unwrap_or_default();
        let lead = longest * 3 / 2 + Duration::from_millis(100);
        lead.clamp(Duration::from_millis(300), Duration::from_secs(2))
    }

    /// Those that get parts.
    fn workers(&self) -> BTreeSet<usize> {
        let all = self.members.iter().enumerate();
        all.filter(|(_, it)| it.state == State::Running)
            .map(|(index, _)| index)
            .collect()
    }

    /// Says something about the run.
    fn note(&mut self, note: String) {
        if let Some(run) = &mut self.run {
            run.notes.push(note.clone());
            run.all_notes.push(note);
        }
    }

    /// The master's clock at an instant, as workers hear it.
    fn clock_ns(&self, instant: Instant) -> u64 {
        self.clock.at(instant)
    }
}

/// Whether a program of this length must have ended by now, whatever workers say.
fn is_overdue(length: Option<Duration>, graceful: Duration, since_start: Duration) -> bool {
    const SLACK: Duration = Duration::from_secs(15);
    length.is_some_and(|it| nanos(since_start) > nanos(it).saturating_add(nanos(graceful + SLACK)))
}
