//! The master: workers come to it, it leads a run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::units::size_u64;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::live::{Order, WorkerRow};
use crate::scenario::Replay;

use super::clock::Clock;
use super::hello::{HelloError, welcome};
use super::hub::{Begin, Hub, Merged, Outcome, Ports};
use super::link::{Event, Link, Stream};
use super::proof::{Token, random_id};
use super::tls::{TlsFileError, acceptor};
use super::{Job, MasterOptions};

/// Connections that have not proved yet who they are.
const STRANGERS: usize = 64;

/// How long the handshake of TLS may take.
const TLS_LIMIT: Duration = Duration::from_secs(5);

/// Why there is no run.
#[derive(Debug, Error)]
pub enum MasterError {
    /// The address cannot be used.
    #[error("failed to listen on `{bind}` for workers: {source}")]
    Bind {
        /// The address as given.
        bind: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Others could send load where they want.
    #[error(
        "`--bind {0}` lets other machines in: give master and workers a token \
         (`--worker-token-file` or LOAD_GEN_TOKEN), or bind to 127.0.0.1"
    )]
    NoToken(String),
    /// The files of TLS are of no use.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// Nobody came.
    #[error("no worker came to {address} within {waited_s} s")]
    Nobody {
        /// Where the master listens.
        address: SocketAddr,
        /// How long it waited.
        waited_s: f64,
    },
    /// Somebody stopped it before the run.
    #[error("stopped while waiting for workers")]
    Stopped,
    /// No worker can do it.
    #[error("no worker can begin: {0}")]
    NotPrepared(String),
    /// The system fails.
    #[error("failed to lead workers: {0}")]
    System(std::io::Error),
}

/// A master that workers can come to.
#[derive(Debug)]
pub struct Master {
    address: SocketAddr,
    /// Nobody on the way can read what it tells workers.
    is_private: bool,
    expect: u64,
    max_wait: Duration,
    begin: mpsc::Sender<Begin>,
    rows: watch::Receiver<Vec<WorkerRow>>,
    merged: mpsc::UnboundedReceiver<Merged>,
    orders: mpsc::UnboundedSender<Order>,
    hub: JoinHandle<Option<Outcome>>,
    over: DropGuard,
}

/// A run that goes on. When it is dropped, workers go home.
#[derive(Debug)]
pub struct Led {
    /// When the load starts, or has started.
    pub start: Instant,
    /// How many workers began.
    pub workers: usize,
    /// The seconds, one after the other, from the first to the last.
    pub seconds: mpsc::UnboundedReceiver<Merged>,
    /// What all workers are told, from the same moment on.
    pub orders: mpsc::UnboundedSender<Order>,
    hub: JoinHandle<Option<Outcome>>,
    over: DropGuard,
}

impl Master {
    /// Listens. Without a token only at addresses of this machine that others cannot reach.
    pub async fn bind(options: &MasterOptions) -> Result<Self, MasterError> {
        let failed = |source| MasterError::Bind {
            bind: options.bind.clone(),
            source,
        };
        let tls = match &options.tls {
            Some((certificate, key)) => Some(acceptor(certificate, key)?),
            None => None,
        };
        let listener = TcpListener::bind(&options.bind).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        if options.token.is_none() && !address.ip().is_loopback() {
            return Err(MasterError::NoToken(options.bind.clone()));
        }
        let (master, door) = Self::open(options, address);
        tokio::spawn(accept(listener, tls, door));
        Ok(master)
    }

