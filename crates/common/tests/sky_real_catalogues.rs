//! The generated sky against real catalogues, star by star.
//!
//! `scripts/fetch-reference-data` puts the catalogues into a cache; their licences keep them out of
//! this repository. Where one is absent the test says NOT RUN on stderr and passes.

#![expect(clippy::print_stderr, reason = "figures reached, and what was not run")]

mod sky_support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

use common::sky::{Mix, ObjectType, Orbit, Position, Sky, SkyConfig, Source, VariabilityClass};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use sky_support::{B_EDGES, count, ks_two, median, normal, quantile};

/// Rows of a reference catalogue; none, and a loud line, where it has not been fetched.
fn catalogue(name: &str) -> Option<Vec<csv::StringRecord>> {
    let path = folder().join(name);
    let Ok(mut reader) = csv::Reader::from_path(&path) else {
        eprintln!(
            "NOT RUN: {} is absent; run scripts/fetch-reference-data",
            path.display()
        );
        return None;
    };
    Some(
        reader
            .records()
            .map(|row| row.expect("a CSV row"))
            .collect(),
    )
}

#[expect(clippy::disallowed_methods, reason = "a test has no flags")]
fn folder() -> PathBuf {
    let variable = |name| {
        std::env::var(name)
            .ok()
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    variable("ASTRO_PERF_REFERENCE_DATA").unwrap_or_else(|| {
        let home = || variable("HOME").unwrap_or_default().join(".cache");
        variable("XDG_CACHE_HOME")
            .unwrap_or_else(home)
            .join("astro-perf/reference")
    })
}

fn number(row: &csv::StringRecord, column: usize) -> f64 {
    row.get(column)
        .and_then(|text| text.parse().ok())
        .unwrap_or(f64::NAN)
}

/// What the comparisons need of a star.
#[derive(Clone, Copy, Debug)]
struct Star {
    position: Position,
    v: f64,
    b_v: f64,
    parallax: f64,
    motion: f64,
}

/// Hipparcos to V 7.3, where it is complete.
fn hipparcos() -> Option<Vec<Star>> {
    let rows = catalogue("hipparcos.csv")?;
    let stars = rows.iter().map(|row| Star {
        position: Position::new(number(row, 0), number(row, 1)),
        motion: number(row, 2).hypot(number(row, 3)),
        parallax: number(row, 4),
        v: number(row, 5),
        b_v: number(row, 6),
    });
    Some(stars.filter(|star| star.v < 7.3).collect())
}

/// As many generated stars to V 7.3, with parallaxes as noisy as those of Hipparcos.
static GENERATED: LazyLock<Vec<Star>> = LazyLock::new(|| {
    const HIPPARCOS_ERROR_MAS: f64 = 0.9;
    let sky = Sky::new(SkyConfig {
        v_limit: Some(7.3),
        ..SkyConfig::default()
    });
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    sky.sources_from(0)
        .filter(|s| s.object_type.is_star())
        .take(40_000)
        .map(|s| Star {
            position: s.position,
            v: s.truth.v,
            b_v: s.truth.b_v,
            parallax: (s.truth.parallax_mas + HIPPARCOS_ERROR_MAS * normal(&mut rng)).max(0.0),
            motion: s.truth.pm_ra.hypot(s.truth.pm_dec),
        })
        .collect()
});

/// Distance of the two skies in one quantity, which must stay below a limit.
fn compare(name: &str, limit: f64, real: &[Star], of: impl Fn(&Star) -> f64) {
    let values = |stars: &[Star]| stars.iter().map(&of).filter(|x| x.is_finite()).collect();
    let distance = ks_two(values(real), values(&GENERATED));
    eprintln!("{name}: D = {distance:.4}, limit {limit}");
    assert!(distance < limit, "{name}: {distance}");
}

#[test]
fn s2_s3_bright_stars_stand_where_the_real_ones_do() {
    let Some(real) = hipparcos() else { return };
    assert!((20_000..22_000).contains(&real.len()), "{}", real.len());
    let b = |s: &Star| s.position.to_galactic().b_deg.to_radians().sin();
    compare("S2 |sin b|", 0.03, &real, |s| b(s).abs());
    compare("S3 sin b", 0.055, &real, b);
    compare("S3 sin dec", 0.04, &real, |s| {
        s.position.dec_deg.to_radians().sin()
    });
    compare("S3 l", 0.05, &real, |s| s.position.to_galactic().l_deg);
}

#[test]
fn s4_s5_s6_counts_agree_with_the_real_stars() {
    const RANGES: [(f64, f64); 3] = [(-9.0, 7.5), (7.5, 9.0), (9.0, 10.5)];
    let Some(rows) = catalogue("stars.csv") else {
        return;
    };
    let sky = Sky::new(SkyConfig {
        v_limit: Some(10.5),
        ..SkyConfig::default()
    });
    let drawn: Vec<Source> = sky
        .sources_from(0)
        .filter(|s| s.object_type.is_star())
        .take(600_000)
        .collect();
    let weight = sky.expected_stars() / count(drawn.len());
    let bins = |stars: &mut dyn Iterator<Item = (Position, f64)>| {
        let mut bins = [[0.0; 10]; 3];
        for (position, v) in stars {
            let b = position.to_galactic().b_deg.abs();
            let bin = B_EDGES[1..10].partition_point(|&edge| edge <= b);
            if let Some(range) = RANGES
                .iter()
                .position(|&(low, high)| (low..high).contains(&v))
            {
                bins[range][bin] += 1.0;
            }
        }
        bins
    };
    let real = bins(&mut rows.iter().map(|row| {
        (
            Position::new(number(row, 0), number(row, 1)),
            number(row, 2),
        )
    }));
    let model = bins(&mut drawn.iter().map(|s| (s.position, s.truth.v)));
    let mut squares = 0.0;
    for (real, model) in real.iter().flatten().zip(model.iter().flatten()) {
        let ratio = model * weight / real;
        squares += (ratio - 1.0) * (ratio - 1.0);
        assert!((ratio - 1.0).abs() < 0.12 + 3.0 / real.sqrt(), "{ratio}");
    }
    let rms = (squares / 30.0).sqrt();
    let totals = |bins: &[[f64; 10]; 3]| bins.map(|range| range.iter().sum::<f64>());
    let ratios: Vec<f64> = totals(&model)
        .iter()
        .zip(totals(&real))
        .map(|(m, r)| m * weight / r)
        .collect();
    eprintln!("S4 rms {rms:.4}; S5 model / real by range {ratios:.4?}");
    assert!(rms < 0.05);
    assert!(ratios.iter().all(|ratio| (ratio - 1.0).abs() < 0.05));

    let real: Vec<f64> = rows.iter().map(|row| number(row, 2)).collect();
    let model: Vec<f64> = drawn.iter().map(|s| s.truth.v).collect();
    for (from, to) in [(5.0, 9.0), (7.5, 10.4)] {
        let slopes = [&real, &model].map(|mags| sky_support::slope(mags, from, to));
        eprintln!("S6 slope {from} to {to}: real, model {slopes:.3?}");
        assert!((slopes[0] - slopes[1]).abs() < 0.02);
    }
}

#[test]
fn s7_parallaxes_of_bright_stars_agree() {
    let Some(real) = hipparcos() else { return };
    compare("S7 parallax", 0.06, &real, |s| s.parallax);
    let middle = median(&GENERATED.iter().map(|s| s.parallax).collect::<Vec<_>>());
    eprintln!("S7 median {middle:.2} mas");
    assert!((middle / 6.5 - 1.0).abs() < 0.10, "{middle}");
}

#[test]
fn s8_motions_of_bright_stars_agree() {
    let Some(real) = hipparcos() else { return };
    compare("S8 proper motion", 0.09, &real, |s| s.motion);
    compare("S8 tangential velocity", 0.11, &real, |s| {
        if s.parallax > 2.0 {
            4.740_47 * s.motion / s.parallax
        } else {
            f64::NAN
        }
    });
}

#[test]
fn s9_colours_of_bright_stars_agree() {
    let Some(real) = hipparcos() else { return };
    compare("S9 B-V", 0.09, &real, |s| s.b_v);
}

#[test]
fn s14_galaxies_and_nebulae_keep_their_latitudes() {
    let Some(rows) = catalogue("ongc.csv") else {
        return;
    };
    let latitudes = |kind: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row.get(0) == Some(kind));
        rows.map(|row| {
            Position::new(number(row, 1), number(row, 2))
                .to_galactic()
                .b_deg
                .abs()
        })
        .collect()
    };
    let ratio = |latitudes: &[f64]| {
        let density = |from: f64, to: f64| {
            let inside = latitudes.iter().filter(|b| (from..to).contains(*b)).count();
            count(inside) / (to.to_radians().sin() - from.to_radians().sin())
        };
        density(0.0, 5.0) / density(70.0, 90.0)
    };
    let sky = Sky::new(SkyConfig {
        mix: Mix::Seed,
        ..SkyConfig::default()
    });
    let mut drawn: BTreeMap<ObjectType, Vec<f64>> = BTreeMap::new();
    for source in sky.sources_from(0).take(200_000) {
        let b = source.position.to_galactic().b_deg.abs();
        drawn.entry(source.object_type).or_default().push(b);
    }
    let (real, model) = (ratio(&latitudes("G")), ratio(&drawn[&ObjectType::Galaxy]));
    eprintln!("S14 galaxies, plane over caps: real {real:.4}, model {model:.4}");
    assert!(real < 0.05 && model < 0.05);
    for (kind, object_type) in [
        ("OCl", ObjectType::OpenCluster),
        ("PN", ObjectType::PlanetaryNebula),
        ("RfN", ObjectType::ReflectionNebula),
    ] {
        let (real, model) = (median(&latitudes(kind)), median(&drawn[&object_type]));
        eprintln!("S14 {kind}: median |b| real {real:.1}, model {model:.1}");
        assert!((model / real - 1.0).abs() < 0.25, "{kind}");
    }
}

