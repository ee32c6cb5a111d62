//! A run that only pretends: believable pictures, and it follows orders.

use std::sync::Arc;
use std::time::Duration;

use common::units::{count_f64, round_u64};
use jiff::Timestamp;
use load_gen::live::{
    FailureRow, Generator, IterationCounts, LimitRow, Moment, Order, Row, SkyFigures, Snapshot,
    State, View, Wanted, WorkerRow, steering,
};

/// The requests: name, method, share of all, median in milliseconds.
const REQUESTS: [(&str, &str, f64, f64); 9] = [
    ("cone_search", "GET", 0.34, 12.0),
    ("magnitude_search", "GET", 0.17, 7.5),
    ("type_search", "GET", 0.11, 5.2),
    ("cross_match", "POST", 0.08, 48.0),
    ("variability", "GET", 0.05, 21.0),
    ("submit_job", "POST", 0.1, 31.0),
    ("job_status", "GET", 0.1, 1.4),
    ("health", "GET", 0.03, 0.6),
    ("prometheus", "GET", 0.02, 2.3),
];

/// A second of every rehearsal is this one, so that pictures of it can be compared.
const BEGAN_S: i64 = 1_767_225_600;

/// A run that pretends, second by second.
#[derive(Debug, Clone)]
pub(crate) struct Rehearsal {
    now: Snapshot,
    course: Vec<Moment>,
    seconds: u64,
    spawn_rate: f64,
    users: f64,
    /// Workers that it pretends to have.
    pub(crate) workers: usize,
    /// From which second on its machine is too busy.
    pub(crate) limited_from: Option<u64>,
}

impl Rehearsal {
    /// A run that waits for its start.
    pub(crate) fn waiting(wanted: Wanted, planned_s: Option<f64>) -> Self {
        let rows = REQUESTS.map(|(name, method, ..)| row(name, method));
        Self {
            now: Snapshot {
                state: State::Waiting,
                at: Timestamp::constant(BEGAN_S, 0),
                elapsed_s: 0.0,
                planned_s,
                scenario: "observatory".to_owned(),
                target: "http://sky.example:8080".to_owned(),
                wanted,
                users: ["researcher", "pipeline", "student"]
                    .map(|it| (it.to_owned(), 0))
                    .to_vec(),
                total: row("total", ""),
                requests: rows.to_vec(),
                personas: Vec::new(),
                radii: Vec::new(),
                iterations: IterationCounts::default(),
                failures: Vec::new(),
                sky: SkyFigures::default(),
                generator: Generator::default(),
                workers: Vec::new(),
                limits: Vec::new(),
                notes: Vec::new(),
            },
            course: Vec::new(),
            seconds: 0,
            spawn_rate: f64::INFINITY,
            users: 0.0,
            workers: 0,
            limited_from: None,
        }
    }

    /// One that has gone on for some seconds.
    pub(crate) fn after(wanted: Wanted, planned_s: Option<f64>, seconds: u64) -> Self {
        let mut run = Self::waiting(wanted, planned_s);
        run.follow(&Order::Start {
            users: None,
            spawn_rate: None,
        });
        for _ in 0..seconds {
            run.tick();
        }
        run
    }

    /// The picture.
    pub(crate) fn now(&self) -> Snapshot {
        self.now.clone()
    }

    /// The course.
    pub(crate) fn course(&self) -> Vec<Moment> {
        self.course.clone()
    }

    /// Does what is asked.
    pub(crate) fn follow(&mut self, order: &Order) {
        match *order {
            Order::Start { users, spawn_rate } => {
                self.now.state = State::Running;
                if let Some(users) = users {
                    self.now.wanted = Wanted::Users(users);
                }
                self.spawn_rate = spawn_rate.unwrap_or(f64::INFINITY);
            }
            Order::Pause => self.now.state = State::Paused,
            Order::Resume => self.now.state = State::Running,
            Order::Users { users, spawn_rate } => {
                self.now.wanted = Wanted::Users(users);
                self.spawn_rate = spawn_rate;
            }
            Order::Rate(rate) => self.now.wanted = Wanted::Rate(rate),
            Order::Stop => self.now.state = State::Stopping,
        }
    }

