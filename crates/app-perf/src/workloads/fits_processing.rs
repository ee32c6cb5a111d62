//! Image-processing jobs from submission to completion.

use common::report::Limitation;
use service::profile::Group;

use super::asking::What;
use super::{Measured, TestError};
use crate::subject::Bench;

/// Runs `fits_processing`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let jobs = bench
        .plan
        .profile
        .group(Group::Processing)
        .filter(|it| it.job.is_some() && it.weight > 0.0);
    let (possible, impossible): (Vec<_>, Vec<_>) = jobs.partition(|it| bench.scene.can_ask(it));
    if possible.is_empty() {
        let message = "there are no images to process: `--fits DIR` names a folder of them";
        return Err(TestError::NotPossible(message.to_owned()));
    }
    for operation in impossible {
        let message = format!(
            "`{}` was left out: the keys of images in the object storage are not known (`--fits DIR` with files \
             that are there under the same names)",
            operation.name
        );
        measured
            .limitations
            .push(Limitation::of_test("left_out", "fits_processing", message));
    }
    let size = bench.plan.sizes.fits;
    let (schedule, warm_up) = Bench::closed(size);
    let what = What::Jobs(Group::Processing);
    let tally = bench
        .measure("fits_processing", what, &schedule, warm_up, measured)
        .await;
    let description = "Image-processing jobs from submission to completion; throughput in bytes that were really processed.";
    let test = bench.result("fits_processing", description, ("job", "images"), &tally);
    let without_bytes =
        tally.recorded.total.bytes == 0 && !tally.recorded.total.response.is_empty();
    if without_bytes {
        let message =
            "the service does not say how many bytes it processed: there is no throughput in MB/s";
        measured
            .limitations
            .push(Limitation::of_test("no_bytes", "fits_processing", message));
    }
    measured.tests.push(test);
    Ok(())
}
