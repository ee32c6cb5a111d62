//! The numeric floor of the sky: the seeded stream, the normal deviate, index casts, interpolation.
//!
//! Everything here uses IEEE basic operations and `libm` only, so one seed gives the same bits on
//! every platform; the standard library's transcendental functions do not promise that.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// ln 10.
pub(crate) const LN_10: f64 = core::f64::consts::LN_10;
/// Magnitudes per unit of ln(flux): 2.5 / ln 10.
pub(crate) const POGSON: f64 = 1.085_736_204_758_129_6;

/// What a stream of random numbers is for, so that no two uses of one seed share numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Sources = 1,
    DensityField = 2,
    GalaxyClusters = 3,
    Targets = 4,
    Observations = 5,
    LightCurve = 6,
    SolarSystem = 7,
    Field = 8,
    FieldClusters = 9,
    Exposure = 10,
    CosmicRays = 11,
    ExposureSettings = 12,
}

/// A seeded stream of uniform and normal deviates.
#[derive(Debug)]
pub(crate) struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    /// Opens stream `number` of `seed` for one purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(number);
        Self { rng }
    }

    /// 64 random bits.
    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform in (0, 1): never 0, so its logarithm is finite.
    #[inline]
    pub(crate) fn uniform(&mut self) -> f64 {
        unit_interval(self.bits())
    }

    /// Uniform in (low, high).
    #[inline]
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// True with the given probability.
    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A standard normal deviate, from exactly one draw.
    #[inline]
    pub(crate) fn normal(&mut self) -> f64 {
        normal_quantile(self.uniform())
    }

    /// Uniform index below `n`.
    #[inline]
    pub(crate) fn index(&mut self, n: usize) -> usize {
        index_of(self.uniform() * real(n)).min(n - 1)
    }
}

/// Middle of one of 2^53 equal parts of (0, 1).
#[inline]
#[expect(clippy::cast_precision_loss, reason = "52 bits are exact in an f64")]
fn unit_interval(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// A count as a real number; exact below 2^53.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn real(n: usize) -> f64 {
    n as f64
}

/// A 64-bit count as a real number; exact below 2^53.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn real_u64(n: u64) -> f64 {
    n as f64
}

/// Floor of a non-negative number as an index; negative and NaN give 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the saturating cast is the meaning"
)]
pub(crate) fn index_of(x: f64) -> usize {
    x as usize
}

/// Floor of a non-negative number as a 64-bit count; negative and NaN give 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the saturating cast is the meaning"
)]
pub(crate) fn count_of(x: f64) -> u64 {
    x as u64
}

/// An index as the 32 bits that tables store.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "tables have fewer than 2^32 entries"
)]
pub(crate) fn short(index: usize) -> u32 {
    index as u32
}

/// Nearest 32-bit float, for tables where memory matters more than digits.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to 24 bits is the meaning"
)]
pub(crate) fn narrow(x: f64) -> f32 {
    x as f32
}

/// 10^x.
#[inline]
pub(crate) fn dex(x: f64) -> f64 {
    libm::exp(x * LN_10)
}

/// ln(1 + x) for x > -1, without a logarithm where nine terms of the series are exact to 1e-15.
#[inline]
pub(crate) fn ln_1p(x: f64) -> f64 {
    if x.abs() < 0.03 {
        let tail = 1.0 / 6.0 - x * (1.0 / 7.0 - x * (1.0 / 8.0 - x / 9.0));
        x * (1.0 - x * (0.5 - x * (1.0 / 3.0 - x * (0.25 - x * (0.2 - x * tail)))))
    } else {
        libm::log1p(x)
    }
}

/// Linear interpolation in a table of (x, y) with x ascending; constant outside.
pub(crate) fn interpolate(table: &[(f64, f64)], x: f64) -> f64 {
    let next = table.partition_point(|&(knot, _)| knot <= x);
    if next == 0 {
        return table[0].1;
    }
    let (x0, y0) = table[next - 1];
    let Some(&(x1, y1)) = table.get(next) else {
        return y0;
    };
    y0 + (y1 - y0) * (x - x0) / (x1 - x0)
}

/// Standard normal quantile of 0 < p < 1, relative error 1e-16.
///
/// Wichura 1988, Algorithm AS 241 (PPND16), Applied Statistics 37, 477.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-libm::log(tail)).sqrt();
    let x = if r <= 5.0 {
        ratio(&SHOULDER, r - 1.6)
    } else {
        ratio(&TAIL, r - 5.0)
    };
    if q < 0.0 { -x } else { x }
}

type Rational = ([f64; 8], [f64; 8]);

#[inline]
fn ratio((top, bottom): &Rational, r: f64) -> f64 {
    let polynomial = |c: &[f64; 8]| {
        ((((((c[7] * r + c[6]) * r + c[5]) * r + c[4]) * r + c[3]) * r + c[2]) * r + c[1]) * r
            + c[0]
    };
    polynomial(top) / polynomial(bottom)
}

const CENTRE: Rational = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

const SHOULDER: Rational = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const TAIL: Rational = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_887_9,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_agree_with_tables() {
        for (p, x) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.25, -0.674_489_750_196_081_7),
            (1e-3, -3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-15, -7.941_345_326_170_997),
        ] {
            assert!((normal_quantile(p) - x).abs() < 1e-9, "p = {p}");
        }
    }

    #[test]
    fn the_short_logarithm_meets_the_long_one() {
        for x in [-0.0299, -1e-5, 0.0, 1e-9, 0.0299, 0.5, -0.7] {
            assert!((ln_1p(x) - libm::log1p(x)).abs() < 1e-13, "x = {x}");
        }
    }

    #[test]
    fn interpolation_is_constant_outside_its_table() {
        let table = [(0.0, 1.0), (2.0, 5.0)];
        let values = [-1.0, 0.0, 1.0, 2.0, 9.0].map(|x| interpolate(&table, x));
        assert_eq!(
            values.map(f64::to_bits),
            [1.0, 1.0, 3.0, 5.0, 5.0].map(f64::to_bits)
        );
    }
}
