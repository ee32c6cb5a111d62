//! One connection of hyper, driven by the task that asks.
//!
//! hyper splits a client connection in two futures: the request's, and the connection's, which does
//! the reading and writing and is usually a task of its own. Here the asking task polls both, which
//! spares a task and two wake-ups for each request. The other side of it: nobody reads an idle
//! connection, so that its end is seen when the next request begins.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::{Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;

use super::HttpVersion;
use super::attached::{Attached, Attending};
use super::draft::Draft;
use super::error::{TransportKind, Trouble};
use super::limit::Limit;
use super::pieces::{Pieces, Sent};
use super::stream::{Stream, Traffic};
use super::trouble::Part;

type Io = TokioIo<Stream>;

/// A connection that is open, or was when it was last looked at.
pub(super) struct Wire {
    protocol: Protocol,
    is_closed: bool,
    traffic: Arc<Traffic>,
    /// When its last answer was complete.
    idle_since: Option<Instant>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a wire is boxed as a whole; a second box would cost HTTP/1 a jump"
)]
enum Protocol {
    Http1 {
        sender: http1::SendRequest<Pieces>,
        connection: http1::Connection<Io, Pieces>,
    },
    Http2 {
        sender: http2::SendRequest<Pieces>,
        connection: http2::Connection<Io, Pieces, Attached>,
        attending: Attending,
    },
}

/// A request whose answer has begun.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    /// What was sent of the request's body.
    pub(super) sent: Sent,
    /// From the request to the complete head of its answer.
    pub(super) first_byte: Duration,
}

/// A request without an answer.
pub(super) struct Unanswered {
    pub(super) trouble: Trouble,
    /// Whether the server cannot have seen it.
    pub(super) is_unsent: bool,
    /// Whether nothing at all came back.
    pub(super) is_silent: bool,
}

impl Wire {
    /// Begins to speak HTTP over a stream.
    pub(super) async fn over(
        stream: Stream,
        version: HttpVersion,
        is_https: bool,
    ) -> Result<Self, Trouble> {
        let is_http2 = match version {
            HttpVersion::Auto => stream.chose_http2(),
            HttpVersion::Http1 => false,
            HttpVersion::Http2 if is_https && !stream.chose_http2() => {
                let cause = "the server does not speak HTTP/2";
                return Err(Trouble::new(TransportKind::Protocol, cause));
            }
            HttpVersion::Http2 => true,
        };
        if !is_http2 {
            return Self::http1(stream);
        }
        let traffic = stream.traffic();
        let attached = Attached::default();
        let attending = attached.attending();
        match http2::handshake(attached, TokioIo::new(stream)).await {
            Ok((sender, connection)) => {
                let protocol = Protocol::Http2 {
                    sender,
                    connection,
                    attending,
                };
                Ok(Self::new(protocol, traffic))
            }
            Err(error) => Err(Trouble::of_hyper(&error, Part::Head)),
        }
    }

    /// The same for HTTP/1.1, which has nothing to wait for.
    fn http1(stream: Stream) -> Result<Self, Trouble> {
        let traffic = stream.traffic();
        match http1::handshake(TokioIo::new(stream)).now_or_never() {
            Some(Ok((sender, connection))) => {
                let protocol = Protocol::Http1 { sender, connection };
                Ok(Self::new(protocol, traffic))
            }
            Some(Err(error)) => Err(Trouble::of_hyper(&error, Part::Head)),
            None => {
                let cause = "the connection does not begin at once";
                Err(Trouble::new(TransportKind::Protocol, cause))
            }
        }
    }

    /// Goes on with HTTP/1.1 over a stream that rests since `idle_since`.
    pub(super) fn again(stream: Stream, idle_since: Instant) -> Option<Self> {
        let mut wire = Self::http1(stream).ok()?;
        wire.idle_since = Some(idle_since);
        Some(wire)
    }

    fn new(protocol: Protocol, traffic: Arc<Traffic>) -> Self {
        Self {
            protocol,
            is_closed: false,
            traffic,
            idle_since: None,
        }
    }

    /// Whether hyper holds nothing that belongs to an exchange: its answer is complete, and all of the
    /// request has gone out.
    pub(super) fn can_park(&self) -> bool {
        match &self.protocol {
            Protocol::Http1 { sender, .. } => {
                sender.is_ready() && !self.is_closed && !self.traffic.is_stuck()
            }
            Protocol::Http2 { .. } => false,
        }
    }

    /// The stream without hyper, and since when it waits; `None` where it has brought more than was asked for.
    pub(super) fn into_stream(self) -> Option<(Stream, Instant)> {
        let Protocol::Http1 { connection, .. } = self.protocol else {
            return None;
        };
        let parts = connection.into_parts();
        let since = self.idle_since.unwrap_or_else(Instant::now);
        parts
            .read_buf
            .is_empty()
            .then(|| (parts.io.into_inner(), since))
    }

