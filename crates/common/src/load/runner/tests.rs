use super::*;
use crate::load::{Done, Failure, Null, Stop, Think};

/// Takes the same time for each iteration, but freezes in a window since the start of the run.
struct Server {
    epoch: Instant,
    service: Duration,
    freeze: Option<(Duration, Duration)>,
    fail_after: Option<Duration>,
}

impl Server {
    fn taking(millis: u64) -> Self {
        Self {
            epoch: Instant::now(),
            service: Duration::from_millis(millis),
            freeze: None,
            fail_after: None,
        }
    }
}

impl Workload for Server {
    async fn execute(&mut self) -> Result<Done, Failure> {
        if let Some((from, until)) = self.freeze
            && (from..until).contains(&self.epoch.elapsed())
        {
            tokio::time::sleep_until(self.epoch + until).await;
        }
        tokio::time::sleep(self.service).await;
        match self.fail_after {
            Some(limit) if self.epoch.elapsed() > limit => Err(Failure::new("broken", "it broke")),
            _ => Ok(Done::default()),
        }
    }
}

fn closed(users: usize, think: Think, stop: Stop) -> Schedule {
    Schedule::Closed(Closed {
        users,
        think,
        ramp_up_seconds: 0.0,
        stop,
    })
}

async fn run_servers(
    schedule: &Schedule,
    options: &RunOptions,
    make: impl Fn() -> Server,
) -> Tally {
    let servers = (0..schedule.workers()).map(|_| make()).collect();
    let monitor = Arc::default();
    let stop = CancellationToken::new();
    let tally = run(
        schedule,
        options,
        &Labels::default(),
        servers,
        &monitor,
        &stop,
    )
    .await;
    assert!(tally.accounting.balances(), "{:?}", tally.accounting);
    tally
}

