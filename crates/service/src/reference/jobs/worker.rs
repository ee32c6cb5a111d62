//! The threads that work on jobs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::faults::{Faults, JobFault};
use super::process::{JobError, Kitchen, Outcome};
use super::{Input, Job, Jobs, Status};

/// Told of every job that has ended: its status and milliseconds of work.
pub(crate) type Finished = Arc<dyn Fn(Status, f64) + Send + Sync>;

/// How often an ending worker is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// The workers. They end when the jobs are stopped.
pub(crate) struct Crew {
    threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Starts `workers` threads.
    pub(crate) fn start(
        workers: usize,
        jobs: &Arc<Jobs>,
        kitchen: &Arc<Kitchen>,
        faults: &Arc<Faults>,
        finished: &Finished,
    ) -> std::io::Result<Self> {
        let mut threads = Vec::new();
        for number in 0..workers {
            let worker = Worker {
                jobs: Arc::clone(jobs),
                kitchen: Arc::clone(kitchen),
                faults: Arc::clone(faults),
                finished: Arc::clone(finished),
            };
            let thread = std::thread::Builder::new().name(format!("fits-worker-{number}"));
            threads.push(thread.spawn(move || worker.run())?);
        }
        Ok(Self { threads })
    }

    /// Waits for the workers, whose jobs were stopped, for a limited time; says how many still work.
    pub(crate) fn join(self, limit: Duration) -> usize {
        let mut left = limit;
        while left > Duration::ZERO && self.threads.iter().any(|it| !it.is_finished()) {
            std::thread::sleep(LOOK);
            left = left.saturating_sub(LOOK);
        }
        let mut working = 0;
        for thread in self.threads {
            if thread.is_finished() {
                // A panic of a worker is caught where it happens.
                let _ = thread.join();
            } else {
                working += 1;
            }
        }
        working
    }
}

struct Worker {
    jobs: Arc<Jobs>,
    kitchen: Arc<Kitchen>,
    faults: Arc<Faults>,
    finished: Finished,
}

impl Worker {
    fn run(&self) {
        while let Some(job) = self.jobs.next() {
            let kept = job.start().and_then(|input| self.work(&job, &input));
            remove(self.jobs.put_down(&job, kept));
        }
    }

    /// Works on a job; gives the bytes that its results take.
    fn work(&self, job: &Job, input: &Input) -> Option<u64> {
        if let Some(fault) = job.fault {
            self.faults.count_job(fault);
            if fault == JobFault::Fail {
                self.end(job, Err("failed on purpose".to_owned()));
            }
            return None;
        }
        let is_cancelled = || job.is_cancelled();
        let wanted = job.request.wanted();
        let work = || {
            self.kitchen
                .process(&job.id, input.path(), wanted, &is_cancelled)
        };
        let result = catch_unwind(AssertUnwindSafe(work));
        let result = match result {
            Ok(Err(JobError::Cancelled)) => return None,
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err("the calibration panicked".to_owned()),
        };
        let made = result.as_ref().ok().map(Made::of);
        let ended = self.end(job, result);
        match made {
            Some(made) if ended => Some(made.bytes),
            Some(made) => {
                // It was cancelled in the last moment.
                remove(made.files);
                None
            }
            None => None,
        }
    }

    fn end(&self, job: &Job, result: Result<Outcome, String>) -> bool {
        let ended = job.end(result);
        if ended && let Some(ms) = job.processing_ms() {
            (self.finished)(job.status(), ms);
        }
        ended
    }
}

struct Made {
    files: Vec<PathBuf>,
    bytes: u64,
}

impl Made {
    fn of(outcome: &Outcome) -> Self {
        let files = vec![outcome.image.clone(), outcome.sources.clone()];
        let bytes = files.iter().map(|it| super::size_of(it)).sum();
        Self { files, bytes }
    }
}

fn remove(files: Vec<PathBuf>) {
    for file in files {
        if let Err(error) = std::fs::remove_file(&file) {
            tracing::debug!("failed to remove `{}`: {error}", file.display());
        }
    }
}
