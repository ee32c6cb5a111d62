//! The time-out of an exchange, with a timer that is armed once for many exchanges.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// The time at which the exchange under way is given up.
///
/// Arming a timer for each of 100,000 requests a second costs more than the rest of the time-out.
/// So the timer of an earlier exchange stays armed; when it fires too early it is set again.
pub(super) struct Limit {
    at: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            at: Instant::now(),
            sleep: None,
        }
    }
}

impl Limit {
    /// Gives the exchange that begins until `at`.
    pub(super) fn set(&mut self, at: Instant) {
        self.at = at;
        if let Some(sleep) = &mut self.sleep
            && (at < sleep.deadline() || sleep.is_elapsed())
        {
            sleep.as_mut().reset(at);
        }
    }

    /// Gives the timer up, so that it neither takes room nor wakes anybody while there is no exchange.
    pub(super) fn rest(&mut self) {
        self.sleep = None;
    }

    /// When the time is over.
    pub(super) fn at(&self) -> Instant {
        self.at
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.at
    }

    /// Ready when the time is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.at;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(at)));
        while sleep.as_mut().poll(cx).is_ready() {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    async fn end_of(limit: &mut Limit) -> Duration {
        let start = Instant::now();
        poll_fn(|cx| limit.poll(cx)).await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_ends_at_its_time_whatever_was_set_before() {
        let mut limit = Limit::default();
        for millis in [500, 100, 900, 100] {
            let time = Duration::from_millis(millis);
            limit.set(Instant::now() + time);
            let took = end_of(&mut limit).await;
            assert!(
                took >= time && took < time + Duration::from_millis(3),
                "{took:?}"
            );
            assert!(limit.is_over());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_limit_does_not_wait_for_the_timer_of_a_longer_one() {
        let mut limit = Limit::default();
        limit.set(Instant::now() + Duration::from_mins(1));
        assert!(poll_fn(|cx| Poll::Ready(limit.poll(cx).is_pending())).await);
        limit.set(Instant::now() + Duration::from_secs(1));
        assert!(end_of(&mut limit).await < Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_left_armed_by_an_earlier_exchange_does_not_end_the_next_one() {
        let mut limit = Limit::default();
        limit.set(Instant::now() + Duration::from_secs(1));
        let pending = poll_fn(|cx| Poll::Ready(limit.poll(cx).is_pending())).await;
        assert!(pending);
        tokio::time::sleep(Duration::from_millis(900)).await;
        limit.set(Instant::now() + Duration::from_secs(1));
        assert!(end_of(&mut limit).await >= Duration::from_secs(1));
    }
}
