//! Users that wait for their answers, think and ask again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::actor::{Actor, Turn};
use super::beck::{Beck, Wake};
use super::permits::Permits;
use super::{Cast, Casting, Log, Part, Users};

/// How often a user who nobody leads looks whether somebody does.
const LEASE_PAUSE: Duration = Duration::from_millis(100);

/// The users of a lane.
pub(super) struct ClosedCrowd<C: Cast> {
    cast: Arc<C>,
    casting: Arc<Casting>,
    log: Log,
    permits: Arc<Permits>,
    parts: Vec<Part>,
    users_before: u64,
    /// How many users of each part have been started and not ended.
    started: BTreeMap<Part, u64>,
    becks: BTreeMap<u64, Arc<Beck>>,
    is_paused: bool,
    pub(super) tasks: JoinSet<()>,
}

impl<C: Cast> ClosedCrowd<C> {
    pub(super) fn new(
        cast: Arc<C>,
        casting: Arc<Casting>,
        log: Log,
        permits: Arc<Permits>,
        parts: Vec<Part>,
    ) -> Self {
        Self {
            cast,
            casting,
            log,
            permits,
            parts,
            users_before: 0,
            started: BTreeMap::new(),
            becks: BTreeMap::new(),
            is_paused: false,
            tasks: JoinSet::new(),
        }
    }

    /// Starts and ends users so that those are there that the program has now.
    pub(super) fn adjust(&mut self, program: &Users) {
        while self.tasks.try_join_next().is_some() {}
        let users = program.at(self.log.now());
        // Parts behind the last user, now and before, have none.
        let reach = users.max(std::mem::replace(&mut self.users_before, users));
        let parts = self.parts.iter().copied();
        let parts: Vec<Part> = parts.filter(|it| it.index < reach).collect();
        for part in parts {
            let wanted = (users + part.of - 1).saturating_sub(part.index) / part.of;
            let mut there = self.started.get(&part).copied().unwrap_or(0);
            while there < wanted {
                self.start(part.index + part.of * there);
                there += 1;
            }
            while there > wanted {
                there -= 1;
                self.end(part.index + part.of * there);
            }
            self.started.insert(part, there);
        }
    }

    fn start(&mut self, number: u64) {
        let beck = Arc::new(Beck::default());
        beck.pause(self.is_paused);
        self.becks.insert(number, Arc::clone(&beck));
        self.tasks.spawn(live(ClosedUser {
            cast: Arc::clone(&self.cast),
            number,
            persona: self.casting.persona_of_user(number),
            log: self.log.clone(),
            permits: Arc::clone(&self.permits),
            beck,
        }));
    }

    fn end(&mut self, number: u64) {
        if let Some(beck) = self.becks.remove(&number) {
            beck.end();
        }
    }

    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
        for beck in self.becks.values() {
            beck.pause(is_paused);
        }
    }

    /// Has these parts from now on; users of others end.
    pub(super) fn assign(&mut self, parts: Vec<Part>) {
        let gone: Vec<u64> = self
            .becks
            .keys()
            .copied()
            .filter(|number| !parts.iter().any(|part| part.has(*number)))
            .collect();
        for number in gone {
            self.end(number);
        }
        self.started.retain(|part, _| parts.contains(part));
        self.parts = parts;
    }

    pub(super) fn end_all(&mut self) {
        for beck in std::mem::take(&mut self.becks).into_values() {
            beck.end();
        }
    }

    /// The parts that are this lane's.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether there were users, and all have ended by themselves.
    pub(super) fn have_all_ended(&self) -> bool {
        self.started.values().sum::<u64>() > 0 && self.tasks.is_empty()
    }
}

struct ClosedUser<C: Cast> {
    cast: Arc<C>,
    number: u64,
    persona: usize,
    log: Log,
    permits: Arc<Permits>,
    beck: Arc<Beck>,
}

/// Lives until it is told to end, or has nothing more to do.
async fn live<C: Cast>(user: ClosedUser<C>) {
    let ClosedUser {
        cast,
        number,
        persona,
        log,
        permits,
        beck,
    } = user;
    let mut actor = Box::new(cast.actor(number, persona));
    drop(cast);
    log.came(persona);
    // What is done is boxed while it is done, so that a user who thinks is small.
    let mut goes_on = Box::pin(actor.begin(&log)).await;
    let mut due = log.now();
    let mut idle = false;
    while goes_on {
        match beck.wait(&log, due).await {
            Wake::Due => {}
            Wake::AfterPause => {
                due = log.now();
                idle = false;
            }
            Wake::End => break,
        }
        if !log.is_leased() {
            // Others may do what is due now. As soon as somebody leads again, this user is due.
            due = log.now() + LEASE_PAUSE;
            idle = true;
            continue;
        }
        if !permits.take(number) {
            break;
        }
        let start = log.now();
        let turn = Turn {
            number: None,
            due,
            idle,
            measured: log.is_measured(due),
        };
        log.begin(&turn);
        let iterated = Box::pin(actor.iterate(turn, &log)).await;
        log.end(&turn, start, iterated);
        goes_on = !iterated.is_last;
        let pause = actor.pause();
        due = log.now() + pause;
        idle = !pause.is_zero();
        if idle {
            actor.rest();
        } else {
            // A user that is always ready would keep the lane from everybody else.
            tokio::task::coop::consume_budget().await;
        }
    }
    Box::pin(actor.end(&log)).await;
    log.went(persona);
}
