//! A master, workers, and connections in memory between them.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{
    AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::hub::{Merged, Outcome};
use super::super::link::Stream;
use super::super::master::{Door, Led};
use super::super::worker::{Dial, Identity, work_over};
use super::super::{Job, Master, MasterError, MasterOptions, WorkerEnd, WorkerError};
use super::double::{Double, Log};
use crate::crowd::Tape;
use crate::live::Order;
use crate::outputs::WorkerAudit;

pub(super) fn after(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// What a cable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cable {
    frozen: bool,
    /// The worker hears nothing, but is heard.
    deaf: bool,
    /// Goes up with each cut.
    cuts: u64,
}

/// A worker of a scene.
struct Player {
    cable: watch::Sender<Cable>,
    stop: CancellationToken,
    task: JoinHandle<Result<WorkerEnd, WorkerError>>,
}

/// A master, and workers by name.
pub(super) struct Scene {
    pub(super) log: Log,
    master: std::sync::Mutex<Option<Master>>,
    door: Door,
    players: BTreeMap<String, Player>,
}

impl Scene {
    /// A master that waits for so many workers.
    pub(super) fn new(expect: u64) -> Self {
        let options = MasterOptions {
            bind: String::new(),
            expect,
            max_wait: Duration::from_mins(1),
            token: None,
            tls: None,
        };
        let address = SocketAddr::from(([127, 0, 0, 1], 5557));
        let (master, door) = Master::open(&options, address);
        Self {
            log: Log::default(),
            master: Some(master).into(),
            door,
            players: BTreeMap::new(),
        }
    }

    /// Adds a worker.
    pub(super) fn worker(&mut self, name: &str) {
        let (cable, seen) = watch::channel(Cable {
            frozen: false,
            deaf: false,
            cuts: 0,
        });
        let stop = CancellationToken::new();
        let identity = Identity {
            name: name.to_owned(),
            token: None,
        };
        let dial = Wire {
            door: self.door.clone(),
            cable: seen,
        };
        let (log, own_name, stopped) = (self.log.clone(), name.to_owned(), stop.clone());
        let task = tokio::spawn(async move {
            let make = move || Double::new(&own_name, &log);
            work_over(dial, &identity, make, &stopped).await
        });
        self.players
            .insert(name.to_owned(), Player { cable, stop, task });
    }

    /// What SIGKILL does.
    pub(super) fn kill(&mut self, name: &str) {
        self.log.with(|it| it.dead.push(name.to_owned()));
        self.players.remove(name).unwrap().task.abort();
    }

    /// Starts a killed worker anew.
    pub(super) fn revive(&mut self, name: &str) {
        self.log.with(|it| it.dead.retain(|it| it != name));
        self.worker(name);
    }

    /// Lets nothing through, both ways, or lets it through again.
    pub(super) fn freeze(&self, name: &str, frozen: bool) {
        self.players[name]
            .cable
            .send_modify(|it| it.frozen = frozen);
    }

    /// Lets the worker hear nothing, or lets it hear again.
    pub(super) fn deafen(&self, name: &str, deaf: bool) {
        self.players[name].cable.send_modify(|it| it.deaf = deaf);
    }

    /// Ends the connection for both.
    pub(super) fn cut(&self, name: &str) {
        self.players[name].cable.send_modify(|it| it.cuts += 1);
    }

    /// What Ctrl-C does.
    pub(super) async fn stop(&mut self, name: &str) -> Result<WorkerEnd, WorkerError> {
        let player = self.players.remove(name).unwrap();
        player.stop.cancel();
        player.task.await.unwrap()
    }

    pub(super) async fn workers_end(&mut self) -> Vec<Result<WorkerEnd, WorkerError>> {
        let mut ends = Vec::new();
        for player in std::mem::take(&mut self.players).into_values() {
            ends.push(player.task.await.unwrap());
        }
        ends
    }

    pub(super) async fn run(&self, job: Job) -> Running {
        self.try_run(job).await.unwrap()
    }

    pub(super) async fn try_run(&self, job: Job) -> Result<Running, MasterError> {
        let mut master = self.master.lock().unwrap().take().unwrap();
        master.gather(&CancellationToken::new()).await?;
        master.run(job, None).await.map(Running::of)
    }
}

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) start: Instant,
    pub(super) workers: usize,
    led: Led,
}

/// All that came of a run.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) tape: Tape,
    /// The seconds, with how many requests each had.
    pub(super) seconds: Vec<(u64, u64)>,
    pub(super) outcome: Outcome,
}

impl Running {
    fn of(led: Led) -> Self {
        Self {
            start: led.start,
            workers: led.workers,
            led,
        }
    }

    pub(super) fn ask(&self, order: Order) {
        self.led.orders.send(order).unwrap();
    }

    /// Waits for the end.
    pub(super) async fn end(mut self) -> Ended {
        let mut tape: Option<Tape> = None;
        let mut seconds = Vec::new();
        while let Some(merged) = self.led.seconds.recv().await {
            let Merged {
                second, tape: its, ..
            } = merged;
            let total = its.as_ref().map(|it| &it.requests.total);
            seconds.push((
                second,
                total.map_or(0, |it| it.response.count() + it.failed),
            ));
            match (&mut tape, its) {
                (Some(all), Some(its)) => all.merge(&its),
                (all @ None, its) => *all = its,
                (Some(_), None) => {}
            }
        }
        Ended {
            tape: tape.unwrap(),
            seconds,
            outcome: self.led.outcome().await.unwrap(),
        }
    }
}

impl Ended {
    pub(super) fn worker(&self, name: &str) -> &WorkerAudit {
        let workers = &self.outcome.workers;
        workers.iter().find(|it| it.row.name == name).unwrap()
    }
}

/// The worker's way to the master.
struct Wire {
    door: Door,
    cable: watch::Receiver<Cable>,
}

impl Dial for Wire {
    async fn dial(&mut self) -> io::Result<Stream> {
        let thawed = self.cable.wait_for(|it| !it.frozen && !it.deaf).await;
        let cuts = thawed.map(|it| it.cuts).map_err(io::Error::other)?;
        let (here, near) = duplex(1 << 16);
        let (far, there) = duplex(1 << 16);
        let ((near_in, near_out), (far_in, far_out)) = (split(near), split(far));
        let cable = self.cable.clone();
        let mut cut = cable.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = pump(near_in, far_out, cable.clone(), |it| !it.frozen) => {}
                () = pump(far_in, near_out, cable, |it| !it.frozen && !it.deaf) => {}
                _ = cut.wait_for(|it| it.cuts != cuts) => {}
            }
        });
        let door = self.door.clone();
        tokio::spawn(async move { door.enter(Box::new(there)).await });
        Ok(Box::new(here))
    }

    fn place(&self) -> String {
        "the master in memory".to_owned()
    }
}

/// Moves bytes while the cable lets them through.
async fn pump(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    mut cable: watch::Receiver<Cable>,
    is_open: fn(&Cable) -> bool,
) {
    let mut bytes = vec![0; 4096];
    loop {
        let read = from.read(&mut bytes).await.unwrap_or(0);
        if cable.wait_for(is_open).await.is_err() || read == 0 {
            return;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
