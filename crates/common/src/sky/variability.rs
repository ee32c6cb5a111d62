//! Variable stars: classes, and their amplitudes and periods.
//!
//! Quantiles (5, 25, 50, 75, 95 %) of 6 862 stars of the General Catalogue of Variable Stars with
//! Hipparcos numbers.

use serde::Serialize;

use super::mathx::Stream;
use super::object_type::ObjectType;

/// Class of variability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum VariabilityClass {
    /// RR Lyrae of the fundamental mode.
    RrAb,
    /// RR Lyrae of the first overtone.
    RrC,
    /// Classical Cepheid.
    ClassicalCepheid,
    /// Type II Cepheid or RV Tauri.
    TypeTwoCepheid,
    /// Mira.
    Mira,
    /// Semi-regular.
    SemiRegular,
    /// Eclipsing binary of Algol type.
    Algol,
    /// Eclipsing binary of β Lyrae type.
    BetaLyrae,
    /// Eclipsing binary of W Ursae Majoris type.
    WUma,
    /// δ Scuti.
    DeltaScuti,
    /// β Cephei.
    BetaCephei,
    /// α² Canum Venaticorum.
    AlphaTwoCvn,
    /// BY Draconis: spots on a dwarf.
    ByDraconis,
    /// RS Canum Venaticorum: spots on a binary's giant.
    RsCvn,
    /// Damped random walk of an active galactic nucleus; no period.
    Quasar,
}

/// How a source varies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Variability {
    /// Class.
    pub class: VariabilityClass,
    /// Period, days; none where nothing repeats.
    pub period_days: Option<f64>,
    /// Peak-to-peak amplitude in V, mag; for a random walk its structure function at long lags.
    pub amplitude_mag: f64,
    /// Phase at the epoch, [0, 1).
    pub phase: f64,
}

/// Values at 5, 25, 50, 75 and 95 %.
type Quantiles = [f64; 5];

impl VariabilityClass {
    /// Every class of variable star.
    pub const STARS: [Self; 14] = [
        Self::RrAb,
        Self::RrC,
        Self::ClassicalCepheid,
        Self::TypeTwoCepheid,
        Self::Mira,
        Self::SemiRegular,
        Self::Algol,
        Self::BetaLyrae,
        Self::WUma,
        Self::DeltaScuti,
        Self::BetaCephei,
        Self::AlphaTwoCvn,
        Self::ByDraconis,
        Self::RsCvn,
    ];

    /// The type of a source that varies so.
    pub fn object_type(self) -> ObjectType {
        match self {
            Self::RrAb | Self::RrC => ObjectType::RrLyrae,
            Self::ClassicalCepheid => ObjectType::ClassicalCepheid,
            Self::TypeTwoCepheid => ObjectType::TypeTwoCepheid,
            Self::Mira => ObjectType::Mira,
            Self::SemiRegular => ObjectType::LongPeriodVariable,
            Self::Algol | Self::BetaLyrae | Self::WUma => ObjectType::EclipsingBinary,
            Self::DeltaScuti => ObjectType::DeltaScuti,
            Self::BetaCephei => ObjectType::BetaCephei,
            Self::AlphaTwoCvn => ObjectType::AlphaTwoCvn,
            Self::ByDraconis => ObjectType::ByDraconis,
            Self::RsCvn => ObjectType::RsCvn,
            Self::Quasar => ObjectType::Quasar,
        }
    }

    /// The class in the abbreviations of the General Catalogue of Variable Stars.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RrAb => "RRAB",
            Self::RrC => "RRC",
            Self::ClassicalCepheid => "DCEP",
            Self::TypeTwoCepheid => "CW",
            Self::Mira => "M",
            Self::SemiRegular => "SR",
            Self::Algol => "EA",
            Self::BetaLyrae => "EB",
            Self::WUma => "EW",
            Self::DeltaScuti => "DSCT",
            Self::BetaCephei => "BCEP",
            Self::AlphaTwoCvn => "ACV",
            Self::ByDraconis => "BY",
            Self::RsCvn => "RS",
            Self::Quasar => "QSO",
        }
    }

    /// Amplitudes (mag) and periods (days).
    fn quantiles(self) -> (Quantiles, Quantiles) {
        match self {
            Self::RrAb => (
                [0.50, 0.83, 1.04, 1.26, 1.40],
                [0.39, 0.47, 0.54, 0.59, 0.72],
            ),
            Self::RrC => (
                [0.07, 0.31, 0.47, 0.56, 0.65],
                [0.24, 0.28, 0.31, 0.34, 0.42],
            ),
            Self::ClassicalCepheid => ([0.26, 0.58, 0.75, 0.89, 1.20], [2.7, 4.4, 6.3, 10.1, 22.7]),
            Self::TypeTwoCepheid => ([0.37, 0.66, 1.09, 1.40, 2.38], [1.5, 8.4, 23.0, 65.0, 90.0]),
            Self::Mira => (
                [3.0, 4.6, 6.1, 7.0, 8.1],
                [143.0, 234.0, 312.0, 372.0, 442.0],
            ),
            Self::SemiRegular => (
                [0.09, 0.16, 0.29, 0.90, 2.5],
                [21.0, 45.0, 93.0, 190.0, 500.0],
            ),
            Self::Algol => ([0.09, 0.22, 0.39, 0.68, 1.9], [1.0, 2.1, 3.8, 7.7, 39.0]),
            Self::BetaLyrae => ([0.05, 0.12, 0.20, 0.36, 0.85], [0.61, 0.98, 1.6, 3.1, 17.0]),
            Self::WUma => (
                [0.10, 0.22, 0.40, 0.56, 0.73],
                [0.28, 0.35, 0.42, 0.56, 0.76],
            ),
            Self::DeltaScuti => (
                [0.01, 0.03, 0.05, 0.09, 0.45],
                [0.037, 0.063, 0.10, 0.14, 0.22],
            ),
            Self::BetaCephei => (
                [0.02, 0.03, 0.05, 0.08, 0.13],
                [0.10, 0.16, 0.20, 0.29, 0.60],
            ),
            Self::AlphaTwoCvn => ([0.01, 0.03, 0.05, 0.08, 0.15], [0.71, 1.8, 3.0, 6.3, 30.0]),
            Self::ByDraconis | Self::RsCvn => {
                ([0.02, 0.04, 0.08, 0.18, 0.41], [1.3, 5.7, 9.2, 13.8, 38.0])
            }
            // MacLeod et al. 2010: structure function 0.2 mag at long lags; scatter by eye.
            Self::Quasar => ([0.10, 0.15, 0.20, 0.26, 0.40], [1.0; 5]),
        }
    }

    /// Draws amplitude, period and phase.
    pub(crate) fn draw(self, stream: &mut Stream) -> Variability {
        let (amplitudes, periods) = self.quantiles();
        let amplitude_mag = from_quantiles(&amplitudes, stream.uniform());
        let period_days =
            (self != Self::Quasar).then(|| from_quantiles(&periods, stream.uniform()));
        Variability {
            class: self,
            period_days,
            amplitude_mag,
            phase: stream.uniform(),
        }
    }
}

