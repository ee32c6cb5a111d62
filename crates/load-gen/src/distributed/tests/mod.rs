//! Whole runs in virtual time, over connections in memory that can be cut and frozen.

#[path = "../../../tests/double/mod.rs"]
mod double;
mod scene;

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::wire::encode;
use super::{MasterError, WorkerEnd};
use crate::crowd::Dropped;
use crate::live::Order;
use crate::outputs::{Absence, Ending};
use double::{Deeds, alone, job};
use scene::{Ended, Scene, after};

const RATE: f64 = 2520.0;

/// Every iteration is done at most once, and what is not done is counted as lost.
fn assert_all_is_accounted_for(scene: &Scene, ended: &Ended, planned: u64) {
    let iterations = &ended.tape.iterations;
    assert_eq!(iterations.planned(), planned, "planned");
    assert!(iterations.balances(), "{iterations:?}");
    scene.log.with(|deeds: &mut Deeds| {
        let twice: Vec<_> = deeds.done.iter().filter(|it| it.1.len() > 1).collect();
        assert!(twice.is_empty(), "done twice: {:?}", twice.first());
    });
}

fn lost(ended: &Ended) -> u64 {
    let dropped = &ended.tape.iterations.dropped;
    dropped.get(&Dropped::WorkerLost).copied().unwrap_or(0)
}

/// The only absence of a worker.
fn absence(ended: &Ended, name: &str) -> Absence {
    let audit = ended.worker(name);
    let [absence] = audit.absences[..] else {
        panic!("{audit:?}");
    };
    absence
}

