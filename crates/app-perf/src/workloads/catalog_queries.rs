//! Questions to the catalogue: those that end with their answer and those that are jobs. They are two
//! tests, since a percentile over both says nothing of either.

use service::profile::Group;

use super::Measured;
use super::asking::What;
use crate::subject::Bench;

/// Runs `catalog_queries`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) {
    let size = bench.plan.sizes.catalog;
    let (schedule, warm_up) = bench.schedule(size);
    let what = What::Questions(Group::Catalog);
    let tally = bench
        .measure("catalog_queries", what, &schedule, warm_up, measured)
        .await;
    let description =
        "Questions to the catalogue by weight, each kind a group of its own; answers are checked.";
    let test = bench.result("catalog_queries", description, ("request", "rows"), &tally);
    measured.tests.push(test);
}

/// Runs `async_queries`.
pub(super) async fn run_jobs(bench: &Bench, measured: &mut Measured) {
    let size = bench.plan.sizes.jobs;
    let (schedule, warm_up) = Bench::closed(size);
    let what = What::Jobs(Group::Catalog);
    let tally = bench
        .measure("async_queries", what, &schedule, warm_up, measured)
        .await;
    let description = "Questions to the catalogue as jobs, from submission to completion and the check of the result.";
    let test = bench.result("async_queries", description, ("job", "rows"), &tally);
    measured.tests.push(test);
}
