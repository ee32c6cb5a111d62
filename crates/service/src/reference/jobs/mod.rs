//! Jobs that calibrate images: a bounded queue, worker threads, and what became of each job.

mod job;
mod masters;
mod objects;
mod process;
mod request;
mod result;
mod trim;
mod worker;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::time::Instant;

use super::faults::Faults;

pub(crate) use job::{Job, Results, Status};
pub(crate) use masters::Masters;
pub(crate) use objects::{InputStore, is_fits};
pub(crate) use process::Kitchen;
pub(crate) use request::{Input, JobRequest, ObjectRequest, Priority};
pub(crate) use worker::{Crew, Finished};

/// Jobs that are remembered after their end; the oldest are forgotten.
const MOST_REMEMBERED: usize = 10_000;

/// Why a job is not taken.
#[derive(Debug, Error)]
pub(crate) enum Refusal {
    /// The queue is full.
    #[error("the queue of {0} jobs is full")]
    QueueFull(usize),
    /// The service is ending.
    #[error("the service is stopping")]
    Stopping,
}

/// Why a job cannot be cancelled.
#[derive(Debug, Error)]
pub(crate) enum NotCancelled {
    /// There is no such job.
    #[error("there is no job `{0}`")]
    Unknown(String),
    /// It has ended.
    #[error("job `{0}` is {1} already")]
    Final(String, &'static str),
}

/// The place of a waiting job: high priorities first, then by age.
type Place = (i64, u64);

#[derive(Default)]
struct Inner {
    /// All jobs that are remembered, by age.
    jobs: BTreeMap<u64, Arc<Job>>,
    numbers: BTreeMap<String, u64>,
    waiting: BTreeMap<Place, Arc<Job>>,
    /// Numbers of the jobs that have ended, in that order.
    ended: VecDeque<u64>,
    /// Those with a result on disk, in the order of their ends, and its size.
    kept: VecDeque<(u64, u64)>,
    kept_bytes: u64,
    next: u64,
    active: usize,
    stopping: bool,
}

/// All jobs of the service.
pub(crate) struct Jobs {
    inner: Mutex<Inner>,
    changed: Condvar,
    capacity: usize,
    most_kept_bytes: u64,
    seed: u64,
    faults: Arc<Faults>,
}

/// How many jobs there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) waiting: usize,
    pub(crate) active: usize,
    pub(crate) capacity: usize,
}

/// What is wanted of the list of jobs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Listing {
    pub(crate) user: Option<String>,
    pub(crate) status: Option<Status>,
    pub(crate) limit: usize,
}

