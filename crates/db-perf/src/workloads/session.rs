//! A session of one worker that is opened again when it is lost.

use std::future::Future;
use std::time::Duration;

use common::load::Failure;
use tokio_postgres::{Client, Error};

use super::TestError;
use crate::failure::{ends_session, failure};
use crate::target::{ConnectSpec, Connection};

/// What is prepared on a session before it is used.
pub(super) trait Prepare: Send + Sync {
    /// Prepared statements.
    type Prepared: Send + Sync;

    /// Prepares a new session.
    fn prepare(
        &self,
        client: &Client,
    ) -> impl Future<Output = Result<Self::Prepared, Error>> + Send;
}

/// A session with its prepared statements.
pub(super) struct Session<P: Prepare> {
    spec: ConnectSpec,
    recipe: P,
    live: Option<(Connection, P::Prepared)>,
}

/// A server that is gone must not be asked a million times a second.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(200);

impl<P: Prepare> Session<P> {
    /// Opens a session and prepares it.
    pub(super) async fn open(spec: &ConnectSpec, recipe: P) -> Result<Self, TestError> {
        let connection = spec.connect().await?;
        let prepared = recipe.prepare(&connection).await?;
        Ok(Self {
            spec: spec.clone(),
            recipe,
            live: Some((connection, prepared)),
        })
    }

    /// The session, opened anew if it was lost.
    pub(super) async fn get(&mut self) -> Result<(&Client, &P::Prepared), Failure> {
        if self
            .live
            .as_ref()
            .is_none_or(|(connection, _)| connection.is_closed())
        {
            self.live = None;
            match self.reopen().await {
                Ok(live) => self.live = Some(live),
                Err(failure) => {
                    tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
                    return Err(failure);
                }
            }
        }
        let (connection, prepared) = self.live.as_ref().expect("the session is open");
        Ok((connection, prepared))
    }

    /// Turns an error of this session into a counted failure; a lost session is opened anew later.
    pub(super) fn failed(&mut self, error: &Error) -> Failure {
        if ends_session(error) {
            self.live = None;
        }
        failure(error)
    }

    async fn reopen(&self) -> Result<(Connection, P::Prepared), Failure> {
        let connection = self
            .spec
            .connect()
            .await
            .map_err(|error| Failure::new("connect_failed", error.to_string()))?;
        let prepared = self
            .recipe
            .prepare(&connection)
            .await
            .map_err(|error| failure(&error))?;
        Ok((connection, prepared))
    }
}
