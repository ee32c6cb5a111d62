//! Masters and workers on network hosts of their own: namespaces on this machine, with delay, loss, and cables
//! that are pulled. Only root can make them; others are told that nothing was tested.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed step is a failed test; tests say what they skip"
)]

#[path = "double/mod.rs"]
mod double;
#[path = "double/hosts.rs"]
mod hosts;
#[path = "double/process.rs"]
mod process;

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use double::{alone, job};
use hosts::Hosts;
use load_gen::crowd::Tape;
use process::{Worker, audit, be_a_worker, end, master, worker_flags};

const RATE: f64 = 252.0;

/// The token of all hosts: the master can be reached by others.
const TOKEN: &str = "LOAD_GEN_TOKEN=a token for namespaces";

#[test]
fn worker_process() {
    be_a_worker();
}

fn after(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A master in this namespace, with workers that it has to wait for.
async fn lead(hosts: &Hosts, names: &[&str]) -> (load_gen::distributed::Master, Vec<Worker>) {
    let expect = format!("--expect-workers={}", names.len());
    let bind = format!("--bind={}:0", hosts.address());
    let mut master = master(&[&bind, &expect]).await;
    let start = |name: &&str| {
        let before = ["ip", "netns", "exec", &hosts.name(name), "env", TOKEN];
        Worker::start(&before, &worker_flags(name, master.address()))
    };
    let workers = names.iter().map(start).collect();
    master.gather(&CancellationToken::new()).await.unwrap();
    (master, workers)
}

#[test]
fn a_host_whose_cable_is_pulled_is_replaced_and_comes_back() {
    hosts::in_a_namespace(
        "a_host_whose_cable_is_pulled_is_replaced_and_comes_back",
        async {
            let mut hosts = Hosts::new();
            for name in ["a", "b", "c"] {
                hosts.add(name);
            }
            let (master, workers) = lead(&hosts, &["a", "b", "c"]).await;
            let led = master.run(job(RATE, 16.0), None).await.unwrap();
            let begin = led.start;
            let meddle = async {
                sleep_until(begin + after(3.3)).await;
                hosts.cable("b", "down");
                sleep(after(6.0)).await;
                hosts.cable("b", "up");
            };
            let ((), (tape, outcome)) = tokio::join!(meddle, end(led));
            let iterations = &tape.iterations;
            assert_eq!(iterations.planned(), 4032, "{iterations:?} {outcome:?}");
            assert!(iterations.balances());
            let row = audit(&outcome, "b");
            let [absence] = row.absences[..] else {
                panic!("{row:?}")
            };
            assert!(absence.until_s - absence.from_s <= 3.0, "{absence:?}");
            assert!((absence.share - 1.0 / 3.0).abs() < 0.01, "{absence:?}");
            assert_eq!(row.row.state, "running");
            assert!(
                !outcome.notes.iter().any(|it| it.contains("unknown")),
                "{outcome:?}"
            );
            for name in ["a", "c"] {
                assert!(audit(&outcome, name).absences.is_empty());
            }
            for worker in workers {
                assert!(worker.end().await.success());
            }
        },
    );
}

#[test]
fn a_host_that_dies_behind_a_pulled_cable_is_noticed_without_a_word() {
    hosts::in_a_namespace(
        "a_host_that_dies_behind_a_pulled_cable_is_noticed_without_a_word",
        async {
            let mut hosts = Hosts::new();
            hosts.add("a");
            hosts.add("b");
            let (master, workers) = lead(&hosts, &["a", "b"]).await;
            let led = master.run(job(RATE, 10.0), None).await.unwrap();
            let begin = led.start;
            let meddle = async {
                sleep_until(begin + after(3.3)).await;
                hosts.cable("b", "down");
                workers[1].signal(Signal::SIGKILL);
            };
            let ((), (tape, outcome)) = tokio::join!(meddle, end(led));
            assert_eq!(
                tape.iterations.planned(),
                2520,
                "{:?} {outcome:?}",
                tape.iterations
            );
            assert!(tape.iterations.balances());
            let row = audit(&outcome, "b");
            let [absence] = row.absences[..] else {
                panic!("{row:?}")
            };
            assert!(absence.until_s - absence.from_s <= 3.0, "{absence:?}");
            assert!((absence.share - 0.5).abs() < 0.01, "{absence:?}");
            assert_eq!(row.row.state, "missing");
            assert!(
                outcome.notes.iter().any(|it| it.contains("is unknown")),
                "{outcome:?}"
            );
        },
    );
}

#[test]
fn delay_and_loss_are_measured_and_lose_nothing() {
    hosts::in_a_namespace("delay_and_loss_are_measured_and_lose_nothing", async {
        let mut hosts = Hosts::new();
        hosts.add("near");
        hosts.add_far("far", 80, 3);
        let (master, _workers) = lead(&hosts, &["near", "far"]).await;
        // Long enough for an exchange that nothing was lost of.
        sleep(after(2.0)).await;
        let (tape, outcome) = end(master.run(job(RATE, 8.0), None).await.unwrap()).await;
        let iterations = &tape.iterations;
        assert_eq!(iterations.started, 2016, "{iterations:?} {outcome:?}");
        assert!(iterations.balances());
        let p99 = |it: &Tape| {
            it.requests
                .total
                .response
                .quantile_ms(0.99)
                .map(f64::to_bits)
        };
        assert_eq!(p99(&tape), p99(&alone(2016, RATE)));
        let way = |name| audit(&outcome, name).row.round_trip_ms.unwrap();
        assert!(way("near") < 40.0, "{}", way("near"));
        assert!((160.0..260.0).contains(&way("far")), "{}", way("far"));
        let offset = audit(&outcome, "far").row.clock_offset_ms.unwrap();
        assert!(offset.abs() < 40.0, "{offset}");
    });
}
