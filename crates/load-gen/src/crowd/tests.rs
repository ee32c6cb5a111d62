use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use common::load::{Done, Labels, Tags, Think};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::conduct::{Conduct, conduct};
use super::lane::{Command, LaneOptions, Vitals};
use super::permits::Permits;
use super::*;
use crate::scenario::{Persona, Presence};

/// A service that answers after a time, and freezes for a while now and then.
#[derive(Debug, Clone, Copy)]
struct Service {
    answer: Duration,
    freeze: Option<(Duration, Duration)>,
}

impl Service {
    async fn answer(self, log: &Log) {
        tokio::time::sleep(self.answer).await;
        if let Some((length, every)) = self.freeze {
            let place =
                Duration::from_nanos(common::units::nanos(log.now()) % common::units::nanos(every));
            if place < length {
                tokio::time::sleep(length.saturating_sub(place)).await;
            }
        }
    }
}

struct Players {
    service: Service,
    think: Think,
    drawn: Arc<std::sync::Mutex<Vec<(u64, Duration, u64)>>>,
}

struct Player {
    service: Service,
    think: Think,
    random: ChaCha8Rng,
    number: u64,
    persona: usize,
    drawn: Arc<std::sync::Mutex<Vec<(u64, Duration, u64)>>>,
}

impl Cast for Players {
    type Actor = Player;

    fn actor(&self, number: u64, persona: usize) -> Player {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        random.set_stream(number);
        Player {
            service: self.service,
            think: self.think,
            random,
            number,
            persona,
            drawn: Arc::clone(&self.drawn),
        }
    }
}

impl Actor for Player {
    async fn begin(&mut self, _: &Log) -> bool {
        true
    }

    async fn iterate(&mut self, turn: Turn, log: &Log) -> Iterated {
        let start = log.now();
        let drawn = (
            turn.number.unwrap_or(self.number),
            turn.due,
            self.random.random(),
        );
        self.drawn.lock().unwrap().push(drawn);
        self.service.answer(log).await;
        let persona = u16::try_from(log.roster().persona_label(self.persona)).unwrap();
        let done = Done {
            tags: Tags::of(&[0, persona]),
            ..Done::default()
        };
        log.request(0, &turn, (true, start), &Ok(done));
        Iterated {
            task: self.persona,
            requests: 1,
            failed: false,
            is_last: false,
        }
    }

    fn pause(&mut self) -> Duration {
        self.think.pause(self.random.random())
    }

    async fn end(&mut self, _: &Log) {}
}

fn personas() -> Vec<Persona> {
    let persona = |name: &str, weight| Persona {
        name: name.to_owned(),
        presence: Presence::Weight(weight),
        think: Think::None,
        on_start: Vec::new(),
        on_stop: Vec::new(),
        tasks: Vec::new(),
    };
    vec![
        persona("researcher", 3.0),
        persona("pipeline", 1.0),
        persona("student", 2.0),
    ]
}

fn roster() -> Roster {
    Roster {
        requests: vec!["ask".into()],
        methods: vec!["GET".into()],
        groups: vec![service::profile::Group::Catalog],
        personas: ["researcher", "pipeline", "student"]
            .map(String::from)
            .to_vec(),
        tasks: ["researcher", "pipeline", "student"]
            .map(|it| format!("{it}.ask"))
            .to_vec(),
        labels: Labels::new(
            [
                "ask",
                "persona researcher",
                "persona pipeline",
                "persona student",
            ],
            [""; 0],
        ),
    }
}

struct Played {
    tape: Tape,
    drawn: Vec<(u64, Duration, u64)>,
}

/// Plays a program on one lane in virtual time.
async fn play(program: Program, service: Service, think: Think, part: Part) -> Played {
    play_until(program, service, think, part, None).await
}

