//! Drives the engine: does what the master says, reports every second, and stops it when the master may have
//! given its parts to others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::outputs::Audit;

use super::super::message::{Assignment, Change, Report, ToMaster};
use super::super::{Engine, Job, Second};
use super::outbox::Outbox;

/// What the engine should do.
#[derive(Debug)]
pub(super) enum Command {
    /// Get ready.
    Prepare {
        run: u64,
        job: Box<Job>,
    },
    /// The load starts, or has started.
    Start {
        run: u64,
        at: Instant,
    },
    Assign(Assignment),
    Order(Change),
    /// The master was there: go on until then.
    Lease(Instant),
    /// The connection is lost.
    Lost,
    Finish {
        run: u64,
        graceful: Duration,
    },
}

/// Drives one engine after the other.
pub(super) struct Driver<E, M> {
    make: M,
    outbox: Arc<Outbox>,
    run: Option<Driven<E>>,
}

/// An engine and its run.
struct Driven<E> {
    engine: E,
    run: u64,
    start: Option<Instant>,
    /// When the next report is due.
    report_at: Option<Instant>,
    number: u64,
    generation: u64,
    /// From when the last assignment counts.
    from: Duration,
    orders: u64,
    lease: Option<Instant>,
    /// Since when, since the start, the engine does nothing because the master was not heard of.
    fenced: Option<Duration>,
    /// All such ends of assignments.
    fences: Vec<(u64, Duration)>,
    over: bool,
}

impl<E: Engine, M: FnMut() -> E + Send> Driver<E, M> {
    pub(super) fn new(make: M, outbox: Arc<Outbox>) -> Self {
        Self {
            make,
            outbox,
            run: None,
        }
    }

    /// Works until nobody gives commands any more.
    pub(super) async fn work(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            let (report_at, lease) = match &self.run {
                Some(it) => (it.report_at, it.lease),
                None => (None, None),
            };
            tokio::select! {
                biased;
                () = until(lease) => self.fence(lease),
                command = commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => break,
                },
                () = until(report_at) => self.report(),
            }
        }
        self.finish(Duration::ZERO).await;
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Prepare { run, job } => self.prepare(run, *job).await,
            Command::Start { run, at } => {
                if let Some(it) = self.driven(run) {
                    it.start(at);
                }
            }
            Command::Assign(it) => self.assign(it),
            Command::Order(change) => {
                let it = self.driven(change.run);
                if let Some(it) = it.filter(|it| change.number > it.orders) {
                    it.orders = change.number;
                    it.engine.order(change.order, change.from);
                }
            }
            Command::Lease(until) => {
                if let Some(it) = self.run.as_mut().filter(|it| it.fenced.is_none()) {
                    it.lease = it.start.map(|_| until);
                    it.engine.lease(until);
                }
            }
            Command::Lost => self.fence(None),
            Command::Finish { run, graceful } => {
                if let Some(it) = self.driven(run) {
                    // What it has given away is its own until then.
                    until(it.start.map(|start| start + it.from)).await;
                    self.finish(graceful).await;
                }
            }
        }
    }

    fn driven(&mut self, run: u64) -> Option<&mut Driven<E>> {
        self.run.as_mut().filter(|it| it.run == run && !it.over)
    }

    async fn prepare(&mut self, run: u64, job: Job) {
        self.finish(Duration::ZERO).await;
        self.outbox.begin(run);
        let mut engine = (self.make)();
        let trouble = engine.prepare(job).await.err();
        self.run = trouble.is_none().then(|| Driven::new(engine, run));
        self.outbox.prepared(run, trouble);
    }

    fn assign(&mut self, assignment: Assignment) {
        let Assignment {
            run,
            generation,
            shares,
            from,
        } = assignment;
        let outbox = Arc::clone(&self.outbox);
        let it = self.driven(run);
        let Some(it) = it.filter(|it| generation > it.generation) else {
            return;
        };
        it.generation = generation;
        it.from = from.max(it.from);
        it.fenced = None;
        it.engine.assign(shares, it.from);
        outbox.say(&ToMaster::Obeyed { run, generation });
    }

    /// Stops the engine: others may do its parts by now. `since` is when it was allowed to work until; now
    /// without that.
    fn fence(&mut self, since: Option<Instant>) {
        let Some(it) = self.run.as_mut() else { return };
        let leased = it.lease.take();
        let (Some(start), None, false) = (it.start, it.fenced, it.over) else {
            return;
        };
        let until = since
            .or(leased)
            .map_or(Instant::now(), |it| it.min(Instant::now()));
        it.engine.lease(until);
        let from = until.saturating_duration_since(start).max(it.from);
        let fence = until.saturating_duration_since(start);
        it.fenced = Some(fence);
        it.fences.push((it.generation, fence));
        it.from = from;
        it.engine.assign(Vec::new(), from);
        if since.is_some() {
            self.outbox.cut();
        }
    }

    fn report(&mut self) {
        let Some(it) = self.run.as_mut() else { return };
        let Some(start) = it.start.filter(|_| !it.over) else {
            return;
        };
        let now = Instant::now();
        let second = now
            .saturating_duration_since(start)
            .as_secs()
            .saturating_sub(1);
        it.report_at = Some(start + Duration::from_secs(second + 2));
        let content = it.engine.take();
        let report = it.report(second, content, None);
        self.outbox.report(report);
    }

    async fn finish(&mut self, graceful: Duration) {
        let Some(it) = self.run.as_mut().filter(|it| !it.over) else {
            return;
        };
        let last = it.engine.finish(graceful).await;
        it.over = true;
        it.lease = None;
        it.report_at = None;
        let second = it.start.map_or(0, |it| it.elapsed().as_secs());
        let report = it.report(second, last.second, Some(last.audit));
        self.outbox.report(report);
    }
}

impl<E: Engine> Driven<E> {
    fn new(engine: E, run: u64) -> Self {
        Self {
            engine,
            run,
            start: None,
            report_at: None,
            number: 0,
            generation: 0,
            from: Duration::ZERO,
            orders: 0,
            lease: None,
            fenced: None,
            fences: Vec::new(),
            over: false,
        }
    }

    fn start(&mut self, at: Instant) {
        if self.start.is_some() {
            return;
        }
        self.start = Some(at);
        let passed = Instant::now().saturating_duration_since(at).as_secs();
        self.report_at = Some(at + Duration::from_secs(passed + 1));
        self.engine.start(at);
    }

    fn report(&mut self, second: u64, content: Second, audit: Option<Audit>) -> Report {
        self.number += 1;
        Report {
            run: self.run,
            number: self.number,
            second,
            covered: self.fenced.unwrap_or(content.until),
            generation: self.generation,
            fences: self.fences.clone(),
            content,
            audit,
        }
    }
}

/// Waits for a time; for ever without one.
async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
