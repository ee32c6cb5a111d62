//! The generated sky against numbers of the real one, and the first harness's sky against the same
//! tests, which it must fail.
//!
//! Reference numbers: 592 673 stars brighter than V 10.5 (Stellarium's Hipparcos and Tycho-2
//! catalogues), Hipparcos, Gaia DR3's published error model, the General Catalogue of Variable Stars.

mod sky_support;

use common::sky::{
    Cone, Mix, ObjectType, Orbit, PARALLAX_ZERO_POINT_MAS, Position, Radii, Sky, SkyConfig, Source,
    TargetClass, TargetSampler, VariabilityClass, lsst_depth, lsst_noise_to_signal,
    parallax_error_mas,
};
use sky_support::{
    B_EDGES, Moments, count, ks_normal, ks_uniform, median, quantile, seed_dec_deg, seed_magnitude,
    slope,
};

fn bright_sky(v_limit: f64) -> Sky {
    Sky::new(SkyConfig {
        v_limit: Some(v_limit),
        ..SkyConfig::default()
    })
}

fn stars(sky: &Sky, n: usize) -> impl Iterator<Item = Source> {
    sky.sources_from(0)
        .filter(|s| s.object_type.is_star())
        .take(n)
}

/// S1: distance of sin(dec) from uniform, and the limit it must stay below.
fn isotropy(decs_deg: &[f64]) -> (f64, f64) {
    let sines = decs_deg.iter().map(|dec| dec.to_radians().sin()).collect();
    (
        ks_uniform(sines, -1.0, 1.0),
        1.63 / count(decs_deg.len()).sqrt(),
    )
}

/// S6: slopes of log N over magnitude in the two ranges, from magnitudes brighter than 10.5.
fn slopes(mags: &[f64]) -> [f64; 2] {
    [slope(mags, 5.0, 9.0), slope(mags, 7.5, 10.4)]
}

const REAL_SLOPES: [f64; 2] = [0.470, 0.431];

#[test]
fn s1_uniform_targets_are_isotropic() {
    let mut sampler = TargetSampler::new(11, vec![], Radii::Seed);
    let decs: Vec<f64> = std::iter::repeat_with(|| sampler.next_target())
        .filter(|t| t.class == TargetClass::Uniform && t.cone.center.dec_deg.abs() < 90.0)
        .map(|t| t.cone.center.dec_deg)
        .take(20_000)
        .collect();
    let (distance, limit) = isotropy(&decs);
    eprintln!("S1 D = {distance:.4}, limit {limit:.4}");
    assert!(distance < limit);
}

#[test]
fn s1_quasars_are_isotropic_far_from_the_plane() {
    let sky = Sky::new(SkyConfig {
        mix: Mix::Seed,
        ..SkyConfig::default()
    });
    let sines: Vec<f64> = sky
        .sources_from(0)
        .filter(|s| s.object_type == ObjectType::Quasar)
        .map(|s| s.position.to_galactic().b_deg)
        .filter(|b| b.abs() > 50.0)
        .map(|b| b.abs().to_radians().sin())
        .take(5000)
        .collect();
    let distance = ks_uniform(sines, 50_f64.to_radians().sin(), 1.0);
    eprintln!("S1 quasars D = {distance:.4}");
    assert!(distance < 1.63 / 5000_f64.sqrt());
}

/// Densities per square degree by |b|: V < 7.5, 7.5 to 9, 9 to 10.5.
const DENSITIES: [[f64; 10]; 3] = [
    [1.11, 0.94, 0.84, 0.77, 0.63, 0.53, 0.48, 0.45, 0.43, 0.40],
    [4.91, 4.04, 3.42, 3.00, 2.51, 2.04, 1.72, 1.54, 1.40, 1.28],
    [23.5, 19.4, 16.2, 13.6, 10.7, 8.30, 6.69, 5.68, 5.13, 4.68],
];

