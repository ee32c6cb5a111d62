//! Light curves: what a survey's visits measure of a source, varying or not.

use core::f64::consts::TAU;

use serde::Serialize;

use super::errors::lsst_noise_to_signal;
use super::mathx::{POGSON, Purpose, Stream, dex, ln_1p, real};
use super::source::{EPOCH_MJD, LSST_BANDS, Source};
use super::variability::{Variability, VariabilityClass};

/// When and how often a source is visited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cadence {
    /// First possible visit, MJD.
    pub start_mjd: f64,
    /// Length of the survey, days.
    pub length_days: f64,
    /// Number of visits in all bands together.
    pub visits: usize,
}

impl Default for Cadence {
    /// Ten years of LSST from 2026: 825 visits (arXiv:2211.13611).
    fn default() -> Self {
        Self {
            start_mjd: 61_041.0,
            length_days: 3652.5,
            visits: 825,
        }
    }
}

/// One visit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LightCurvePoint {
    /// Time of the visit, MJD.
    pub mjd: f64,
    /// Band: u, g, r, i, z or y (LSST, AB).
    pub band: &'static str,
    /// Observed magnitude; none where the noisy flux is not above 0.
    pub mag: Option<f64>,
    /// Standard error of the magnitude: 1.0857 times noise over true signal.
    pub mag_error: f64,
    /// Observed flux, nJy; negative where noise makes it so.
    pub flux_njy: f64,
    /// Standard error of the flux, nJy.
    pub flux_error_njy: f64,
}

/// Shares of LSST's visits by band u g r i z y (arXiv:2211.13611, rounded).
const VISITS: [f64; 6] = [0.07, 0.10, 0.22, 0.22, 0.20, 0.19];
/// Amplitude relative to V: pulsation and spots are weaker in the red.
const AMPLITUDES: [f64; 6] = [1.25, 1.10, 0.85, 0.70, 0.62, 0.58];

/// Visits of a source, in order of time; the same for the same source and seed.
pub fn light_curve(source: &Source, seed: u64, cadence: &Cadence) -> Vec<LightCurvePoint> {
    let mut stream = Stream::new(seed, Purpose::LightCurve, source.id);
    let mut times: Vec<f64> = (0..cadence.visits)
        .map(|_| visit_time(cadence, &mut stream))
        .collect();
    times.sort_by(f64::total_cmp);
    let mut wave = source.variability.map(|v| Wave::new(v, &mut stream));
    let points = times.into_iter().map(|mjd| {
        let band = draw_band(&mut stream);
        let change = wave
            .as_mut()
            .map_or(0.0, |wave| wave.change_mag(mjd, &mut stream));
        let true_mag = source.truth.lsst[band] + AMPLITUDES[band] * change;
        let noise = lsst_noise_to_signal(band, true_mag);
        let deviation = noise * stream.normal();
        let flux = dex(0.4 * (31.4 - true_mag));
        LightCurvePoint {
            mjd,
            band: LSST_BANDS[band],
            mag: (deviation > -1.0).then(|| true_mag - POGSON * ln_1p(deviation)),
            mag_error: POGSON * noise,
            flux_njy: flux * (1.0 + deviation),
            flux_error_njy: flux * noise,
        }
    });
    points.collect()
}

/// A time in one of the half-years when a source is up at night, in the dark third of a day.
fn visit_time(cadence: &Cadence, stream: &mut Stream) -> f64 {
    let years = (cadence.length_days / 365.25).max(1.0);
    let year = (stream.uniform() * years).floor();
    let season = if cadence.length_days < 365.25 {
        cadence.length_days
    } else {
        182.0
    };
    let day = (year * 365.25 + season * stream.uniform()).floor();
    cadence.start_mjd + day + stream.uniform() / 3.0
}

fn draw_band(stream: &mut Stream) -> usize {
    let mut left = stream.uniform();
    for (band, share) in VISITS.into_iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return band;
        }
    }
    2
}

/// A way to vary that remembers where a random walk is.
struct Wave {
    variability: Variability,
    /// Depth of the second eclipse relative to the first, width of an eclipse in periods, phase
    /// and period ratio of a second wave.
    shape: [f64; 3],
    /// Last time and value of a random walk.
    walk: Option<(f64, f64)>,
}

/// Time scale of quasars' random walk, days (`MacLeod` et al. 2010).
const QUASAR_DAYS: f64 = 200.0;

impl Wave {
    fn new(variability: Variability, stream: &mut Stream) -> Self {
        let shape = [
            stream.between(0.2, 1.0),
            stream.between(0.05, 0.15),
            stream.uniform(),
        ];
        Self {
            variability,
            shape,
            walk: None,
        }
    }

    /// Change of V against the mean, mag.
    fn change_mag(&mut self, mjd: f64, stream: &mut Stream) -> f64 {
        let amplitude = self.variability.amplitude_mag;
        let Some(period) = self.variability.period_days else {
            return self.step(
                mjd,
                QUASAR_DAYS,
                amplitude / core::f64::consts::SQRT_2,
                stream,
            );
        };
        let cycles = (mjd - EPOCH_MJD) / period + self.variability.phase;
        let phase = cycles - cycles.floor();
        match self.variability.class {
            VariabilityClass::Mira => {
                // Heights differ by a tenth from cycle to cycle.
                amplitude * (1.0 + 0.15 * jitter(cycles.floor())) * sine(phase)
            }
            VariabilityClass::SemiRegular => {
                let second = sine(cycles * 1.73 + self.shape[2]);
                let noise = self.step(mjd, 3.0 * period, 0.1 * amplitude, stream);
                amplitude * (0.6 * sine(phase) + 0.4 * second) + noise
            }
            class => amplitude * self.shape_of(class, phase),
        }
    }

