use proptest::prelude::*;

use super::*;
use crate::calibration::quality::BAD_FLAT;

const READ_NOISE_E: f32 = 4.0;

fn levels(saturation_e: f32) -> Levels {
    Levels {
        read_noise_e: READ_NOISE_E,
        saturation_e,
    }
}

/// Sky with noise, stars and cosmic rays. All values are multiples of 1/4 and below 2¹⁸, so that sums of
/// them are exact in whatever order they are taken.
fn scenes() -> impl Strategy<Value = (Frame, Vec<u16>)> {
    let sizes = (1_usize..40, 1_usize..40, 0_u16..400);
    sizes.prop_flat_map(|(width, height, sky)| {
        let pixels = width * height;
        let noise = prop::collection::vec(-90_i16..90, pixels);
        let stars = prop::collection::vec((0..pixels, 50_u16..20_000), 0..4);
        let rays =
            prop::collection::vec((0..pixels, 100_u16..9_000, 1_usize..6, 0..3_usize), 0..12);
        let flags = prop::collection::vec(0..pixels, 0..6);
        (noise, stars, rays, flags).prop_map(move |(noise, stars, rays, flags)| {
            let mut frame = Frame::filled(width, height, f32::from(sky));
            let mut add = |at: usize, value: f32| frame.data[at] += (value * 4.0).round() / 4.0;
            for (at, value) in noise.iter().enumerate() {
                add(at, f32::from(*value) / 4.0);
            }
            for (center, peak) in stars {
                for at in 0..pixels {
                    let dx = (at % width).abs_diff(center % width).min(50);
                    let dy = (at / width).abs_diff(center / width).min(50);
                    let square = f32::from(u16::try_from(dx * dx + dy * dy).unwrap());
                    add(at, f32::from(peak) * (-square / 3.5).exp());
                }
            }
            for (start, value, length, step) in rays {
                for part in 0..length {
                    let at = start + part * (1 + step * width);
                    if at < pixels {
                        add(at, f32::from(value));
                    }
                }
            }
            let mut quality = vec![0; pixels];
            for at in flags {
                quality[at] = BAD_FLAT;
            }
            (frame, quality)
        })
    })
}

/// Patches of very different levels with spikes of all heights: no sky looks like this, but every shortcut
/// of the sparse evaluation meets its limit.
fn patchworks() -> impl Strategy<Value = (Frame, Vec<u16>)> {
    let sizes = (1_usize..90, 1_usize..14, 2_usize..9);
    sizes.prop_flat_map(|(width, height, side)| {
        let pixels = width * height;
        let patches = prop::collection::vec(0..4_usize, pixels.div_ceil(side) + side);
        let noise = prop::collection::vec(0_u8..60, pixels);
        let spikes = prop::collection::vec((0..pixels, 4_u8..14, 1_usize..4), 0..=pixels / 12);
        (patches, noise, spikes).prop_map(move |(patches, noise, spikes)| {
            let mut frame = Frame::filled(width, height, 0.0);
            for (at, value) in frame.data.iter_mut().enumerate() {
                let patch = at % width / side + at / width / side * width.div_ceil(side);
                let level = [0.0, 20.0, 400.0, 8000.0][patches[patch % patches.len()]];
                *value = level + f32::from(noise[at]) / 4.0;
            }
            for (start, height, length) in spikes {
                for at in start..(start + length).min(pixels) {
                    frame.data[at] += f32::from(1_u16 << height);
                }
            }
            (frame, vec![0; pixels])
        })
    })
}

