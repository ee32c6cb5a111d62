//! Masters and workers as processes that talk over TCP on this machine: killed, stopped, disturbed.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed step is a failed test; tests say what they skip"
)]

#[path = "double/mod.rs"]
mod double;
#[path = "double/process.rs"]
mod process;

use std::time::Duration;

use common::files;
use load_gen::crowd::Dropped;
use load_gen::distributed::{MasterError, WorkerError, WorkerOptions, work};
use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use double::{Double, Log, alone, job};
use process::{Worker, audit, be_a_worker, end, flags, master, worker_flags};

const RATE: f64 = 252.0;

#[test]
fn worker_process() {
    be_a_worker();
}

fn after(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[tokio::test]
async fn processes_see_what_one_alone_would_have_seen_and_go_home_after_it() {
    let mut master = master(&["--bind=127.0.0.1:0", "--expect-workers=3"]).await;
    let start = |name| Worker::start(&[], &worker_flags(name, master.address()));
    let workers = ["a", "b", "c"].map(start);
    assert_eq!(master.gather(&CancellationToken::new()).await.unwrap(), 3);
    let led = master.run(job(RATE, 4.0), None).await.unwrap();
    let (tape, outcome) = end(led).await;
    assert_eq!(tape.iterations.started, 1008);
    let bits = |quantile| {
        tape.requests
            .total
            .response
            .quantile_ms(quantile)
            .map(f64::to_bits)
    };
    let expected = alone(1008, RATE);
    for percent in 0..100_u32 {
        let quantile = f64::from(percent) / 100.0;
        let of_one = expected.requests.total.response.quantile_ms(quantile);
        assert_eq!(bits(quantile), of_one.map(f64::to_bits));
    }
    for name in ["a", "b", "c"] {
        let row = &audit(&outcome, name).row;
        let (Some(offset), Some(way)) = (row.clock_offset_ms, row.round_trip_ms) else {
            panic!("{row:?}");
        };
        assert!(way > 0.0 && way < 100.0 && offset.abs() <= way, "{row:?}");
    }
    for worker in workers {
        assert!(worker.end().await.success());
    }
}

#[tokio::test]
async fn a_killed_and_a_stopped_process_are_replaced_and_the_stopped_one_comes_back() {
    let mut master = master(&["--bind=127.0.0.1:0", "--expect-workers=3"]).await;
    let start = |name| Worker::start(&[], &worker_flags(name, master.address()));
    let [_a, killed, stopped] = ["a", "killed", "stopped"].map(start);
    master.gather(&CancellationToken::new()).await.unwrap();
    let led = master.run(job(RATE, 15.0), None).await.unwrap();
    let begin = led.start;
    let meddle = async {
        sleep_until(begin + after(2.5)).await;
        killed.signal(Signal::SIGKILL);
        sleep_until(begin + after(4.5)).await;
        stopped.signal(Signal::SIGSTOP);
        sleep_until(begin + after(10.0)).await;
        stopped.signal(Signal::SIGCONT);
    };
    let ((), (tape, outcome)) = tokio::join!(meddle, end(led));
    let iterations = &tape.iterations;
    assert_eq!(iterations.planned(), 3780, "{iterations:?} {outcome:?}");
    assert!(iterations.balances());
    let dead = audit(&outcome, "killed");
    assert_eq!(
        (dead.row.state.as_str(), dead.absences.len()),
        ("missing", 1)
    );
    assert!(dead.absences[0].until_s < 3.2, "{dead:?}");
    let back = audit(&outcome, "stopped");
    assert_eq!(
        (back.row.state.as_str(), back.absences.len()),
        ("running", 1)
    );
    let absence = back.absences[0];
    assert!(absence.until_s - absence.from_s <= 3.0, "{absence:?}");
    assert!((absence.share - 0.5).abs() < 0.01, "{absence:?}");
    let lost = iterations.dropped[&Dropped::WorkerLost];
    // A third from a report to the takeover, then half from the end of a lease to the takeover.
    assert!((30..560).contains(&lost), "{lost}");
}

#[tokio::test]
async fn garbage_half_open_connections_and_strangers_disturb_nobody() {
    let mut master = master(&["--bind=127.0.0.1:0"]).await;
    let address = master.address();
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    for noise in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[255; 100],
        &[0, 0, 0, 4, 1, 2, 3, 4],
    ] {
        let mut stranger = TcpStream::connect(address).await.unwrap();
        stranger.write_all(noise).await.unwrap();
        let mut answer = Vec::new();
        // The connection is closed, or reset where noise was left unread.
        let closed = timeout(after(4.0), stranger.read_to_end(&mut answer)).await;
        assert!(closed.is_ok() && answer.is_empty(), "{answer:?}");
    }
    let _worker = Worker::start(&[], &worker_flags("a", address));
    master.gather(&CancellationToken::new()).await.unwrap();
    let (tape, _) = end(master.run(job(RATE, 2.0), None).await.unwrap()).await;
    assert_eq!(tape.iterations.started, 504);
}

