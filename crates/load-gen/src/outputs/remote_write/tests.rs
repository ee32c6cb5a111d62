use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::State as Shown;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use prost::Message as _;

use super::*;
use crate::outputs::sample;

/// Long enough for a busy machine.
const PATIENT: Duration = Duration::from_secs(8);
const IMPATIENT: Duration = Duration::from_secs(1);

/// A receiver that answers with these statuses, the last one for ever, and keeps what it took.
#[derive(Default)]
struct Receiver {
    answers: Vec<u16>,
    asked: AtomicUsize,
    taken: Mutex<Vec<(HeaderMap, WriteRequest)>>,
}

async fn receive(
    Shown(receiver): Shown<Arc<Receiver>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let turn = receiver.asked.fetch_add(1, Ordering::Relaxed);
    let status = *receiver
        .answers
        .get(turn)
        .or(receiver.answers.last())
        .unwrap();
    if status == 204 {
        let plain = snap::raw::Decoder::new().decompress_vec(&body).unwrap();
        let message = WriteRequest::decode(plain.as_slice()).unwrap();
        let mut taken = receiver
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        taken.push((headers, message));
    }
    (StatusCode::from_u16(status).unwrap(), "as it is")
}

async fn receiver(answers: &[u16]) -> (SocketAddr, Arc<Receiver>) {
    let receiver = Arc::new(Receiver {
        answers: answers.to_vec(),
        ..Receiver::default()
    });
    let routes = Router::new()
        .route("/write", post(receive))
        .with_state(Arc::clone(&receiver));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, receiver)
}

fn stream(address: SocketAddr, limit: Duration) -> RemoteWrite {
    let token = Some(Secret::new("t0ken"));
    let url = format!("http://{address}/write?tenant=sky");
    let target = RemoteWriteTarget::check(&url, token).unwrap();
    let quick = Patience {
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        limit,
    };
    RemoteWrite::start_with(target, "0123456789ab", quick)
}

/// The value of a series without the run's own labels, in each message.
fn values(receiver: &Receiver, wanted: &[(&str, &str)]) -> Vec<(i64, f64)> {
    let wanted: BTreeMap<&str, &str> = wanted.iter().copied().collect();
    let taken = receiver.taken.lock().unwrap();
    let series = taken.iter().flat_map(|(_, message)| &message.timeseries);
    series
        .filter(|it| {
            let labels = it.labels.iter();
            let mut labels: BTreeMap<&str, &str> = labels
                .map(|it| (it.name.as_str(), it.value.as_str()))
                .collect();
            labels.remove("job").is_some() && labels.remove("run").is_some() && labels == wanted
        })
        .flat_map(|it| &it.samples)
        .map(|it| (it.timestamp, it.value))
        .collect()
}

#[tokio::test]
async fn a_receiver_gets_samples_every_five_seconds_and_the_end_of_the_series() {
    let (address, receiver) = receiver(&[204]).await;
    let mut stream = stream(address, PATIENT);
    sample::play(12, |second| stream.second(second));
    assert_eq!(stream.finish().await, None);
    let values = values(
        &receiver,
        &[
            ("__name__", "load_gen_requests_total"),
            ("request", "submit"),
            ("method", "POST"),
            ("outcome", "success"),
        ],
    );
    let end = values.last().unwrap();
    assert_eq!(end.1.to_bits(), 0x7ff0_0000_0000_0002, "a stale marker");
    let began_ms = sample::began().as_millisecond();
    let times: Vec<i64> = values.iter().map(|it| it.0 - began_ms).collect();
    assert_eq!(times, [6000, 11_000, 11_001]);
    let (headers, message) = receiver.taken.lock().unwrap()[0].clone();
    assert_eq!(headers["authorization"], "Bearer t0ken");
    assert_eq!(headers["content-encoding"], "snappy");
    assert_eq!(headers["x-prometheus-remote-write-version"], "0.1.0");
    for series in &message.timeseries {
        assert!(series.labels.is_sorted_by_key(|it| it.name.clone()));
    }
}

#[tokio::test]
async fn a_receiver_that_fails_for_a_while_gets_everything() {
    let (address, receiver) = receiver(&[503, 429, 500, 204]).await;
    let mut stream = stream(address, PATIENT);
    sample::play(1, |second| stream.second(second));
    assert_eq!(stream.finish().await, None);
    assert_eq!(receiver.asked.load(Ordering::Relaxed), 5);
    assert_eq!(receiver.taken.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn what_a_receiver_never_takes_is_told_and_not_tried_for_ever() {
    let (address, receiver) = receiver(&[503]).await;
    let mut stream = stream(address, IMPATIENT);
    sample::play(1, |second| stream.second(second));
    let told = stream.finish().await.unwrap();
    assert_eq!(told.code, "remote_write");
    let all = told.message.split(' ').collect::<Vec<_>>();
    assert_eq!((all[0], all[1]), (all[2], "of"), "{}", told.message);
    assert!(
        told.message
            .ends_with(&format!("to http://{address}/write: status 503: as it is")),
        "{}",
        told.message
    );
    assert!(receiver.asked.load(Ordering::Relaxed) > 4);
}

#[tokio::test]
async fn a_refusal_for_good_is_not_repeated() {
    let (address, receiver) = receiver(&[400]).await;
    let mut stream = stream(address, PATIENT);
    sample::play(1, |second| stream.second(second));
    assert!(stream.finish().await.is_some());
    // The samples and the end of the series.
    assert_eq!(receiver.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_receiver_that_is_away_never_holds_up_a_second() {
    // A listener that accepts nothing: the connection stands, no answer comes.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut stream = stream(listener.local_addr().unwrap(), IMPATIENT);
    let begin = tokio::time::Instant::now();
    sample::play(400, |second| stream.second(second));
    // All of it is without a point where the sender could run: what does not fit is dropped.
    assert_eq!(stream.batches.capacity(), 0);
    assert!(stream.offered > 0 && begin.elapsed() < Duration::from_mins(1));
    stream.task.abort();
}

#[test]
fn a_wrong_url_is_told_without_its_password() {
    let error = RemoteWriteTarget::check("prometheus:9090", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`prometheus:9090` is not a base URL: it must begin with http:// or https://"
    );
    let error = RemoteWriteTarget::check("ftp://me:s3cret@h/", None).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"));
}