fn compare(
    (frame, quality): (Frame, Vec<u16>),
    limits: &CosmicRayLimits,
) -> Result<(), TestCaseError> {
    let (mut sparse, mut sparse_quality) = (frame.clone(), quality.clone());
    let found = remove(&mut sparse, &mut sparse_quality, levels(1e9), limits);
    let (mut dense, mut dense_quality) = (frame, quality);
    dense::remove(&mut dense, &mut dense_quality, READ_NOISE_E, limits);
    prop_assert_eq!(&sparse_quality, &dense_quality);
    prop_assert_eq!(sparse, dense);
    let marked = sparse_quality.iter().filter(|it| **it & COSMIC_RAY != 0);
    prop_assert_eq!(found, marked.count());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sparse_and_dense_evaluation_agree_bit_by_bit(
        scene in scenes(),
        iterations in 1_usize..6,
        contrast in prop_oneof![Just(5.0_f32), Just(1.0)],
    ) {
        compare(scene, &CosmicRayLimits { contrast, iterations, ..CosmicRayLimits::default() })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn they_agree_where_nothing_is_smooth(
        patchwork in patchworks(),
        significance in prop_oneof![Just(4.5_f32), Just(2.0)],
        contrast in prop_oneof![Just(5.0_f32), Just(1.0), Just(0.05)],
    ) {
        compare(patchwork, &CosmicRayLimits { significance, contrast, ..CosmicRayLimits::default() })?;
    }
}

proptest! {
    #[test]
    fn no_median_is_below_its_bound(
        (mut frame, _) in patchworks(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), -500_i16..500), 0..20),
    ) {
        let mut floor = Floor::new(&frame);
        for (place, value) in changes {
            let pixel = place.index(frame.data.len());
            frame.data[pixel] = f32::from(value);
            floor.lower(pixel, f32::from(value));
        }
        for pixel in 0..frame.data.len() {
            let (x, y) = frame.place(pixel);
            let bound = floor.bound(x / floor::BLOCK, y);
            prop_assert!(bound <= search::median_5x5(&frame, (x, y)), "{} at {}, {}", bound, x, y);
        }
    }
}

/// One frame in which the repetitions have something to do, lest the comparison above be empty.
#[test]
fn later_iterations_find_more_and_agree_too() {
    let (width, height) = (60, 50);
    let mut frame = Frame::filled(width, height, 100.0);
    for (at, value) in frame.data.iter_mut().enumerate() {
        *value += [0.0, 3.0, -5.0, 8.0, -2.0, 6.0, -7.0][(at * at + at / 7) % 7];
    }
    // A plateau has no edge inside: it is eaten from its rim, one layer an iteration.
    for y in 10..17 {
        for x in 20..26 {
            frame.data[y * width + x] += 900.0;
        }
    }
    let run = |iterations| {
        let limits = CosmicRayLimits {
            iterations,
            ..CosmicRayLimits::default()
        };
        let (mut sparse, mut quality) = (frame.clone(), vec![0; width * height]);
        let found = remove(&mut sparse, &mut quality, levels(1e9), &limits);
        let (mut dense, mut dense_quality) = (frame.clone(), vec![0; width * height]);
        dense::remove(&mut dense, &mut dense_quality, READ_NOISE_E, &limits);
        assert_eq!(quality, dense_quality);
        assert_eq!(sparse, dense);
        found
    };
    let (once, often) = (run(1), run(4));
    assert!(once > 0 && often > once, "{once} then {often}");
}

#[test]
fn a_saturated_star_is_protected_and_a_saturated_cosmic_ray_is_not() {
    let (width, height) = (60, 40);
    let mut frame = Frame::filled(width, height, 200.0);
    let mut quality = vec![0; width * height];
    let mut saturate = |x: usize, y: usize| {
        frame.data[y * width + x] = 60_000.0;
        quality[y * width + x] = SATURATED;
    };
    for y in 15..20 {
        for x in 10..15 {
            saturate(x, y);
        }
    }
    saturate(40, 20);
    let found = remove(
        &mut frame,
        &mut quality,
        levels(60_000.0),
        &CosmicRayLimits::default(),
    );
    assert_eq!(found, 1);
    assert_eq!(quality[20 * width + 40], SATURATED | COSMIC_RAY);
    assert_eq!(quality[17 * width + 12], SATURATED | NEAR_SATURATED);
    assert_eq!(quality[17 * width + 18], NEAR_SATURATED);
    assert_eq!(quality[17 * width + 19], 0);
}
