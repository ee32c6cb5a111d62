//! Targets with the right answers where the catalogue is known.

use common::report::Limitation;
use common::sky::{Cone, Position, TargetSampler};
use db_perf::catalog::{CsvFile, Reservoir};
use db_perf::cone::Oracle;
use tokio_util::sync::CancellationToken;

use super::{SceneOptions, SettingError};
use crate::profile::Profile;
use crate::reference::Reference;
use crate::session::{Asked, CountRange};

/// Positions of a catalogue that targets follow.
const SAMPLE: usize = 10_000;

/// Draws the targets of the run.
pub(super) async fn targets(
    profile: &Profile,
    reference: Option<&Reference>,
    options: &SceneOptions,
    stop: &CancellationToken,
    limitations: &mut Vec<Limitation>,
) -> Result<Vec<Asked>, SettingError> {
    let file = options.catalog.as_ref().map(|path| CsvFile {
        path: path.clone(),
        ra: None,
        dec: None,
        mag: None,
    });
    let sample = match (reference, &file) {
        (_, Some(file)) => sample_of(file, options.seed)?,
        (Some(reference), None) => reference.sample(),
        (None, None) => Vec::new(),
    };
    let mut sampler = TargetSampler::new(options.seed, sample, options.radii);
    let targets: Vec<_> = (0..options.targets)
        .map(|_| sampler.next_target())
        .collect();
    let cones: Vec<Cone> = targets.iter().map(|it| it.cone).collect();
    let counts: Option<Vec<CountRange>> = match (reference, file) {
        (_, Some(file)) => Some(count(file, cones, stop).await?),
        (Some(reference), None) => {
            // Rims are taken as inside or outside: rows there differ by rounding only.
            let counts = reference.expected(cones).await;
            (counts.len() == targets.len()).then(|| {
                counts
                    .into_iter()
                    .map(|count| CountRange {
                        low: count,
                        high: count,
                    })
                    .collect()
            })
        }
        (None, None) => None,
    };
    let asks_for_counts = profile
        .operations
        .iter()
        .any(|it| it.call.success.count_cone);
    if counts.is_none() && asks_for_counts {
        let message = "the number of rows in an answer was not compared with the catalogue, which is not known: \
                       `--catalog FILE` gives it";
        limitations.push(Limitation::of_run("counts_not_checked", message));
    }
    let expected = |place: usize| counts.as_ref().map(|it| it[place]);
    Ok(targets
        .into_iter()
        .enumerate()
        .map(|(place, target)| Asked {
            target,
            expected: expected(place),
        })
        .collect())
}

fn sample_of(file: &CsvFile, seed: u64) -> Result<Vec<Position>, SettingError> {
    let mut reservoir = Reservoir::new(SAMPLE, seed);
    for row in file.open()? {
        reservoir.offer(row.position);
    }
    Ok(reservoir.into_items())
}

/// Counts the rows of a file in each cone.
async fn count(
    file: CsvFile,
    cones: Vec<Cone>,
    stop: &CancellationToken,
) -> Result<Vec<CountRange>, SettingError> {
    let pass = tokio::task::spawn_blocking(move || -> Result<Vec<CountRange>, SettingError> {
        let mut oracle = Oracle::new(cones);
        for row in file.open()? {
            oracle.observe(row.position);
        }
        let range = |it: &db_perf::cone::Expected| {
            let (low, high) = it.count_range();
            CountRange { low, high }
        };
        Ok(oracle.finish().iter().map(range).collect())
    });
    tokio::select! {
        joined = pass => joined.expect("the pass does not panic"),
        () = stop.cancelled() => Err(SettingError::Stopped),
    }
}
