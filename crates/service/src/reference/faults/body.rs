//! A body that trickles, or ends early.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use common::units::{count_usize, round_u64, seconds, size_f64, size_u64};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Response};
use http_body::{Body as _, Frame};
use thiserror::Error;
use tokio::time::{Instant, Sleep};

/// Pieces of a body that trickles, each second.
const PIECES_PER_SEC: f64 = 20.0;

/// How long a body that ends early waits for what was sent of it to leave the machine.
const LEAVE: Duration = Duration::from_millis(5);

/// The end of a body that was cut.
#[derive(Debug, Error)]
#[error("the body was cut on purpose")]
pub(crate) struct Cut;

/// A body with faults.
pub(crate) struct FaultyBody {
    inner: Body,
    rest: Bytes,
    bytes_per_sec: Option<f64>,
    /// Bytes until the cut.
    left: Option<u64>,
    due: Instant,
    sleep: Pin<Box<Sleep>>,
    sleeping: bool,
}

impl FaultyBody {
    /// The answer with a body that comes at a rate.
    pub(crate) fn slowly(response: Response<Body>, bytes_per_sec: f64) -> Response<Body> {
        let length = length_of(&response);
        let mut slow = response.map(|body| Self::wrap(body, Some(bytes_per_sec), None));
        announce(&mut slow, length);
        slow
    }

    /// The answer with the first half of its body, announced whole or not at all; as it was, and
    /// `false`, where there is nothing to cut.
    pub(crate) fn cut(response: Response<Body>, chunked: bool) -> (Response<Body>, bool) {
        let Some(length) = length_of(&response).filter(|it| *it > 0) else {
            return (response, false);
        };
        let mut cut = response.map(|body| Self::wrap(body, None, Some(length / 2)));
        if chunked {
            cut.headers_mut().remove(CONTENT_LENGTH);
        } else {
            announce(&mut cut, Some(length));
        }
        (cut, true)
    }

    fn wrap(inner: Body, bytes_per_sec: Option<f64>, left: Option<u64>) -> Body {
        Body::new(Self {
            inner,
            rest: Bytes::new(),
            bytes_per_sec,
            left,
            due: Instant::now(),
            sleep: Box::pin(tokio::time::sleep(Duration::ZERO)),
            sleeping: false,
        })
    }

    fn sleep_until(&mut self, due: Instant) {
        self.sleep.as_mut().reset(due);
        self.sleeping = true;
    }
}

/// The length of a body, where it is known.
fn length_of(response: &Response<Body>) -> Option<u64> {
    let announced = response.headers().get(CONTENT_LENGTH);
    let announced = announced.and_then(|it| it.to_str().ok()?.parse().ok());
    announced.or_else(|| response.body().size_hint().exact())
}

fn announce(response: &mut Response<Body>, length: Option<u64>) {
    if let Some(length) = length {
        let value = HeaderValue::from(length);
        response.headers_mut().insert(CONTENT_LENGTH, value);
    }
}

impl http_body::Body for FaultyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        loop {
            if this.sleeping {
                ready!(this.sleep.as_mut().poll(cx));
                this.sleeping = false;
                if this.left == Some(0) {
                    return Poll::Ready(Some(Err(axum::Error::new(Cut))));
                }
            }
            if this.left == Some(0) {
                this.sleep_until(Instant::now() + LEAVE);
                continue;
            }
            if this.rest.is_empty() {
                match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                    None => return Poll::Ready(None),
                    Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(data) => this.rest = data,
                        Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                    },
                }
                continue;
            }
            let mut size = this.rest.len();
            if let Some(rate) = this.bytes_per_sec {
                size = size.min(count_usize(round_u64(rate / PIECES_PER_SEC).max(1)));
            }
            if let Some(left) = &mut this.left {
                size = size.min(count_usize(*left));
                *left -= size_u64(size);
            }
            let piece = this.rest.split_to(size);
            if let Some(rate) = this.bytes_per_sec {
                this.due += seconds(size_f64(size) / rate);
                this.sleep_until(this.due);
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_takes_its_time_and_arrives_whole() {
        let begin = Instant::now();
        let response = Response::new(Body::from(vec![7_u8; 10_000]));
        let slow = FaultyBody::slowly(response, 5000.0);
        assert_eq!(slow.headers()[CONTENT_LENGTH], "10000");
        let whole = slow.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(whole.len(), 10_000);
        let took = begin.elapsed().as_secs_f64();
        assert!((1.9..2.1).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_body_ends_in_the_middle_with_an_error() {
        for chunked in [false, true] {
            let response = Response::new(Body::from(vec![7_u8; 1001]));
            let (cut, is_cut) = FaultyBody::cut(response, chunked);
            assert!(is_cut);
            assert_eq!(cut.headers().contains_key(CONTENT_LENGTH), !chunked);
            let mut body = cut.into_body();
            let first = body.frame().await.unwrap().unwrap();
            assert_eq!(first.into_data().unwrap().len(), 500);
            assert!(body.frame().await.unwrap().is_err());
        }
        let (_, is_cut) = FaultyBody::cut(Response::new(Body::empty()), false);
        assert!(!is_cut);
    }
}
