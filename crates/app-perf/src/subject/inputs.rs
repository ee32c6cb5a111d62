//! What users ask for: targets with the right answers where the catalogue is known, and images.

use std::path::Path;

use bytes::Bytes;
use common::fits::{Exposure, Instrument, write_exposure};
use common::report::Limitation;
use common::sky::{Cone, Position, TargetSampler};
use common::units::size_u64;
use db_perf::catalog::{CsvFile, Reservoir};
use db_perf::cone::Oracle;
use service::reference::Reference;
use service::session::{Asked, CountRange, FitsFile};
use tokio_util::sync::CancellationToken;

use crate::plan::{Mistake, Plan};
use crate::trouble::Trouble;

/// Positions of a catalogue that targets follow.
const SAMPLE: usize = 10_000;
/// All images together are kept in memory.
const MOST_IMAGE_BYTES: u64 = 1 << 30;
/// Images that are made for uploads where none are given.
const OWN_IMAGES: u32 = 4;

/// Draws the targets of the run.
pub(super) async fn targets(
    plan: &Plan,
    reference: Option<&Reference>,
    stop: &CancellationToken,
    limitations: &mut Vec<Limitation>,
) -> Result<Vec<Asked>, Trouble> {
    let file = plan.catalog.as_ref().map(|path| CsvFile {
        path: path.clone(),
        ra: None,
        dec: None,
        mag: None,
    });
    let sample = match (reference, &file) {
        (_, Some(file)) => sample_of(file, plan.seed)?,
        (Some(reference), None) => reference.sample(),
        (None, None) => Vec::new(),
    };
    let mut sampler = TargetSampler::new(plan.seed, sample, plan.radii);
    let targets: Vec<_> = (0..plan.sizes.targets)
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
    let asks_for_counts = plan
        .profile
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

fn sample_of(file: &CsvFile, seed: u64) -> Result<Vec<Position>, Trouble> {
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
) -> Result<Vec<CountRange>, Trouble> {
    let pass = tokio::task::spawn_blocking(move || -> Result<Vec<CountRange>, Trouble> {
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
        () = stop.cancelled() => Err(Trouble::Interrupted),
    }
}

/// Images that can be named or uploaded.
pub(super) struct Images {
    pub(super) keys: Vec<String>,
    pub(super) files: Vec<FitsFile>,
}

/// Images of the user's folder, or of our own making.
pub(super) fn images(plan: &Plan, reference: Option<&Reference>) -> Result<Images, Trouble> {
    let uses = |wanted: fn(&service::profile::RequestTemplate) -> bool| {
        plan.profile
            .operations
            .iter()
            .any(|it| wanted(&it.call.request))
    };
    let uploads = uses(service::profile::RequestTemplate::uploads_fits);
    if let Some(folder) = &plan.fits {
        let files = read_folder(folder)?;
        return Ok(Images {
            keys: files.iter().map(|it| it.name.clone()).collect(),
            files,
        });
    }
    let size = plan.reference.as_ref().map_or(512, |it| it.image_size);
    let files = if uploads {
        own_images(plan.seed, size)?
    } else {
        Vec::new()
    };
    Ok(Images {
        keys: reference.map(Reference::input_keys).unwrap_or_default(),
        files,
    })
}

/// Images of different instruments, without stars of the catalogue: what an upload needs.
fn own_images(seed: u64, size: u32) -> Result<Vec<FitsFile>, Trouble> {
    // Cameras with one read of the detector an exposure; ramps are another kind of pipeline.
    let instruments = [Instrument::Fors2, Instrument::Gmos];
    let pointing = Position::new(83.822_08, -5.391_11);
    (0..OWN_IMAGES)
        .zip(instruments.iter().cycle())
        .map(|(sequence, instrument)| {
            let exposure = Exposure {
                cutout: Some(size),
                sequence: sequence + 1,
                ..Exposure::new(*instrument, pointing, seed)
            };
            let mut bytes = std::io::Cursor::new(Vec::new());
            write_exposure(&exposure, &[], &mut bytes)?;
            Ok(FitsFile {
                name: exposure.file_name(),
                bytes: Bytes::from(bytes.into_inner()),
            })
        })
        .collect()
}

fn read_folder(folder: &Path) -> Result<Vec<FitsFile>, Trouble> {
    let wrong =
        |message: String| Trouble::Mistakes(vec![Mistake::new(format!("`--fits`: {message}"))]);
    let failed = |path: &Path, error: std::io::Error| {
        wrong(format!("failed to read `{}`: {error}", path.display()))
    };
    let mut files = Vec::new();
    let mut total = 0;
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| failed(folder, error))?
        .filter_map(|it| it.ok().map(|it| it.path()))
        .filter(|it| is_fits(it))
        .collect();
    paths.sort();
    for path in paths {
        total += std::fs::metadata(&path)
            .map_err(|error| failed(&path, error))?
            .len();
        if total > MOST_IMAGE_BYTES {
            return Err(wrong(format!(
                "the files are larger than {} MiB together, which are kept in memory: take a folder with fewer",
                MOST_IMAGE_BYTES >> 20
            )));
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, error))?;
        if !bytes.starts_with(b"SIMPLE  =") || !size_u64(bytes.len()).is_multiple_of(2880) {
            return Err(wrong(format!("`{}` is no FITS file", path.display())));
        }
        let name = path.file_name().map(|it| it.to_string_lossy().into_owned());
        files.push(FitsFile {
            name: name.unwrap_or_default(),
            bytes: Bytes::from(bytes),
        });
    }
    if files.is_empty() {
        return Err(wrong(format!(
            "there are no FITS files (.fits, .fit, .fz) in `{}`",
            folder.display()
        )));
    }
    Ok(files)
}

fn is_fits(path: &Path) -> bool {
    let ending = path
        .extension()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    ["fits", "fit", "fz"]
        .iter()
        .any(|it| ending.eq_ignore_ascii_case(it))
}