#[tokio::test(start_paused = true)]
async fn three_workers_see_what_one_alone_would_have_seen() {
    let mut scene = Scene::new(3);
    for name in ["a", "b", "c"] {
        scene.worker(name);
    }
    let ended = scene.run(job(RATE, 6.0)).await.end().await;
    assert_eq!(ended.outcome.ending, Ending::Finished);
    assert_all_is_accounted_for(&scene, &ended, 15_120);
    assert_eq!(
        encode(&ended.tape).unwrap(),
        encode(&alone(15_120, RATE)).unwrap()
    );
    let starts = scene
        .log
        .with(|it| it.starts.values().copied().collect::<Vec<_>>());
    assert!(starts.windows(2).all(|it| it[0] == it[1]), "{starts:?}");
    let seconds: Vec<u64> = ended.seconds.iter().map(|it| it.0).collect();
    assert_eq!(
        seconds,
        (0..ended.seconds.len())
            .map(common::units::size_u64)
            .collect::<Vec<_>>()
    );
    assert!(
        ended.seconds[..6].iter().all(|it| it.1 == 2520),
        "{:?}",
        ended.seconds
    );
    assert!(
        ended
            .outcome
            .workers
            .iter()
            .all(|it| it.absences.is_empty() && it.audit.lanes == 1)
    );
    for end in scene.workers_end().await {
        assert_eq!(end.unwrap(), WorkerEnd::Dismissed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_killed_worker_is_replaced_at_once_and_its_share_is_told() {
    let mut scene = Scene::new(3);
    for name in ["a", "b", "c"] {
        scene.worker(name);
    }
    let running = scene.run(job(RATE, 10.0)).await;
    sleep_until(running.start + after(4.4)).await;
    scene.kill("b");
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 25_200);
    let absence = absence(&ended, "b");
    assert!((absence.share - 1.0 / 3.0).abs() < 1e-3, "{absence:?}");
    assert!(absence.from_s > 3.5 && absence.from_s <= 4.4, "{absence:?}");
    assert!(
        absence.until_s > 4.4 && absence.until_s < 4.9,
        "{absence:?}"
    );
    // A third of the load, from its last report at 4.03 s to 4.7 s or so.
    assert!((400..800).contains(&lost(&ended)), "{}", lost(&ended));
    let notes = ended.outcome.notes.join("\n");
    assert!(notes.contains("worker `b` is missing since"), "{notes}");
    assert!(notes.contains("what worker `b` did in its last"), "{notes}");
    assert_eq!(ended.worker("b").row.state, "missing");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_stops_before_others_do_its_part_and_tells_the_rest_later() {
    let mut scene = Scene::new(3);
    for name in ["a", "b", "c"] {
        scene.worker(name);
    }
    let running = scene.run(job(RATE, 16.0)).await;
    sleep_until(running.start + after(4.4)).await;
    scene.freeze("b", true);
    sleep(after(6.0)).await;
    scene.freeze("b", false);
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 40_320);
    let absence = absence(&ended, "b");
    assert!(absence.until_s - absence.from_s <= 3.0, "{absence:?}");
    // Its lease ended half a second or so before the others began: that is all that nobody did.
    assert!((1..840).contains(&lost(&ended)), "{}", lost(&ended));
    let notes = ended.outcome.notes.join("\n");
    assert!(!notes.contains("unknown"), "{notes}");
    assert_eq!(ended.worker("b").row.state, "running");
    scene.log.with(|it| {
        let late = it.done.iter().rev().take(2520);
        let of_b = late.filter(|it| it.1 == &["b"]).count();
        assert_eq!(of_b, 840);
    });
}

#[tokio::test(start_paused = true)]
async fn what_is_told_twice_because_no_receipt_came_counts_once() {
    let mut scene = Scene::new(2);
    scene.worker("a");
    scene.worker("b");
    let running = scene.run(job(RATE, 12.0)).await;
    sleep_until(running.start + after(3.2)).await;
    scene.deafen("b", true);
    sleep(after(4.0)).await;
    scene.deafen("b", false);
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 30_240);
    assert_eq!(ended.worker("b").row.state, "running");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_taken_up_again() {
    let mut scene = Scene::new(2);
    scene.worker("a");
    scene.worker("b");
    let running = scene.run(job(RATE, 8.0)).await;
    sleep_until(running.start + after(3.2)).await;
    scene.cut("b");
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 20_160);
    assert_eq!(ended.outcome.workers.len(), 2);
    assert_eq!(ended.worker("b").absences.len(), 1);
    // From the cut to when the other one had it.
    assert!((1..600).contains(&lost(&ended)), "{}", lost(&ended));
}

#[tokio::test(start_paused = true)]
async fn late_joiners_take_their_share_without_a_gap() {
    let mut scene = Scene::new(1);
    scene.worker("a");
    let running = scene.run(job(RATE, 9.0)).await;
    sleep_until(running.start + after(2.0)).await;
    running.ask(Order::Users {
        users: 5,
        spawn_rate: 1.0,
    });
    sleep(after(0.5)).await;
    scene.worker("b");
    scene.worker("c");
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 22_680);
    assert_eq!(lost(&ended), 0);
    assert_eq!(
        encode(&ended.tape).unwrap(),
        encode(&alone(22_680, RATE)).unwrap()
    );
    scene.log.with(|it| {
        assert_eq!(it.orders["a"], it.orders["b"]);
        for name in ["a", "b", "c"] {
            let mut last = it.done.iter().rev().take(2520);
            assert_eq!(
                last.by_ref().filter(|it| it.1 == &[name]).count(),
                840,
                "{name}"
            );
        }
    });
}

#[tokio::test(start_paused = true)]
async fn orders_take_effect_everywhere_at_the_same_moment() {
    let mut scene = Scene::new(3);
    for name in ["a", "b", "c"] {
        scene.worker(name);
    }
    let running = scene.run(job(RATE, 3600.0)).await;
    sleep_until(running.start + after(3.0)).await;
    running.ask(Order::Pause);
    running.ask(Order::Stop);
    let ended = running.end().await;
    assert_eq!(ended.outcome.ending, Ending::Stopped);
    let orders = scene.log.with(|it| it.orders.clone());
    let (_, at) = orders["a"][1];
    assert!(at > after(3.0) && at < after(4.0), "{at:?}");
    assert!(orders.values().all(|it| *it == orders["a"]), "{orders:?}");
    let done = scene.log.with(|it| it.done.len());
    let expected = alone(common::units::size_u64(done), RATE);
    assert_eq!(encode(&ended.tape).unwrap(), encode(&expected).unwrap());
}

