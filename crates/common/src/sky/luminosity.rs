//! The stars of the solar neighbourhood: luminosity function, giants, colours, populations.

use super::mathx::{dex, interpolate};

/// Faintest absolute V magnitude of the model.
pub(crate) const FAINTEST: f64 = 17.0;
/// Brightest absolute V magnitude of the model.
pub(crate) const BRIGHTEST: f64 = -6.0;

/// log10 of stars per pc^3 and mag at absolute V = -6, -5 ... 17 (Allen's Astrophysical Quantities).
const LOG_PHI: [f64; 24] = [
    -7.9, -7.2, -6.54, -5.90, -5.28, -4.60, -3.95, -3.46, -3.20, -2.94, -2.72, -2.47, -2.37, -2.45,
    -2.38, -2.27, -2.11, -2.01, -1.97, -1.93, -1.89, -1.90, -1.92, -1.97,
];

/// Share of giants among thin-disc stars by absolute V.
const GIANT_FRACTION: [(f64, f64); 10] = [
    (-6.0, 0.25),
    (-3.0, 0.25),
    (-1.5, 0.30),
    (-0.5, 0.42),
    (0.3, 0.50),
    (0.8, 0.52),
    (1.3, 0.36),
    (2.0, 0.24),
    (3.0, 0.18),
    (3.7, 0.0),
];

/// Intrinsic B-V of the main sequence by absolute V.
const DWARF_B_V: [(f64, f64); 19] = [
    (-6.0, -0.32),
    (-4.0, -0.30),
    (-1.5, -0.20),
    (-0.2, -0.11),
    (0.65, 0.00),
    (1.3, 0.07),
    (1.9, 0.16),
    (2.7, 0.31),
    (3.5, 0.43),
    (4.0, 0.52),
    (4.8, 0.65),
    (5.5, 0.74),
    (6.4, 0.92),
    (7.4, 1.15),
    (8.8, 1.40),
    (10.0, 1.49),
    (12.0, 1.60),
    (14.0, 1.75),
    (17.0, 2.10),
];

/// Intrinsic B-V of giants by absolute V.
const GIANT_B_V: [(f64, f64); 8] = [
    (-6.0, 1.60),
    (-3.0, 1.55),
    (-1.5, 1.50),
    (-0.5, 1.30),
    (0.3, 1.08),
    (0.8, 1.00),
    (2.0, 0.95),
    (3.5, 0.88),
];

/// Scatter of B-V about the main sequence and about the giants, mag.
pub(crate) const DWARF_SCATTER: f64 = 0.06;
pub(crate) const GIANT_SCATTER: f64 = 0.10;

/// Mean intrinsic B-V at an absolute magnitude.
pub(crate) fn mean_b_v(giant: bool, absolute_v: f64) -> f64 {
    interpolate(if giant { &GIANT_B_V } else { &DWARF_B_V }, absolute_v)
}

/// Stars per pc^3 and mag.
fn phi(absolute_v: f64) -> f64 {
    let knots: Vec<(f64, f64)> = (-6_i32..).map(f64::from).zip(LOG_PHI).collect();
    dex(interpolate(&knots, absolute_v))
}

/// Part of the Galaxy a star belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Population {
    Thin,
    Thick,
    Halo,
}

/// Stars of one population, kind and range of absolute magnitude, which share a spatial form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) population: Population,
    pub(crate) giant: bool,
    /// Range of absolute V.
    pub(crate) range: (f64, f64),
    /// Scale height of the thin disc, pc.
    pub(crate) scale_height_pc: f64,
}

/// Number of groups.
pub(crate) const GROUPS: usize = 15;
/// Scale heights of the thin disc, pc: young and old dwarfs, giants (fitted to 592 673 stars).
const YOUNG_PC: f64 = 60.6;
const OLD_PC: f64 = 347.0;
const GIANTS_PC: f64 = 327.0;
/// Fitted scale of the luminosity function, and of its giants.
const SCALE: f64 = 0.975;
const GIANT_SCALE: f64 = 0.944;
/// Local share of the thick disc and of the halo (Juric et al. 2008).
const THICK_SHARE: f64 = 0.12;
const HALO_SHARE: f64 = 0.0051;

