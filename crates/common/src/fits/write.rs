//! Writing an exposure: the HDUs of each instrument's files, filled strip by strip.

use std::io::{Seek, Write};

use super::camera::{Camera, Fallen, Known, Strip};
use super::error::FitsError;
use super::exposure::Exposure;
use super::geometry::Segment;
use super::hdu::{Output, Pixels};
use super::header::Header;
use super::instrument::{FrameKind, Instrument, Product};
use super::layout::plans;
use super::number::{to_f32, to_i32, to_u16};
use super::scene::Star;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Length of the file.
    pub bytes: u64,
    /// HDUs, the primary one and those without data included.
    pub hdus: u32,
    /// Pixels of all images.
    pub pixels: u64,
    /// Stars whose middle lies on a detector.
    pub stars_in_image: u64,
    /// Cosmic rays that fell, and pixels that they hit.
    pub cosmic_rays: u64,
    /// Pixels hit by cosmic rays.
    pub cosmic_ray_pixels: u64,
}

/// Writes one exposure where the sink stands and leaves it at the end of the file.
///
/// Pixels are made and written in strips, each to its place in the file, so memory does not grow with
/// the file: about 20 MB, and the compressed bytes of one detector where `compress` is set. Stars
/// outside the field and, in calibration frames, all stars are left out.
///
/// # Errors
///
/// [`Exposure::check`] turns the exposure away, or the sink fails.
pub fn write_exposure(
    exposure: &Exposure,
    stars: &[Star],
    out: impl Write + Seek,
) -> Result<Written, FitsError> {
    exposure.check()?;
    let camera = Camera::new(exposure);
    let mut output = Output::new(out, exposure.compress)?;
    let segments = exposure.segments();
    let primary_image = exposure.instrument == Instrument::Fors2;
    if !primary_image || exposure.compress {
        let mut header = camera.primary_header();
        header.remove("EXTNAME");
        output.empty(true, &header)?;
    }
    let mut fallen = Fallen::default();
    for segment in &segments {
        let more = write_segment(&camera, segment, stars, &mut output)?;
        fallen.stars += more.stars;
        fallen.events += more.events;
        fallen.pixels_hit += more.pixels_hit;
    }
    if exposure.instrument == Instrument::Miri {
        let (header, data) = asdf(exposure);
        output.whole(header.cards(), &data)?;
    }
    let written = Written {
        bytes: output.bytes(),
        hdus: output.hdus,
        pixels: output.pixels,
        stars_in_image: fallen.stars,
        cosmic_rays: fallen.events,
        cosmic_ray_pixels: fallen.pixels_hit,
    };
    output.finish()?;
    Ok(written)
}

fn write_segment<W: Write + Seek>(
    camera: &Camera<'_>,
    segment: &Segment,
    stars: &[Star],
    output: &mut Output<W>,
) -> Result<Fallen, FitsError> {
    output.open(plans(camera, segment))?;
    let exposure = camera.exposure;
    let calibrated = exposure.product == Product::Calibrated;
    let fallen = camera.expose(segment, stars, |strip| {
        match (exposure.instrument, calibrated) {
            (Instrument::Wfc3Uvis, true) => uvis(camera, strip, output),
            (Instrument::Wfc3Ir, true) => ir(camera, strip, output),
            (Instrument::Miri, true) => miri(camera, strip, output),
            (Instrument::Wfc3Ir, false) => {
                let reads = camera.readout.reads();
                // The last read comes first; each has four null arrays after it.
                (0..reads).try_for_each(|read| {
                    let image = 5 * (reads - 1 - read);
                    put_counts(camera, (image, 0), &strip.counts[read], strip, output)
                })
            }
            (Instrument::Miri, false) => {
                strip
                    .counts
                    .iter()
                    .enumerate()
                    .try_for_each(|(read, counts)| {
                        put_counts(camera, (0, read), counts, strip, output)
                    })
            }
            _ if calibrated => {
                let counts: Vec<f64> = science(camera, strip)
                    .map(|pixel| {
                        if pixel.known.lit {
                            pixel.electrons / camera.detector.gain
                        } else {
                            0.0
                        }
                    })
                    .collect();
                put_counts(camera, (0, 0), &counts, strip, output)
            }
            _ => put_counts(camera, (0, 0), &strip.counts[0], strip, output),
        }
    })?;
    output.close()?;
    Ok(fallen)
}

/// Puts counts as the integers that the instrument's files have.
fn put_counts<W: Write + Seek>(
    camera: &Camera<'_>,
    (image, plane): (usize, usize),
    counts: &[f64],
    strip: &Strip,
    output: &mut Output<W>,
) -> Result<(), FitsError> {
    if camera.exposure.instrument == Instrument::Niri {
        let pixels: Vec<i32> = counts.iter().map(|&value| to_i32(value)).collect();
        return output.put(image, plane, strip.first_row, Pixels::I32(&pixels));
    }
    let pixels: Vec<u16> = counts.iter().map(|&value| to_u16(value)).collect();
    output.put(image, plane, strip.first_row, Pixels::U16(&pixels))
}

/// A pixel without the detector's signature.
struct Pixel {
    /// e- of the whole exposure.
    electrons: f64,
    /// Variances from shot noise and from reading, e-^2.
    shot: f64,
    read: f64,
    known: Known,
}

fn science<'a>(camera: &'a Camera<'_>, strip: &'a Strip) -> impl Iterator<Item = Pixel> + 'a {
    strip.counts[0]
        .iter()
        .zip(&strip.known)
        .map(|(counts, known)| {
            let collected = (counts - known.bias) * camera.detector.gain;
            let scale = 1.0 / known.response;
            Pixel {
                electrons: (collected - known.dark) * scale,
                shot: collected.max(0.0) * scale * scale,
                read: camera.noise * camera.noise * scale * scale,
                known: *known,
            }
        })
}