async fn play_until(
    program: Program,
    service: Service,
    think: Think,
    part: Part,
    stop_at: Option<Duration>,
) -> Played {
    let drawn = Arc::new(std::sync::Mutex::new(Vec::new()));
    let cast = Arc::new(Players {
        service,
        think,
        drawn: Arc::clone(&drawn),
    });
    let length = stop_at.unwrap_or(program.length().unwrap_or(Duration::from_hours(1)));
    let roster = Arc::new(roster());
    let epoch = Instant::now();
    let log = Log::new(Arc::clone(&roster), epoch, Duration::ZERO);
    let vitals = Arc::new(Vitals {
        cpu_nanos: AtomicU64::new(0),
        ..Vitals::default()
    });
    let (commands, orders) = mpsc::unbounded_channel();
    let permits = Arc::new(Permits::new(&program, 1));
    let options = LaneOptions {
        cast,
        roster,
        casting: Arc::new(Casting::of(&personas())),
        program,
        replay: None,
        warm_up: Duration::ZERO,
        seed: 7,
        epoch,
        parts: vec![part],
        permits,
    };
    let lane = tokio::spawn(conduct(Conduct::new(
        options,
        log.clone(),
        Arc::clone(&vitals),
        orders,
        false,
    )));
    let end = epoch + length;
    let over = || vitals.is_over.load(std::sync::atomic::Ordering::Relaxed);
    while Instant::now() < end && (stop_at.is_some() || !over()) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (done, over) = oneshot::channel();
    commands
        .send(Command::Finish(Duration::from_secs(10), done))
        .unwrap();
    over.await.unwrap();
    lane.await.unwrap();
    let drawn = drawn.lock().unwrap().clone();
    Played {
        tape: log.take(),
        drawn,
    }
}

const QUICK: Service = Service {
    answer: Duration::from_millis(10),
    freeze: None,
};

fn arrivals(rate: f64, seconds: f64, poisson: bool, max_users: u64) -> Program {
    Program::Arrivals(Arrivals {
        stretches: vec![Stretch {
            from: rate,
            to: rate,
            seconds,
        }],
        poisson,
        max_users,
        iterations: None,
    })
}

