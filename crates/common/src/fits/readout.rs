//! How a detector is read: once, in ramps, or in coadds; and the noise that comes of it.

use super::detector::Detector;
use super::exposure::Exposure;
use super::instrument::{Instrument, Product};
use crate::units::{count_f64, count_usize, round_u64, size_f64};

/// Reads of an infrared ramp of WFC3, and of one group of MIRI (s).
const NSAMP: usize = 16;
const MIRI_GROUP_S: f64 = 2.775;
/// Reads of a ramp start over, and coadds are split, before the sky fills half of the well.
const FILL: f64 = 0.5;

/// How the detector is read during an exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Readout {
    /// Ramps, and reads of each.
    pub(crate) integrations: usize,
    pub(crate) groups: usize,
    /// The first read of a ramp comes at its start, without signal.
    pub(crate) zeroth: bool,
    /// Exposures that are summed before they are written.
    pub(crate) coadds: u64,
    /// Full wells that the charge of the exposure is spread over: coadds, or ramps that were fitted.
    pub(crate) wells: f64,
    /// Seconds of the whole exposure.
    pub(crate) seconds: f64,
}

impl Readout {
    /// For an exposure of some seconds. Ramps and coadds are those of a science exposure, whose sky
    /// gives `background` electrons to a pixel, so that calibration frames match it.
    pub(crate) fn new(
        exposure: &Exposure,
        detector: &Detector,
        background: f64,
        seconds: f64,
    ) -> Self {
        let mut readout = Self {
            integrations: 1,
            groups: 1,
            zeroth: false,
            coadds: 1,
            wells: 1.0,
            seconds,
        };
        let fillings = (background / (FILL * detector.full_well)).ceil().max(1.0);
        match (exposure.instrument, exposure.product) {
            (Instrument::Wfc3Ir, Product::Raw) => {
                readout.zeroth = true;
                readout.groups = if seconds > 0.0 { NSAMP } else { 1 };
            }
            (Instrument::Miri, Product::Raw) if seconds > 0.0 => {
                let groups = (seconds / MIRI_GROUP_S).round().max(1.0);
                let ramps = fillings.min(groups);
                readout.integrations = count_usize(round_u64(ramps));
                readout.groups = count_usize(round_u64((groups / ramps).ceil()));
            }
            (Instrument::Miri, Product::Calibrated) => readout.wells = fillings,
            (Instrument::Niri, _) => {
                readout.coadds = round_u64(fillings).min(10_000);
                readout.wells = count_f64(readout.coadds);
            }
            _ => {}
        }
        readout
    }

    /// Noise of a read with its coadds, or of the slope of a ramp times its length, e-.
    pub(crate) fn noise(&self, exposure: &Exposure, detector: &Detector, background: f64) -> f64 {
        if exposure.product == Product::Raw || exposure.instrument == Instrument::Niri {
            return detector.read_noise * count_f64(self.coadds).sqrt();
        }
        let raw = Exposure {
            product: Product::Raw,
            ..exposure.clone()
        };
        let ramp = Self::new(&raw, detector, background, self.seconds);
        let n = size_f64(ramp.groups);
        if n < 2.0 {
            return detector.read_noise;
        }
        // Variance of a least-squares slope over n equal steps.
        let fit = (12.0 * (n - 1.0) / (n * (n + 1.0))).sqrt();
        detector.read_noise * fit * size_f64(ramp.integrations).sqrt()
    }

    pub(crate) fn reads(&self) -> usize {
        self.integrations * self.groups
    }

    /// Share of the exposure's light that falls before a read since the one before it.
    pub(crate) fn share(&self, read: usize) -> f64 {
        let group = read % self.groups;
        if self.zeroth {
            return if group == 0 {
                0.0
            } else {
                1.0 / size_f64(self.groups - 1)
            };
        }
        1.0 / size_f64(self.reads())
    }

    /// Seconds from the start of its ramp to a read.
    pub(crate) fn time(&self, read: usize) -> f64 {
        let group = read % self.groups;
        (0..=group).map(|read| self.share(read)).sum::<f64>() * self.seconds
    }
}
