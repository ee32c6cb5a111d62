//! The kinds of work that are measured: one file each.

mod asking;
mod catalog_queries;
mod find_limit;
mod fits_processing;
mod health_check;
mod mixed_workload;
mod workflow;

use common::report::{Limitation, TestResult};
use thiserror::Error;

pub(crate) use asking::{Asking, What, labels};
pub(crate) use find_limit::find_limit;

use crate::args::TestName;
use crate::subject::Bench;

/// What the tests brought.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    /// Entries of the report.
    pub(crate) tests: Vec<TestResult>,
    /// What the figures do not say.
    pub(crate) limitations: Vec<Limitation>,
}

/// Why a test could not be run at all.
#[derive(Debug, Error)]
pub(crate) enum TestError {
    /// Something that the test needs is not there.
    #[error("{0}")]
    NotPossible(String),
    /// Somebody stopped the run.
    #[error("interrupted")]
    Stopped,
}

/// Runs one test. What it has measured is in `measured` also when it ends with an error.
pub(crate) async fn run(
    test: TestName,
    bench: &Bench,
    measured: &mut Measured,
) -> Result<(), TestError> {
    if bench.stop.is_cancelled() {
        return Err(TestError::Stopped);
    }
    match test {
        TestName::HealthCheck => health_check::run(bench, measured).await,
        TestName::FitsProcessing => fits_processing::run(bench, measured).await?,
        TestName::CatalogQueries => catalog_queries::run(bench, measured).await,
        TestName::AsyncQueries => catalog_queries::run_jobs(bench, measured).await,
        TestName::MixedWorkload => mixed_workload::run(bench, measured).await,
        TestName::Workflow => workflow::run(bench, measured).await?,
    }
    Ok(())
}
