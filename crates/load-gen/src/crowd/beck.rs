//! How a waiting user is told to go on, to pause or to end.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Log;

const GO: u8 = 0;
const PAUSE: u8 = 1;
const END: u8 = 2;

/// One user's signal; small, since there is one for each user.
#[derive(Debug, Default)]
pub(super) struct Beck {
    state: AtomicU8,
    wake: Notify,
}

/// Why a user stopped waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// It is due.
    Due,
    /// There was a pause, which is over: it is due now.
    AfterPause,
    /// It is to end.
    End,
}

impl Beck {
    pub(super) fn pause(&self, is_paused: bool) {
        let (from, to) = if is_paused { (GO, PAUSE) } else { (PAUSE, GO) };
        // Whoever is to end does so whether the others pause or not.
        let _ = self
            .state
            .compare_exchange(from, to, Ordering::Relaxed, Ordering::Relaxed);
        self.wake.notify_waiters();
    }

    pub(super) fn end(&self) {
        self.state.store(END, Ordering::Relaxed);
        self.wake.notify_waiters();
    }

    /// Waits until `due`, or until somebody says otherwise.
    pub(super) async fn wait(&self, log: &Log, due: Duration) -> Wake {
        let mut was_paused = false;
        loop {
            // Enabled before the state is read, so that no signal is lost in between.
            let mut notified = std::pin::pin!(self.wake.notified());
            notified.as_mut().enable();
            match self.state.load(Ordering::Relaxed) {
                END => return Wake::End,
                PAUSE => {
                    was_paused = true;
                    notified.await;
                }
                _ if was_paused => return Wake::AfterPause,
                _ => {
                    let moment: Instant = log.epoch() + due;
                    if moment <= Instant::now() {
                        return Wake::Due;
                    }
                    tokio::select! {
                        () = tokio::time::sleep_until(moment) => return Wake::Due,
                        () = notified => {}
                    }
                }
            }
        }
    }
}
