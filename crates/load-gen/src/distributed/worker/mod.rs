//! A worker: finds its master, does what it says, finds it again when it is lost.

mod driver;
mod outbox;
mod session;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use common::cli::narrate;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::hello::{HelloError, Introduction, introduce};
use super::link::Stream;
use super::proof::{Token, random_id};
use super::tls::{TlsFileError, Trust};
use super::{Engine, WorkerOptions};
use driver::Driver;
use outbox::Outbox;
use session::{End, Session};

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerEnd {
    /// The master has no more work.
    Dismissed,
    /// Somebody stopped it.
    Stopped,
}

/// Why a worker cannot work.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// Trying again does not help.
    #[error("the master at {master} and this worker do not get along: {reason}")]
    Refused {
        /// The address.
        master: String,
        /// Why.
        reason: String,
    },
    /// The file of TLS is of no use.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// The system fails.
    #[error("failed to start a worker: {0}")]
    System(#[from] std::io::Error),
}

/// How long a connection may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// The first pause before another try, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How long a worker that was stopped stays to tell the last.
const LAST_WORDS: Duration = Duration::from_mins(1);

/// A way to the master.
pub(super) trait Dial: Send {
    /// Opens a connection.
    fn dial(&mut self) -> impl Future<Output = std::io::Result<Stream>> + Send;

    /// Where to, for people.
    fn place(&self) -> String;
}

/// Works for the master of these options until it has no more work or somebody stops this worker. Each run
/// has an engine of its own.
pub async fn work<E: Engine>(
    options: &WorkerOptions,
    make_engine: impl FnMut() -> E + Send + 'static,
    stop: &CancellationToken,
) -> Result<WorkerEnd, WorkerError> {
    let trust = match &options.authorities {
        Some(path) => Some(Trust::new(path, &options.host)?),
        None => None,
    };
    let dial = Tcp {
        host: options.host.clone(),
        port: options.port,
        trust,
    };
    let identity = Identity {
        name: options.name.clone(),
        token: options.token.clone(),
    };
    work_over(dial, &identity, make_engine, stop).await
}

/// Who a worker is.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) token: Option<Token>,
}

/// The same over any kind of connection.
pub(super) async fn work_over<E: Engine>(
    mut dial: impl Dial,
    identity: &Identity,
    make_engine: impl FnMut() -> E + Send + 'static,
    stop: &CancellationToken,
) -> Result<WorkerEnd, WorkerError> {
    let outbox = Arc::new(Outbox::default());
    let (commands, commanded) = mpsc::unbounded_channel();
    let driver = Driver::new(make_engine, Arc::clone(&outbox)).work(commanded);
    let driver = tokio::spawn(driver);
    let session = Session {
        clock: Clock::new(),
        outbox: &outbox,
        commands: &commands,
        stop,
    };
    let number = random_id()?;
    let end = meet_again(&mut dial, identity, number, &session).await;
    drop(commands);
    // What an engine does at its end must not keep a worker that is needed no more.
    let _ = timeout(CONNECT_LIMIT, driver).await;
    end
}

/// Connects again and again.
async fn meet_again(
    dial: &mut impl Dial,
    identity: &Identity,
    number: u64,
    session: &Session<'_>,
) -> Result<WorkerEnd, WorkerError> {
    let mut pause = PAUSES.0;
    let mut told = false;
    loop {
        let connected = tokio::select! {
            () = session.stop.cancelled() => return Ok(WorkerEnd::Stopped),
            connected = meet(dial, identity, number, session.outbox) => connected,
        };
        match connected {
            Ok(stream) => {
                narrate(&format!(
                    "worker `{}` is with {}",
                    identity.name,
                    dial.place()
                ));
                (pause, told) = (PAUSES.0, false);
                match talk(session, stream).await {
                    End::Dismissed => return Ok(dismissed(session)),
                    End::Lost(why) => narrate(&format!("lost {}: {why}", dial.place())),
                }
            }
            Err(HelloError::Refused(reason)) => {
                let master = dial.place();
                return Err(WorkerError::Refused { master, reason });
            }
            Err(error) => {
                if !told {
                    narrate(&format!("waiting for {}: {error}", dial.place()));
                    told = true;
                }
            }
        }
        tokio::select! {
            () = session.stop.cancelled() => return Ok(WorkerEnd::Stopped),
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 3 / 2).min(PAUSES.1);
    }
}

async fn talk(session: &Session<'_>, stream: Stream) -> End {
    let too_long = async {
        session.stop.cancelled().await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        end = session.talk(stream) => end,
        () = too_long => End::Dismissed,
    }
}

fn dismissed(session: &Session<'_>) -> WorkerEnd {
    if session.stop.is_cancelled() {
        WorkerEnd::Stopped
    } else {
        WorkerEnd::Dismissed
    }
}

async fn meet(
    dial: &mut impl Dial,
    identity: &Identity,
    number: u64,
    outbox: &Outbox,
) -> Result<Stream, HelloError> {
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    let dialled = timeout(CONNECT_LIMIT, dial.dial()).await.map_err(late);
    let mut stream = dialled
        .and_then(|it| it)
        .map_err(super::wire::WireError::Io)?;
    let who = Introduction {
        name: &identity.name,
        session: number,
        run: outbox.run(),
        token: identity.token.as_ref(),
    };
    introduce(&mut stream, who).await?;
    Ok(stream)
}

struct Tcp {
    host: String,
    port: u16,
    trust: Option<Trust>,
}

impl Dial for Tcp {
    async fn dial(&mut self) -> std::io::Result<Stream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.trust {
            Some(trust) => Box::new(trust.connect(stream).await?),
            None => Box::new(stream),
        })
    }

    fn place(&self) -> String {
        format!("the master at {}:{}", self.host, self.port)
    }
}