    /// Lets a second pass.
    pub(crate) fn tick(&mut self) {
        match self.now.state {
            State::Waiting | State::Finished => return,
            State::Stopping => self.now.state = State::Finished,
            State::WarmingUp | State::Running | State::Paused => {}
        }
        self.seconds += 1;
        self.now.elapsed_s = count_f64(self.seconds);
        self.now.at = Timestamp::constant(BEGAN_S, 0) + Duration::from_secs(self.seconds);
        self.people();
        self.ask();
        self.generator();
        self.remember();
        if self
            .now
            .planned_s
            .is_some_and(|planned| self.now.elapsed_s >= planned)
        {
            self.now.state = State::Finished;
        }
    }

    fn people(&mut self) {
        let wanted = match self.now.wanted {
            Wanted::Users(users) => count_f64(users),
            Wanted::Rate(rate) => (rate * 0.06).ceil(),
        };
        let step = self.spawn_rate.max(0.1);
        self.users = wanted.clamp(self.users - step, self.users + step);
        let all = round_u64(self.users);
        let (half, sixth) = (all / 2, all / 6);
        for (place, count) in [half, sixth, all - half - sixth].into_iter().enumerate() {
            self.now.users[place].1 = count;
        }
    }

    /// The requests of a second, with times that follow a wave and the number of users.
    fn ask(&mut self) {
        let active = matches!(self.now.state, State::WarmingUp | State::Running);
        let rate = match self.now.wanted {
            _ if !active => 0.0,
            Wanted::Users(_) => self.users * 5.0,
            Wanted::Rate(rate) => rate,
        };
        let wave = 1.0 + 0.3 * triangle(self.seconds, 40) + 0.08 * triangle(self.seconds, 7);
        for (place, (_, _, share, median)) in REQUESTS.iter().enumerate() {
            let failing = if place == 3 { 0.04 } else { 0.0 };
            let stress = wave * (1.0 + self.users / 400.0);
            advance(
                &mut self.now.requests[place],
                rate * share * wave,
                failing,
                median * stress,
            );
        }
        let failing = 0.0032;
        advance(
            &mut self.now.total,
            rate * wave,
            failing,
            11.0 * wave * (1.0 + self.users / 400.0),
        );
        let total = &self.now.total;
        self.now.iterations.started = total.succeeded + total.failed;
        self.now.iterations.succeeded = total.succeeded;
        self.now.iterations.failed = total.failed;
        if let Wanted::Rate(_) = self.now.wanted {
            *self
                .now
                .iterations
                .dropped
                .entry("no_free_user".to_owned())
                .or_default() += self.seconds % 3;
        }
        self.now.failures = failures(self.now.requests[3].failed);
        self.now.sky.cone_searches_per_sec = Some(rate * 0.34);
        self.now.sky.sources_per_sec = Some(rate * 0.34 * 180.0);
        self.now.limits = vec![
            limit(
                "cone_search.p95 < 500ms",
                self.now.requests[0].p95_ms,
                500.0,
            ),
            limit("p99 < 60ms", self.now.total.p99_ms, 60.0),
            LimitRow {
                limit: "submit_job.errors < 1%".to_owned(),
                figure: None,
                holds: None,
            },
        ];
    }

