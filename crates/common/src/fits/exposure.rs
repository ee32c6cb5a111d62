//! An exposure: what is observed, when, with which camera, and what its file is called.

use super::error::FitsError;
use super::geometry::{Frame, Segment, focal_plane, segments};
use super::instrument::{FrameKind, Instrument, Product};
use super::time::{Moment, SECONDS_PER_DAY};
use crate::sky::{
    HIGHEST_SUN_DEG, LOWEST_ALTITUDE_DEG, MAUNA_KEA, PARANAL, Position, Purpose, Site, Stream,
};

/// Longest exposure, s.
const LONGEST_S: f64 = 7200.0;
/// Smallest cutout, pixels.
const SMALLEST_CUTOUT: u32 = 8;
/// First day that is searched for a night, MJD (2022-11-17), when all instruments were in service.
const FIRST_DAY: f64 = 59_900.0;
/// A quarter of an hour, d.
const QUARTER_HOUR_D: f64 = 1.0 / 96.0;
/// Time between exposures of a series, s.
const READOUT_S: f64 = 60.0;

/// One exposure to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Camera.
    pub instrument: Instrument,
    /// One of the camera's filters.
    pub filter: String,
    /// How far the file is processed.
    pub product: Product,
    /// What the exposure is for.
    pub kind: FrameKind,
    /// Middle of the field.
    pub pointing: Position,
    /// Exposure time, s; a bias frame has none.
    pub exposure_s: f64,
    /// Start of the exposure, MJD (UTC).
    pub mjd: f64,
    /// Number in a series of one seed; each has its own noise.
    pub sequence: u32,
    /// Seed of noise, cosmic rays, seeing and the roll of space telescopes.
    pub seed: u64,
    /// Cuts each detector to at most this many science pixels in both axes, next to the middle of the
    /// field; `None` is the real geometry.
    pub cutout: Option<u32>,
    /// Compresses images in tiles (`RICE_1`), as fpack does.
    pub compress: bool,
    /// Which file of the exposure: 1 or 2 of FORS2, which has one a chip, 1 of all others.
    pub file: u32,
    /// Whether cosmic rays fall.
    pub cosmic_rays: bool,
}

impl Exposure {
    /// A raw science exposure with the camera's usual filter and exposure time, in a dark hour when the
    /// pointing stands high; a pointing that never does gives one that [`Self::check`] turns away.
    pub fn new(instrument: Instrument, pointing: Position, seed: u64) -> Self {
        let exposure_s = match instrument {
            Instrument::Wfc3Uvis => 500.0,
            Instrument::Wfc3Ir => 400.0,
            Instrument::Miri => 100.0,
            Instrument::Fors2 => 120.0,
            Instrument::Niri => 30.0,
            Instrument::Gmos => 150.0,
            Instrument::Deimos => 300.0,
        };
        let mut exposure = Self {
            instrument,
            filter: instrument.default_filter().to_owned(),
            product: Product::Raw,
            kind: FrameKind::Science,
            pointing,
            exposure_s,
            mjd: FIRST_DAY,
            sequence: 1,
            seed,
            cutout: None,
            compress: false,
            file: 1,
            cosmic_rays: true,
        };
        exposure.mjd = exposure.observable_mjd();
        exposure
    }

    /// The next exposure of a series: later by exposure and read-out, with its own noise.
    #[must_use]
    pub fn following(&self) -> Self {
        Self {
            mjd: self.mjd + (self.exposure_s + READOUT_S) / SECONDS_PER_DAY,
            sequence: self.sequence + 1,
            ..self.clone()
        }
    }

    /// Checks that the exposure can be made: the filter exists on that camera, values are in range, and
    /// the telescope sees the pointing in a dark sky then.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, with the value and the rule.
    pub fn check(&self) -> Result<(), FitsError> {
        let fail = |text: String| Err(FitsError::Exposure(text));
        let Self {
            instrument, filter, ..
        } = self;
        if instrument.filter(filter).is_none() {
            return fail(format!(
                "the filter must be one of {instrument}'s ({}), got `{filter}`",
                instrument.filters().join(", ")
            ));
        }
        if !(self.exposure_s > 0.0 && self.exposure_s <= LONGEST_S) {
            return fail(format!(
                "the exposure time must be above 0 and at most {LONGEST_S} s, got `{}`",
                self.exposure_s
            ));
        }
        if !(50_000.0..70_000.0).contains(&self.mjd) {
            return fail(format!(
                "the start must be between MJD 50000 and 70000, got `{}`",
                self.mjd
            ));
        }
        let Position { ra_deg, dec_deg } = self.pointing;
        if !(0.0..360.0).contains(&ra_deg) || !(-90.0..=90.0).contains(&dec_deg) {
            return fail(format!(
                "the pointing must lie on the sphere, got `{ra_deg} {dec_deg}`"
            ));
        }
        if let Some(cutout) = self.cutout.filter(|&n| n < SMALLEST_CUTOUT) {
            return fail(format!(
                "the cutout must be at least {SMALLEST_CUTOUT} pixels, got `{cutout}`"
            ));
        }
        let files = instrument.files_per_exposure();
        if !(1..=files).contains(&self.file) {
            return fail(format!(
                "an exposure of {instrument} has {files} file(s), got file `{}`",
                self.file
            ));
        }
        if self.product == Product::Calibrated && self.kind != FrameKind::Science {
            return fail(format!(
                "only science frames are calibrated, got a {} frame",
                self.kind.as_str()
            ));
        }
        self.check_visible()
    }

