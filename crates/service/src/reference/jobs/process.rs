//! The work of a job: a raw FITS file becomes a calibrated one with a list of its sources.
//!
//! The file is read whole; every image of it is calibrated with the master frames of its camera (see
//! [`crate::calibration`]), its sources get positions by the world coordinates of the header, and the
//! result is written as one file: science, error and quality of each image, and the table of sources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::fits::{
    FitsError, Header, Image, ImageHdu, Instrument, MeasuredSource, Plane, Wcs, read_headers,
    read_images,
};
use common::units::{ms, nearest_f32, size_f64, size_u64};
use thiserror::Error;
use tokio::time::Instant;

use super::super::super::calibration::{
    self, Calibrated, CalibrationError, Detection, Detector, Steps, quality,
};
use super::masters::{Camera, MasterError, MasterSet, Masters};
use super::request::Wanted;
use super::result::Paths;
use super::trim::trim;

/// What a job brought.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) input_bytes: u64,
    pub(crate) output_bytes: u64,
    pub(crate) sources_found: u64,
    pub(crate) cosmic_ray_pixels: u64,
    /// Milliseconds of each step.
    pub(crate) steps: BTreeMap<&'static str, f64>,
    /// The calibrated image.
    pub(crate) image: PathBuf,
    /// The list of sources, JSON.
    pub(crate) sources: PathBuf,
}

