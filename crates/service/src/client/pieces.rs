//! The body of a request as hyper sends it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use common::units::size_u64;
use http_body::{Body, Frame, SizeHint};

/// How much of a body was handed to the connection; `None` where there is no body.
pub(super) type Sent = Option<Arc<AtomicU64>>;

/// Pieces that are sent one after the other.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    waiting: std::vec::IntoIter<Bytes>,
    left: u64,
    sent: Sent,
}

impl Pieces {
    /// The body made of these pieces, and the counter of what was sent of it.
    pub(super) fn new(pieces: &[Bytes]) -> (Self, Sent) {
        let left = pieces.iter().map(|piece| size_u64(piece.len())).sum();
        if left == 0 {
            return (Self::default(), None);
        }
        // hyper takes an empty piece for nothing, but it need not see it.
        let pieces: Vec<Bytes> = pieces.iter().filter(|p| !p.is_empty()).cloned().collect();
        let sent: Sent = Some(Arc::default());
        let body = Self {
            waiting: pieces.into_iter(),
            left,
            sent: sent.clone(),
        };
        (body, sent)
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(piece) = self.waiting.next() else {
            return Poll::Ready(None);
        };
        let size = size_u64(piece.len());
        self.left -= size;
        if let Some(sent) = &self.sent {
            sent.fetch_add(size, Ordering::Relaxed);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
