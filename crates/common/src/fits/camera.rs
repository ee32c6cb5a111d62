//! From light to counts: shot noise, dark current, cosmic rays, read noise, the converter; row by row.

use core::ops::Range;

use super::cosmic::{Hit, Shower};
use super::detector::{Detector, PatternRow};
use super::error::FitsError;
use super::exposure::Exposure;
use super::geometry::{Frame, Run, Segment};
use super::instrument::{FrameKind, Instrument, Product};
use super::number::{to_i32, to_u16};
use super::psf::Psf;
use super::readout::Readout;
use super::scene::{Scene, Star};
use crate::sky::{Purpose, Stream, dex};
use crate::units::{count_f64, size_u64};

/// Pixels, over all reads, that a strip holds at most.
const STRIP_PIXELS: usize = 1 << 18;
/// A flat field fills this share of what the converter and the well hold.
const LAMP: f64 = 0.4;
/// Dark current above which a pixel is called hot, e- per second above the mean.
const HOT: f64 = 0.05;

/// What is known of a pixel besides its counts, for calibration.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of its own in the files"
)]
pub(crate) struct Known {
    /// DN.
    pub(crate) bias: f64,
    /// e- of the whole exposure.
    pub(crate) dark: f64,
    pub(crate) response: f64,
    pub(crate) lit: bool,
    pub(crate) hit: bool,
    pub(crate) hot: bool,
    pub(crate) saturated: bool,
}

const UNLIT: Known = Known {
    bias: 0.0,
    dark: 0.0,
    response: 1.0,
    lit: false,
    hit: false,
    hot: false,
    saturated: false,
};

/// Some rows of the stored image.
pub(crate) struct Strip {
    pub(crate) first_row: usize,
    pub(crate) rows: usize,
    /// DN by read, then by row.
    pub(crate) counts: Vec<Vec<f64>>,
    /// Of a calibrated product only.
    pub(crate) known: Vec<Known>,
}

/// What fell on a segment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fallen {
    pub(crate) stars: u64,
    pub(crate) events: u64,
    pub(crate) pixels_hit: u64,
}

/// A camera set up for an exposure.
pub(crate) struct Camera<'a> {
    pub(crate) exposure: &'a Exposure,
    pub(crate) detector: Detector,
    pub(crate) frame: Frame,
    pub(crate) readout: Readout,
    /// e- of one read, or of the fit of a ramp.
    pub(crate) noise: f64,
    pub(crate) fwhm_arcsec: f64,
    /// e- of the whole exposure in one pixel.
    background: f64,
}

impl<'a> Camera<'a> {
    pub(crate) fn new(exposure: &'a Exposure) -> Self {
        let instrument = exposure.instrument;
        let detector = instrument.detector();
        let frame = exposure.frame();
        let (rate, wavelength) = instrument.filter(&exposure.filter).map_or((0.0, 0.5), |f| {
            let area = frame.scale_arcsec * frame.scale_arcsec;
            // Light of the night sky arises in the atmosphere, so it is measured as seen.
            (dex(0.4 * (f.zero_point - f.sky)) * area, f.wavelength_um)
        });
        let airmass = exposure.airmass().unwrap_or(1.0);
        let seconds = match exposure.kind {
            FrameKind::Bias => 0.0,
            _ => exposure.exposure_s,
        };
        let background = match exposure.kind {
            FrameKind::Science => rate * seconds,
            FrameKind::Bias | FrameKind::Dark => 0.0,
            FrameKind::Flat => {
                let converter = (65_535.0 - detector.bias) * detector.gain;
                LAMP * detector.full_well.min(converter)
            }
        };
        let sky = rate * exposure.exposure_s;
        let readout = Readout::new(exposure, &detector, sky, seconds);
        Self {
            exposure,
            detector,
            frame,
            noise: readout.noise(exposure, &detector, sky),
            readout,
            fwhm_arcsec: instrument.fwhm_arcsec(wavelength, exposure.settings().1, airmass),
            background,
        }
    }

    /// Number of the random stream of a row of a segment.
    fn stream(&self, segment: &Segment, row: usize) -> u64 {
        let kind = self.exposure.kind as u64;
        let chip = (u64::from(self.exposure.file) << 4) + u64::from(segment.version);
        u64::from(self.exposure.sequence) << 32 | kind << 28 | chip << 20 | size_u64(row)
    }

