//! A worker's end of one connection.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::super::clock::{Clock, Exchange, Sights, wall_ns};
use super::super::link::Stream;
use super::super::message::{HEARTBEAT, LEASE, SILENCE, ToMaster, ToWorker};
use super::super::wire::{self, LONGEST, WireError};
use super::driver::Command;
use super::outbox::Outbox;

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The master needs this worker no more.
    Dismissed,
    /// It is lost: why.
    Lost(String),
}

/// The first signs of life come quickly, so that the clocks are known soon.
const QUICK: Duration = Duration::from_millis(20);

/// How many of them.
const QUICK_ONES: u64 = 10;

/// What the two directions of a connection share.
#[derive(Debug)]
struct Shared {
    sights: Sights,
    /// When the last sign of life was sent that was answered.
    answered: Instant,
}

/// What a message was.
enum Heard {
    /// Something for the engine.
    Command(Command),
    /// Something for the outbox.
    Receipt,
    /// The end.
    Farewell,
}

/// A worker's end of a connection.
pub(super) struct Session<'a> {
    pub(super) clock: Clock,
    pub(super) outbox: &'a Outbox,
    pub(super) commands: &'a mpsc::UnboundedSender<Command>,
    /// Somebody ends this worker.
    pub(super) stop: &'a CancellationToken,
}

impl Session<'_> {
    /// Talks to the master until the connection ends.
    pub(super) async fn talk(&self, stream: Stream) -> End {
        let (read, write) = split(stream);
        let shared = Mutex::new(Shared {
            sights: Sights::default(),
            answered: Instant::now(),
        });
        self.outbox.connect();
        let end = tokio::select! {
            end = self.listen(read, &shared) => end,
            end = self.speak(write, &shared) => end,
            end = silence(&shared) => end,
        };
        // A driver that has ended needs no commands.
        let _ = self.commands.send(Command::Lost);
        end
    }

    async fn listen(&self, mut read: ReadHalf<Stream>, shared: &Mutex<Shared>) -> End {
        loop {
            let message = match wire::receive(&mut read, LONGEST).await {
                Ok(message) => message,
                Err(error) => return End::Lost(error.to_string()),
            };
            match self.hear(message, shared) {
                Heard::Command(command) => {
                    // A driver that has ended needs no commands.
                    let _ = self.commands.send(command);
                }
                Heard::Receipt => {}
                Heard::Farewell => return End::Dismissed,
            }
        }
    }

    /// What a message asks for.
    fn hear(&self, message: ToWorker, shared: &Mutex<Shared>) -> Heard {
        Heard::Command(match message {
            ToWorker::Pong {
                sent_ns,
                received_ns,
                answered_ns,
                wall_ns: wall,
            } => {
                let exchange = Exchange {
                    sent: sent_ns,
                    received: received_ns,
                    answered: answered_ns,
                    wall,
                    back: self.clock.now_ns(),
                    wall_back: wall_ns(),
                };
                let sent = self.clock.instant(sent_ns.into()).min(Instant::now());
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.answered = shared.answered.max(sent);
                if let Some(sight) = exchange.sight() {
                    shared.sights.add(sight);
                }
                Command::Lease(shared.answered + LEASE)
            }
            ToWorker::Prepare { run, job } => Command::Prepare { run, job },
            ToWorker::Start { run, at_ns } => {
                let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let ahead = shared.sights.best().map_or(0, |it| it.ahead_ns);
                let at = self.clock.instant(i128::from(at_ns) - i128::from(ahead));
                Command::Start { run, at }
            }
            ToWorker::Assign(it) => Command::Assign(it),
            ToWorker::Order(it) => Command::Order(it),
            ToWorker::Received { run, number } => {
                self.outbox.received(run, number);
                return Heard::Receipt;
            }
            ToWorker::Finish { run, graceful } => Command::Finish { run, graceful },
            ToWorker::Quit => return Heard::Farewell,
        })
    }

    async fn speak(&self, mut write: WriteHalf<Stream>, shared: &Mutex<Shared>) -> End {
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pings = 0;
        let mut leaving = false;
        loop {
            let quick = async {
                if pings >= QUICK_ONES {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(QUICK).await;
            };
            let frame = tokio::select! {
                biased;
                _ = heartbeat.tick() => self.ping(shared),
                () = self.stop.cancelled(), if !leaving => {
                    leaving = true;
                    wire::encode(&ToMaster::Leaving)
                }
                frame = self.outbox.next() => match frame {
                    Some(frame) => Ok(frame),
                    None => return End::Lost("the master was not heard of in time".to_owned()),
                },
                () = quick => {
                    pings += 1;
                    self.ping(shared)
                }
            };
            let written = async {
                write.write_all(&frame?).await?;
                Ok::<_, WireError>(write.flush().await?)
            };
            if let Err(error) = written.await {
                return End::Lost(error.to_string());
            }
        }
    }

    fn ping(&self, shared: &Mutex<Shared>) -> Result<Vec<u8>, WireError> {
        let sight = {
            let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.sights.best()
        };
        let sent_ns = self.clock.now_ns();
        wire::encode(&ToMaster::Ping { sent_ns, sight })
    }
}

/// Waits until nothing was heard for too long.
async fn silence(shared: &Mutex<Shared>) -> End {
    loop {
        let until = {
            let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.answered + SILENCE
        };
        if until <= Instant::now() {
            return End::Lost(format!(
                "nothing was heard of the master for {} s",
                SILENCE.as_secs_f64()
            ));
        }
        sleep_until(until).await;
    }
}