    fn generator(&mut self) {
        self.now.generator = Generator {
            cpu_ratio: Some(0.12 + 0.05 * triangle(self.seconds, 9)),
            lag_p99_ms: Some(0.4),
            limited_since: self
                .limited_from
                .filter(|from| self.seconds >= *from)
                .map(|_| Timestamp::constant(BEGAN_S, 0)),
            memory_bytes: Some(48_000_000),
            descriptors: Some(30 + round_u64(self.users)),
            descriptors_limit: Some(65_536),
        };
        self.now.workers = (0..self.workers)
            .map(|number| WorkerRow {
                name: format!("worker-{number}"),
                state: if number == 2 { "missing" } else { "running" }.to_owned(),
                users: round_u64(self.users) / 3,
                now_per_sec: self.now.total.now_per_sec / 3.0,
                cpu_ratio: Some(0.31),
                clock_offset_ms: Some(-1.25),
                round_trip_ms: Some(0.42),
            })
            .collect();
    }

    fn remember(&mut self) {
        let total = &self.now.total;
        self.course.push(Moment {
            t_s: self.now.elapsed_s - 1.0,
            seconds: 1.0,
            users: round_u64(self.users),
            wanted_per_sec: match self.now.wanted {
                Wanted::Users(_) => None,
                Wanted::Rate(rate) => Some(rate),
            },
            succeeded_per_sec: total.now_per_sec,
            failed_per_sec: total.now_failed_per_sec,
            dropped: 0,
            median_ms: total.now_median_ms,
            p95_ms: total.now_p95_ms,
            p99_ms: total.now_p99_ms,
            max_ms: total.now_p99_ms.map(|it| it * 1.4),
            cpu_ratio: self.now.generator.cpu_ratio,
        });
    }

    /// Lets it go on by itself; a second of it takes `second`.
    pub(crate) fn play(mut self, second: Duration) -> View {
        let (mut desk, view) = steering(self.now());
        tokio::spawn(async move {
            let mut clock = tokio::time::interval(second);
            loop {
                tokio::select! {
                    _ = clock.tick() => self.tick(),
                    order = desk.orders.recv() => match order {
                        Some(order) => self.follow(&order),
                        None => return,
                    },
                }
                *desk.course.lock().unwrap() = self.course();
                desk.now.send_replace(Arc::new(self.now()));
                if self.now.state == State::Finished {
                    return;
                }
            }
        });
        view
    }
}

fn row(name: &str, method: &str) -> Row {
    Row {
        name: name.to_owned(),
        method: method.to_owned(),
        ..Row::default()
    }
}

/// Adds a second of requests to a row.
fn advance(row: &mut Row, rate: f64, failing: f64, median: f64) {
    let failed = rate * failing;
    row.succeeded += round_u64(rate - failed);
    row.failed += round_u64(failed);
    row.now_per_sec = rate - failed;
    row.now_failed_per_sec = failed;
    let any = rate > 0.0;
    row.now_median_ms = any.then_some(median);
    row.now_p95_ms = any.then_some(median * 3.1);
    row.now_p99_ms = any.then_some(median * 5.7);
    if any {
        row.avg_ms = Some(median * 1.2);
        row.min_ms = Some(median * 0.3);
        row.median_ms = Some(median);
        row.p95_ms = Some(median * 3.1);
        row.p99_ms = Some(median * 5.7);
        row.max_ms = Some(median * 9.0);
        row.avg_bytes = Some(2_310.0);
    }
}

fn failures(count: u64) -> Vec<FailureRow> {
    let row = FailureRow {
        request: "cross_match".to_owned(),
        method: "POST".to_owned(),
        kind: "http_status_503".to_owned(),
        count,
        example: "POST /api/v1/cross-match: 503 Service Unavailable: <b>pool</b> is exhausted"
            .to_owned(),
    };
    (count > 0).then_some(row).into_iter().collect()
}

fn limit(limit: &str, figure: Option<f64>, most: f64) -> LimitRow {
    LimitRow {
        limit: limit.to_owned(),
        figure,
        holds: figure.map(|it| it < most),
    }
}

/// A wave between −1 and 1.
fn triangle(second: u64, period: u64) -> f64 {
    let phase = count_f64(second % period) / count_f64(period);
    1.0 - 4.0 * (phase - 0.5).abs()
}
