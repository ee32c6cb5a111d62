//! The helper futures of an HTTP/2 connection, polled by the task that asks.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::stream::{FuturesUnordered, StreamExt as _};
use hyper::rt::Executor;

type Helper = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes the futures that hyper wants to be run.
///
/// They are not spawned, so that they end with the connection's owner and wake nobody else.
#[derive(Clone, Default)]
pub(super) struct Attached {
    new: Arc<Mutex<Vec<Helper>>>,
}

/// Runs the futures that were taken.
pub(super) struct Attending {
    attached: Attached,
    running: FuturesUnordered<Helper>,
}

impl<F> Executor<F> for Attached
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut new = self.new.lock().unwrap_or_else(PoisonError::into_inner);
        new.push(Box::pin(future));
    }
}

impl Attached {
    pub(super) fn attending(&self) -> Attending {
        Attending {
            attached: self.clone(),
            running: FuturesUnordered::new(),
        }
    }

    fn take(&self) -> Vec<Helper> {
        std::mem::take(&mut *self.new.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Attending {
    /// Polls what is woken, and what that brings.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) {
        loop {
            let new = self.attached.take();
            let has_new = !new.is_empty();
            self.running.extend(new);
            match self.running.poll_next_unpin(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) | Poll::Pending if has_new => {}
                Poll::Ready(None) | Poll::Pending => return,
            }
        }
    }
}
