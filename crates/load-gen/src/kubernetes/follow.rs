//! Follows a run in the cluster to its end: pods and what is wrong with them, the master's words, its results.

use std::time::Duration;

use common::cli;
use kube::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::board::{Board, Fate, Hopeless, Master};
use super::cluster::Cluster;
use super::log::{self, Mark};
use super::manifests;
use super::parcel::{Unpacked, Unpacker};
use super::plan::Plan;
use super::trouble::Trouble;
use super::watch::{Seen, watch};

/// How often it is looked whether the run is late or hopeless.
const TICK: Duration = Duration::from_secs(1);

/// How often the Job is asked why pods are missing, and whether it has failed.
const ASK_JOB: Duration = Duration::from_secs(3);

/// How long the log may take to end after the master has, or the master after its log.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// How long a run that is stopped may take to hand over what it measured. Pods have 60 s.
const STOP_LIMIT: Duration = Duration::from_secs(75);

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// The master's exit code, unless it was removed before it could be read.
    pub(super) code: Option<i32>,
    /// What it handed over.
    pub(super) unpacked: Unpacked,
    /// Why it was ended before its time, in words.
    pub(super) stopped: Option<String>,
}

/// Follows the run until its master has ended and its results are here.
pub(super) async fn follow(
    cluster: &Cluster,
    plan: &Plan,
    job_uid: &str,
    stop: &CancellationToken,
) -> Result<Ended, Trouble> {
    let (seen_sender, mut seen) = mpsc::channel(256);
    let (line_sender, mut lines) = mpsc::channel(256);
    let selector = manifests::of_run(&plan.name);
    let watcher = tokio::spawn(watch(cluster.pods(), selector, seen_sender));
    let mut run = Follower {
        cluster,
        plan,
        job_uid,
        board: Board::new(
            usize::try_from(plan.pods()).unwrap_or(usize::MAX),
            plan.start_timeout,
        ),
        began: Instant::now(),
        unpacker: Unpacker::default(),
        line_sender,
        reader: None,
        mark: Mark::default(),
        master_over: None,
        ends_of_log: 0,
        stopping: None,
        complained: false,
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ask_job = tokio::time::interval_at(Instant::now() + ASK_JOB, ASK_JOB);
    ask_job.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let result = loop {
        tokio::select! {
            // Lines before ends, so that a log is read to its last line.
            biased;
            Some(line) = lines.recv() => run.take_line(&line),
            Some(seen) = seen.recv() => if let Err(trouble) = run.see(seen) { break Err(trouble) },
            read = ended(&mut run.reader) => run.note_log_end(read),
            () = stop.cancelled(), if run.stopping.is_none() => {
                if let Err(trouble) = run.begin_stop("interrupted").await { break Err(trouble) }
            }
            _ = ask_job.tick() => if let Err(trouble) = run.ask_job().await { break Err(trouble) },
            _ = tick.tick() => if let Err(trouble) = run.check_time().await { break Err(trouble) },
        }
        if run.is_over() {
            break Ok(());
        }
    };
    watcher.abort();
    if let Some(reader) = &run.reader {
        reader.abort();
    }
    result.map(|()| run.ended())
}

type Read = (Mark, kube::Result<()>);

/// Waits for the end of a reading; for ever when there is none.
async fn ended(reader: &mut Option<JoinHandle<Read>>) -> Option<Read> {
    match reader {
        Some(handle) => {
            let read = handle.await.ok();
            *reader = None;
            read
        }
        None => std::future::pending().await,
    }
}

/// What is known while a run is followed.
struct Follower<'a> {
    cluster: &'a Cluster,
    plan: &'a Plan,
    job_uid: &'a str,
    board: Board,
    began: Instant,
    unpacker: Unpacker,
    line_sender: mpsc::Sender<String>,
    reader: Option<JoinHandle<Read>>,
    mark: Mark,
    /// When the master was over, or all of its results were here.
    master_over: Option<Instant>,
    /// How often the log came to its end after the master had.
    ends_of_log: u32,
    stopping: Option<(Instant, String)>,
    complained: bool,
}

