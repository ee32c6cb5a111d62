//! The right answers: every row is compared with every cone in the client, by the exact separation.

use common::sky::{Cone, Position};
use common::units::{count_usize, round_u64};

/// Sources this near to the edge of a cone may be in or out: 1 mas, far above the rounding of any
/// server and far below any measurement.
pub const EDGE_DEG: f64 = 1.0 / 3.6e6;

/// Height of a zone of declination in degrees.
const ZONE_DEG: f64 = 0.25;

/// What a cone must and may hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expected {
    inside: Vec<[u64; 2]>,
    edge: Vec<[u64; 2]>,
}

/// How an answer differs from what is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Sources that should have been found.
    pub missing: u64,
    /// Sources that should not have been found.
    pub extra: u64,
}

impl Comparison {
    /// Whether the answer was right.
    pub fn is_right(self) -> bool {
        self == Self::default()
    }
}

/// Bits of a position, which the server gives back as they were stored.
fn key(position: Position) -> [u64; 2] {
    // −0 and 0 are one place.
    [position.ra_deg + 0.0, position.dec_deg + 0.0].map(f64::to_bits)
}

impl Expected {
    /// How many sources are inside, those on the edge not counted.
    pub fn len(&self) -> usize {
        self.inside.len()
    }

    /// Whether nothing is inside.
    pub fn is_empty(&self) -> bool {
        self.inside.is_empty()
    }

    /// The least and the most sources that a right answer has: those on the edge may be in or out.
    pub fn count_range(&self) -> (u64, u64) {
        let inside = count(self.inside.len());
        (inside, inside + count(self.edge.len()))
    }

    /// How many sources are in `cone`, which these answers are for: those on the edge by the exact
    /// separation, the rim included.
    pub fn count_in(&self, cone: &Cone) -> u64 {
        let on_edge = self.edge.iter().filter(|bits| {
            let [ra_deg, dec_deg] = bits.map(f64::from_bits);
            cone.contains(Position { ra_deg, dec_deg })
        });
        count(self.inside.len() + on_edge.count())
    }

    /// Compares an answer. With `limit` the answer holds the nearest ones only, so that a full
    /// answer can miss nothing.
    pub fn compare(&self, found: &[Position], limit: Option<usize>) -> Comparison {
        let mut found: Vec<[u64; 2]> = found.iter().map(|position| key(*position)).collect();
        found.sort_unstable();
        let matched = matches(&self.inside, &found);
        let on_edge = matches(&self.edge, &found);
        let is_full = limit.is_some_and(|limit| found.len() >= limit);
        Comparison {
            missing: if is_full {
                0
            } else {
                count(self.inside.len() - matched)
            },
            extra: count(found.len().saturating_sub(matched + on_edge)),
        }
    }
}

/// How many members two sorted lists share, with repetitions.
fn matches(a: &[[u64; 2]], b: &[[u64; 2]]) -> usize {
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                (i, j, shared) = (i + 1, j + 1, shared + 1);
            }
        }
    }
    shared
}

fn count(size: usize) -> u64 {
    common::units::size_u64(size)
}

/// Cones whose right answers are gathered while all rows pass by.
#[derive(Debug)]
pub struct Oracle {
    cones: Vec<Prepared>,
    /// For each zone of declination the cones that reach into it.
    zones: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Prepared {
    cone: Cone,
    axis: [f64; 3],
    /// Squared chord beyond which no source can be inside or on the edge.
    reach: f64,
    expected: Expected,
}

impl Oracle {
    /// Prepares to answer these cones.
    pub fn new(cones: impl IntoIterator<Item = Cone>) -> Self {
        let mut zones = vec![Vec::new(); zone_of(90.0) + 1];
        let cones: Vec<Prepared> = cones
            .into_iter()
            .enumerate()
            .map(|(index, cone)| {
                let dec = cone.center.dec_deg;
                let reach = cone.radius_deg + 2.0 * EDGE_DEG;
                for zone in &mut zones[zone_of(dec - reach)..=zone_of(dec + reach)] {
                    zone.push(index);
                }
                let chord = 2.0 * (reach.min(180.0).to_radians() / 2.0).sin();
                Prepared {
                    axis: cone.center.unit_vector(),
                    // The quick test loses digits: a wide margin keeps it on the safe side.
                    reach: chord * chord * (1.0 + 1e-6) + 1e-15,
                    expected: Expected::default(),
                    cone,
                }
            })
            .collect();
        Self { cones, zones }
    }

    /// Shows a row.
    pub fn observe(&mut self, position: Position) {
        let vector = position.unit_vector();
        for &index in &self.zones[zone_of(position.dec_deg)] {
            let it = &mut self.cones[index];
            let chord: f64 = (0..3)
                .map(|axis| (vector[axis] - it.axis[axis]).powi(2))
                .sum();
            if chord > it.reach {
                continue;
            }
            let distance = it.cone.center.separation_deg(position) - it.cone.radius_deg;
            if distance.abs() <= EDGE_DEG {
                it.expected.edge.push(key(position));
            } else if distance < 0.0 {
                it.expected.inside.push(key(position));
            }
        }
    }

    /// The right answers in the order of the cones.
    pub fn finish(self) -> Vec<Expected> {
        self.cones
            .into_iter()
            .map(|it| {
                let mut expected = it.expected;
                expected.inside.sort_unstable();
                expected.edge.sort_unstable();
                expected
            })
            .collect()
    }
}

fn zone_of(dec_deg: f64) -> usize {
    count_usize(round_u64(
        ((dec_deg.clamp(-90.0, 90.0) + 90.0) / ZONE_DEG).floor(),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position() -> impl Strategy<Value = Position> {
        (0.0..360.0, -1.0..=1.0f64)
            .prop_map(|(ra, sin_dec)| Position::new(ra, sin_dec.asin().to_degrees()))
    }

    proptest! {
        #[test]
        fn the_oracle_agrees_with_brute_force(
            sources in prop::collection::vec(position(), 1..200),
            center in position(), radius in 0.001..40.0f64,
        ) {
            let cone = Cone { center, radius_deg: radius };
            let mut oracle = Oracle::new([cone]);
            for source in &sources {
                oracle.observe(*source);
            }
            let expected = oracle.finish().remove(0);
            let right: Vec<Position> = sources.iter().copied().filter(|it| cone.contains(*it)).collect();
            prop_assert!(expected.compare(&right, None).is_right());
            if let Some((first, rest)) = right.split_first() {
                let missing = Comparison { missing: 1, extra: 0 };
                prop_assert_eq!(expected.compare(rest, None), missing);
                let twice: Vec<Position> = right.iter().copied().chain([*first]).collect();
                let extra = Comparison { missing: 0, extra: 1 };
                prop_assert_eq!(expected.compare(&twice, None), extra);
                prop_assert!(expected.compare(rest, Some(rest.len())).is_right());
            }
        }
    }

    #[test]
    fn a_source_on_the_edge_may_be_in_or_out() {
        let center = Position::new(10.0, 20.0);
        let edge = center.offset(90.0, 1.0);
        let cone = Cone {
            center,
            radius_deg: 1.0,
        };
        let mut oracle = Oracle::new([cone]);
        oracle.observe(edge);
        oracle.observe(center);
        let expected = oracle.finish().remove(0);
        let on_rim = u64::from(cone.contains(edge));
        assert_eq!(expected.count_in(&cone), 1 + on_rim);
        assert!(expected.compare(&[center, edge], None).is_right());
        assert!(expected.compare(&[center], None).is_right());
    }
}