    /// Change in units of the amplitude, with a range of 1 between brightest and faintest.
    fn shape_of(&self, class: VariabilityClass, phase: f64) -> f64 {
        let [second, width, _] = self.shape;
        match class {
            VariabilityClass::RrAb | VariabilityClass::ClassicalCepheid => saw_tooth(phase, 0.15),
            VariabilityClass::TypeTwoCepheid => saw_tooth(phase, 0.35),
            VariabilityClass::Algol => {
                eclipse(phase, width).max(second * eclipse(phase - 0.5, width))
            }
            VariabilityClass::BetaLyrae => {
                let primary = 0.5 - 0.5 * libm::cos(2.0 * TAU * phase);
                let dip = 1.0 - primary;
                if (0.25..0.75).contains(&phase) {
                    second * dip
                } else {
                    dip
                }
            }
            VariabilityClass::WUma => sine(2.0 * phase),
            _ => sine(phase),
        }
    }

    /// Steps a damped random walk to a time.
    fn step(&mut self, mjd: f64, days: f64, scatter: f64, stream: &mut Stream) -> f64 {
        let value = match self.walk {
            None => scatter * stream.normal(),
            Some((last, value)) => {
                let memory = libm::exp(-(mjd - last) / days);
                value * memory + scatter * (1.0 - memory * memory).sqrt() * stream.normal()
            }
        };
        self.walk = Some((mjd, value));
        value
    }
}

/// A sine of range 1 about 0.
fn sine(phase: f64) -> f64 {
    0.5 * libm::sin(TAU * phase)
}

/// Fast rise in brightness over a share of the period, slow decline; range 1 about 0.
fn saw_tooth(phase: f64, rise: f64) -> f64 {
    if phase < rise {
        0.5 - phase / rise
    } else {
        (phase - rise) / (1.0 - rise) - 0.5
    }
}

/// A trapezoid of depth 1 about phase 0, flat in its middle third.
fn eclipse(phase: f64, width: f64) -> f64 {
    let from_middle = (phase - phase.round()).abs() / (0.5 * width);
    ((1.0 - from_middle) * 1.5).clamp(0.0, 1.0)
}

/// A number in (-1, 1) that belongs to a cycle.
fn jitter(cycle: f64) -> f64 {
    let scrambled = cycle.to_bits().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    real(usize::try_from(scrambled).unwrap_or(0)) / 8_388_608.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::super::{Sky, SkyConfig};
    use super::*;

    fn sources() -> Vec<Source> {
        let sky = Sky::new(SkyConfig {
            v_limit: Some(18.0),
            ..SkyConfig::default()
        });
        sky.sources_from(0)
            .filter(|s| s.truth.lsst[2] > 16.0)
            .take(40_000)
            .collect()
    }

    #[test]
    fn a_constant_star_scatters_by_its_errors() {
        let constant = sources().into_iter().find(|s| s.variability.is_none());
        let curve = light_curve(&constant.expect("most stars"), 1, &Cadence::default());
        assert_eq!(curve.len(), 825);
        assert!(curve.is_sorted_by(|a, b| a.mjd <= b.mjd));
        let truth = constant.expect("most stars").truth.lsst;
        let pulls = curve.iter().filter_map(|point| {
            let band = LSST_BANDS.iter().position(|b| *b == point.band)?;
            Some((point.mag? - truth[band]) / point.mag_error)
        });
        let squares: f64 = pulls.map(|pull| pull * pull).sum();
        assert!((squares / 825.0 - 1.0).abs() < 0.2, "{squares}");
    }

    #[test]
    fn every_class_varies_by_about_its_amplitude() {
        let sources = sources();
        let classes = VariabilityClass::STARS;
        let mut seen = 0;
        for class in classes {
            let of_class = |s: &&Source| s.variability.is_some_and(|v| v.class == class);
            let Some(source) = sources.iter().find(of_class) else {
                continue;
            };
            seen += 1;
            let variability = source.variability.expect("it varies");
            let mut stream = Stream::new(1, Purpose::LightCurve, 0);
            let mut wave = Wave::new(variability, &mut stream);
            let period = variability.period_days.expect("it is periodic");
            let changes: Vec<f64> = (0..2000)
                .map(|i| wave.change_mag(EPOCH_MJD + period * 5.0 * real(i) / 2000.0, &mut stream))
                .collect();
            let range = changes.iter().fold(f64::MIN, |a, &b| a.max(b))
                - changes.iter().fold(f64::MAX, |a, &b| a.min(b));
            let ratio = range / variability.amplitude_mag;
            assert!((0.6..1.4).contains(&ratio), "{class:?}: {ratio}");
        }
        assert!(seen >= 8, "{seen}");
    }
}
