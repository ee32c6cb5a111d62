//! Iterations that arrive, and the users who do them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::units::size_u64;
use tokio::task::JoinSet;

use super::actor::{Actor, Turn};
use super::owned::Owned;
use super::{Arrivals, Cast, Casting, Dropped, Dues, Log, Part};

/// Users of open loads have numbers from here on, so that they draw what those of closed loads do not.
const FIRST_NUMBER: u64 = 1 << 40;

/// How far ahead it is known what is due.
const HORIZON: Duration = Duration::from_millis(100);

/// The arrivals of a lane.
pub(super) struct OpenCrowd<C: Cast> {
    cast: Arc<C>,
    casting: Arc<Casting>,
    log: Log,
    seed: u64,
    owned: Owned,
    dues: Dues,
    /// The next iterations, whoever's they are: parts may come to this lane before they are due.
    ahead: VecDeque<(u64, Duration)>,
    /// Up to when iterations are in `ahead`; none behind the last one.
    known_until: Option<Duration>,
    is_paused: bool,
    pool: Arc<Mutex<Pool<C::Actor>>>,
    pub(super) tasks: JoinSet<()>,
}

/// Users that are free, and iterations that wait for one.
struct Pool<A> {
    /// By persona, the one that was used last on top: its connection is the youngest.
    idle: Vec<Vec<Box<A>>>,
    waiting: Vec<VecDeque<(u64, Duration)>>,
    users: u64,
    most: u64,
    made: u64,
    takes_more: bool,
}

impl<C: Cast> OpenCrowd<C> {
    pub(super) fn new(
        cast: Arc<C>,
        casting: Arc<Casting>,
        log: Log,
        (seed, program, dues): (u64, &Arrivals, Dues),
        parts: Vec<Part>,
    ) -> Self {
        let personas = log.roster().personas.len();
        let mut owned = Owned::default();
        owned.replace(parts, Duration::ZERO);
        Self {
            cast,
            casting,
            log,
            seed,
            dues,
            ahead: VecDeque::new(),
            known_until: Some(Duration::ZERO),
            is_paused: false,
            pool: Arc::new(Mutex::new(Pool {
                idle: (0..personas).map(|_| Vec::new()).collect(),
                waiting: (0..personas).map(|_| VecDeque::new()).collect(),
                users: 0,
                most: most_users(program, &owned),
                made: 0,
                takes_more: true,
            })),
            tasks: JoinSet::new(),
            owned,
        }
    }