fn p(series: &common::record::Series, quantile: f64) -> f64 {
    series.quantile_ms(quantile).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_stalled_service_shows_in_the_response_times_of_an_open_load() {
    let stalled = Service {
        answer: Duration::from_millis(1),
        freeze: Some((Duration::from_secs(2), Duration::from_secs(20))),
    };
    let played = play(
        arrivals(100.0, 20.0, false, 1000),
        stalled,
        Think::None,
        Part::WHOLE,
    )
    .await;
    let response = &played.tape.requests.total.response;
    assert_eq!(response.count(), 2000);
    for (quantile, truth) in [(0.99, 1800.0), (0.999, 1980.0)] {
        let is = p(response, quantile);
        assert!(
            (is / truth - 1.0).abs() < 0.02,
            "{quantile}: {is} for {truth}"
        );
    }
    assert!(
        played.tape.iterations.balances(),
        "{:?}",
        played.tape.iterations
    );
}

#[tokio::test(start_paused = true)]
async fn with_too_few_users_the_wait_for_one_is_part_of_the_response_time() {
    let stalled = Service {
        answer: Duration::from_millis(1),
        freeze: Some((Duration::from_secs(2), Duration::from_secs(20))),
    };
    let played = play(
        arrivals(100.0, 20.0, false, 10),
        stalled,
        Think::None,
        Part::WHOLE,
    )
    .await;
    let response = &played.tape.requests.total.response;
    assert_eq!(response.count(), 2000);
    let is = p(response, 0.99);
    assert!((is / 1800.0 - 1.0).abs() < 0.02, "{is}");
    // Nearly all of that wait was for a user, and not for the service.
    assert!(p(&played.tape.requests.service, 0.99) < 1810.0);
    assert!(p(&played.tape.requests.service, 0.98) < 5.0);
}

#[tokio::test(start_paused = true)]
async fn what_a_service_cannot_take_is_dropped_and_counted() {
    let slow = Service {
        answer: Duration::from_secs(1),
        freeze: None,
    };
    let played = play(
        arrivals(100.0, 10.0, false, 10),
        slow,
        Think::None,
        Part::WHOLE,
    )
    .await;
    let iterations = &played.tape.iterations;
    assert!(iterations.balances(), "{iterations:?}");
    assert_eq!(iterations.planned(), 1000);
    let dropped = iterations.dropped[&Dropped::NoFreeUser];
    assert!((890..=910).contains(&dropped), "{iterations:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_accounts_for_every_iteration() {
    let slow = Service {
        answer: Duration::from_mins(1),
        freeze: None,
    };
    let stop = Some(Duration::from_millis(2500));
    let program = arrivals(10.0, 100.0, false, 1000);
    let played = play_until(program, slow, Think::None, Part::WHOLE, stop).await;
    let iterations = &played.tape.iterations;
    assert!(iterations.balances(), "{iterations:?}");
    assert_eq!(iterations.interrupted, iterations.started);
    assert!((25..=26).contains(&iterations.started), "{iterations:?}");
}

#[tokio::test(start_paused = true)]
async fn users_come_at_their_rate_and_think_as_long_as_they_should() {
    let think = Think::Uniform {
        min_seconds: 1.0,
        max_seconds: 3.0,
    };
    let program = Program::Users(Users::constant(60, 10.0, 600.0));
    let played = play(program, QUICK, think, Part::WHOLE).await;
    // A user asks every 2.01 s on average; the last of them came after 6 s.
    let expected = 60.0 * (600.0 - 3.0) / 2.01;
    let count = common::units::count_f64(played.tape.requests.total.response.count());
    assert!(
        (count / expected - 1.0).abs() < 0.01,
        "{count} for {expected}"
    );
    assert!(played.tape.iterations.balances());
    // Personas come as 3 : 1 : 2, exactly.
    let users = |persona: usize| played.tape.requests.classes[1 + persona].response.count();
    let share = |persona| common::units::count_f64(users(persona)) / count;
    assert!(
        (share(0) - 0.5).abs() < 0.01 && (share(1) - 1.0 / 6.0).abs() < 0.01,
        "{}",
        share(0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_day_of_endurance_passes_in_a_minute() {
    let think = Think::Uniform {
        min_seconds: 5.0,
        max_seconds: 15.0,
    };
    let program = Program::Users(Users::constant(20, 1.0, 86_400.0));
    let played = play(program, QUICK, think, Part::WHOLE).await;
    let count = common::units::count_f64(played.tape.requests.total.response.count());
    let expected = 20.0 * 86_400.0 / 10.01;
    assert!(
        (count / expected - 1.0).abs() < 0.01,
        "{count} for {expected}"
    );
    assert!(played.tape.iterations.balances());
}

#[tokio::test(start_paused = true)]
async fn shared_iterations_are_done_once_each() {
    let mut users = Users::constant(7, f64::INFINITY, 600.0);
    users.iterations = Some(1000);
    let played = play(Program::Users(users), QUICK, Think::None, Part::WHOLE).await;
    assert_eq!(played.tape.iterations.started, 1000);
    assert_eq!(played.tape.iterations.succeeded(), 1000);
}

#[tokio::test(start_paused = true)]
async fn parts_together_are_the_whole() {
    for poisson in [false, true] {
        let whole = play(
            arrivals(50.0, 10.0, poisson, 100),
            QUICK,
            Think::None,
            Part::WHOLE,
        )
        .await;
        let mut together = Vec::new();
        for index in 0..3 {
            let part = Part { index, of: 3 };
            let played = play(arrivals(50.0, 10.0, poisson, 100), QUICK, Think::None, part).await;
            together.extend(played.drawn.into_iter().map(|it| (it.0, it.1)));
        }
        together.sort_unstable();
        let mut alone: Vec<_> = whole.drawn.into_iter().map(|it| (it.0, it.1)).collect();
        alone.sort_unstable();
        assert_eq!(alone, together);
    }
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_sequences() {
    let drawn = || async {
        let think = Think::Exponential { mean_seconds: 1.0 };
        let program = Program::Users(Users::constant(5, f64::INFINITY, 60.0));
        let mut drawn = play(program, QUICK, think, Part::WHOLE).await.drawn;
        drawn.sort_unstable();
        drawn.into_iter().map(|it| (it.0, it.2)).collect::<Vec<_>>()
    };
    assert_eq!(drawn().await, drawn().await);
}