    /// Its answer is complete; from `now` on it waits for the next request.
    pub(super) fn rest(&mut self, now: Instant) {
        self.idle_since = Some(now);
    }

    /// How long it had waited for a request when one came at `now`.
    pub(super) fn idle_for(&self, now: Instant) -> Duration {
        let since = self.idle_since.unwrap_or(now);
        now.saturating_duration_since(since)
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.protocol, Protocol::Http2 { .. })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Reads and writes what can be read and written now.
    fn poll_io(&mut self, cx: &mut Context<'_>) {
        if self.is_closed {
            return;
        }
        self.is_closed = match &mut self.protocol {
            Protocol::Http1 { connection, .. } => Pin::new(connection).poll(cx).is_ready(),
            Protocol::Http2 {
                connection,
                attending,
                ..
            } => {
                let polled = Pin::new(connection).poll(cx).is_ready();
                attending.poll(cx);
                polled
            }
        };
    }

    /// Waits until a request can be sent; false when the connection has ended meanwhile.
    pub(super) async fn is_ready(&mut self, limit: &mut Limit) -> bool {
        poll_fn(|cx| {
            self.poll_io(cx);
            if self.is_closed {
                return Poll::Ready(false);
            }
            let ready = match &mut self.protocol {
                Protocol::Http1 { sender, .. } => sender.poll_ready(cx),
                Protocol::Http2 { sender, .. } => sender.poll_ready(cx),
            };
            match ready {
                Poll::Ready(ready) => Poll::Ready(ready.is_ok()),
                Poll::Pending => limit.poll(cx).map(|()| false),
            }
        })
        .await
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        draft: Draft<'_>,
        limit: &mut Limit,
    ) -> Result<Answered, Unanswered> {
        let before = self.traffic.received();
        let (message, sent) = draft.message(self.is_http2());
        let begin = Instant::now();
        let outcome = match &mut self.protocol {
            Protocol::Http1 { sender, .. } => {
                let answer = pin!(sender.try_send_request(message));
                self.drive(answer, limit).await
            }
            Protocol::Http2 { sender, .. } => {
                let answer = pin!(sender.try_send_request(message));
                self.drive(answer, limit).await
            }
        };
        let is_silent = self.traffic.received() == before;
        match outcome {
            Some(Ok(response)) => Ok(Answered {
                response,
                sent,
                first_byte: begin.elapsed(),
            }),
            Some(Err(mut error)) => Err(Unanswered {
                is_unsent: error.take_message().is_some(),
                trouble: Trouble::of_hyper(error.error(), Part::Head),
                is_silent,
            }),
            None => Err(Unanswered {
                trouble: Trouble::new(TransportKind::Timeout, "no answer"),
                is_unsent: false,
                is_silent,
            }),
        }
    }

    /// Drives the connection and a request on it; `None` when the time is over.
    async fn drive<F>(
        &mut self,
        mut answer: Pin<&mut F>,
        limit: &mut Limit,
    ) -> Option<Result<Response<Incoming>, TrySendError<Request<Pieces>>>>
    where
        F: Future<Output = Result<Response<Incoming>, TrySendError<Request<Pieces>>>>,
    {
        poll_fn(|cx| {
            // The connection first: it is what moves the answer on.
            self.poll_io(cx);
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(Some(answer));
            }
            limit.poll(cx).map(|()| None)
        })
        .await
    }

    /// The next bytes of a body; `None` at its end.
    pub(super) async fn next_chunk(
        &mut self,
        body: &mut Incoming,
        limit: &mut Limit,
    ) -> Option<Result<Bytes, Trouble>> {
        poll_fn(|cx| {
            // The last poll of the connection has often brought the next chunk already.
            if let Poll::Ready(chunk) = poll_chunk(body, cx) {
                return Poll::Ready(chunk);
            }
            self.poll_io(cx);
            if let Poll::Ready(chunk) = poll_chunk(body, cx) {
                return Poll::Ready(chunk);
            }
            limit.poll(cx).map(|()| {
                let cause = "the answer was not complete";
                Some(Err(Trouble::new(TransportKind::Timeout, cause)))
            })
        })
        .await
    }
}

fn poll_chunk(body: &mut Incoming, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Trouble>>> {
    loop {
        match std::task::ready!(Pin::new(&mut *body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => {
                let trouble = Trouble::of_hyper(&error, Part::Body);
                return Poll::Ready(Some(Err(trouble)));
            }
            // Trailers say nothing that is measured here.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Poll::Ready(Some(Ok(data)));
                }
            }
        }
    }
}