    fn check_visible(&self) -> Result<(), FitsError> {
        let Some(site) = self.site().filter(|_| self.kind == FrameKind::Science) else {
            return Ok(());
        };
        let Position { ra_deg, dec_deg } = self.pointing;
        let telescope = self.instrument.telescope();
        let highest = 90.0 - (dec_deg - site.latitude_deg).abs();
        if highest <= LOWEST_ALTITUDE_DEG {
            return Err(FitsError::Exposure(format!(
                "{ra_deg:.4} {dec_deg:+.4} never rises above {LOWEST_ALTITUDE_DEG} degrees at \
                 {telescope}: it reaches {highest:.1}"
            )));
        }
        let end = self.mjd + self.exposure_s / SECONDS_PER_DAY;
        for mjd in [self.mjd, end] {
            let (altitude, sun) = site.altitudes_deg(self.pointing, mjd);
            let date = Moment::from_mjd(mjd).iso();
            if altitude < LOWEST_ALTITUDE_DEG {
                return Err(FitsError::Exposure(format!(
                    "{ra_deg:.4} {dec_deg:+.4} stands at {altitude:.1} degrees at {telescope} at \
                     {date}, below {LOWEST_ALTITUDE_DEG}"
                )));
            }
            if sun > HIGHEST_SUN_DEG {
                return Err(FitsError::Exposure(format!(
                    "the Sun stands at {sun:.1} degrees at {telescope} at {date}, above \
                     {HIGHEST_SUN_DEG}"
                )));
            }
        }
        Ok(())
    }

    /// Radius of a cone around the pointing that covers every pixel, degrees.
    pub fn field_radius_deg(&self) -> f64 {
        let frame = self.frame();
        let reach = self
            .segments()
            .iter()
            .map(|segment| segment.reach(&frame))
            .fold(0.0, f64::max);
        // Stars outside throw light in.
        let rim_arcsec = 10.0;
        (reach * frame.scale_arcsec + rim_arcsec) / 3600.0
    }

    /// Secant of the zenith distance at the middle of the exposure; none in space.
    pub fn airmass(&self) -> Option<f64> {
        let middle = self.mjd + 0.5 * self.exposure_s / SECONDS_PER_DAY;
        self.airmass_at(middle)
    }

    pub(crate) fn airmass_at(&self, mjd: f64) -> Option<f64> {
        let (altitude, _) = self.site()?.altitudes_deg(self.pointing, mjd);
        Some(1.0 / libm::sin(altitude.max(5.0).to_radians()))
    }

    /// AB magnitude of a star that gives one e- a second, extinction of the atmosphere included.
    pub(crate) fn zero_point(&self) -> f64 {
        self.instrument
            .filter(&self.filter)
            .map_or(f64::NAN, |filter| {
                filter.zero_point - filter.extinction * self.airmass().unwrap_or(0.0)
            })
    }

    pub(crate) fn segments(&self) -> Vec<Segment> {
        segments(self.instrument, self.product, self.file, self.cutout)
    }

    pub(crate) fn frame(&self) -> Frame {
        // L' and M' are too bright for any but the f/32 camera of NIRI.
        let narrow = self.instrument == Instrument::Niri
            && ["Lprime", "Mprime"].contains(&self.filter.as_str());
        Frame {
            pointing: self.pointing,
            size: focal_plane(self.instrument),
            scale_arcsec: if narrow {
                0.0218
            } else {
                self.instrument.detector().pixel_arcsec
            },
            angle_deg: self.settings().0,
        }
    }

    /// Position angle of the camera (degrees) and seeing (arcseconds) of the series.
    pub(crate) fn settings(&self) -> (f64, f64) {
        let mut stream = Stream::new(self.seed, Purpose::ExposureSettings, 0);
        let roll = 360.0 * stream.uniform();
        let seeing = 0.75 * libm::exp(0.25 * stream.normal().clamp(-2.0, 2.0));
        let angle = if self.instrument.in_space() {
            roll
        } else {
            0.0
        };
        (angle, seeing)
    }

    fn site(&self) -> Option<Site> {
        match self.instrument {
            Instrument::Wfc3Uvis | Instrument::Wfc3Ir | Instrument::Miri => None,
            Instrument::Fors2 => Some(PARANAL),
            Instrument::Niri | Instrument::Gmos | Instrument::Deimos => Some(MAUNA_KEA),
        }
    }

    /// A time of a dark night when the pointing stands within ten degrees of its highest for an hour or
    /// more.
    fn observable_mjd(&self) -> f64 {
        let mut stream = Stream::new(self.seed, Purpose::ExposureSettings, 1);
        let day = FIRST_DAY + (300.0 * stream.uniform()).floor();
        // Not on the quarter of an hour, so that names made of times differ from seed to seed.
        let first = day + stream.uniform() * QUARTER_HOUR_D;
        let Some(site) = self.site() else {
            return day + stream.uniform();
        };
        let highest = 90.0 - (self.pointing.dec_deg - site.latitude_deg).abs();
        let wanted = (highest - 10.0).max(LOWEST_ALTITUDE_DEG);
        let good = |mjd: &f64| {
            [*mjd, mjd + 4.0 * QUARTER_HOUR_D].iter().all(|&mjd| {
                let (altitude, sun) = site.altitudes_deg(self.pointing, mjd);
                altitude >= wanted && sun < HIGHEST_SUN_DEG
            })
        };
        let mut times = (0_u32..366 * 96).map(|i| first + f64::from(i) * QUARTER_HOUR_D);
        times.find(good).unwrap_or(first)
    }
}
