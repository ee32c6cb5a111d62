//! The workflow from end to end: an image is calibrated, then its brightest sources are looked up.

use common::load::{Closed, Schedule, Stop, Think, WarmUp};

use super::asking::What;
use super::{Measured, TestError};
use crate::subject::Bench;

/// Runs `workflow`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let profile = &bench.plan.profile;
    let submit = profile
        .workflow
        .as_ref()
        .and_then(|it| profile.operation(&it.submit));
    if !submit.is_some_and(|it| bench.scene.can_ask(it)) {
        let message = "the workflow needs images that the service has: `--fits DIR`";
        return Err(TestError::NotPossible(message.to_owned()));
    }
    let size = bench.plan.sizes.fits;
    let schedule = Schedule::Closed(Closed {
        users: size.users.min(2),
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::Iterations((size.iterations / 5).max(2)),
    });
    let tally = bench
        .measure(
            "workflow",
            What::Workflow,
            &schedule,
            WarmUp::None,
            measured,
        )
        .await;
    let description =
        "An image is calibrated, then its brightest sources are looked up in the catalogue.";
    let test = bench.result(
        "workflow",
        description,
        ("workflow", "sources found"),
        &tally,
    );
    measured.tests.push(test);
    Ok(())
}