#[test]
fn s4_s5_s6_bright_stars_have_the_real_numbers() {
    const STARS: usize = 600_000;
    let sky = bright_sky(10.5);
    let (mut mags, mut bins) = (Vec::with_capacity(STARS), [[0.0; 10]; 3]);
    for star in stars(&sky, STARS) {
        let v = star.v.expect("bright stars have a V").value;
        let b = star.position.to_galactic().b_deg.abs();
        let bin = B_EDGES[1..10].partition_point(|&edge| edge <= b);
        bins[usize::from(v >= 7.5) + usize::from(v >= 9.0)][bin] += 1.0;
        mags.push(v);
    }
    let weight = sky.expected_stars() / count(STARS);

    for (limit, real) in [(7.5, 26_785.0), (9.0, 132_107.0), (10.5, 592_673.0)] {
        let absolute = Sky::expected_stars(&bright_sky(limit));
        let drawn = weight * count(mags.iter().filter(|&&v| v < limit).count());
        eprintln!("S5 N(V<{limit}) expected {absolute:.0}, drawn {drawn:.0}, real {real}");
        assert!((absolute / real - 1.0).abs() < 0.05);
        assert!((drawn / real - 1.0).abs() < 0.05);
    }

    let found = slopes(&mags);
    eprintln!("S6 slopes {found:.3?}");
    for (found, real) in found.iter().zip(REAL_SLOPES) {
        assert!((found - real).abs() < 0.02, "{found} against {real}");
    }

    let mut squares = 0.0;
    for (range, densities) in bins.iter().zip(DENSITIES) {
        for (i, (drawn, real)) in range.iter().zip(densities).enumerate() {
            let sines = B_EDGES[i + 1].to_radians().sin() - B_EDGES[i].to_radians().sin();
            let area = 41_252.96 * sines;
            let ratio = drawn * weight / area / real;
            let poisson = 1.0 / drawn.sqrt();
            squares += (ratio - 1.0) * (ratio - 1.0);
            assert!(
                (ratio - 1.0).abs() < 0.12 + 3.0 * poisson,
                "bin {i}: {ratio}"
            );
        }
    }
    let rms = (squares / 30.0).sqrt();
    eprintln!("S4 rms {rms:.4}");
    assert!(rms < 0.05);
}

#[test]
fn s10_errors_have_the_stated_size() {
    const N: usize = 40_000;
    let sky = Sky::new(SkyConfig::default());
    let mut pulls: [Vec<f64>; 8] = Default::default();
    for s in stars(&sky, N) {
        let astrometry = [
            (s.parallax, s.truth.parallax_mas + PARALLAX_ZERO_POINT_MAS),
            (s.pm_ra, s.truth.pm_ra),
            (s.pm_dec, s.truth.pm_dec),
        ];
        for (i, (measured, truth)) in astrometry.into_iter().enumerate() {
            pulls[i].extend(measured.map(|m| (m.value - truth) / m.error));
        }
        let photometry = [
            (s.bp, s.truth.bp),
            (s.rp, s.truth.rp),
            (s.lsst[1], s.truth.lsst[1]),
            (s.lsst[3], s.truth.lsst[3]),
            (s.v, s.truth.v),
        ];
        for (i, (measured, truth)) in photometry.into_iter().enumerate() {
            // Noise is Gaussian in flux; beyond S/N 5 no flux is lost for being negative.
            let sound = measured.filter(|m| m.error < 0.2);
            let flux = |m: common::sky::Measured| 10_f64.powf(-0.4 * (m.value - truth));
            pulls[3 + i].extend(sound.map(|m| (flux(m) - 1.0) / (m.error / 1.085_736)));
        }
    }
    for (i, pulls) in pulls.into_iter().enumerate() {
        let moments = Moments::of(&pulls);
        let root = count(pulls.len()).sqrt();
        let distance = ks_normal(pulls);
        eprintln!(
            "S10 {i}: mean {:.4} std {:.4} D {distance:.4}",
            moments.mean, moments.std
        );
        assert!(moments.mean.abs() < 3.0 / root, "{i}: {moments:?}");
        assert!((0.98..1.02).contains(&moments.std), "{i}: {moments:?}");
        assert!(distance < 1.63 / root, "{i}: {distance}");
    }
}

#[test]
fn s11_faint_stars_have_negative_parallaxes() {
    let sky = Sky::new(SkyConfig::default());
    let parallaxes: Vec<f64> = stars(&sky, 200_000)
        .filter(|s| (19.9..20.1).contains(&s.truth.g))
        .filter_map(|s| s.parallax.map(|p| p.value))
        .collect();
    let negative = count(parallaxes.iter().filter(|&&p| p < 0.0).count());
    let share = negative / count(parallaxes.len());
    eprintln!("S11 negative at G 20: {share:.3} of {}", parallaxes.len());
    assert!((0.20..0.45).contains(&share));
}

