//! A session of one worker that is opened again when it is lost.

use std::future::Future;
use std::time::Duration;

use common::load::Failure;
use tokio_postgres::{Client, Error};

use super::TestError;
use crate::failure::{ends_session, failure};
use crate::target::{Attendant, Attended, ConnectSpec};

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
    live: Option<(Attended, P::Prepared)>,
}

/// A server that is gone must not be asked a million times a second.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(200);

impl<P: Prepare> Session<P> {
    /// Opens a session and prepares it.
    pub(super) async fn open(spec: &ConnectSpec, recipe: P) -> Result<Self, TestError> {
        let mut session = spec.connect_attended().await?;
        let (client, attendant) = session.parts();
        let prepared = attendant.attend(recipe.prepare(client)).await?;
        Ok(Self {
            spec: spec.clone(),
            recipe,
            live: Some((session, prepared)),
        })
    }

    /// The session, opened anew if it was lost: what to ask, what is prepared, and who attends.
    pub(super) async fn get(&mut self) -> Result<(&Client, &P::Prepared, &mut Attendant), Failure> {
        let Self { spec, recipe, live } = self;
        if live.as_ref().is_none_or(|(session, _)| session.is_closed()) {
            *live = None;
            match reopen(spec, recipe).await {
                Ok(opened) => *live = Some(opened),
                Err(failure) => {
                    tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
                    return Err(failure);
                }
            }
        }
        let (session, prepared) = live.as_mut().expect("the session is open");
        let (client, attendant) = session.parts();
        Ok((client, prepared, attendant))
    }

    /// Turns an error of this session into a counted failure; a lost session is opened anew later.
    pub(super) fn failed(&mut self, error: &Error) -> Failure {
        if ends_session(error) {
            self.live = None;
        }
        failure(error)
    }
}

async fn reopen<P: Prepare>(
    spec: &ConnectSpec,
    recipe: &P,
) -> Result<(Attended, P::Prepared), Failure> {
    let mut session = spec
        .connect_attended()
        .await
        .map_err(|error| Failure::new("connect_failed", error.to_string()))?;
    let (client, attendant) = session.parts();
    let prepared = attendant
        .attend(recipe.prepare(client))
        .await
        .map_err(|error| failure(&error))?;
    Ok((session, prepared))
}
