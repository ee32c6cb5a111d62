//! Statistics for the tests of the sky, and the generator of the first harness as negative control.

// Two test crates share this file and neither uses all of it.
#![allow(dead_code, reason = "each test crate uses its part")]

use std::collections::BTreeMap;

use common::sky::{Measured, Sky, SkyConfig, Source, VariabilityClass};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// Edges of the bins of |b|, degrees.
pub(crate) const B_EDGES: [f64; 11] = [
    0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 90.0,
];

/// A count as a real number.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of test samples are small"
)]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

/// Kolmogorov-Smirnov distance of a sample from a cumulative distribution.
pub(crate) fn ks(values: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
    let n = count(values.len());
    let values = sorted(values);
    values.iter().enumerate().fold(0.0_f64, |worst, (i, &x)| {
        let expected = cumulative(x);
        worst
            .max((expected - count(i) / n).abs())
            .max((count(i + 1) / n - expected).abs())
    })
}

pub(crate) fn ks_uniform(values: Vec<f64>, low: f64, high: f64) -> f64 {
    ks(values, |x| (x - low) / (high - low))
}

pub(crate) fn ks_normal(values: Vec<f64>) -> f64 {
    ks(values, |x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2))
}

/// Kolmogorov-Smirnov distance of two samples.
pub(crate) fn ks_two(a: Vec<f64>, b: Vec<f64>) -> f64 {
    let b = sorted(b);
    let n = count(b.len());
    let below = |x: f64| count(b.partition_point(|&y| y < x)) / n;
    let up_to = |x: f64| count(b.partition_point(|&y| y <= x)) / n;
    let a = sorted(a);
    let m = count(a.len());
    a.iter().fold(0.0_f64, |worst, &x| {
        let less = count(a.partition_point(|&y| y < x)) / m;
        let not_more = count(a.partition_point(|&y| y <= x)) / m;
        worst
            .max((less - below(x)).abs())
            .max((not_more - up_to(x)).abs())
    })
}

pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let values = sorted(values.to_vec());
    let place = values
        .partition_point(|_| false)
        .max(index(share * count(values.len() - 1)));
    values[place]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small index"
)]
fn index(x: f64) -> usize {
    x.round() as usize
}

pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Slope of log(stars per magnitude) between two limits, fitted to bins of half a magnitude.
pub(crate) fn slope(mags: &[f64], from: f64, to: f64) -> f64 {
    const BIN: f64 = 0.5;
    let bins = index(((to - from) / BIN).floor());
    let points: Vec<(f64, f64)> = (0..bins)
        .map(|i| from + BIN * count(i))
        .map(|low| {
            let inside = mags.iter().filter(|&&v| (low..low + BIN).contains(&v));
            (low + 0.5 * BIN, count(inside.count()).max(0.5).log10())
        })
        .collect();
    let n = count(points.len());
    let (x, y) = points
        .iter()
        .fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let top: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let bottom: f64 = points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    top / bottom
}

/// Mean and standard deviation.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) mean: f64,
    pub(crate) std: f64,
}

impl Moments {
    pub(crate) fn of(values: &[f64]) -> Self {
        let n = count(values.len());
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        Self {
            mean,
            std: variance.sqrt(),
        }
    }
}

/// Amplitudes and periods of variable stars by class, from a bright and a faint sky.
pub(crate) fn variables() -> BTreeMap<VariabilityClass, (Vec<f64>, Vec<f64>)> {
    let mut samples: BTreeMap<VariabilityClass, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for (v_limit, sources) in [(10.0, 150_000), (16.0, 300_000)] {
        let config = SkyConfig {
            v_limit: Some(v_limit),
            ..SkyConfig::default()
        };
        let sky = Sky::new(config);
        for variability in sky
            .sources_from(0)
            .take(sources)
            .filter_map(|s| s.variability)
        {
            let (amplitudes, periods) = samples.entry(variability.class).or_default();
            amplitudes.push(variability.amplitude_mag);
            periods.extend(variability.period_days);
        }
    }
    samples
}

/// The first harness's declinations: uniform in the angle, not on the sphere.
pub(crate) fn seed_dec_deg() -> impl Iterator<Item = f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    std::iter::repeat_with(move || -90.0 + 180.0 * unit(&mut rng))
}

/// The first harness's magnitudes: `lognormvariate(2.5, 0.8) + 8`.
pub(crate) fn seed_magnitude() -> impl Iterator<Item = f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    std::iter::repeat_with(move || (2.5 + 0.8 * normal(&mut rng)).exp() + 8.0)
}

/// A standard normal deviate (Box and Muller), independent of the generator's own.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let radius = (-2.0 * unit(rng).ln()).sqrt();
    radius * (std::f64::consts::TAU * unit(rng)).cos()
}

fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0
}

/// The FNV-1a hash of the bits of numbers.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn value(&self) -> u64 {
        self.0
    }

    fn add_byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    pub(crate) fn add(&mut self, x: f64) {
        x.to_bits()
            .to_le_bytes()
            .into_iter()
            .for_each(|byte| self.add_byte(byte));
    }

    fn add_measured(&mut self, measured: Option<Measured>) {
        match measured {
            None => self.add_byte(0),
            Some(Measured { value, error }) => {
                self.add(value);
                self.add(error);
            }
        }
    }

    pub(crate) fn add_source(&mut self, s: &Source) {
        self.add(s.position.ra_deg);
        self.add(s.position.dec_deg);
        s.object_type
            .simbad()
            .bytes()
            .for_each(|byte| self.add_byte(byte));
        for measured in [
            s.v,
            s.g,
            s.bp,
            s.rp,
            s.parallax,
            s.pm_ra,
            s.pm_dec,
            s.radial_velocity,
        ] {
            self.add_measured(measured);
        }
        s.lsst
            .into_iter()
            .for_each(|measured| self.add_measured(measured));
        let mut optional = |x: Option<f64>| match x {
            None => self.add_byte(0),
            Some(x) => self.add(x),
        };
        optional(s.distance_pc);
        optional(s.redshift);
        if let Some(variability) = s.variability {
            optional(variability.period_days);
            self.add(variability.amplitude_mag);
            self.add(variability.phase);
        }
    }
}
