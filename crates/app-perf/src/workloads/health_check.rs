//! Whether the service is well, asked by many at once as monitoring does.

use service::profile::Group;

use super::Measured;
use super::asking::What;
use crate::subject::Bench;

/// Runs `health_check`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) {
    let (schedule, warm_up) = bench.schedule(bench.plan.sizes.health);
    let what = What::Questions(Group::Health);
    let tally = bench
        .measure("health_check", what, &schedule, warm_up, measured)
        .await;
    let description = "The health of the service, asked by many at once.";
    let test = bench.result("health_check", description, ("request", "answers"), &tally);
    measured.tests.push(test);
}