    /// When to look again: the next iteration of this lane is due, or others may be known; none when there
    /// are no more.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let mut ahead = self.ahead.iter();
        let ours = ahead.find(|(number, due)| self.owned.has(*number, *due));
        ours.map(|it| it.1)
            .or(self.known_until)
            .or_else(|| self.ahead.back().map(|it| it.1))
    }

    fn look_ahead(&mut self, now: Duration) {
        while self.known_until.is_some_and(|until| until < now + HORIZON) {
            let next = self.dues.next();
            self.known_until = next.map(|it| it.1);
            self.ahead.extend(next);
        }
    }

    /// The next iteration that is due, and whether it is this lane's.
    fn pop(&mut self, now: Duration) -> Option<((u64, Duration), bool)> {
        let (number, due) = self.ahead.pop_front_if(|it| it.1 <= now)?;
        Some(((number, due), self.owned.has(number, due)))
    }

    /// Begins what is due, at most `most` iterations; false when something due is left.
    pub(super) fn dispatch(&mut self, most: usize) -> bool {
        while self.tasks.try_join_next().is_some() {}
        let now = self.log.now();
        self.look_ahead(now);
        let mut begun = 0;
        while begun < most {
            let Some(((number, due), is_ours)) = self.pop(now) else {
                return true;
            };
            if !is_ours || !self.log.is_leased() {
                // Others do it, or count it as lost.
                continue;
            }
            begun += 1;
            if self.is_paused {
                if self.log.is_measured(due) {
                    self.log.drop_iterations(Dropped::Paused, 1);
                }
            } else {
                self.begin(number, due);
            }
        }
        false
    }

    fn begin(&mut self, number: u64, due: Duration) {
        let persona = self.casting.persona_of_arrival(self.seed, number);
        let mut pool = lock(&self.pool);
        if let Some(actor) = pool.idle[persona].pop() {
            drop(pool);
            self.spawn(persona, actor, false, (number, due));
            return;
        }
        if pool.users >= pool.most {
            // Somebody of another kind who is free gives its place.
            let other = (0..pool.idle.len()).max_by_key(|it| pool.idle[*it].len());
            let Some(gone) = other.and_then(|it| Some((it, pool.idle[it].pop()?))) else {
                pool.waiting[persona].push_back((number, due));
                return;
            };
            pool.users -= 1;
            self.log.went(gone.0);
        }
        pool.users += 1;
        let first = self.owned.parts().first().copied();
        let first = first.unwrap_or(Part::WHOLE);
        let user = FIRST_NUMBER + first.index + pool.made * first.of;
        pool.made += 1;
        drop(pool);
        self.log.came(persona);
        let actor = Box::new(self.cast.actor(user, persona));
        self.spawn(persona, actor, true, (number, due));
    }

    fn spawn(
        &mut self,
        persona: usize,
        actor: Box<C::Actor>,
        is_new: bool,
        first: (u64, Duration),
    ) {
        let (log, pool) = (self.log.clone(), Arc::clone(&self.pool));
        self.tasks
            .spawn(act(log, pool, persona, actor, is_new, first));
    }

    pub(super) fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    pub(super) fn assign(&mut self, parts: Vec<Part>, since: Duration, program: &Arrivals) {
        self.owned.replace(parts, since);
        lock(&self.pool).most = most_users(program, &self.owned);
    }

    /// Offers something else from now on.
    pub(super) fn redirect(&mut self, program: &Arrivals) {
        self.dues.redirect(program);
        // A program that had ended may go on.
        self.known_until = self.known_until.or(Some(self.log.now()));
        lock(&self.pool).most = most_users(program, &self.owned);
    }

    /// Nothing new begins; what waits for a user is dropped.
    pub(super) fn end_all(&mut self) {
        let mut pool = lock(&self.pool);
        pool.takes_more = false;
        let mut dropped = 0;
        for waiting in &mut pool.waiting {
            for (_, due) in std::mem::take(waiting) {
                dropped += u64::from(self.log.is_measured(due));
            }
        }
        self.log.drop_iterations(Dropped::NoFreeUser, dropped);
        let idle: Vec<(usize, Box<C::Actor>)> = pool
            .idle
            .iter_mut()
            .enumerate()
            .flat_map(|(persona, it)| std::mem::take(it).into_iter().map(move |it| (persona, it)))
            .collect();
        drop(pool);
        for (persona, actor) in idle {
            self.tasks.spawn(leave(self.log.clone(), persona, actor));
        }
    }

    /// What was due and not begun is dropped.
    pub(super) fn drop_late(&mut self) {
        let now = self.log.now();
        self.look_ahead(now);
        let mut late = 0;
        while let Some(((_, due), is_ours)) = self.pop(now) {
            late += u64::from(is_ours && self.log.is_measured(due));
        }
        self.log.drop_iterations(Dropped::GeneratorBusy, late);
    }
}

/// The lane's share of the users that the whole load may need; one at least, since every lane has arrivals.
fn most_users(program: &Arrivals, owned: &Owned) -> u64 {
    let users = 0..program.max_users;
    let ours = users.filter(|user| owned.has(*user, Duration::MAX));
    size_u64(ours.count()).max(1)
}

fn lock<A>(pool: &Mutex<Pool<A>>) -> MutexGuard<'_, Pool<A>> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does one iteration, and those that wait for a user of its kind.
async fn act<A: Actor>(
    log: Log,
    pool: Arc<Mutex<Pool<A>>>,
    persona: usize,
    mut actor: Box<A>,
    is_new: bool,
    (mut number, mut due): (u64, Duration),
) {
    let mut goes_on = true;
    let mut idle = true;
    if is_new {
        // What a user does before its first iteration is no wait for an answer to it.
        let begin = log.now();
        goes_on = actor.begin(&log).await;
        due += log.now().saturating_sub(begin.max(due));
    }
    while goes_on {
        let turn = Turn {
            number: Some(number),
            due,
            idle,
            measured: log.is_measured(due),
        };
        let start = log.now();
        log.begin(&turn);
        let iterated = actor.iterate(turn, &log).await;
        log.end(&turn, start, iterated);
        goes_on = !iterated.is_last;
        let mut pool = lock(&pool);
        match pool.waiting[persona].pop_front().filter(|_| goes_on) {
            Some(next) => {
                (number, due) = next;
                idle = false;
            }
            None if goes_on && pool.takes_more => {
                pool.idle[persona].push(actor);
                return;
            }
            None => goes_on = false,
        }
    }
    lock(&pool).users -= 1;
    leave(log, persona, actor).await;
}

async fn leave<A: Actor>(log: Log, persona: usize, mut actor: Box<A>) {
    actor.end(&log).await;
    log.went(persona);
}
