//! An engine that asks nobody: it does each iteration of an open load exactly when it is due, with times that
//! follow from its number, so that sums can be checked to the last bit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::load::{Done, Failure, Labels, Tags};
use common::record::Times;
use load_gen::crowd::{Arrivals, Dropped, Program, Stretch, Tape};
use load_gen::distributed::{Asking, Engine, Job, Last, Second, Share};
use load_gen::live::{Generator, Order};
use load_gen::outputs::Audit;
use load_gen::scenario::Source;
use tokio::time::Instant;

/// What all doubles of a test have done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Deeds>>);

#[derive(Debug, Default)]
pub(crate) struct Deeds {
    /// Who did an iteration, by its number.
    pub(crate) done: BTreeMap<u64, Vec<String>>,
    /// The orders and their times, by worker.
    pub(crate) orders: BTreeMap<String, Vec<(Order, Duration)>>,
    /// When the load started, by worker.
    pub(crate) starts: BTreeMap<String, Instant>,
    /// Those that do nothing any more, as a killed process does.
    pub(crate) dead: Vec<String>,
}

impl Log {
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Deeds) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Double {
    name: String,
    log: Log,
    job: Option<Job>,
    start: Option<Instant>,
    assigned: Vec<(Duration, Vec<Share>)>,
    /// Leases, with when each was given.
    leases: Vec<(Instant, Instant)>,
    tape: Tape,
    /// Up to when everything is done.
    until: Duration,
    next: u64,
    stop_at: Option<Duration>,
}

fn empty() -> Tape {
    Tape::new(&Labels::new(["even", "odd"], Vec::<String>::new()), 1)
}

impl Double {
    pub(crate) fn new(name: &str, log: &Log) -> Self {
        Self {
            name: name.to_owned(),
            log: log.clone(),
            job: None,
            start: None,
            assigned: Vec::new(),
            leases: Vec::new(),
            tape: empty(),
            until: Duration::ZERO,
            next: 0,
            stop_at: None,
        }
    }

    fn arrivals(&self) -> Option<&Arrivals> {
        match self.job.as_ref().map(|it| &it.program) {
            Some(Program::Arrivals(it)) => Some(it),
            _ => None,
        }
    }

    /// Does everything that was due up to a time.
    fn advance(&mut self, now: Duration) {
        let (Some(start), Some(arrivals)) = (self.start, self.arrivals()) else {
            return;
        };
        let dues: Vec<(u64, Duration)> = arrivals
            .due(0, None)
            .skip(usize::try_from(self.next).unwrap())
            .take_while(|(_, due)| *due < now)
            .collect();
        self.until = now;
        let log = self.log.clone();
        let dead = log.with(|it| it.dead.contains(&self.name));
        for (number, due) in dues {
            self.next = number + 1;
            if !dead && self.is_mine(number, due) && self.stop_at.is_none_or(|it| due < it) {
                self.begin(number, start, due);
            }
        }
    }

    fn is_mine(&self, number: u64, due: Duration) -> bool {
        let assigned = self.assigned.iter().rev().find(|it| it.0 <= due);
        assigned.is_some_and(|it| it.1.iter().any(|it| it.part.has(number)))
    }

    fn begin(&mut self, number: u64, start: Instant, due: Duration) {
        let at = start + due;
        let lease = self.leases.iter().rev().find(|it| it.0 <= at);
        if lease.is_none_or(|it| it.1 < at) {
            *self
                .tape
                .iterations
                .dropped
                .entry(Dropped::WorkerLost)
                .or_default() += 1;
            return;
        }
        self.log
            .with(|it| it.done.entry(number).or_default().push(self.name.clone()));
        record(&mut self.tape, number, due);
    }

    fn now(&self) -> Duration {
        self.start.map(|it| it.elapsed()).unwrap_or_default()
    }

    fn second(&mut self, until: Duration) -> Second {
        self.advance(until);
        let length = self.job.as_ref().and_then(|it| it.program.length());
        let over = length.is_some_and(|it| self.until >= it)
            || self.stop_at.is_some_and(|it| self.until >= it);
        Second {
            tape: std::mem::replace(&mut self.tape, empty()),
            until,
            users: vec![1, 2],
            under_way: 0,
            generator: Generator::default(),
            progress: Vec::new(),
            over,
        }
    }
}

/// What an iteration leaves on a tape.
fn record(tape: &mut Tape, number: u64, due: Duration) {
    let response = Duration::from_nanos(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 36);
    let times = Times {
        due,
        start: due,
        end: due + response,
        idle: number.is_multiple_of(3),
    };
    let tags = Tags::of(&[u16::try_from(number % 2).unwrap()]);
    let outcome = if number % 97 == 5 {
        Err(Failure::new("timeout", "no answer").tagged(tags))
    } else {
        Ok(Done {
            bytes: number,
            items: 1,
            tags,
            ..Done::default()
        })
    };
    tape.record(0, &times, &outcome);
    tape.iterations.started += 1;
    match outcome {
        Ok(_) => tape.iterations.response.record(response),
        Err(_) => tape.iterations.failed += 1,
    }
}

impl Engine for Double {
    async fn prepare(&mut self, job: Job) -> Result<(), String> {
        if job.source.text == "bad" {
            return Err("line 1: no scenario".to_owned());
        }
        self.job = Some(job);
        Ok(())
    }

    fn start(&mut self, at: Instant) {
        self.start = Some(at);
        self.log.with(|it| it.starts.insert(self.name.clone(), at));
    }

    fn assign(&mut self, shares: Vec<Share>, from: Duration) {
        assert!(
            self.assigned.last().is_none_or(|it| it.0 <= from),
            "time went back"
        );
        self.assigned.push((from, shares));
    }

    fn order(&mut self, order: Order, from: Duration) {
        if order == Order::Stop {
            self.stop_at = Some(from);
        }
        self.log.with(|it| {
            let orders = it.orders.entry(self.name.clone()).or_default();
            orders.push((order, from));
        });
    }

    fn lease(&mut self, until: Instant) {
        self.leases.push((Instant::now(), until));
    }

    fn take(&mut self) -> Second {
        self.second(self.now())
    }

    async fn finish(&mut self, _: Duration) -> Last {
        let second = self.second(self.now());
        let audit = Audit {
            lanes: 1,
            ..Audit::default()
        };
        Last { second, audit }
    }
}

/// A job with so many iterations per second for so many seconds.
pub(crate) fn job(rate: f64, seconds: f64) -> Job {
    let stretch = Stretch {
        from: rate,
        to: rate,
        seconds,
    };
    Job {
        source: Source {
            origin: "built in".to_owned(),
            is_yaml: false,
            text: String::new(),
            files: BTreeMap::new(),
            variables: BTreeMap::new(),
        },
        host: "http://127.0.0.1:1".to_owned(),
        asking: Asking::default(),
        program: Program::Arrivals(Arrivals {
            stretches: vec![stretch],
            poisson: false,
            max_users: 10,
            iterations: None,
        }),
        warm_up: Duration::ZERO,
        graceful_stop: Duration::from_secs(1),
        seed: 0,
        settings: BTreeMap::new(),
    }
}

/// What one alone would have seen of the first iterations.
pub(crate) fn alone(iterations: u64, rate: f64) -> Tape {
    let Program::Arrivals(arrivals) = job(rate, 1e6).program else {
        unreachable!("a job of arrivals");
    };
    let mut tape = empty();
    let count = usize::try_from(iterations).unwrap();
    for (number, due) in arrivals.due(0, None).take(count) {
        record(&mut tape, number, due);
    }
    tape
}