#[test]
fn s15_asteroids_keep_the_latitudes_of_real_orbits() {
    let Some(rows) = catalogue("asteroids.csv") else {
        return;
    };
    let seen = |orbits: Vec<Orbit>| -> Vec<f64> {
        let sightings = orbits.iter().map(|orbit| orbit.seen_from_earth(59_800.0));
        sightings
            .map(|seen| seen.position.to_ecliptic_deg().1.abs())
            .collect()
    };
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let belt = ["MBA", "IMB", "OMB"];
    let real: Vec<Orbit> = rows
        .iter()
        .filter(|row| row.get(6).is_some_and(|class| belt.contains(&class)))
        .map(|row| Orbit {
            absolute_magnitude: number(row, 0),
            eccentricity: number(row, 1),
            semi_major_axis_au: number(row, 2),
            inclination_deg: number(row, 3),
            node_deg: number(row, 4),
            perihelion_deg: number(row, 5),
            mean_anomaly_deg: 360.0 * f64::from(rng.next_u32()) / 4_294_967_296.0,
        })
        .collect();
    assert!(real.len() > 2000, "{}", real.len());
    let (real, model) = (seen(real), seen(Orbit::main_belt(5).take(20_000).collect()));
    let of = |latitudes: &[f64]| [0.5, 0.9].map(|share| quantile(latitudes, share));
    eprintln!(
        "S15 |beta| median and 90 %: real {:.2?}, model {:.2?}",
        of(&real),
        of(&model)
    );
    assert!((of(&real)[0] - of(&model)[0]).abs() < 1.0);
    assert!((of(&real)[1] - of(&model)[1]).abs() < 2.0);
}

