//! Waiting for a moment, finer than the milliseconds of the runtime's timer where the system can.

use std::time::Duration;

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::os::fd::OwnedFd;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// A timer of one task.
pub(super) enum Timer {
    /// The system's, good to some tens of microseconds.
    Fine(FineTimer),
    /// The runtime's, good to a millisecond; it is the one that tests can make run ahead.
    Coarse,
}

/// A timer of the system that the runtime waits for as for a socket.
pub(super) struct FineTimer {
    timer: TimerFd,
    ready: AsyncFd<OwnedFd>,
}

impl Timer {
    /// A timer as fine as there is. To be made inside a runtime with IO.
    pub(super) fn new(fine: bool) -> Self {
        if !fine {
            return Self::Coarse;
        }
        FineTimer::new().map_or(Self::Coarse, Self::Fine)
    }

    /// Waits until a moment.
    pub(super) async fn until(&mut self, moment: Instant) {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let waited = match self {
            Self::Fine(timer) => timer.wait(left).await.is_ok(),
            Self::Coarse => false,
        };
        if !waited {
            tokio::time::sleep_until(moment).await;
        }
    }
}

impl FineTimer {
    fn new() -> Option<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).ok()?;
        let twin = std::os::fd::AsFd::as_fd(&timer).try_clone_to_owned().ok()?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for descriptors that are closed while they are registered; this one \
                      is owned by the registration"
        )]
        let ready = AsyncFd::with_interest(twin, tokio::io::Interest::READABLE).ok()?;
        Some(Self { timer, ready })
    }

    async fn wait(&mut self, left: Duration) -> std::io::Result<()> {
        let expiration = Expiration::OneShot(TimeSpec::from_duration(left));
        self.timer.set(expiration, TimerSetTimeFlags::empty())?;
        loop {
            let mut guard = self.ready.readable().await?;
            guard.clear_ready();
            // The descriptor is non-blocking: an early wake-up must wait again, not block the thread.
            if self.timer.get()?.is_none() {
                return Ok(());
            }
        }
    }
}