/// WFC3's data-quality flags.
fn wfc3_flags(known: &Known) -> i16 {
    let flag = |set: bool, value: i16| if set { value } else { 0 };
    flag(known.hot, 16) | flag(known.saturated, 256) | flag(known.hit, 8192)
}

fn uvis<W: Write + Seek>(
    camera: &Camera<'_>,
    strip: &Strip,
    output: &mut Output<W>,
) -> Result<(), FitsError> {
    let mut planes = (Vec::new(), Vec::new(), Vec::new());
    for pixel in science(camera, strip) {
        planes.0.push(to_f32(pixel.electrons));
        planes.1.push(to_f32((pixel.shot + pixel.read).sqrt()));
        planes.2.push(wfc3_flags(&pixel.known));
    }
    output.put(0, 0, strip.first_row, Pixels::F32(&planes.0))?;
    output.put(1, 0, strip.first_row, Pixels::F32(&planes.1))?;
    output.put(2, 0, strip.first_row, Pixels::I16(&planes.2))
}

fn ir<W: Write + Seek>(
    camera: &Camera<'_>,
    strip: &Strip,
    output: &mut Output<W>,
) -> Result<(), FitsError> {
    let seconds = camera.readout.seconds;
    let mut planes = (Vec::new(), Vec::new(), Vec::new());
    for pixel in science(camera, strip) {
        planes.0.push(to_f32(pixel.electrons / seconds));
        let error = (pixel.shot + pixel.read).sqrt();
        planes.1.push(to_f32(error / seconds));
        planes.2.push(wfc3_flags(&pixel.known));
    }
    let samples = vec![16_i16; planes.0.len()];
    let times = vec![to_f32(seconds); planes.0.len()];
    output.put(0, 0, strip.first_row, Pixels::F32(&planes.0))?;
    output.put(1, 0, strip.first_row, Pixels::F32(&planes.1))?;
    output.put(2, 0, strip.first_row, Pixels::I16(&planes.2))?;
    output.put(3, 0, strip.first_row, Pixels::I16(&samples))?;
    output.put(4, 0, strip.first_row, Pixels::F32(&times))
}

/// Relative error of the flat field, as the variance of MIRI's files has it.
const FLAT_ERROR: f64 = 0.002;

fn miri<W: Write + Seek>(
    camera: &Camera<'_>,
    strip: &Strip,
    output: &mut Output<W>,
) -> Result<(), FitsError> {
    let scale = camera.megajansky_per_sr() / camera.readout.seconds;
    let mut planes: [Vec<f32>; 6] = Default::default();
    let mut flags = Vec::new();
    for pixel in science(camera, strip) {
        let known = &pixel.known;
        let flag = |set: bool, value: u32| if set { value } else { 0 };
        // Reference pixels are not to be used.
        flags.push(
            flag(known.saturated, 2)
                | flag(known.hit, 4)
                | flag(known.hot, 2048)
                | flag(!known.lit, 0x8000_0001),
        );
        let values = if known.lit {
            let value = pixel.electrons * scale;
            let flat = FLAT_ERROR * value;
            let (shot, read) = (pixel.shot * scale * scale, pixel.read * scale * scale);
            let error = (shot + read + flat * flat).sqrt();
            [value, error, 1.0, shot, read, flat * flat]
        } else {
            [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
        };
        for (plane, value) in planes.iter_mut().zip(values) {
            plane.push(to_f32(value));
        }
    }
    let [value, error, rest @ ..] = &planes;
    output.put(0, 0, strip.first_row, Pixels::F32(value))?;
    output.put(1, 0, strip.first_row, Pixels::F32(error))?;
    output.put(2, 0, strip.first_row, Pixels::U32(&flags))?;
    for (image, plane) in (3..).zip(rest) {
        output.put(image, 0, strip.first_row, Pixels::F32(plane))?;
    }
    Ok(())
}

/// JWST's extension with the metadata tree, as a table of one row.
fn asdf(exposure: &Exposure) -> (Header, Vec<u8>) {
    let kind = match exposure.kind {
        FrameKind::Science => "MIR_IMAGE",
        _ => "MIR_DARKIMG",
    };
    let text = format!(
        "#ASDF 1.0.0\n#ASDF_STANDARD 1.5.0\n%YAML 1.1\n%TAG ! tag:stsci.edu:asdf/\n\
         --- !core/asdf-1.1.0\nmeta:\n  telescope: JWST\n  filename: {}\n  \
         instrument: {{name: MIRI, detector: MIRIMAGE, filter: {}}}\n  \
         exposure: {{type: {kind}, exposure_time: {:?}}}\n...\n",
        exposure.file_name(),
        exposure.filter,
        exposure.exposure_s
    );
    let mut header = Header::new();
    header.set("XTENSION", "BINTABLE", "binary table extension");
    header.set("BITPIX", 8, "");
    header.set("NAXIS", 2, "");
    header.set("NAXIS1", text.len(), "");
    header.set("NAXIS2", 1, "");
    header.set("PCOUNT", 0, "");
    header.set("GCOUNT", 1, "");
    header.set("TFIELDS", 1, "");
    header.set("TTYPE1", "ASDF_METADATA", "");
    header.set("TFORM1", format!("{}B", text.len()), "");
    header.set("EXTNAME", "ASDF", "");
    (header, text.into_bytes())
}
