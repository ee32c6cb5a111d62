//! The client of one simulated user.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, Uri, Version};
use tokio::time::Instant;

use super::answer::Answer;
use super::course::Course;
use super::error::{TransportError, TransportKind, Trouble};
use super::exchange::{Exchange, Redirects};
use super::inspect::{Discard, Inspect};
use super::limit::Limit;
use super::origin::{Origin, Place};
use super::pieces::{Pieces, Sent};
use super::receive::{Received, Receiving};
use super::wire::{Unanswered, Wire};
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
    /// The connection to the server of the base URL.
    home: Option<Box<Wire>>,
    /// The connection to the server that redirects or absolute targets led to last.
    away: Option<(Arc<Origin>, Box<Wire>)>,
    limit: Limit,
    reconnects: u64,
}

impl Client {
    /// A client without a connection yet.
    pub fn new(endpoint: Arc<Endpoint>) -> Self {
        Self {
            endpoint,
            home: None,
            away: None,
            limit: Limit::default(),
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
        self.home = None;
        self.away = None;
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
        let mut open = self.take(place);
        if let Some(wire) = &mut open
            && !wire.is_ready(&mut self.limit).await
        {
            if self.limit.is_over() {
                let cause = "no answer";
                return Err(Trouble::new(TransportKind::Timeout, cause));
            }
            open = None;
            course.reconnects += 1;
        }
        loop {
            let reused = open.is_some();
            let mut wire = match open.take() {
                Some(wire) => wire,
                None => self.connect(course, place).await?,
            };
            let was_idle = wire.idle_for() >= IDLE_CLOSE;
            let (message, sent) = self.message(&course.method, place, request, wire.is_http2());
            let begin = Instant::now();
            match wire.send(message, &mut self.limit).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    return Ok(Answer {
                        wire,
                        sent,
                        reused,
                        first_byte: begin.elapsed(),
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

    /// The open connection to a server, if there is one.
    fn take(&mut self, place: &Place) -> Option<Box<Wire>> {
        if place.is_home {
            return self.home.take();
        }
        let (_, wire) = self.away.take_if(|(origin, _)| *origin == place.origin)?;
        Some(wire)
    }

    fn put_back(&mut self, place: &Place, wire: Option<Box<Wire>>) {
        let Some(mut wire) = wire.filter(|_| self.endpoint.options().reuse) else {
            return;
        };
        wire.rest();
        if place.is_home {
            self.home = Some(wire);
        } else {
            self.away = Some((Arc::clone(&place.origin), wire));
        }
    }

    /// Takes `&mut self` so that the future can move between threads: a connection is not `Sync`.
    async fn connect(&mut self, course: &mut Course, place: &Place) -> Result<Box<Wire>, Trouble> {
        let limit = self.limit.at();
        let (wire, set_up) = connect::connect(&self.endpoint, &place.origin, limit).await?;
        course.add_set_up(set_up);
        Ok(Box::new(wire))
    }

    fn message(
        &self,
        method: &Method,
        place: &Place,
        request: &Request,
        is_http2: bool,
    ) -> (http::Request<Pieces>, Sent) {
        let mut headers = self.endpoint.headers_for(place, &request.headers, is_http2);
        let has_become_get = *method != request.method;
        let (body, sent) = if has_become_get {
            for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
                headers.remove(name);
            }
            Pieces::new(&[])
        } else {
            Pieces::new(&request.body)
        };
        let mut message = http::Request::new(body);
        *message.method_mut() = method.clone();
        *message.headers_mut() = headers;
        if is_http2 {
            *message.uri_mut() = place.uri();
            *message.version_mut() = Version::HTTP_2;
        } else {
            *message.uri_mut() = Uri::from(place.path.clone());
        }
        (message, sent)
    }

    async fn receive<I: Inspect>(
        &mut self,
        course: &mut Course,
        answer: &mut Answer,
        max_bytes: u64,
        inspector: &mut I,
    ) -> Result<Received, Trouble> {
        let Some(body) = answer.body.take() else {
            unreachable!("an answer's body is read once")
        };
        let mut receiving = Receiving {
            wire: &mut answer.wire,
            limit: &mut self.limit,
            max_bytes,
            wire_bytes: &mut course.wire_bytes,
        };
        receiving.body(&answer.head, body, inspector).await
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
        let exchange = Exchange {
            status: answer.head.status,
            version: answer.head.version,
            headers: std::mem::take(&mut answer.head.headers),
            connect: course.connect,
            set_up: course.set_up,
            first_byte: answer.first_byte,
            total: course.start.elapsed(),
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