impl Jobs {
    /// No jobs, a queue of `capacity`, results of `most_kept_bytes` in all.
    pub(crate) fn new(
        capacity: usize,
        most_kept_bytes: u64,
        seed: u64,
        faults: &Arc<Faults>,
    ) -> Self {
        Self {
            inner: Mutex::default(),
            changed: Condvar::new(),
            capacity,
            most_kept_bytes,
            seed,
            faults: Arc::clone(faults),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another job would be taken.
    pub(crate) fn has_room(&self) -> Result<(), Refusal> {
        let inner = self.lock();
        self.check(&inner)
    }

    fn check(&self, inner: &Inner) -> Result<(), Refusal> {
        if inner.stopping {
            return Err(Refusal::Stopping);
        }
        if inner.waiting.len() >= self.capacity {
            return Err(Refusal::QueueFull(self.capacity));
        }
        Ok(())
    }

    /// Takes a job into the queue.
    pub(crate) fn submit(&self, request: JobRequest) -> Result<Arc<Job>, Refusal> {
        let mut inner = self.lock();
        self.check(&inner)?;
        inner.next += 1;
        let number = inner.next;
        let job = Arc::new(Job::new(number, self.seed, self.faults.on_job(), request));
        inner.numbers.insert(job.id.clone(), number);
        inner.jobs.insert(number, Arc::clone(&job));
        inner.waiting.insert(place(&job), Arc::clone(&job));
        drop(inner);
        self.changed.notify_one();
        Ok(job)
    }

    /// The job of a name.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Job>> {
        let inner = self.lock();
        let number = inner.numbers.get(id)?;
        inner.jobs.get(number).cloned()
    }

    /// Jobs, the newest first, and how many there are in all.
    pub(crate) fn list(&self, listing: &Listing) -> (Vec<Arc<Job>>, usize) {
        let inner = self.lock();
        let wanted = inner.jobs.values().rev().filter(|job| {
            let of_user = listing
                .user
                .as_ref()
                .is_none_or(|user| job.request.user_id.as_ref() == Some(user));
            of_user && listing.status.is_none_or(|status| job.status() == status)
        });
        let wanted: Vec<_> = wanted.cloned().collect();
        let total = wanted.len();
        (wanted.into_iter().take(listing.limit).collect(), total)
    }

    /// Cancels a job, waiting or running.
    pub(crate) fn cancel(&self, id: &str) -> Result<Arc<Job>, NotCancelled> {
        let unknown = || NotCancelled::Unknown(id.to_owned());
        let job = self.get(id).ok_or_else(unknown)?;
        if let Err(status) = job.cancel() {
            return Err(NotCancelled::Final(id.to_owned(), status.as_str()));
        }
        let mut inner = self.lock();
        inner.waiting.remove(&place(&job));
        forget_oldest(&mut inner, job.number);
        Ok(job)
    }

    /// Waits for the next job to work on; none when the service ends.
    fn next(&self) -> Option<Arc<Job>> {
        let mut inner = self.lock();
        loop {
            if inner.stopping {
                return None;
            }
            if let Some((_, job)) = inner.waiting.pop_first() {
                inner.active += 1;
                return Some(job);
            }
            let waited = self.changed.wait(inner);
            inner = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A worker has no more to do with a job. Gives the results that are to be removed because
    /// there are too many.
    fn put_down(&self, job: &Job, kept_bytes: Option<u64>) -> Vec<PathBuf> {
        let mut inner = self.lock();
        inner.active -= 1;
        if matches!(job.status(), Status::Completed | Status::Failed) {
            forget_oldest(&mut inner, job.number);
        }
        if let Some(bytes) = kept_bytes {
            inner.kept.push_back((job.number, bytes));
            inner.kept_bytes += bytes;
        }
        let mut removed = Vec::new();
        while inner.kept_bytes > self.most_kept_bytes && inner.kept.len() > 1 {
            let Some((number, bytes)) = inner.kept.pop_front() else {
                break;
            };
            inner.kept_bytes -= bytes;
            if let Some(job) = inner.jobs.get(&number) {
                removed.extend(job.give_up_results());
            }
        }
        removed
    }

    /// How many jobs wait and run.
    pub(crate) fn counts(&self) -> Counts {
        let inner = self.lock();
        Counts {
            waiting: inner.waiting.len(),
            active: inner.active,
            capacity: self.capacity,
        }
    }

    /// Takes no more jobs and cancels all there are.
    pub(crate) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopping = true;
        inner.waiting.clear();
        for job in inner.jobs.values() {
            // One that has ended stays as it is.
            let _ = job.cancel();
        }
        drop(inner);
        self.changed.notify_all();
    }
}

fn place(job: &Job) -> Place {
    (-job.request.priority, job.number)
}

/// A job has ended: the oldest of too many is forgotten, with the results it may have.
fn forget_oldest(inner: &mut Inner, ended: u64) {
    inner.ended.push_back(ended);
    while inner.ended.len() > MOST_REMEMBERED {
        let Some(oldest) = inner.ended.pop_front() else {
            break;
        };
        // A job with a result on disk is forgotten when that goes.
        if inner.kept.iter().any(|(number, _)| *number == oldest) {
            inner.ended.push_back(oldest);
            break;
        }
        if let Some(job) = inner.jobs.remove(&oldest) {
            inner.numbers.remove(&job.id);
        }
    }
}

/// Milliseconds between two moments.
fn ms_between(begin: Instant, end: Instant) -> f64 {
    common::units::ms(end.saturating_duration_since(begin))
}

/// Bytes of a file, 0 when it is gone.
fn size_of(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |it| it.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(capacity: usize) -> Jobs {
        let faults = Arc::new(Faults::new(&[], 1).unwrap());
        Jobs::new(capacity, 1, 1, &faults)
    }

    fn request(priority: i64) -> JobRequest {
        JobRequest {
            priority,
            ..JobRequest::default()
        }
    }

    #[test]
    fn high_priorities_go_first_and_then_the_oldest() {
        let jobs = jobs(9);
        let submit = |priority| jobs.submit(request(priority)).unwrap().number;
        let (low, normal, second, high) = (submit(-10), submit(0), submit(0), submit(10));
        let order: Vec<u64> = (0..4).map(|_| jobs.next().unwrap().number).collect();
        assert_eq!(order, [high, normal, second, low]);
        jobs.stop();
        assert!(jobs.next().is_none());
        assert!(matches!(jobs.submit(request(0)), Err(Refusal::Stopping)));
    }

    #[test]
    fn a_cancelled_job_makes_room_in_the_queue() {
        let jobs = jobs(2);
        let first = jobs.submit(request(0)).unwrap();
        jobs.submit(request(0)).unwrap();
        assert!(matches!(
            jobs.submit(request(0)),
            Err(Refusal::QueueFull(2))
        ));
        jobs.cancel(&first.id).unwrap();
        jobs.submit(request(0)).unwrap();
        let cancelled = Listing {
            user: None,
            status: Some(Status::Cancelled),
            limit: 10,
        };
        assert_eq!(jobs.list(&cancelled).1, 1);
        assert!(matches!(jobs.cancel("x"), Err(NotCancelled::Unknown(_))));
    }

    #[test]
    fn only_so_many_jobs_are_remembered() {
        let jobs = jobs(1);
        let mut first = None;
        for _ in 0..=MOST_REMEMBERED {
            let job = jobs.submit(request(0)).unwrap();
            jobs.cancel(&job.id).unwrap();
            first.get_or_insert(job.id.clone());
        }
        assert!(jobs.get(&first.unwrap()).is_none());
        let all = Listing {
            user: None,
            status: None,
            limit: 1,
        };
        assert_eq!(jobs.list(&all).1, MOST_REMEMBERED);
    }
}