/// Why a job failed.
#[derive(Debug, Error)]
pub(crate) enum JobError {
    /// Somebody cancelled it.
    #[error("cancelled")]
    Cancelled,
    /// The file of the image could not be read, or the result not be written.
    #[error("failed to {action}: {source}")]
    Io {
        action: &'static str,
        source: std::io::Error,
    },
    /// It is no FITS file that can be used.
    #[error(transparent)]
    Fits(#[from] FitsError),
    /// It has no image.
    #[error("the file has no image")]
    NoImage,
    /// The camera is none of those that master frames are made for.
    #[error(
        "there are no master frames of instrument `{0}`; switch dark and flat off to go without"
    )]
    UnknownCamera(String),
    /// Its files hold ramps of reads.
    #[error("{0} is read as ramps, which are not calibrated here")]
    Ramps(Instrument),
    /// There are no master frames.
    #[error(transparent)]
    Masters(#[from] MasterError),
    /// The calibration refused the image.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}

/// Detections that are not listed: cut by the edge, or on pixels without a value.
const SPOILT: u16 = quality::EDGE | quality::NO_VALUE;

/// Keywords of a raw image that do not hold for what is made of it.
const NOT_OF_THE_RESULT: [&str; 12] = [
    "EXTNAME", "EXTVER", "BSCALE", "BZERO", "CHECKSUM", "DATASUM", "DATASEC", "BIASSEC",
    "DATASEC1", "BIASSEC1", "DATASEC2", "BIASSEC2",
];

/// Raw values from which a pixel of a 16-bit converter is saturated, ADU.
const CONVERTER_ADU: f64 = 65_000.0;

/// Where jobs are done: the folder of results and the master frames.
pub(crate) struct Kitchen {
    results: PathBuf,
    masters: Masters,
}

/// What is gathered while the images are calibrated.
#[derive(Default)]
struct Gathered {
    hdus: Vec<ImageHdu>,
    sources: Vec<MeasuredSource>,
    cosmic_ray_pixels: u64,
    steps: BTreeMap<&'static str, f64>,
}

impl Gathered {
    fn add_time(&mut self, step: &'static str, begin: Instant) {
        *self.steps.entry(step).or_default() += ms(begin.elapsed());
    }
}

impl Kitchen {
    /// A kitchen that puts results into a folder.
    pub(crate) fn new(results: PathBuf, masters: Masters) -> Self {
        Self { results, masters }
    }

    /// Makes the master frames of a file's camera, so that the first job need not.
    pub(crate) fn warm(&self, input: &Path) -> Result<(), JobError> {
        let bytes = read(input)?;
        let primary = primary_of(&bytes)?;
        let sizes = sizes(&read_images(&bytes)?);
        let camera = camera_of(&primary, sizes)?;
        self.masters.of(&camera)?;
        Ok(())
    }

    /// Does the work of a job named `id`; `is_cancelled` is asked between the steps.
    pub(super) fn process(
        &self,
        id: &str,
        input: &Path,
        wanted: Wanted,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Outcome, JobError> {
        let go_on = || {
            if is_cancelled() {
                Err(JobError::Cancelled)
            } else {
                Ok(())
            }
        };
        let mut gathered = Gathered::default();
        let begin = Instant::now();
        let bytes = read(input)?;
        let primary = primary_of(&bytes)?;
        let images = read_images(&bytes)?;
        let input_bytes = size_u64(bytes.len());
        drop(bytes);
        gathered.add_time("readMs", begin);
        if images.is_empty() {
            return Err(JobError::NoImage);
        }
        go_on()?;
        let begin = Instant::now();
        let sets = self.masters_for(&primary, &images, wanted)?;
        gathered.add_time("mastersMs", begin);
        for (place, image) in images.into_iter().enumerate() {
            go_on()?;
            let masters = sets.as_ref().and_then(|sets| sets.get(place));
            calibrate(&primary, image, masters, wanted, &mut gathered)?;
        }
        go_on()?;
        let begin = Instant::now();
        let paths = Paths::of(&self.results, id);
        let written = paths.write(id, &primary, &gathered.hdus, &gathered.sources);
        gathered.add_time("writeMs", begin);
        let output_bytes = written.inspect_err(|_| paths.remove())?;
        Ok(Outcome {
            input_bytes,
            output_bytes,
            sources_found: size_u64(gathered.sources.len()),
            cosmic_ray_pixels: gathered.cosmic_ray_pixels,
            steps: gathered.steps,
            image: paths.image,
            sources: paths.sources,
        })
    }

    /// The master frames of a file; none where nothing of them is wanted and the camera is unknown.
    fn masters_for(
        &self,
        primary: &Header,
        images: &[Image],
        wanted: Wanted,
    ) -> Result<Option<std::sync::Arc<Vec<MasterSet>>>, JobError> {
        match camera_of(primary, sizes(images)) {
            Ok(camera) => Ok(Some(self.masters.of(&camera)?)),
            Err(JobError::UnknownCamera(_)) if !wanted.dark && !wanted.flat => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn read(input: &Path) -> Result<Vec<u8>, JobError> {
    std::fs::read(input).map_err(|source| JobError::Io {
        action: "read the image",
        source,
    })
}

fn primary_of(bytes: &[u8]) -> Result<Header, JobError> {
    let headers = read_headers(bytes)?;
    Ok(headers.into_iter().next().unwrap_or_default())
}

fn sizes(images: &[Image]) -> Vec<(usize, usize)> {
    images.iter().map(|it| (it.width, it.height)).collect()
}

/// The camera that a header names.
fn camera_of(primary: &Header, sizes: Vec<(usize, usize)>) -> Result<Camera, JobError> {
    let name = primary.str("INSTRUME").unwrap_or_default();
    let detector = primary.str("DETECTOR").unwrap_or_default();
    let instrument = match (name.as_str(), detector.as_str()) {
        ("WFC3", "UVIS") => Instrument::Wfc3Uvis,
        ("FORS2", _) => Instrument::Fors2,
        ("NIRI", _) => Instrument::Niri,
        ("GMOS-N", _) => Instrument::Gmos,
        ("DEIMOS", _) => Instrument::Deimos,
        ("WFC3", "IR") => return Err(JobError::Ramps(Instrument::Wfc3Ir)),
        ("MIRI", _) => return Err(JobError::Ramps(Instrument::Miri)),
        _ => return Err(JobError::UnknownCamera(name)),
    };
    // The second chip of FORS2 has a file of its own.
    let second = primary.str("EXTNAME").as_deref() == Some("CHIP2");
    Ok(Camera {
        instrument,
        file: if second { 2 } else { 1 },
        sizes,
    })
}

/// The value of a keyword in the image's header, else in the primary one.
fn value(primary: &Header, image: &Header, keyword: &str) -> Option<f64> {
    image.f64(keyword).or_else(|| primary.f64(keyword))
}

fn detector_of(primary: &Header, image: &Header) -> Result<Detector, FitsError> {
    let needed = |keyword: &str| match value(primary, image, keyword) {
        Some(value) => Ok(value),
        None => primary.require_f64(keyword),
    };
    // Coadds are summed before they are written.
    let coadds = value(primary, image, "COADDS").unwrap_or(1.0).max(1.0);
    Ok(Detector {
        gain_e_per_adu: nearest_f32(needed("GAIN")?),
        read_noise_e: nearest_f32(needed("RDNOISE")? * coadds.sqrt()),
        saturation_adu: nearest_f32(CONVERTER_ADU * coadds),
        exposure_s: nearest_f32(needed("EXPTIME")?),
    })
}

fn calibrate(
    primary: &Header,
    image: Image,
    masters: Option<&MasterSet>,
    wanted: Wanted,
    gathered: &mut Gathered,
) -> Result<(), JobError> {
    let header = image.header.clone();
    let detector = detector_of(primary, &header)?;
    let (raw, (columns, rows)) = trim(image);
    let frames = calibration::Masters {
        bias: masters.map(|it| &it.bias),
        dark_rate: masters.map(|it| &it.dark_rate),
        flat: masters.map(|it| &it.flat),
    };
    let steps = Steps {
        dark: wanted.dark,
        flat: wanted.flat,
        cosmic_rays: wanted.cosmic_rays,
        background: wanted.background,
        measure: wanted.measure,
    };
    let done = calibration::calibrate(&raw, &frames, &detector, steps)?;
    for (step, took) in [
        ("reduceMs", done.times.reduce),
        ("cosmicRaysMs", done.times.cosmic_rays),
        ("backgroundMs", done.times.background),
        ("measureMs", done.times.measure),
    ] {
        *gathered.steps.entry(step).or_default() += ms(took);
    }
    gathered.cosmic_ray_pixels += size_u64(done.cosmic_ray_pixels);
    let wcs = Wcs::from_header(&header).ok();
    let wcs = wcs.map(|wcs| wcs.shifted(size_f64(columns), size_f64(rows)));
    // The raw header's zero point is that of a count.
    let gain = f64::from(detector.gain_e_per_adu);
    let zero_point = value(primary, &header, "MAGZPT").map(|it| it + 2.5 * gain.log10());
    let measured = done.sources.iter().filter(|it| it.flags & SPOILT == 0);
    gathered
        .sources
        .extend(measured.map(|it| measure(it, wcs.as_ref(), zero_point)));
    let mut header = result_header(&header, wanted);
    if let Some(wcs) = wcs {
        wcs.write_to(&mut header);
    }
    if let Some(zero_point) = zero_point {
        header.set("MAGZPT", zero_point, "AB mag of one electron");
    }
    add_planes(&mut gathered.hdus, &header, done);
    Ok(())
}

fn measure(detection: &Detection, wcs: Option<&Wcs>, zero_point: Option<f64>) -> MeasuredSource {
    let position = wcs.map(|wcs| wcs.to_sky([detection.x, detection.y]));
    let mag = zero_point
        .filter(|_| detection.flux_e > 0.0)
        .map(|zero_point| zero_point - 2.5 * detection.flux_e.log10());
    MeasuredSource {
        x: detection.x,
        y: detection.y,
        ra_deg: position.map_or(f64::NAN, |it| it.ra_deg),
        dec_deg: position.map_or(f64::NAN, |it| it.dec_deg),
        flux: detection.flux_e,
        flux_error: detection.flux_error_e,
        mag: mag.unwrap_or(f64::NAN),
    }
}

/// What the header of a raw image has that holds for the result too, and what was done.
fn result_header(raw: &Header, wanted: Wanted) -> Header {
    let mut header = raw.without_structure();
    for keyword in NOT_OF_THE_RESULT {
        header.remove(keyword);
    }
    header.set("BUNIT", "ELECTRONS", "unit of the pixels");
    for (keyword, is_done) in [
        ("DARKCORR", wanted.dark),
        ("FLATCORR", wanted.flat),
        ("CRCORR", wanted.cosmic_rays),
    ] {
        header.set(keyword, if is_done { "COMPLETE" } else { "OMIT" }, "");
    }
    header
}

/// Adds science, error and quality of an image to those of the result.
fn add_planes(hdus: &mut Vec<ImageHdu>, header: &Header, done: Calibrated) {
    let version = u32::try_from(hdus.len() / 3 + 1).unwrap_or(u32::MAX);
    // Flags are 16 bits without a sign; the plane has one, so the bits stay as they are.
    let quality = done.quality.iter().map(|it| it.cast_signed()).collect();
    let (width, height) = (done.science.width, done.science.height);
    let planes = [
        ("SCI", Plane::F32(done.science.data)),
        ("ERR", Plane::F32(done.error.data)),
        ("DQ", Plane::I16(quality)),
    ];
    hdus.extend(planes.map(|(name, plane)| ImageHdu {
        name: name.to_owned(),
        version,
        width,
        height,
        plane,
        header: header.clone(),
    }));
}
