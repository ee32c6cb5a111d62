//! Medians of small windows, several windows at once.

/// Windows whose medians are found together, so that one instruction serves four or eight of them.
pub(super) const LANES: usize = 8;

/// The smaller and the larger value of each lane.
///
/// Written with a comparison and not with `f32::min`, which has to look for NaN.
#[inline]
fn ordered<const L: usize>(a: [f32; L], b: [f32; L]) -> ([f32; L], [f32; L]) {
    let mut lesser = a;
    let mut greater = b;
    for lane in 0..L {
        let swap = b[lane] < a[lane];
        lesser[lane] = if swap { b[lane] } else { a[lane] };
        greater[lane] = if swap { a[lane] } else { b[lane] };
    }
    (lesser, greater)
}

/// The median of `N` values, an odd number, in each lane.
///
/// Forgetful selection: of any N/2 + 2 values the smallest and the largest cannot be the median, so they
/// are dropped, one more value is taken in, and so on. No branch depends on the values.
#[inline]
pub(super) fn median<const N: usize, const L: usize>(mut values: [[f32; L]; N]) -> [f32; L] {
    const { assert!(N > 2 && N % 2 == 1) };
    let last = N / 2 + 1;
    for (first, next) in (last + 1..=N).enumerate() {
        let (mut smallest, mut largest) = ordered(values[first], values[last]);
        let (pairs, single) = values[first + 1..last].as_chunks_mut::<2>();
        for [a, b] in pairs {
            // Of two values one cannot be the smallest and one cannot be the largest.
            let (lesser, greater) = ordered(*a, *b);
            (smallest, *a) = ordered(smallest, lesser);
            (*b, largest) = ordered(greater, largest);
        }
        for value in single {
            let (lesser, rest) = ordered(smallest, *value);
            (*value, largest) = ordered(rest, largest);
            smallest = lesser;
        }
        if next < N {
            values[last] = values[next];
        }
    }
    values[N / 2]
}

/// The median of some values, which are reordered; the mean of the middle two of an even number.
pub(super) fn median_of(values: &mut [f32]) -> Option<f32> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    if !even {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f32::total_cmp)?;
    Some(0.5 * lower + 0.5 * upper)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_sorting(values: &[f32]) -> f32 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f32::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            0.5 * sorted[middle - 1] + 0.5 * sorted[middle]
        }
    }

    fn check<const N: usize>(values: &[f32]) {
        let mut lanes = [[0.0; LANES]; N];
        for (index, value) in values.iter().take(N * LANES).enumerate() {
            lanes[index / LANES][index % LANES] = *value;
        }
        let found = median(lanes);
        for lane in 0..LANES {
            let column: Vec<f32> = lanes.iter().map(|it| it[lane]).collect();
            assert_eq!(found[lane].to_bits(), by_sorting(&column).to_bits());
        }
    }

    proptest! {
        #[test]
        fn medians_agree_with_sorting(
            values in prop::collection::vec(prop_oneof![-1e3_f32..1e3, Just(2.0_f32)], 49 * LANES)
        ) {
            check::<3>(&values);
            check::<9>(&values);
            check::<25>(&values);
            check::<49>(&values);
            for length in 1..20 {
                let mut some = values[..length].to_vec();
                prop_assert_eq!(median_of(&mut some), Some(by_sorting(&values[..length])));
            }
        }
    }

    #[test]
    fn nothing_has_no_median() {
        assert_eq!(median_of(&mut []), None);
    }
}