/// The value at a cumulative share, log-linear between the quantiles and level beyond them.
fn from_quantiles(values: &Quantiles, share: f64) -> f64 {
    const SHARES: Quantiles = [0.05, 0.25, 0.50, 0.75, 0.95];
    let share = share.clamp(SHARES[0], SHARES[4]);
    let i = SHARES.partition_point(|&s| s <= share).clamp(1, 4);
    let t = (share - SHARES[i - 1]) / (SHARES[i] - SHARES[i - 1]);
    let (low, high) = (libm::log(values[i - 1]), libm::log(values[i]));
    libm::exp(low + (high - low) * t)
}

/// What a star is, as far as its variability depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StarKind {
    /// Absolute V magnitude.
    pub(crate) absolute_v: f64,
    /// Intrinsic B-V.
    pub(crate) b_v: f64,
    /// Evolved off the main sequence.
    pub(crate) giant: bool,
    /// Thick disc or halo.
    pub(crate) old: bool,
}

/// A probability and, given that, the classes with their weights.
type Share = (f64, &'static [(VariabilityClass, f64)]);

impl StarKind {
    /// Whether and how the star varies.
    ///
    /// The shares give about 0.5 % of all stars at Gaia's limit and 6 % of the naked-eye and
    /// Hipparcos stars, with Gaia DR3's ratios of eclipsing to long-period to pulsating variables.
    pub(crate) fn variability(self, stream: &mut Stream, certain: bool) -> Option<Variability> {
        let (probability, classes) = self.share();
        if !certain && !stream.chance(probability) {
            return None;
        }
        let total: f64 = classes.iter().map(|&(_, weight)| weight).sum();
        let mut left = stream.uniform() * total;
        let class = classes.iter().find(|&&(_, weight)| {
            left -= weight;
            left < 0.0
        });
        Some(class.unwrap_or(&classes[0]).0.draw(stream))
    }

    fn share(self) -> Share {
        use VariabilityClass as C;
        let Self {
            absolute_v,
            b_v,
            giant,
            old,
        } = self;
        // Horizontal branch inside the instability strip.
        if old && (0.1..1.2).contains(&absolute_v) && !giant {
            return (
                0.30,
                &[(C::RrAb, 0.64), (C::RrC, 0.35), (C::TypeTwoCepheid, 0.01)],
            );
        }
        if giant && absolute_v < -2.0 && !old {
            return (
                0.25,
                &[
                    (C::ClassicalCepheid, 0.35),
                    (C::SemiRegular, 0.5),
                    (C::Algol, 0.15),
                ],
            );
        }
        if giant && b_v > 1.25 {
            return (0.14, &[(C::SemiRegular, 0.82), (C::Mira, 0.18)]);
        }
        if giant {
            let kinds = &[
                (C::RsCvn, 0.60),
                (C::Algol, 0.37),
                (C::TypeTwoCepheid, 0.03),
            ];
            return (0.015, kinds);
        }
        if b_v < -0.05 {
            let kinds = &[
                (C::BetaCephei, 0.2),
                (C::AlphaTwoCvn, 0.4),
                (C::Algol, 0.2),
                (C::BetaLyrae, 0.2),
            ];
            return (0.09, kinds);
        }
        if b_v < 0.40 {
            let kinds = &[
                (C::DeltaScuti, 0.45),
                (C::AlphaTwoCvn, 0.20),
                (C::Algol, 0.25),
                (C::BetaLyrae, 0.10),
            ];
            return (0.06, kinds);
        }
        (
            0.0035,
            &[
                (C::WUma, 0.35),
                (C::Algol, 0.25),
                (C::BetaLyrae, 0.10),
                (C::ByDraconis, 0.30),
            ],
        )
    }
}
