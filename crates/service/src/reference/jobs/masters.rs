//! Master frames: made once for a camera from simulated bias, dark and flat frames, stored as FITS
//! files, and read from there when a job needs them.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use common::fits::{
    Exposure, FitsError, FrameKind, Header, ImageHdu, Instrument, Plane, read_headers, read_images,
    write_exposure, write_images,
};
use common::sky::Position;
use common::units::nearest_f32;
use thiserror::Error;

use super::super::super::calibration::Frame;
use super::trim::trim;

/// Frames that a master is the mean of.
const FRAMES: u32 = 3;

/// Exposure times of dark frames and of flat frames, s.
const DARK_S: f64 = 1200.0;
const FLAT_S: f64 = 10.0;

/// What sees less than this share of the brightest pixel of the lamp is no pixel that sees light.
const LIT: f32 = 0.3;

/// Which camera, which of the exposure's files, and the sizes of its images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Camera {
    pub(crate) instrument: Instrument,
    pub(crate) file: u32,
    pub(crate) sizes: Vec<(usize, usize)>,
}

/// Master frames of one image of a camera.
#[derive(Debug)]
pub(super) struct MasterSet {
    pub(super) bias: Frame,
    pub(super) dark_rate: Frame,
    pub(super) flat: Frame,
}

/// Why there are no master frames.
#[derive(Debug, Error)]
pub(crate) enum MasterError {
    /// No geometry of the camera gives images of these sizes.
    #[error("there are no master frames of {} for images of {}", .0.instrument, sizes(&.0.sizes))]
    NoneFit(Camera),
    /// FITS data could not be made or read.
    #[error(transparent)]
    Fits(#[from] FitsError),
    /// A file could not be read or written.
    #[error("failed to use master frames: {0}")]
    Io(#[from] std::io::Error),
}

fn sizes(sizes: &[(usize, usize)]) -> String {
    let sizes = sizes
        .iter()
        .map(|(width, height)| format!("{width} × {height}"));
    sizes.collect::<Vec<_>>().join(", ")
}

type Sets = Arc<Vec<MasterSet>>;

/// The master frames of all cameras that were asked for so far.
pub(crate) struct Masters {
    folder: PathBuf,
    seed: u64,
    /// The cutout that generated images have, which is tried before the whole detector.
    cutout: u32,
    known: Mutex<BTreeMap<Camera, Sets>>,
}

impl Masters {
    /// Master frames in a folder that exists.
    pub(crate) fn new(folder: PathBuf, seed: u64, cutout: u32) -> Self {
        Self {
            folder,
            seed,
            cutout,
            known: Mutex::default(),
        }
    }

    /// The master frames of a camera, one set for each of its images. The first to ask waits until
    /// they are made, and so do others meanwhile.
    pub(super) fn of(&self, camera: &Camera) -> Result<Sets, MasterError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sets) = known.get(camera) {
            return Ok(Arc::clone(sets));
        }
        let path = self.make(camera)?;
        let sets = Arc::new(read(&path)?);
        known.insert(camera.clone(), Arc::clone(&sets));
        Ok(sets)
    }

    /// Makes the master frames of a camera; gives their file.
    fn make(&self, camera: &Camera) -> Result<PathBuf, MasterError> {
        // Overscan makes one side longer than the cutout; the whole detector takes longest to try.
        let sides = camera
            .sizes
            .iter()
            .flat_map(|(width, height)| [*width, *height]);
        let mut sides: Vec<u32> = sides.filter_map(|it| u32::try_from(it).ok()).collect();
        sides.sort_unstable();
        sides.dedup();
        let cutouts = std::iter::once(self.cutout).chain(sides).map(Some);
        for cutout in cutouts.chain([None]) {
            let bias = self.exposure(camera, FrameKind::Bias, cutout);
            if sizes_of(&expose(&bias)?) == camera.sizes {
                return self.write(camera, cutout);
            }
        }
        Err(MasterError::NoneFit(camera.clone()))
    }

    fn exposure(&self, camera: &Camera, kind: FrameKind, cutout: Option<u32>) -> Exposure {
        let anywhere = Position::new(0.0, 0.0);
        let mut exposure = Exposure::new(camera.instrument, anywhere, self.seed);
        exposure.kind = kind;
        exposure.cutout = cutout;
        exposure.file = camera.file;
        exposure.cosmic_rays = false;
        exposure.exposure_s = match kind {
            FrameKind::Flat => FLAT_S,
            _ => DARK_S,
        };
        exposure
    }