    /// Exposes a segment and hands over its rows in order.
    pub(crate) fn expose(
        &self,
        segment: &Segment,
        stars: &[Star],
        mut take: impl FnMut(&Strip) -> Result<(), FitsError>,
    ) -> Result<Fallen, FitsError> {
        let stars = if self.exposure.kind == FrameKind::Science {
            stars
        } else {
            &[]
        };
        let zero_point = self.exposure.zero_point() + 2.5 * libm::log10(self.readout.seconds);
        let psf = Psf::new(self.fwhm_arcsec / self.frame.scale_arcsec);
        let scene = Scene::new(
            segment,
            &self.frame,
            psf,
            stars,
            (zero_point, self.background),
        );
        let (events, hits) = self.shower(segment);
        let reads = self.readout.reads();
        let width = segment.width();
        let rows = (STRIP_PIXELS / (reads * width)).clamp(1, 64);
        let height = segment.height();
        let mut strip = Strip {
            first_row: 0,
            rows: 0,
            counts: vec![Vec::new(); reads],
            known: Vec::new(),
        };
        let mut row = Row::default();
        row.pattern.columns = Detector::columns(self.exposure.instrument, segment);
        let mut light = Vec::new();
        for first_row in (0..height).step_by(rows) {
            let stored = first_row..(first_row + rows).min(height);
            let chip = chip_rows(segment, &stored);
            scene.light(&segment.x, &chip, &mut light);
            strip.first_row = first_row;
            strip.rows = stored.len();
            strip.known.clear();
            strip.counts.iter_mut().for_each(Vec::clear);
            for stored_row in stored {
                let y = (stored_row + segment.y.start).checked_sub(segment.rows.0);
                let lit = y.filter(|y| chip.contains(y));
                if let Some(y) = lit {
                    let start = (y - chip.start) * segment.x.len();
                    row.light.clear();
                    row.light
                        .extend_from_slice(&light[start..start + segment.x.len()]);
                }
                self.read_row(segment, (stored_row, lit), &hits, &mut row, &mut strip);
            }
            take(&strip)?;
        }
        Ok(Fallen {
            stars: scene.stars,
            events,
            pixels_hit: pixels(&hits),
        })
    }

    fn shower(&self, segment: &Segment) -> (u64, Vec<Hit>) {
        if !self.exposure.cosmic_rays || self.readout.seconds <= 0.0 {
            return (0, Vec::new());
        }
        Shower {
            segment,
            rate: self.detector.cosmic_rays,
            pixel_um: self.detector.pixel_um,
            seconds: self.readout.seconds,
            reads: self.readout.reads(),
            seed: self.exposure.seed,
            stream: self.stream(segment, 0),
        }
        .fall()
    }

    /// Reads one stored row, as often as the exposure has reads.
    fn read_row(
        &self,
        segment: &Segment,
        (stored_row, lit): (usize, Option<usize>),
        hits: &[Hit],
        row: &mut Row,
        strip: &mut Strip,
    ) {
        let mut stream = Stream::new(
            self.exposure.seed,
            Purpose::Exposure,
            self.stream(segment, stored_row),
        );
        let level = self.detector.overscan(segment, lit.unwrap_or(stored_row));
        if let Some(y) = lit {
            let place = (segment, y);
            self.detector.pattern(
                self.exposure.instrument,
                &self.frame,
                place,
                &mut row.pattern,
            );
            let first = hits.partition_point(|hit| hit.y < y);
            let last = hits.partition_point(|hit| hit.y <= y);
            row.hits = first..last;
        }
        row.charge.clear();
        row.charge.resize(segment.x.len(), 0.0);
        for read in 0..self.readout.reads() {
            if read % self.readout.groups == 0 {
                row.charge.fill(0.0);
            }
            if lit.is_some() {
                self.collect(segment, read, &hits[row.hits.clone()], row, &mut stream);
            }
            let counts = &mut strip.counts[read];
            for run in &segment.runs {
                match run {
                    Run::Science(columns) if lit.is_some() => {
                        for x in columns.clone() {
                            let x = x - segment.x.start;
                            let bias = row.pattern.bias[x];
                            counts.push(self.convert(bias, row.charge[x], &mut stream));
                        }
                    }
                    run => {
                        for _ in 0..length(run) {
                            counts.push(self.convert(level, 0.0, &mut stream));
                        }
                    }
                }
            }
        }
        if self.exposure.product == Product::Calibrated {
            self.know(segment, lit.is_some(), hits, row, strip);
        }
    }