#[test]
fn s16_variables_have_real_amplitudes_and_periods() {
    let Some(rows) = catalogue("variables.csv") else {
        return;
    };
    let samples = sky_support::variables();
    for (types, class) in [
        (&["RRAB"][..], VariabilityClass::RrAb),
        (&["DCEP", "DCEPS"], VariabilityClass::ClassicalCepheid),
        (&["M"], VariabilityClass::Mira),
        (&["DSCT", "DSCTC"], VariabilityClass::DeltaScuti),
        (&["ACV"], VariabilityClass::AlphaTwoCvn),
    ] {
        let of_class = || {
            rows.iter().filter(|row| {
                let kind = row.get(0).unwrap_or_default().trim_end_matches(':');
                types.contains(&kind)
            })
        };
        let column = |i: usize| -> Vec<f64> {
            of_class()
                .map(|row| number(row, i))
                .filter(|&x| x > 0.0)
                .collect()
        };
        let (amplitudes, periods) = &samples[&class];
        for (name, real, model) in [
            ("amplitude", column(1), amplitudes),
            ("period", column(2), periods),
        ] {
            let (real, model) = (median(&real), median(model));
            eprintln!(
                "S16 {} {name}: real {real:.3}, model {model:.3}",
                class.as_str()
            );
            assert!(
                (model / real - 1.0).abs() < 0.25,
                "{} {name}",
                class.as_str()
            );
        }
    }
}
