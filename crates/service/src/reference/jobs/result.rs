//! The files of a result: the calibrated image with its table of sources, and the same list as JSON.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use common::fits::{Header, ImageHdu, MeasuredSource, SourceTable, write_images};
use serde::Serialize;

use super::process::JobError;

/// The list of sources, as it is given out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceList<'a> {
    job_id: &'a str,
    count: usize,
    ra: Option<f64>,
    dec: Option<f64>,
    sources: Vec<Listed>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    x: f64,
    y: f64,
    ra: Option<f64>,
    dec: Option<f64>,
    flux: f64,
    flux_error: f64,
    magnitude: Option<f64>,
}

/// The files of a result.
pub(super) struct Paths {
    /// The calibrated image.
    pub(super) image: PathBuf,
    /// The list of sources, JSON.
    pub(super) sources: PathBuf,
}

impl Paths {
    /// Those of a job in the folder of results.
    pub(super) fn of(folder: &Path, id: &str) -> Self {
        Self {
            image: folder.join(format!("{id}.fits")),
            sources: folder.join(format!("{id}.json")),
        }
    }

    /// Writes both; gives the bytes of the image.
    pub(super) fn write(
        &self,
        id: &str,
        primary: &Header,
        images: &[ImageHdu],
        sources: &[MeasuredSource],
    ) -> Result<u64, JobError> {
        let failed = |source| JobError::Io {
            action: "write the result",
            source,
        };
        let mut primary = primary.clone();
        primary.set("ASTROJOB", id, "job that made this");
        let table = SourceTable {
            sources,
            flux_unit: "electron",
        };
        let file = std::fs::File::create(&self.image).map_err(failed)?;
        let mut file = BufWriter::new(file);
        let bytes = write_images(&mut file, &primary, images, Some(table), false)?;
        file.flush().map_err(failed)?;
        let list = SourceList {
            job_id: id,
            count: sources.len(),
            ra: primary.f64("RA"),
            dec: primary.f64("DEC"),
            sources: sources.iter().map(Listed::from).collect(),
        };
        let file = std::fs::File::create(&self.sources).map_err(failed)?;
        let mut file = BufWriter::new(file);
        serde_json::to_writer(&mut file, &list).map_err(|error| failed(error.into()))?;
        file.flush().map_err(failed)?;
        Ok(bytes)
    }

    /// Removes what there is of them.
    pub(super) fn remove(&self) {
        for path in [&self.image, &self.sources] {
            // What was not begun is not there.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl From<&MeasuredSource> for Listed {
    fn from(source: &MeasuredSource) -> Self {
        let known = |value: f64| value.is_finite().then_some(value);
        Self {
            x: source.x,
            y: source.y,
            ra: known(source.ra_deg),
            dec: known(source.dec_deg),
            flux: source.flux,
            flux_error: source.flux_error,
            magnitude: known(source.mag),
        }
    }
}
