//! Jobs that a run has made on the service and must remove.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The jobs of a run that are still on the service, with the operation that made each.
#[derive(Debug, Clone, Default)]
pub struct Litter(Arc<Mutex<BTreeMap<String, String>>>);

impl Litter {
    /// Notes a job as soon as its name is known.
    pub(super) fn add(&self, operation: &str, job: &str) {
        self.lock().insert(job.to_owned(), operation.to_owned());
    }

    /// A job that needs no removal any more.
    pub(super) fn forget(&self, job: &str) {
        self.lock().remove(job);
    }

    /// Takes all jobs out: pairs of the operation and the name of the job.
    pub fn take(&self) -> Vec<(String, String)> {
        let jobs = std::mem::take(&mut *self.lock());
        jobs.into_iter()
            .map(|(job, operation)| (operation, job))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
