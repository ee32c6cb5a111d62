//! The master's end of a connection to a worker: a queue out, events in.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::clock::{Clock, wall_ns};
use super::hello::Hello;
use super::message::{ToMaster, ToWorker};
use super::wire::{self, LONGEST, WireError};

/// A connection of any kind.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection of any kind, as a value.
pub(super) type Stream = Box<dyn Duplex>;

/// Messages that may wait for a worker that does not read.
const QUEUE: usize = 1024;

/// How long one message may take to leave.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// How long the end of a connection may take to be answered.
const FAREWELL: Duration = Duration::from_secs(1);

/// What happens to connections.
pub(super) enum Event {
    /// A worker that proved who it is.
    Joined(Hello, Link),
    /// It said something.
    Heard(u64, ToMaster),
    /// Its connection ended.
    Gone {
        /// The number of the connection.
        link: u64,
        /// Why.
        why: String,
        /// Whether the other side ended it, so that it knows of the end.
        by_peer: bool,
    },
}

/// The master's end. When it is dropped, what is in the queue still leaves, then the connection ends.
#[derive(Debug)]
pub(super) struct Link {
    /// The number of the connection.
    pub(super) id: u64,
    queue: mpsc::Sender<Vec<u8>>,
    broken: CancellationToken,
}

impl Link {
    /// Runs a connection.
    pub(super) fn open(id: u64, stream: Stream, clock: Clock, events: mpsc::Sender<Event>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let broken = CancellationToken::new();
        let link = Self {
            id,
            queue: queue.clone(),
            broken: broken.clone(),
        };
        let (read, write) = split(stream);
        let ear = Ear {
            link: id,
            clock,
            queue: queue.downgrade(),
            events: events.clone(),
        };
        drop(queue);
        tokio::spawn(async move {
            let (why, by_peer) = tokio::select! {
                end = both(ear, read, write, waiting) => end,
                () = broken.cancelled() => ("it did not read what it was told".to_owned(), false),
            };
            // A hub that is over needs no events.
            let _ = events
                .send(Event::Gone {
                    link: id,
                    why,
                    by_peer,
                })
                .await;
        });
        link
    }

    /// Queues a message; a worker that has let too many wait loses its connection.
    pub(super) fn send(&self, message: &ToWorker) {
        let queued = wire::encode(message).is_ok_and(|it| self.queue.try_send(it).is_ok());
        if !queued {
            self.close();
        }
    }

    /// Ends the connection at once.
    pub(super) fn close(&self) {
        self.broken.cancel();
    }
}

async fn both(
    mut ear: Ear,
    mut read: ReadHalf<Stream>,
    write: WriteHalf<Stream>,
    waiting: mpsc::Receiver<Vec<u8>>,
) -> (String, bool) {
    let written = tokio::select! {
        error = ear.listen(&mut read) => return (error.to_string(), error.is_of_peer()),
        written = speak(write, waiting) => written,
    };
    match written {
        Ok(()) => {
            // Whatever is not read when a socket closes would take the farewell with it.
            let _ = timeout(FAREWELL, ear.listen(&mut read)).await;
            ("it was told to go".to_owned(), true)
        }
        Err(why) => (why, false),
    }
}

async fn speak(
    mut write: WriteHalf<Stream>,
    mut waiting: mpsc::Receiver<Vec<u8>>,
) -> Result<(), String> {
    while let Some(frame) = waiting.recv().await {
        let sent = timeout(WRITE_LIMIT, async {
            write.write_all(&frame).await?;
            write.flush().await
        });
        match sent.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(format!("the connection failed: {error}")),
            Err(_) => return Err("it did not read what it was told".to_owned()),
        }
    }
    // The other side may be gone already.
    let _ = write.shutdown().await;
    Ok(())
}

struct Ear {
    link: u64,
    clock: Clock,
    queue: mpsc::WeakSender<Vec<u8>>,
    events: mpsc::Sender<Event>,
}

impl Ear {
    /// Hands on what comes, until nothing can come any more.
    async fn listen(&mut self, read: &mut ReadHalf<Stream>) -> WireError {
        loop {
            let message = match wire::receive(read, LONGEST).await {
                Ok(message) => message,
                Err(error) => return error,
            };
            if let ToMaster::Ping { sent_ns, .. } = message {
                self.answer(sent_ns);
            }
            if self
                .events
                .send(Event::Heard(self.link, message))
                .await
                .is_err()
            {
                return WireError::Closed;
            }
        }
    }

    fn answer(&self, sent_ns: u64) {
        let received_ns = self.clock.now_ns();
        let pong = ToWorker::Pong {
            sent_ns,
            received_ns,
            answered_ns: self.clock.now_ns(),
            wall_ns: wall_ns(),
        };
        let Ok(frame) = wire::encode(&pong) else {
            return;
        };
        if let Some(queue) = self.queue.upgrade() {
            // Without an answer the worker stops by itself, and a full queue ends its connection.
            let _ = queue.try_send(frame);
        }
    }
}