    fn write(&self, camera: &Camera, cutout: Option<u32>) -> Result<PathBuf, MasterError> {
        let [bias, dark, flat] = [FrameKind::Bias, FrameKind::Dark, FrameKind::Flat]
            .map(|kind| self.exposure(camera, kind, cutout));
        // The three have nothing to do with each other; a panic of one is one of all.
        let (bias, dark, flat) = std::thread::scope(|scope| {
            let dark = scope.spawn(|| mean_of(&dark));
            let flat = scope.spawn(|| mean_of(&flat));
            let bias = mean_of(&bias);
            let joined = [dark, flat].map(|it| it.join().unwrap_or_else(|it| resume_unwind(it)));
            let [dark, flat] = joined;
            (bias, dark, flat)
        });
        let (bias, _, _) = bias?;
        let (dark, gain, dark_s) = dark?;
        let (flat, _, _) = flat?;
        let mut hdus = Vec::new();
        let lamp = lamp_level(&flat, &bias);
        for (version, ((bias, dark), flat)) in (1..).zip(bias.iter().zip(&dark).zip(&flat)) {
            let less = |frame: &Frame, scale: f32| {
                let pixels = frame.data.iter().zip(&bias.data);
                pixels.map(|(it, bias)| (it - bias) * scale).collect()
            };
            let dark_rate: Vec<f32> = less(dark, nearest_f32(gain / dark_s));
            let flat: Vec<f32> = less(flat, 1.0 / lamp);
            let planes = [
                ("BIAS", bias.data.clone()),
                ("DARKRATE", dark_rate),
                ("FLAT", flat),
            ];
            hdus.extend(planes.map(|(name, plane)| ImageHdu {
                name: name.to_owned(),
                version,
                width: bias.width,
                height: bias.height,
                plane: Plane::F32(plane),
                header: Header::new(),
            }));
        }
        let name = format!(
            "master-{}-{}-{}.fits",
            camera.instrument,
            camera.file,
            cutout.map_or_else(|| "full".to_owned(), |it| it.to_string())
        );
        let path = self.folder.join(name);
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let mut primary = Header::new();
        primary.set("ORIGIN", "astro-perf", "simulated data");
        primary.set("NCOMBINE", FRAMES, "frames that each master is the mean of");
        write_images(&mut file, &primary, &hdus, None, false)?;
        file.flush()?;
        Ok(path)
    }
}

/// A file of one exposure.
fn expose(exposure: &Exposure) -> Result<Vec<u8>, FitsError> {
    let mut file = Cursor::new(Vec::new());
    write_exposure(exposure, &[], &mut file)?;
    Ok(file.into_inner())
}

/// The sizes of the images of a file, as far as its headers tell.
fn sizes_of(bytes: &[u8]) -> Vec<(usize, usize)> {
    let images = read_images(bytes).unwrap_or_default();
    images.iter().map(|it| (it.width, it.height)).collect()
}

/// The mean of some exposures, one frame for each image, with gain and exposure time.
fn mean_of(exposure: &Exposure) -> Result<(Vec<Frame>, f64, f64), FitsError> {
    let mut sums: Vec<Frame> = Vec::new();
    let (mut gain, mut seconds) = (1.0, 1.0);
    let mut exposure = exposure.clone();
    for _ in 0..FRAMES {
        let bytes = expose(&exposure)?;
        let images = read_images(&bytes)?;
        if sums.is_empty() {
            let headers = read_headers(&bytes)?;
            let header = headers.first().cloned().unwrap_or_default();
            gain = header.require_f64("GAIN")?;
            seconds = header.f64("EXPTIME").unwrap_or(0.0);
            sums = images.into_iter().map(|it| trim(it).0).collect();
        } else {
            for (sum, image) in sums.iter_mut().zip(images) {
                for (sum, pixel) in sum.data.iter_mut().zip(trim(image).0.data) {
                    *sum += pixel;
                }
            }
        }
        exposure = exposure.following();
    }
    let share = 1.0 / nearest_f32(f64::from(FRAMES));
    for pixel in sums.iter_mut().flat_map(|it| &mut it.data) {
        *pixel *= share;
    }
    Ok((sums, gain, seconds))
}

/// The mean of the lit pixels above the bias.
fn lamp_level(flat: &[Frame], bias: &[Frame]) -> f32 {
    let above = || {
        let frames = flat.iter().zip(bias);
        frames.flat_map(|(flat, bias)| flat.data.iter().zip(&bias.data).map(|(a, b)| a - b))
    };
    let brightest = above().fold(0.0_f32, f32::max);
    let (mut sum, mut count) = (0.0_f64, 0_u64);
    for pixel in above().filter(|it| *it > LIT * brightest) {
        sum += f64::from(pixel);
        count += 1;
    }
    nearest_f32(sum / common::units::count_f64(count.max(1)))
}

fn read(path: &Path) -> Result<Vec<MasterSet>, MasterError> {
    let images = read_images(&std::fs::read(path)?)?;
    let mut frames = images.into_iter().map(|it| trim(it).0);
    let mut sets = Vec::new();
    while let (Some(bias), Some(dark_rate), Some(flat)) =
        (frames.next(), frames.next(), frames.next())
    {
        sets.push(MasterSet {
            bias,
            dark_rate,
            flat,
        });
    }
    Ok(sets)
}