/// What a worker in this process says to a master.
async fn knock(words: &[&str]) -> Result<load_gen::distributed::WorkerEnd, WorkerError> {
    let mut mistakes = Vec::new();
    let words = [&["--worker"], words].concat();
    let options = WorkerOptions::of(&flags(&words), &mut mistakes).unwrap();
    let log = Log::default();
    let stop = CancellationToken::new();
    let working = work(&options, move || Double::new("x", &log), &stop);
    timeout(after(10.0), working).await.unwrap()
}

#[tokio::test]
async fn a_wrong_token_ends_a_worker_and_a_right_one_works_over_tls() {
    let room = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = room.path().join(name);
        files::write_whole(&path, text.as_bytes()).unwrap();
        path.display().to_string()
    };
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = file("cert.pem", &signed.cert.pem());
    let key = file("key.pem", &signed.signing_key.serialize_pem());
    let right = format!(
        "--worker-token-file={}",
        file("token", "a token of some length")
    );
    let wrong = format!(
        "--worker-token-file={}",
        file("other", "another token of some length")
    );
    let cert = format!("--worker-tls-cert={certificate}");
    let words = [
        "--bind=127.0.0.1:0",
        &right,
        &cert,
        &format!("--worker-tls-key={key}"),
    ];
    let mut master = master(&words).await;
    let port = format!("--master-port={}", master.address().port());
    let place = ["--master-host=localhost", &port, &cert];
    let error = knock(&[&place[..], &[&wrong]].concat())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the token of the worker is not that of the master"),
        "{error}"
    );
    let error = knock(&place).await.unwrap_err().to_string();
    assert!(error.contains("the master asks for a token"), "{error}");
    let good = [&place[..], &[&right]].concat();
    let lead = async {
        master.gather(&CancellationToken::new()).await.unwrap();
        end(master.run(job(RATE, 1.0), None).await.unwrap()).await
    };
    let ((tape, _), worked) = tokio::join!(lead, knock(&good));
    assert_eq!(tape.iterations.started, 252);
    worked.unwrap();
}

#[tokio::test]
async fn a_master_that_others_can_reach_needs_a_token() {
    let mut mistakes = Vec::new();
    let flags = flags(&["--master", "--bind=0.0.0.0:0"]);
    let options = load_gen::distributed::MasterOptions::of(&flags, &mut mistakes).unwrap();
    let error = load_gen::distributed::Master::bind(&options)
        .await
        .unwrap_err();
    assert!(matches!(error, MasterError::NoToken(_)), "{error}");
    assert!(error.to_string().contains("LOAD_GEN_TOKEN"), "{error}");
}

#[tokio::test]
async fn a_worker_waits_for_its_master_and_for_the_next_one() {
    let first = master(&["--bind=127.0.0.1:0"]).await;
    let address = first.address();
    drop(first);
    let worker = Worker::start(&[], &worker_flags("a", address));
    sleep(after(1.0)).await;
    let bind = format!("--bind={address}");
    let mut master = master(&[&bind]).await;
    master.gather(&CancellationToken::new()).await.unwrap();
    let (tape, _) = end(master.run(job(RATE, 1.0), None).await.unwrap()).await;
    assert_eq!(tape.iterations.started, 252);
    assert!(worker.end().await.success());
}
