//! A session whose messages are moved by the task that makes the requests.
//!
//! A driver that has a task of its own must be woken for each request and wake the asker for each
//! answer; on two cores that costs more than a small query itself.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio_postgres::Client;

/// Moves the messages of a session until it ends.
pub(super) type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// An open session that is attended to only while a request is under way. Dropping it ends it.
pub struct Attended {
    client: Client,
    attendant: Attendant,
}

/// The one who attends to a session.
pub struct Attendant {
    /// None when the session has ended.
    driver: Option<Driver>,
}

impl Attended {
    pub(super) fn new(client: Client, driver: Driver) -> Self {
        Self {
            client,
            attendant: Attendant {
                driver: Some(driver),
            },
        }
    }

    /// Gives the driver back; a session that has ended gets one that does nothing.
    pub(super) fn into_parts(self) -> (Client, Driver) {
        let driver = self.attendant.driver;
        (self.client, driver.unwrap_or_else(|| Box::pin(async {})))
    }

    /// Whether the session is known to have ended.
    pub fn is_closed(&self) -> bool {
        self.attendant.driver.is_none() || self.client.is_closed()
    }

    /// The client, and who has to attend to what it is asked.
    pub fn parts(&mut self) -> (&Client, &mut Attendant) {
        (&self.client, &mut self.attendant)
    }
}

impl Attendant {
    /// Waits for a request on this session while its messages are moved.
    pub async fn attend<T>(&mut self, request: impl Future<Output = T>) -> T {
        let mut request = pin!(request);
        poll_fn(|context| {
            // First what the request has to say, then the wire, then what came over it.
            if let Poll::Ready(answer) = request.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            let Some(driver) = &mut self.driver else {
                return Poll::Pending;
            };
            if driver.as_mut().poll(context).is_ready() {
                self.driver = None;
            }
            request.as_mut().poll(context)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn the_driver_moves_while_a_request_waits() {
        let (answer, answered) = oneshot::channel();
        let driver: Driver = Box::pin(async move {
            tokio::task::yield_now().await;
            let _ = answer.send(42);
        });
        let mut attendant = Attendant {
            driver: Some(driver),
        };
        assert_eq!(attendant.attend(answered).await, Ok(42));
        assert!(attendant.driver.is_none());
    }
}