    /// Lets light, dark current and cosmic rays fall for the time before a read.
    fn collect(
        &self,
        segment: &Segment,
        read: usize,
        hits: &[Hit],
        row: &mut Row,
        stream: &mut Stream,
    ) {
        let share = self.readout.share(read);
        let seconds = share * self.readout.seconds;
        if seconds <= 0.0 {
            return;
        }
        let pattern = row.pattern.response.iter().zip(&row.pattern.dark);
        for ((charge, light), (response, dark)) in
            row.charge.iter_mut().zip(&row.light).zip(pattern)
        {
            *charge += count_f64(stream.poisson(light * share * response + dark * seconds));
        }
        if self.rays_stay() {
            for hit in hits.iter().filter(|hit| hit.read == read) {
                row.charge[hit.x - segment.x.start] += hit.electrons;
            }
        }
    }

    /// Fits of ramps leave cosmic rays out and flag them.
    fn rays_stay(&self) -> bool {
        !(self.exposure.product == Product::Calibrated
            && matches!(
                self.exposure.instrument,
                Instrument::Wfc3Ir | Instrument::Miri
            ))
    }

    /// Amplifier and converter: DN.
    #[inline]
    fn convert(&self, bias: f64, charge: f64, stream: &mut Stream) -> f64 {
        let coadds = count_f64(self.readout.coadds);
        let held = charge.min(self.well());
        let counts = coadds * bias + (held + self.noise * stream.normal()) / self.detector.gain;
        if self.exposure.instrument == Instrument::Niri || self.is_fit() {
            f64::from(to_i32(counts))
        } else {
            f64::from(to_u16(counts))
        }
    }

    /// e- that all coadds together hold; a fitted ramp stands for all integrations.
    fn well(&self) -> f64 {
        if self.is_fit() {
            return f64::INFINITY;
        }
        self.detector.full_well * self.readout.wells
    }

    fn is_fit(&self) -> bool {
        !self.rays_stay()
    }

    fn know(&self, segment: &Segment, lit: bool, hits: &[Hit], row: &Row, strip: &mut Strip) {
        let start = strip.known.len();
        let converter = (65_534.0 - self.detector.bias) * self.detector.gain;
        let full = self.detector.full_well.min(converter) * self.readout.wells;
        for run in &segment.runs {
            match run {
                Run::Science(columns) if lit => {
                    for x in columns.clone() {
                        let x = x - segment.x.start;
                        let dark = row.pattern.dark[x];
                        strip.known.push(Known {
                            bias: row.pattern.bias[x] * count_f64(self.readout.coadds),
                            dark: dark * self.readout.seconds,
                            response: row.pattern.response[x],
                            lit: true,
                            hit: false,
                            hot: dark > self.detector.dark * 1.4 + HOT,
                            saturated: row.charge[x] >= full,
                        });
                    }
                }
                run => strip.known.extend(core::iter::repeat_n(UNLIT, length(run))),
            }
        }
        if lit && !self.rays_stay() {
            // Ramps have one run of columns.
            let margin = strip.known[start..].iter().take_while(|k| !k.lit).count();
            for hit in &hits[row.hits.clone()] {
                strip.known[start + margin + hit.x - segment.x.start].hit = true;
            }
        }
    }
}

/// Buffers of one row.
#[derive(Default)]
struct Row {
    light: Vec<f64>,
    charge: Vec<f64>,
    pattern: PatternRow,
    hits: Range<usize>,
}

/// Rows of the chip among some stored rows.
fn chip_rows(segment: &Segment, stored: &Range<usize>) -> Range<usize> {
    let before = segment.rows.0;
    let place = |row: usize| {
        let y = segment.y.start + row.max(before) - before;
        y.clamp(segment.y.start, segment.y.end)
    };
    place(stored.start)..place(stored.end)
}

fn length(run: &Run) -> usize {
    match run {
        Run::Overscan(n) => *n,
        Run::Science(columns) => columns.len(),
    }
}

/// Number of pixels hit at least once.
fn pixels(hits: &[Hit]) -> u64 {
    let again = hits
        .windows(2)
        .filter(|w| (w[0].y, w[0].x) == (w[1].y, w[1].x));
    size_u64(hits.len() - again.count())
}