    /// A master, and the door that connections come through.
    pub(super) fn open(options: &MasterOptions, address: SocketAddr) -> (Self, Door) {
        let clock = Clock::new();
        let (events, heard) = mpsc::channel(256);
        let (begin, begins) = mpsc::channel(1);
        let (orders, ordered) = mpsc::unbounded_channel();
        let (merged, seconds) = mpsc::unbounded_channel();
        let (rows, seen) = watch::channel(Vec::new());
        let over = CancellationToken::new();
        let ports = Ports {
            events: heard,
            begin: begins,
            orders: ordered,
            merged,
            rows,
            over: over.clone(),
        };
        let door = Door {
            token: options.token.clone(),
            clock,
            events,
            next: Arc::default(),
            over: over.clone(),
        };
        let master = Self {
            address,
            is_private: options.tls.is_some() || address.ip().is_loopback(),
            expect: options.expect,
            max_wait: options.max_wait,
            begin,
            rows: seen,
            merged: seconds,
            orders,
            hub: tokio::spawn(Hub::work(clock, ports)),
            over: over.drop_guard(),
        };
        (master, door)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The workers, whenever something of them changes.
    pub fn rows(&self) -> watch::Receiver<Vec<WorkerRow>> {
        self.rows.clone()
    }

    /// Waits for the workers that are expected. With fewer, but at least one, it goes on when it has waited
    /// long enough. The result is how many there are.
    pub async fn gather(&mut self, stop: &CancellationToken) -> Result<u64, MasterError> {
        let expect = self.expect;
        let enough = self.rows.wait_for(|rows| ready(rows) >= expect);
        let waited = tokio::select! {
            () = stop.cancelled() => return Err(MasterError::Stopped),
            waited = timeout(self.max_wait, enough) => waited,
        };
        // The watch ends with the hub only, and the hub with this master.
        drop(waited);
        match ready(&self.rows.borrow()) {
            0 => Err(MasterError::Nobody {
                address: self.address,
                waited_s: self.max_wait.as_secs_f64(),
            }),
            count => Ok(count),
        }
    }

    /// Gives the workers a job, and agrees with them upon the start. `replay` is that of the job's scenario: it
    /// tells what lost workers should have done.
    pub async fn run(self, job: Job, replay: Option<Arc<Replay>>) -> Result<Led, MasterError> {
        if job.asking.has_secrets() && !self.is_private {
            tracing::warn!(
                "secrets of the connection to the service travel to workers as they are: \
                 encrypt them with `--worker-tls-cert` and `--worker-tls-key`"
            );
        }
        let id = random_id().map_err(MasterError::System)?;
        let (begun, answer) = oneshot::channel();
        let ended = || MasterError::NotPrepared("the master has ended".to_owned());
        let begin = Begin {
            job,
            replay,
            id,
            begun,
        };
        self.begin.send(begin).await.map_err(|_| ended())?;
        let begun = answer.await.map_err(|_| ended())?;
        let begun = begun.map_err(MasterError::NotPrepared)?;
        Ok(Led {
            start: begun.start,
            workers: begun.workers,
            seconds: self.merged,
            orders: self.orders,
            hub: self.hub,
            over: self.over,
        })
    }
}

impl Led {
    /// How it ended; waits for that.
    pub async fn outcome(self) -> Option<Outcome> {
        let outcome = self.hub.await.ok().flatten();
        drop(self.over);
        outcome
    }
}

fn ready(rows: &[WorkerRow]) -> u64 {
    size_u64(rows.iter().filter(|it| it.state == "ready").count())
}

/// Where connections become workers.
#[derive(Debug, Clone)]
pub(super) struct Door {
    token: Option<Token>,
    clock: Clock,
    events: mpsc::Sender<Event>,
    next: Arc<AtomicU64>,
    over: CancellationToken,
}

impl Door {
    /// Gets to know somebody, and lets a worker in.
    pub(super) async fn enter(&self, mut stream: Stream) -> Result<(), HelloError> {
        let hello = welcome(&mut stream, self.token.as_ref()).await?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let link = Link::open(id, stream, self.clock, self.events.clone());
        // A hub that is over needs no workers.
        let _ = self.events.send(Event::Joined(hello, link)).await;
        Ok(())
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, door: Door) {
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    loop {
        let accepted = tokio::select! {
            () = door.over.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Such as no descriptors: they may come back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let Ok(permit) = Arc::clone(&strangers).try_acquire_owned() else {
            tracing::warn!(
                "refused {peer}: {STRANGERS} connections have not said yet who they are"
            );
            continue;
        };
        let (door, tls) = (door.clone(), tls.clone());
        tokio::spawn(async move {
            let entered = async {
                let stream = secure(stream, tls).await.map_err(|it| it.to_string())?;
                door.enter(stream).await.map_err(|it| it.to_string())
            };
            if let Err(why) = entered.await {
                tracing::warn!("refused {peer}: {why}");
            }
            drop(permit);
        });
    }
}

async fn secure(stream: TcpStream, tls: Option<TlsAcceptor>) -> std::io::Result<Stream> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        return Ok(Box::new(stream));
    };
    let secured = timeout(TLS_LIMIT, tls.accept(stream)).await;
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    Ok(Box::new(secured.map_err(late)??))
}
