//! The client of one simulated user.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use super::answer::Answer;
use super::cookies::Jar;
use super::course::Course;
use super::draft::Draft;
use super::error::{TransportError, TransportKind, Trouble};
use super::exchange::{Exchange, Redirects};
use super::idle::Lines;
use super::inspect::{Discard, Inspect};
use super::limit::Limit;
use super::origin::Place;
use super::receive::{Received, Receiving};
use super::wire::{Answered, Unanswered, Wire};
use super::{Endpoint, connect};
use crate::request::{Request, Target};

/// How much of the body of a redirect is read to keep its connection.
const REDIRECT_BODY_BYTES: u64 = 64 * 1024;

/// No server closes a connection for being idle sooner. One that is closed under a request after a shorter
/// pause was closed because of the request: that is a failure of the service and must be seen as one.
const IDLE_CLOSE: Duration = Duration::from_secs(1);

/// The client of one simulated user: one request at a time, on connections of its own.
///
/// An exchange that fails, or is dropped before its end, closes its connection.
pub struct Client {
    endpoint: Arc<Endpoint>,
    lines: Lines,
    limit: Limit,
    jar: Jar,
    reconnects: u64,
}

impl Client {
    /// A client without a connection yet.
    pub fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            lines: Lines::default(),
            limit: Limit::default(),
            jar: Jar::default(),
            reconnects: 0,
        }
    }

    /// What is asked.
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        &self.endpoint
    }

    /// How many connections the server had closed since they were last used, so far.
    pub fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// Closes all connections, so that the next exchange opens its own.
    pub fn close(&mut self) {
        self.lines = Lines::default();
    }

    /// Gives up what open connections cost while their user thinks, but not the connections.
    ///
    /// An open connection takes about 19 KiB, and a parked one of HTTP/1.1 about 1 KiB; the next
    /// exchange takes a few microseconds more. So it is for pauses that are long against that. Connections
    /// of HTTP/2 stay as they are.
    pub fn park(&mut self) {
        self.lines.park();
        self.limit.rest();
    }

    /// Sends a request and reads its answer, which `inspector` sees as it streams.
    ///
    /// An answer of any status is an [`Exchange`]; an error means that there was no whole answer.
    /// Where the server had closed an idle connection, a new one is opened once. A connection that was idle
    /// for a second or more and is closed under the request is taken as closed for being idle, provided that
    /// the request is idempotent or cannot have been seen.
    pub async fn exchange<I: Inspect>(
        &mut self,
        request: &Request,
        redirects: Redirects,
        inspector: &mut I,
    ) -> Result<Exchange, TransportError> {
        // A task is as large as its largest moment: who waits between two exchanges shall not hold the room
        // that one takes.
        Box::pin(self.exchange_unboxed(request, redirects, inspector)).await
    }

    async fn exchange_unboxed<I: Inspect>(
        &mut self,
        request: &Request,
        redirects: Redirects,
        inspector: &mut I,
    ) -> Result<Exchange, TransportError> {
        let mut course = Course::of(request);
        self.limit.set(course.start + request.timeout);
        let mut place = match self.endpoint.place(&request.target) {
            Ok(place) => place,
            Err(trouble) => return Err(course.error(trouble, request, None)),
        };
        let outcome = self
            .follow(&mut course, &mut place, request, redirects, inspector)
            .await;
        self.reconnects += u64::from(course.reconnects);
        outcome.map_err(|trouble| course.error(trouble, request, Some(&place)))
    }

    /// Asks, and asks where redirects lead, until there is an answer that is none.
    async fn follow<I: Inspect>(
        &mut self,
        course: &mut Course,
        place: &mut Place,
        request: &Request,
        redirects: Redirects,
        inspector: &mut I,
    ) -> Result<Exchange, Trouble> {
        loop {
            let mut answer = self.ask(course, place, request).await?;
            let Some((method, uri)) = course.redirect(redirects, &answer.head, place)? else {
                inspector.head(answer.head.status, &answer.head.headers);
                let max_bytes = self.endpoint.options().max_body_bytes;
                let received = self
                    .receive(course, &mut answer, max_bytes, inspector)
                    .await?;
                return Ok(self.finish(course, place, request, answer, &received));
            };
            let skipped = self
                .receive(course, &mut answer, REDIRECT_BODY_BYTES, &mut Discard)
                .await;
            course.wire_bytes = 0;
            match skipped {
                Ok(skipped) => {
                    let headers = std::mem::take(&mut answer.head.headers);
                    self.put_back(
                        place,
                        answer.into_idle(&headers, &skipped, request.body_bytes()),
                        Instant::now(),
                    );
                }
                Err(trouble) if trouble.kind == TransportKind::Timeout => return Err(trouble),
                // Nobody wants the body of a redirect; its connection is given up.
                Err(_) => {}
            }
            course.go_on(redirects, place, method, &uri)?;
            *place = self.endpoint.place_of(&uri)?;
        }
    }

    /// Sends one request, on the open connection if there is one, and waits for the answer's head.
    async fn ask(
        &mut self,
        course: &mut Course,
        place: &Place,
        request: &Request,
    ) -> Result<Answer, Trouble> {
        let mut open = None;
        if let Some(idle) = self.lines.take(place) {
            open = idle.wake(&mut self.limit).await;
            if open.is_none() {
                if self.limit.is_over() {
                    let cause = "no answer";
                    return Err(Trouble::new(TransportKind::Timeout, cause));
                }
                course.reconnects += 1;
            }
        }
        loop {
            let reused = open.is_some();
            let mut wire = match open.take() {
                Some(wire) => wire,
                None => self.connect(course, place).await?,
            };
            let was_idle = wire.idle_for(course.start) >= IDLE_CLOSE;
            let draft = Draft {
                endpoint: &self.endpoint,
                jar: &self.jar,
                method: &course.method,
                place,
                request,
            };
            match wire.send(draft, &mut self.limit).await {
                Ok(Answered {
                    response,
                    sent,
                    first_byte,
                }) => {
                    let (head, body) = response.into_parts();
                    if self.endpoint.options().cookies {
                        self.jar.keep(place, &head.headers);
                    }
                    return Ok(Answer {
                        wire,
                        sent,
                        reused,
                        first_byte,
                        head,
                        body: Some(body),
                    });
                }
                Err(unanswered)
                    if reused
                        && (was_idle || unanswered.is_unsent)
                        && may_repeat(&unanswered, &course.method) =>
                {
                    course.reconnects += 1;
                }
                Err(unanswered) => return Err(unanswered.trouble),
            }
        }
    }

    fn put_back(&mut self, place: &Place, wire: Option<Box<Wire>>, now: Instant) {
        if let Some(wire) = wire.filter(|_| self.endpoint.options().reuse) {
            self.lines.put_back(place, wire, now);
        }
    }

    /// Takes `&mut self` so that the future can move between threads: a connection is not `Sync`.
    async fn connect(&mut self, course: &mut Course, place: &Place) -> Result<Box<Wire>, Trouble> {
        let limit = self.limit.at();
        let (wire, set_up) =
            Box::pin(connect::connect(&self.endpoint, &place.origin, limit)).await?;
        course.add_set_up(set_up);
        Ok(Box::new(wire))
    }

    /// No `async fn`, which would hold what it is given a second time.
    fn receive<'a, I: Inspect>(
        &'a mut self,
        course: &'a mut Course,
        answer: &'a mut Answer,
        max_bytes: u64,
        inspector: &'a mut I,
    ) -> impl Future<Output = Result<Received, Trouble>> + Send + use<'a, I> {
        let Some(body) = answer.body.take() else {
            unreachable!("an answer's body is read once")
        };
        let receiving = Receiving {
            wire: &mut answer.wire,
            limit: &mut self.limit,
            max_bytes,
            wire_bytes: &mut course.wire_bytes,
        };
        receiving.body(&answer.head, body, inspector)
    }

    fn finish(
        &mut self,
        course: &Course,
        place: &Place,
        request: &Request,
        mut answer: Answer,
        received: &Received,
    ) -> Exchange {
        let final_target = if course.redirects() == 0 {
            request.target.clone()
        } else {
            Target::Absolute(place.uri())
        };
        let now = Instant::now();
        let exchange = Exchange {
            status: answer.head.status,
            version: answer.head.version,
            headers: std::mem::take(&mut answer.head.headers),
            connect: course.connect,
            set_up: course.set_up,
            first_byte: answer.first_byte,
            total: now - course.start,
            wire_bytes: course.wire_bytes,
            decoded_bytes: received.decoded_bytes,
            sent_bytes: answer.sent_bytes(),
            reused: answer.reused,
            reconnects: course.reconnects,
            redirects: course.redirects(),
            final_target,
            complete: received.complete,
        };
        self.put_back(
            place,
            answer.into_idle(&exchange.headers, received, request.body_bytes()),
            now,
        );
        exchange
    }
}

/// Whether a request that found its connection gone may be sent again.
fn may_repeat(unanswered: &Unanswered, method: &Method) -> bool {
    let is_gone = matches!(
        unanswered.trouble.kind,
        TransportKind::ClosedEarly | TransportKind::Reset
    );
    is_gone && unanswered.is_silent && (unanswered.is_unsent || method.is_idempotent())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_exchange_can_move_between_threads() {
        let options = crate::client::ClientOptions::new("http://h.invalid".parse().unwrap());
        let mut client = Client::new(Arc::new(Endpoint::new(options).unwrap()));
        let task = tokio::spawn(async move {
            let request = Request::get("/", std::time::Duration::from_secs(5));
            client
                .exchange(&request, Redirects::Return, &mut Discard)
                .await
                .is_err()
        });
        assert!(task.await.unwrap());
    }
}
