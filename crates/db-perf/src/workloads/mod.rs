//! The kinds of work that are measured: one file each.

mod bench;
mod bulk_insert;
mod complex_queries;
mod concurrent_load;
mod cone_search;
mod index_strategies;
mod session;

use common::report::{Limitation, TestResult};
use thiserror::Error;

pub use bench::Bench;
pub use cone_search::ConeTable;

use crate::args::TestName;
use crate::failure::describe;
use crate::plans::PlanShape;
use crate::target::ConnectError;

/// What the tests brought.
#[derive(Debug, Default)]
pub struct Measured {
    /// Entries of the report.
    pub tests: Vec<TestResult>,
    /// What the figures do not say.
    pub limitations: Vec<Limitation>,
    /// Plans of sampled queries with the test they belong to.
    pub plans: Vec<(String, PlanShape)>,
}

/// Why a test could not be run at all.
#[derive(Debug, Error)]
pub enum TestError {
    /// No session could be had.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server refused the preparation of the test.
    #[error("{}", describe(.0))]
    Server(#[from] tokio_postgres::Error),
    /// The catalogue cannot be read again.
    #[error(transparent)]
    Csv(#[from] crate::catalog::CsvError),
    /// Somebody stopped the run.
    #[error("interrupted")]
    Stopped,
}

/// Runs one test. What it has measured is in `measured` also when it ends with an error.
pub async fn run(test: TestName, bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    match test {
        TestName::ConeSearch => cone_search::run(bench, measured).await,
        TestName::IndexStrategies => index_strategies::run(bench, measured).await,
        TestName::BulkInsert => bulk_insert::run(bench, measured).await,
        TestName::ComplexQueries => complex_queries::run(bench, measured).await,
        TestName::ConcurrentLoad => concurrent_load::run(bench, measured).await,
    }
}