#[tokio::test(start_paused = true)]
async fn throughput_is_completed_work_over_wall_time() {
    for (users, expected) in [(1, 20.0), (10, 200.0), (20, 400.0)] {
        let schedule = closed(users, Think::None, Stop::Iterations(1000));
        let tally = run_servers(&schedule, &RunOptions::default(), || Server::taking(50)).await;
        let throughput = tally.throughput_per_sec().unwrap();
        assert!(
            (throughput / expected - 1.0).abs() < 0.05,
            "{users}: {throughput}"
        );
        assert_eq!(tally.accounting.succeeded, 1000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stall_shows_in_the_response_time_of_an_open_run() {
    let schedule = Schedule::Open(Open::constant(100.0, 20.0, 10));
    let tally = run_servers(&schedule, &RunOptions::default(), || Server {
        freeze: Some((Duration::from_secs(10), Duration::from_secs(12))),
        ..Server::taking(1)
    })
    .await;
    assert_eq!(tally.accounting.succeeded, 2000);
    let response = &tally.recorded.total.response;
    let p99 = response.quantile_ms(0.99).unwrap();
    assert!((1750.0..1900.0).contains(&p99), "{p99}");
    assert!(response.quantile_ms(0.5).unwrap() < 5.0);
    // Ten requests saw the freeze themselves; the service time alone would hide the other 190.
    assert!(tally.recorded.service.quantile_ms(0.99).unwrap() < 5.0);
}

#[tokio::test(start_paused = true)]
async fn warm_up_is_in_no_figure() {
    let schedule = closed(2, Think::None, Stop::Iterations(10));
    let options = RunOptions {
        warm_up: WarmUp::Iterations(4),
        ..RunOptions::default()
    };
    let tally = run_servers(&schedule, &options, || Server::taking(10)).await;
    assert_eq!(tally.accounting.warm_up, 4);
    assert_eq!(tally.accounting.planned, 10);
    assert_eq!(tally.recorded.total.response.count(), 10);
    assert_eq!(tally.wall().as_millis() / 10, 5);
}

#[tokio::test(start_paused = true)]
async fn a_timed_run_counts_what_was_under_way() {
    let schedule = closed(3, Think::None, Stop::AfterSeconds(1.0));
    let options = RunOptions {
        drain: Duration::from_millis(100),
        ..RunOptions::default()
    };
    let tally = run_servers(&schedule, &options, || Server::taking(700)).await;
    assert_eq!(tally.accounting.succeeded, 3);
    assert_eq!(tally.accounting.interrupted, 3);
    assert_eq!(tally.accounting.planned, 6);
}

#[tokio::test(start_paused = true)]
async fn stopping_reports_what_was_done_and_what_was_not() {
    let schedule = closed(2, Think::None, Stop::Iterations(100));
    let servers = vec![Server::taking(100), Server::taking(100)];
    let stop = CancellationToken::new();
    let later = stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(450)).await;
        later.cancel();
    });
    let labels = Labels::default();
    let options = RunOptions::default();
    let tally = run(
        &schedule,
        &options,
        &labels,
        servers,
        &Arc::default(),
        &stop,
    )
    .await;
    assert_eq!(tally.ending, Ending::Stopped);
    assert_eq!(tally.accounting.succeeded, 10);
    assert_eq!(tally.accounting.not_started, 90);
    assert!(tally.accounting.balances());
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_leaves_iterations_not_started() {
    let schedule = closed(1, Think::None, Stop::Iterations(100));
    let options = RunOptions {
        time_limit: Some(Duration::from_millis(1050)),
        ..RunOptions::default()
    };
    let tally = run_servers(&schedule, &options, || Server::taking(100)).await;
    assert_eq!(tally.ending, Ending::TimeLimit);
    assert_eq!(tally.accounting.succeeded, 11);
    assert_eq!(tally.accounting.not_started, 89);
}

#[tokio::test(start_paused = true)]
async fn a_dead_target_ends_the_run_early() {
    let schedule = closed(2, Think::None, Stop::AfterSeconds(3600.0));
    let tally = run_servers(&schedule, &RunOptions::default(), || Server {
        fail_after: Some(Duration::from_secs(5)),
        ..Server::taking(100)
    })
    .await;
    assert_eq!(tally.ending, Ending::GaveUp);
    assert!(tally.wall() < Duration::from_secs(30));
    assert_eq!(
        tally.recorded.errors["broken"].count,
        tally.accounting.failed
    );
    assert!(tally.accounting.failed > 0);
}

#[tokio::test(start_paused = true)]
async fn failures_are_not_in_the_response_times() {
    let schedule = closed(1, Think::None, Stop::Iterations(20));
    let tally = run_servers(&schedule, &RunOptions::default(), || Server {
        fail_after: Some(Duration::from_secs(1)),
        ..Server::taking(100)
    })
    .await;
    assert_eq!(tally.accounting.succeeded + tally.accounting.failed, 20);
    assert_eq!(
        tally.recorded.total.response.count(),
        tally.accounting.succeeded
    );
    assert_eq!(
        tally.recorded.failed_response.count(),
        tally.accounting.failed
    );
}

#[tokio::test(start_paused = true)]
async fn think_time_and_ramp_up_hold_users_back() {
    let schedule = Schedule::Closed(Closed {
        users: 10,
        think: Think::Constant { seconds: 1.0 },
        ramp_up_seconds: 10.0,
        stop: Stop::AfterSeconds(20.0),
    });
    let tally = run_servers(&schedule, &RunOptions::default(), || Server::taking(1)).await;
    // User n starts at n seconds and asks about once a second until 20 s: 20 + 19 + … + 11.
    let started = tally.accounting.planned;
    assert!((145..=156).contains(&started), "{started}");
}

#[tokio::test]
async fn doing_nothing_accounts_for_everything() {
    let schedule = closed(4, Think::None, Stop::Iterations(100_000));
    let labels = Labels::default();
    let options = RunOptions::default();
    let stop = CancellationToken::new();
    let tally = run(
        &schedule,
        &options,
        &labels,
        vec![Null; 4],
        &Arc::default(),
        &stop,
    )
    .await;
    assert_eq!(tally.accounting.succeeded, 100_000);
    assert!(tally.accounting.balances());
}