#[test]
fn s12_lsst_has_a_signal_to_noise_of_5_at_its_depth() {
    for band in 0..6 {
        let depth = lsst_depth(band);
        let error = lsst_noise_to_signal(band, depth);
        assert!((error / 0.2 - 1.0).abs() < 0.01, "band {band}: {error}");
        assert!((1.0 / error - 5.0).abs() < 0.1);
    }
}

#[test]
fn s13_parallax_errors_agree_with_pygaia() {
    // PyGaia 3.2.2, `parallax_uncertainty(g, release="dr3")`, microarcseconds.
    for (g, expected) in [
        (8.0, 12.943_918),
        (12.0, 12.943_918),
        (13.0, 12.943_918),
        (15.0, 29.495_762),
        (17.0, 79.258_944),
        (18.0, 142.319_376),
        (19.0, 281.842_810),
        (20.0, 616.473_844),
        (20.7, 1_114.320_879),
    ] {
        let found = 1000.0 * parallax_error_mas(g);
        assert!(
            (found / expected - 1.0).abs() < 4e-3,
            "{g}: {found} against {expected}"
        );
    }
}

#[test]
fn s14_galaxies_avoid_the_plane() {
    let sky = Sky::new(SkyConfig {
        mix: Mix::Seed,
        ..SkyConfig::default()
    });
    let (mut plane, mut caps) = (0.0, 0.0);
    for galaxy in sky
        .sources_from(0)
        .filter(|s| s.object_type == ObjectType::Galaxy)
        .take(20_000)
    {
        let b = galaxy.position.to_galactic().b_deg.abs();
        plane += f64::from(u8::from(b < 5.0));
        caps += f64::from(u8::from(b > 70.0));
    }
    let area = |from: f64, to: f64| to.to_radians().sin() - from.to_radians().sin();
    let ratio = plane / area(0.0, 5.0) / (caps / area(70.0, 90.0));
    eprintln!("S14 {ratio:.4}");
    assert!(ratio < 0.05);
}

#[test]
fn s15_asteroids_keep_to_the_ecliptic() {
    let latitudes: Vec<f64> = Orbit::main_belt(5)
        .take(20_000)
        .map(|orbit| {
            orbit
                .seen_from_earth(51_544.5)
                .position
                .to_ecliptic_deg()
                .1
                .abs()
        })
        .collect();
    let (half, most) = (quantile(&latitudes, 0.5), quantile(&latitudes, 0.9));
    eprintln!("S15 |beta| median {half:.2}, 90 % {most:.2}");
    assert!((half - 5.4).abs() < 1.0 && (most - 14.6).abs() < 2.0);
}

#[test]
fn s16_variables_have_the_amplitudes_and_periods_of_their_class() {
    let expected = |class| match class {
        VariabilityClass::RrAb => (1.04, 0.54),
        VariabilityClass::RrC => (0.47, 0.31),
        VariabilityClass::ClassicalCepheid => (0.75, 6.3),
        VariabilityClass::TypeTwoCepheid => (1.09, 23.0),
        VariabilityClass::Mira => (6.1, 312.0),
        VariabilityClass::SemiRegular => (0.29, 93.0),
        VariabilityClass::Algol => (0.39, 3.8),
        VariabilityClass::BetaLyrae => (0.20, 1.6),
        VariabilityClass::WUma => (0.40, 0.42),
        VariabilityClass::DeltaScuti => (0.05, 0.10),
        VariabilityClass::BetaCephei => (0.05, 0.20),
        VariabilityClass::AlphaTwoCvn => (0.05, 3.0),
        _ => (0.08, 9.2),
    };
    let samples = sky_support::variables();
    for class in VariabilityClass::STARS {
        let (amplitudes, periods) = &samples[&class];
        if amplitudes.len() < 100 {
            eprintln!("S16 {}: only {} drawn", class.as_str(), amplitudes.len());
            assert!(!amplitudes.is_empty());
            continue;
        }
        let (amplitude, period) = expected(class);
        let found = (median(amplitudes), median(periods));
        eprintln!(
            "S16 {}: {found:.3?} of {}",
            class.as_str(),
            amplitudes.len()
        );
        assert!(
            (found.0 / amplitude - 1.0).abs() < 0.25,
            "{}",
            class.as_str()
        );
        assert!((found.1 / period - 1.0).abs() < 0.25, "{}", class.as_str());
    }
}