/// The groups: ten slices of thin-disc dwarfs, thin-disc giants, two kinds of each old population.
pub(crate) fn groups() -> [Group; GROUPS] {
    // The scale height grows linearly between these absolute magnitudes, in steps that divide the
    // tables' magnitude step.
    const FIRST: f64 = 2.3;
    const STEP: f64 = 0.35;
    let thin_dwarfs = |slice: i32| {
        let low = FIRST + STEP * f64::from(slice - 1);
        let grown = ((low + 0.5 * STEP - FIRST) / 2.8).clamp(0.0, 1.0);
        let (range, scale_height_pc) = match slice {
            0 => ((BRIGHTEST, FIRST), YOUNG_PC),
            9 => ((low, FAINTEST), OLD_PC),
            _ => ((low, low + STEP), YOUNG_PC + (OLD_PC - YOUNG_PC) * grown),
        };
        Group {
            population: Population::Thin,
            giant: false,
            range,
            scale_height_pc,
        }
    };
    let whole = |population, giant| Group {
        population,
        giant,
        range: (BRIGHTEST, if giant { 4.0 } else { FAINTEST }),
        scale_height_pc: GIANTS_PC,
    };
    core::array::from_fn(|i| match i {
        0..=9 => thin_dwarfs(i32::try_from(i).unwrap_or(0)),
        10 => whole(Population::Thin, true),
        11 => whole(Population::Thick, false),
        12 => whole(Population::Thick, true),
        13 => whole(Population::Halo, false),
        _ => whole(Population::Halo, true),
    })
}

impl Group {
    /// Stars per pc^3 and mag of this group near the Sun, 0 outside its range.
    pub(crate) fn local_density(&self, absolute_v: f64) -> f64 {
        if !(self.range.0..self.range.1).contains(&absolute_v) {
            return 0.0;
        }
        let giants = if absolute_v > 3.7 {
            0.0
        } else {
            interpolate(&GIANT_FRACTION, absolute_v)
        };
        let share = match (self.population, self.giant) {
            (Population::Thin, false) => 1.0 - giants,
            (Population::Thin, true) => giants * GIANT_SCALE,
            (Population::Thick, giant) => THICK_SHARE * old_share(absolute_v, giants, giant),
            (Population::Halo, giant) => HALO_SHARE * old_share(absolute_v, giants, giant),
        };
        SCALE * phi(absolute_v) * share
    }
}

/// Share of the luminosity function that an old population has left: no bright main sequence, but
/// giants and a horizontal branch.
fn old_share(absolute_v: f64, giants: f64, giant: bool) -> f64 {
    if absolute_v > 4.0 {
        return if giant { 0.0 } else { 1.0 };
    }
    let evolved = 0.25 * (giants + 0.2).min(1.0);
    let giants_among = giants / (giants + 0.2);
    evolved
        * if giant {
            giants_among
        } else {
            1.0 - giants_among
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_add_up_to_the_luminosity_function() {
        let groups = groups();
        for absolute_v in [4.3, 6.1, 10.7, 16.2] {
            let sum: f64 = groups.iter().map(|g| g.local_density(absolute_v)).sum();
            let expected = SCALE * phi(absolute_v) * (1.0 + THICK_SHARE + HALO_SHARE);
            assert!((sum / expected - 1.0).abs() < 1e-12, "{absolute_v}");
        }
    }

    #[test]
    fn the_scale_height_grows_from_young_to_old() {
        let groups = groups();
        let dwarfs = &groups[..10];
        assert!(
            dwarfs
                .windows(2)
                .all(|w| w[0].scale_height_pc < w[1].scale_height_pc)
        );
        assert!(
            dwarfs
                .windows(2)
                .all(|w| (w[0].range.1 - w[1].range.0).abs() < 1e-9)
        );
    }
}
