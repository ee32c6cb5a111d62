//! What a worker still has to tell: it outlives a lost connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::super::message::{Report, ToMaster};
use super::super::wire;

/// Between the one who drives the engine and the one who talks to the master.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    content: Mutex<Content>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Content {
    /// The run that is on, if any.
    run: Option<u64>,
    /// What became of the preparation of the run; told again on every connection.
    prepared: Option<Vec<u8>>,
    /// What is of use on this connection only.
    passing: VecDeque<Vec<u8>>,
    /// Reports that the master has not acknowledged, as frames.
    reports: VecDeque<(u64, Vec<u8>)>,
    /// The last report that was sent on this connection.
    sent: u64,
    /// The connection cannot be relied upon any more.
    cut: bool,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets everything of the run before.
    pub(super) fn begin(&self, run: u64) {
        *self.lock() = Content {
            run: Some(run),
            ..Content::default()
        };
    }

    /// The run that is on, if any.
    pub(super) fn run(&self) -> Option<u64> {
        self.lock().run
    }

    /// A new connection: what was not acknowledged is sent again.
    pub(super) fn connect(&self) {
        let mut content = self.lock();
        let prepared = content.prepared.clone();
        content.passing = prepared.into_iter().collect();
        content.sent = 0;
        content.cut = false;
        drop(content);
        self.changed.notify_one();
    }

    /// Asks for another connection.
    pub(super) fn cut(&self) {
        self.lock().cut = true;
        self.changed.notify_one();
    }

    pub(super) fn prepared(&self, run: u64, trouble: Option<String>) {
        let frame = wire::encode(&ToMaster::Prepared { run, trouble }).ok();
        {
            let mut content = self.lock();
            content.prepared.clone_from(&frame);
            content.passing.extend(frame);
        }
        self.changed.notify_one();
    }

    /// Says something that is of use on this connection only.
    pub(super) fn say(&self, message: &ToMaster) {
        if let Ok(frame) = wire::encode(message) {
            self.lock().passing.push_back(frame);
        }
        self.changed.notify_one();
    }

    pub(super) fn report(&self, report: Report) {
        let number = report.number;
        match wire::encode(&ToMaster::Report(Box::new(report))) {
            Ok(frame) => self.lock().reports.push_back((number, frame)),
            Err(error) => tracing::warn!("a report to the master is lost: {error}"),
        }
        self.changed.notify_one();
    }

    /// The master has everything up to a report.
    pub(super) fn received(&self, run: u64, number: u64) {
        let mut content = self.lock();
        if content.run == Some(run) {
            while content.reports.front().is_some_and(|it| it.0 <= number) {
                content.reports.pop_front();
            }
        }
    }

    /// Waits for the next frame; none when the connection should be given up.
    pub(super) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            {
                let mut content = self.lock();
                if content.cut {
                    return None;
                }
                if let Some(frame) = content.passing.pop_front() {
                    return Some(frame);
                }
                let sent = content.sent;
                let next = content.reports.iter().find(|it| it.0 > sent).cloned();
                if let Some((number, frame)) = next {
                    content.sent = number;
                    return Some(frame);
                }
            }
            self.changed.notified().await;
        }
    }
}
