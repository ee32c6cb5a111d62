//! Images that can be named to a service or uploaded.

use std::path::Path;

use bytes::Bytes;
use common::fits::{Exposure, Instrument, write_exposure};
use common::sky::Position;
use common::units::size_u64;

use super::{SceneOptions, SettingError};
use crate::profile::{Profile, RequestTemplate};
use crate::reference::Reference;
use crate::session::FitsFile;

/// All images together are kept in memory.
const MOST_IMAGE_BYTES: u64 = 1 << 30;
/// Images that are made for uploads where none are given.
const OWN_IMAGES: u32 = 4;

/// Images that can be named or uploaded.
pub(super) struct Images {
    pub(super) keys: Vec<String>,
    pub(super) files: Vec<FitsFile>,
}

/// Images of the user's folder, or of our own making.
pub(super) fn images(
    profile: &Profile,
    reference: Option<&Reference>,
    options: &SceneOptions,
) -> Result<Images, SettingError> {
    let uses = |wanted: fn(&RequestTemplate) -> bool| {
        profile.operations.iter().any(|it| wanted(&it.call.request))
    };
    let uploads = uses(RequestTemplate::uploads_fits);
    if let Some(folder) = &options.fits {
        let files = read_folder(folder)?;
        return Ok(Images {
            keys: files.iter().map(|it| it.name.clone()).collect(),
            files,
        });
    }
    let files = if uploads {
        own_images(options.seed, options.image_size)?
    } else {
        Vec::new()
    };
    Ok(Images {
        keys: reference.map(Reference::input_keys).unwrap_or_default(),
        files,
    })
}

/// Images of different instruments, without stars of the catalogue: what an upload needs.
fn own_images(seed: u64, size: u32) -> Result<Vec<FitsFile>, SettingError> {
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

fn read_folder(folder: &Path) -> Result<Vec<FitsFile>, SettingError> {
    let wrong = SettingError::Folder;
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
