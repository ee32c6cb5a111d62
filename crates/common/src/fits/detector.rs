//! The detectors: gain, noise, dark current, and the pattern that every pixel carries.
//!
//! Pattern values are functions of instrument, chip and pixel, so frames of one instrument calibrate
//! each other whenever they are made.

use super::geometry::{Frame, Segment};
use super::instrument::Instrument;
use crate::units::{size_f64, size_u64};

/// Rate of cosmic rays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CosmicRays {
    /// In space: share of the pixels hit in an hour.
    PixelsPerHour(f64),
    /// On the ground: events per square centimetre and minute.
    EventsPerCm2Minute(f64),
}

/// Properties that all detectors of an instrument share. Electrons are e-, counts are DN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detector {
    /// e- per DN.
    pub(crate) gain: f64,
    /// e- of one read.
    pub(crate) read_noise: f64,
    /// DN.
    pub(crate) bias: f64,
    /// e- per second and pixel.
    pub(crate) dark: f64,
    /// Mean excess of hot pixels, e- per second.
    hot: f64,
    /// e-.
    pub(crate) full_well: f64,
    /// Side of a pixel as read out, micrometres and arcseconds.
    pub(crate) pixel_um: f64,
    pub(crate) pixel_arcsec: f64,
    pub(crate) cosmic_rays: CosmicRays,
}

/// Share of pixels that are hot.
const HOT_SHARE: f64 = 0.003;
/// Scatter of the response from pixel to pixel, and its fall from the middle to the corner.
const RESPONSE_SCATTER: f64 = 0.008;
const VIGNETTING: f64 = 0.08;
/// Scatter of the bias from column to column, and its drift along the columns, DN.
const COLUMN_BIAS: f64 = 1.5;
const BIAS_DRIFT: f64 = 2.0;

/// Cosmic rays on the ground (design value within 1 to 5).
const GROUND: CosmicRays = CosmicRays::EventsPerCm2Minute(1.5);
/// Cosmic rays in low orbit and at L2: a few percent of the pixels in 1000 to 1800 s.
const SPACE: CosmicRays = CosmicRays::PixelsPerHour(0.1);

impl Instrument {
    /// Values of the instruments' handbooks, rounded.
    pub(crate) fn detector(self) -> Detector {
        let detector = |[gain, read_noise, bias, dark, hot, full_well]: [f64; 6],
                        [pixel_um, pixel_arcsec]: [f64; 2],
                        cosmic_rays| Detector {
            gain,
            read_noise,
            bias,
            dark,
            hot,
            full_well,
            pixel_um,
            pixel_arcsec,
            cosmic_rays,
        };
        match self {
            Self::Wfc3Uvis => detector(
                [1.55, 3.1, 2500.0, 0.0025, 0.1, 72_000.0],
                [15.0, 0.0396],
                SPACE,
            ),
            Self::Wfc3Ir => detector(
                [2.4, 15.0, 11_000.0, 0.048, 2.0, 78_000.0],
                [18.0, 0.128],
                SPACE,
            ),
            Self::Miri => detector(
                [5.5, 14.0, 5000.0, 0.2, 5.0, 250_000.0],
                [25.0, 0.11],
                SPACE,
            ),
            Self::Fors2 => detector(
                [1.43, 3.15, 200.0, 0.0023, 0.3, 150_000.0],
                [30.0, 0.25],
                GROUND,
            ),
            Self::Niri => detector(
                [12.3, 35.0, 0.0, 0.25, 5.0, 200_000.0],
                [27.0, 0.117],
                GROUND,
            ),
            Self::Gmos => detector(
                [1.63, 4.1, 600.0, 0.0033, 0.3, 130_000.0],
                [30.0, 0.1614],
                GROUND,
            ),
            Self::Deimos => detector(
                [1.226, 2.6, 1100.0, 0.0004, 0.3, 100_000.0],
                [15.0, 0.1185],
                GROUND,
            ),
        }
    }
}

/// What a row of pixels adds to what falls on it.
#[derive(Debug, Default)]
pub(crate) struct PatternRow {
    /// Bias of the columns beside the level of the row, DN.
    pub(crate) columns: Vec<f64>,
    /// DN.
    pub(crate) bias: Vec<f64>,
    /// e- per second.
    pub(crate) dark: Vec<f64>,
    /// Share of the light that is detected, about 1.
    pub(crate) response: Vec<f64>,
}

impl Detector {
    /// Level of the overscan of a chip's amplifier at a row, DN.
    pub(crate) fn overscan(&self, segment: &Segment, y: usize) -> f64 {
        let drift = BIAS_DRIFT * libm::sin(size_f64(y) / 700.0);
        self.bias + size_f64(segment.chip * 3 + segment.x.start / 256 % 4) + drift
    }

    /// Bias of the columns of a segment beside the level of a row, DN.
    pub(crate) fn columns(instrument: Instrument, segment: &Segment) -> Vec<f64> {
        let key = key(instrument, segment.chip) ^ (0xB1A5 << 40);
        let bias = |x: usize| COLUMN_BIAS * normal(scramble(key ^ size_u64(x)));
        segment.x.clone().map(bias).collect()
    }

    /// Fills in the pattern of one row of a segment's chip.
    pub(crate) fn pattern(
        &self,
        instrument: Instrument,
        frame: &Frame,
        (segment, y): (&Segment, usize),
        row: &mut PatternRow,
    ) {
        row.dark.clear();
        row.response.clear();
        let level = self.overscan(segment, y);
        row.bias.clear();
        row.bias
            .extend(row.columns.iter().map(|column| level + column));
        let key = key(instrument, segment.chip);
        for x in segment.x.clone() {
            let place = key ^ (size_u64(y) << 20) ^ size_u64(x);
            let bits = scramble(place);
            row.response.push(
                (1.0 - VIGNETTING * segment.radius2(frame, x, y))
                    * (1.0 + RESPONSE_SCATTER * normal(bits)),
            );
            let bits = scramble(place ^ 0xDA2C << 40);
            let mut dark = self.dark * (1.0 + 0.1 * normal(bits));
            if unit(bits) < HOT_SHARE {
                dark += -self.hot * libm::log(unit(scramble(bits)));
            }
            row.dark.push(dark);
        }
    }
}

fn key(instrument: Instrument, chip: usize) -> u64 {
    let number = instrument
        .as_str()
        .bytes()
        .fold(0, |sum, byte| scramble(sum ^ u64::from(byte)));
    scramble(number ^ size_u64(chip))
}

/// The mixing function of `SplitMix64` (Steele et al. 2014).
#[inline]
fn scramble(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Uniform in (0, 1), from the low bits.
#[inline]
fn unit(bits: u64) -> f64 {
    (crate::units::count_f64(bits & 0xFFFF_FFFF) + 0.5) / 4_294_967_296.0
}

/// Near to a standard normal deviate: the sum of four uniform ones, which ends at 3.5 sigma.
#[inline]
fn normal(bits: u64) -> f64 {
    let parts = [0, 16, 32, 48].map(|shift| (bits >> shift) & 0xFFFF);
    let sum = crate::units::count_f64(parts.iter().sum());
    (sum / 65_536.0 - 2.0) * 1.732_050_807_568_877_2
}