#[tokio::test(start_paused = true)]
async fn one_that_leaves_gives_its_parts_away_first() {
    let mut scene = Scene::new(2);
    scene.worker("a");
    scene.worker("b");
    let running = scene.run(job(RATE, 8.0)).await;
    sleep_until(running.start + after(3.0)).await;
    assert_eq!(scene.stop("b").await.unwrap(), WorkerEnd::Stopped);
    let ended = running.end().await;
    assert_eq!(
        encode(&ended.tape).unwrap(),
        encode(&alone(20_160, RATE)).unwrap()
    );
    assert!(ended.worker("b").absences.is_empty());
    assert_eq!(ended.worker("b").row.state, "left");
}

#[tokio::test(start_paused = true)]
async fn a_restarted_worker_gets_parts_under_a_name_of_its_own() {
    let mut scene = Scene::new(2);
    scene.worker("a");
    scene.worker("b");
    let running = scene.run(job(RATE, 12.0)).await;
    sleep_until(running.start + after(3.3)).await;
    scene.kill("b");
    sleep(after(2.0)).await;
    scene.revive("b");
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 30_240);
    assert_eq!(ended.worker("b").row.state, "missing");
    assert_eq!(ended.worker("b (2)").row.state, "running");
    assert!(ended.worker("b (2)").absences.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_any_worker_the_run_ends_after_half_a_minute() {
    let mut scene = Scene::new(1);
    scene.worker("a");
    let running = scene.run(job(RATE, 3600.0)).await;
    let start = running.start;
    sleep_until(start + after(3.0)).await;
    scene.kill("a");
    let ended = running.end().await;
    assert_eq!(ended.outcome.ending, Ending::NoWorkers);
    assert!((after(33.0)..after(34.0)).contains(&start.elapsed()));
    let absence = absence(&ended, "a");
    assert!(
        (absence.share - 1.0).abs() < 1e-9 && absence.until_s > 32.9,
        "{absence:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_loses_its_master_stops_within_three_seconds() {
    let mut scene = Scene::new(1);
    scene.worker("a");
    let running = scene.run(job(RATE, 3600.0)).await;
    sleep_until(running.start + after(3.0)).await;
    scene.freeze("a", true);
    sleep(after(8.0)).await;
    let last = scene.log.with(|it| it.done.len());
    sleep(after(5.0)).await;
    assert_eq!(scene.log.with(|it| it.done.len()), last);
    // It had 2520 a second until its lease ended.
    assert!((2520 * 3..2520 * 6).contains(&last), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_cannot_prepare_is_told_and_left_out() {
    let mut scene = Scene::new(1);
    scene.worker("a");
    let bad = super::Job {
        source: crate::scenario::Source {
            text: "bad".to_owned(),
            ..job(RATE, 1.0).source
        },
        ..job(RATE, 1.0)
    };
    let error = scene.try_run(bad).await.unwrap_err();
    let text = "no worker can begin: worker `a` could not prepare: line 1: no scenario";
    assert_eq!(error.to_string(), text);
}

#[tokio::test(start_paused = true)]
async fn a_master_without_workers_waits_and_says_so() {
    let scene = Scene::new(2);
    let began = Instant::now();
    let error = scene.try_run(job(RATE, 1.0)).await.unwrap_err();
    assert!(matches!(error, MasterError::Nobody { .. }), "{error}");
    assert_eq!(began.elapsed(), Duration::from_mins(1));
    let mut scene = Scene::new(2);
    scene.worker("a");
    let running = scene.run(job(RATE, 2.0)).await;
    assert_eq!(running.workers, 1);
    running.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_master_that_stood_still_gets_its_workers_back() {
    let mut scene = Scene::new(2);
    scene.worker("a");
    scene.worker("b");
    let running = scene.run(job(RATE, 14.0)).await;
    sleep_until(running.start + after(3.1)).await;
    for frozen in [true, false] {
        scene.freeze("a", frozen);
        scene.freeze("b", frozen);
        sleep(after(5.0)).await;
    }
    let ended = running.end().await;
    assert_all_is_accounted_for(&scene, &ended, 35_280);
    for name in ["a", "b"] {
        assert!((absence(&ended, name).share - 0.5).abs() < 1e-3);
        assert_eq!(ended.worker(name).row.state, "running");
    }
}
