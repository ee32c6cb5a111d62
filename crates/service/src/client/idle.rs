//! Connections between two exchanges, and how to make them cost little meanwhile.
//!
//! hyper keeps about 19 KiB for each open connection: buffers and a channel. A user who thinks for seconds
//! needs none of it, so the bare stream is taken out, and the next request begins to speak HTTP on it
//! anew, which costs a few microseconds and no byte on the wire.

use std::sync::Arc;

use tokio::time::Instant;

use super::limit::Limit;
use super::origin::{Origin, Place};
use super::stream::Stream;
use super::wire::Wire;

/// The connections of a client that wait for its next request.
#[derive(Default)]
pub(super) struct Lines {
    /// To the server of the base URL.
    home: Option<Idle>,
    /// To the server that redirects or absolute targets led to last.
    away: Option<Box<(Arc<Origin>, Idle)>>,
}

impl Lines {
    /// Takes the connection to a server out, if there is one.
    pub(super) fn take(&mut self, place: &Place) -> Option<Idle> {
        if place.is_home {
            return self.home.take();
        }
        let away = self.away.take_if(|away| away.0 == place.origin)?;
        Some(away.1)
    }

    /// Keeps a connection whose answer was complete at `now` for the next request.
    pub(super) fn put_back(&mut self, place: &Place, mut wire: Box<Wire>, now: Instant) {
        wire.rest(now);
        let idle = Idle::Warm(wire);
        if place.is_home {
            self.home = Some(idle);
        } else {
            self.away = Some(Box::new((Arc::clone(&place.origin), idle)));
        }
    }

    /// As [`Idle::park`] for all of them.
    pub(super) fn park(&mut self) {
        self.home = self.home.take().map(Idle::park);
        self.away = self.away.take().map(|away| {
            let (origin, idle) = *away;
            Box::new((origin, idle.park()))
        });
    }
}

/// A connection that waits for the next request.
pub(super) enum Idle {
    /// As it was used: the quickest to go on with.
    Warm(Box<Wire>),
    /// The stream alone, since when its last answer is complete.
    Parked(Stream, Instant),
    /// It had brought bytes that nobody asked for, so that it cannot be used again.
    Spoilt,
}

impl Idle {
    /// The same with as little memory as possible. HTTP/2, and a connection that has yet to send something,
    /// stay as they are.
    pub(super) fn park(self) -> Self {
        match self {
            Self::Warm(wire) if wire.can_park() => wire
                .into_stream()
                .map_or(Self::Spoilt, |(stream, since)| Self::Parked(stream, since)),
            other => other,
        }
    }

    /// The connection, ready for a request; `None` where the server has closed it meanwhile, or where the
    /// time is over.
    pub(super) async fn wake(self, limit: &mut Limit) -> Option<Box<Wire>> {
        let mut wire = match self {
            Self::Warm(wire) => wire,
            Self::Parked(stream, since) => Box::new(Wire::again(stream, since)?),
            Self::Spoilt => return None,
        };
        wire.is_ready(limit).await.then_some(wire)
    }
}