impl Follower<'_> {
    fn take_line(&mut self, line: &str) {
        if let Some(shown) = self.unpacker.take(line) {
            cli::narrate(shown);
        }
    }

    fn see(&mut self, seen: Seen) -> Result<(), Trouble> {
        if let Seen::Failed(error) = seen {
            return self.bear("failed to watch the pods", error);
        }
        let now = self.began.elapsed();
        for (sentence, hint) in self.board.see(seen, now) {
            // Pods that end because the run is being removed are no news.
            if self.stopping.is_none() {
                cli::narrate(&format!("warning: {sentence}"));
                cli::narrate(&format!("hint: {hint}"));
            }
        }
        if self.stopping.is_none()
            && let Some(progress) = self.board.progress(now)
        {
            cli::narrate(&progress);
        }
        self.read_log();
        if self.has_ended() {
            self.master_over.get_or_insert_with(Instant::now);
        }
        Ok(())
    }

    /// What only says that the API server is out of reach for a while is borne, and told once.
    fn bear(&mut self, doing: &str, error: Error) -> Result<(), Trouble> {
        let refused =
            matches!(&error, Error::Api(status) if [401, 403, 404].contains(&status.code));
        let trouble = Trouble::of(doing, error);
        if refused {
            return Err(trouble);
        }
        if !std::mem::replace(&mut self.complained, true) {
            cli::narrate(&format!("warning: {trouble}; trying again"));
        }
        Ok(())
    }

    /// Reads the master's log from where it was left off.
    fn read_log(&mut self) {
        let Some(Master { pod, .. }) = self.board.master() else {
            return;
        };
        if self.reader.is_none() {
            let sender = self.line_sender.clone();
            let reading = log::read(self.cluster.pods(), pod.clone(), self.mark.clone(), sender);
            self.reader = Some(tokio::spawn(reading));
        }
    }

    fn note_log_end(&mut self, read: Option<Read>) {
        let Some((mark, result)) = read else { return };
        self.mark = mark;
        // It is read again with the next tick: what is wrong with the pod itself is told by its state.
        let came_to_end = match result {
            Ok(()) => true,
            Err(Error::Api(status)) => status.is_not_found(),
            Err(error) => {
                tracing::debug!("the log broke off: {error}");
                false
            }
        };
        if came_to_end && self.master_over.is_some() {
            self.ends_of_log += 1;
        }
    }

    async fn begin_stop(&mut self, why: &str) -> Result<(), Trouble> {
        self.stopping = Some((Instant::now(), why.to_owned()));
        if self.board.master().is_some_and(|it| it.fate == Fate::Runs) {
            cli::narrate("the master is asked for what it has measured so far");
        }
        self.cluster
            .begin_removal(&self.plan.name, self.job_uid)
            .await
    }

    async fn ask_job(&mut self) -> Result<(), Trouble> {
        if self.stopping.is_some() || self.board.master().is_some() && !self.board.lacks_pods() {
            return Ok(());
        }
        if self.board.lacks_pods()
            && let Some(message) = self.cluster.refusal(self.job_uid).await?
        {
            return Err(Trouble::Failed {
                what: format!("the cluster refuses to make the pods: {message}"),
                hint: Some(
                    "`kubectl describe quota,limitrange` tells the limits of the namespace; fewer `--workers`, \
                     or less `--cpu` and `--memory`, take less of them"
                        .to_owned(),
                ),
            });
        }
        match self.cluster.job(&self.plan.name).await? {
            Some(job) if job.metadata.uid.as_deref() == Some(self.job_uid) => Ok(()),
            _ => Err(Trouble::Failed {
                what: format!("Job `{}` was removed by somebody else", self.plan.name),
                hint: None,
            }),
        }
    }

    async fn check_time(&mut self) -> Result<(), Trouble> {
        let now = self.began.elapsed();
        self.read_log();
        if self.stopping.is_some() || self.master_over.is_some() {
            return Ok(());
        }
        if let Some(Hopeless { what, hint }) = self.board.hopeless(now) {
            return Err(Trouble::Failed {
                what,
                hint: Some(hint),
            });
        }
        if now >= self.plan.timeout {
            let limit = self.plan.timeout.as_secs();
            let why = format!("ended after {limit} s, the limit of `--timeout`");
            cli::narrate(&format!("the run is {why}"));
            return self.begin_stop(&why).await;
        }
        Ok(())
    }

    fn has_ended(&self) -> bool {
        let master = self.board.master();
        master.is_some_and(|it| it.fate != Fate::Runs)
    }

    /// Whether there is nothing left to wait for.
    fn is_over(&mut self) -> bool {
        let whole = self.unpacker.is_done();
        if whole {
            self.master_over.get_or_insert_with(Instant::now);
        }
        let over_for = self.master_over.map(|it| it.elapsed());
        let gave_up = match &self.stopping {
            // Nothing can come of a master that never ran.
            Some(_) if self.board.master().is_none() => true,
            Some((since, _)) => since.elapsed() >= STOP_LIMIT,
            None => false,
        };
        // What is printed on the other stream may come behind the results. A connection that is cut can
        // look like an end, so a log without results is read to its end twice.
        let read = self.ends_of_log >= if whole { 1 } else { 2 };
        gave_up || over_for.is_some_and(|it| (read && self.has_ended()) || it >= LAST_WORDS)
    }

    fn ended(self) -> Ended {
        let mut unpacked = self.unpacker.finish();
        let code = match self.board.master().map(|it| &it.fate) {
            Some(Fate::Ended(code)) => Some(*code),
            Some(Fate::Lost(what)) if !unpacked.broken.is_empty() => {
                unpacked.broken.insert(0, what.clone());
                None
            }
            _ => None,
        };
        Ended {
            code,
            unpacked,
            stopped: self.stopping.map(|(_, why)| why),
        }
    }
}