#[test]
fn variables_are_as_common_as_in_gaia_and_hipparcos() {
    let share = |sky: &Sky, n: usize| {
        count(stars(sky, n).filter(|s| s.variability.is_some()).count()) / count(n)
    };
    let faint = share(&Sky::new(SkyConfig::default()), 100_000);
    let bright = share(&bright_sky(9.0), 50_000);
    eprintln!("variable stars: {faint:.4} to G 20.7, {bright:.4} to V 9");
    assert!((0.0035..0.009).contains(&faint), "{faint}");
    assert!((0.03..0.10).contains(&bright), "{bright}");
}

#[test]
fn s17_cones_hold_what_the_model_expects() {
    const N: usize = 400_000;
    let sky = Sky::new(SkyConfig {
        g_limit: 19.0,
        ..SkyConfig::default()
    });
    let positions: Vec<Position> = sky.sources_from(0).take(N).map(|s| s.position).collect();
    let mut sampler = TargetSampler::new(3, positions.clone(), Radii::Fixed(4.0));
    let (mut chi2, mut cones) = (0.0, 0.0);
    while cones < 200.0 {
        let cone: Cone = sampler.next_target().cone;
        let boxes = cone.bounding_boxes();
        let near = positions
            .iter()
            .filter(|p| boxes.iter().any(|b| b.contains(**p)));
        let found = count(near.filter(|p| cone.contains(**p)).count());
        let expected = count(N) * sky.expected_fraction(&cone);
        // One percent of the quadrature's own error.
        chi2 += (found - expected) * (found - expected) / (expected + 1e-4 * expected * expected);
        cones += 1.0;
    }
    eprintln!("S17 chi2 {chi2:.1} of {cones} cones");
    assert!((130.0..290.0).contains(&chi2));
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let sky = Sky::new(SkyConfig {
        seed: 42,
        mix: Mix::Seed,
        ..SkyConfig::default()
    });
    let mut hash = sky_support::Fnv::new();
    for source in sky.sources_from(0).take(10_000) {
        hash.add_source(&source);
    }
    assert_eq!(
        hash.value(),
        0x33fd_f87a_dabc_e9b5,
        "the catalogue changed: {:#018x}",
        hash.value()
    );
}

#[test]
fn source_i_is_the_same_from_any_start() {
    let sky = Sky::new(SkyConfig::default());
    let whole: Vec<Source> = sky.sources_from(0).take(3000).collect();
    for start in [0, 1, 1023, 1024, 1500, 2047, 2999] {
        let later = sky.sources_from(start).next();
        assert_eq!(
            later.as_ref(),
            usize::try_from(start).ok().map(|i| &whole[i])
        );
    }
    assert!(whole.iter().zip(1..).all(|(source, id)| source.id == id));
}

#[test]
fn n1_the_seeds_positions_fail_the_test_of_isotropy() {
    let decs: Vec<f64> = seed_dec_deg().take(20_000).collect();
    let (distance, limit) = isotropy(&decs);
    assert!(
        distance > limit,
        "a test that cannot fail: {distance} < {limit}"
    );
    assert!((distance - 0.105).abs() < 0.01, "{distance}");
}

#[test]
fn n1_the_seeds_magnitudes_fail_the_test_of_slopes() {
    let mags: Vec<f64> = seed_magnitude().take(200_000).collect();
    let found = slopes(&mags);
    let passes = found
        .iter()
        .zip(REAL_SLOPES)
        .all(|(found, real)| (found - real).abs() < 0.02);
    assert!(!passes, "{found:?}");
}

#[test]
fn the_seeds_mix_has_the_seeds_shares() {
    const N: usize = 50_000;
    let sky = Sky::new(SkyConfig {
        mix: Mix::Seed,
        ..SkyConfig::default()
    });
    let mut counts = std::collections::BTreeMap::new();
    for source in sky.sources_from(0).take(N) {
        let forced = source.object_type.seed_name();
        *counts.entry(forced).or_insert(0_usize) += 1;
    }
    for (name, percent, tolerance) in [
        ("GALAXY", 20.0, 0.6),
        ("QUASAR", 3.0, 0.3),
        ("NEBULA", 4.0, 0.3),
        ("ASTEROID", 2.0, 0.3),
        // A few of the seed's 70 % plain stars vary as well.
        ("VARIABLE_STAR", 1.4, 0.5),
    ] {
        let found = 100.0 * count(counts[name]) / count(N);
        assert!((found - percent).abs() < tolerance, "{name}: {found} %");
    }
}
