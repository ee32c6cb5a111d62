//! Which persona a user, or an iteration of an open load, is.

use common::units::{count_f64, count_usize, round_u64, size_u64};

use crate::scenario::{Persona, Presence};

/// Which persona a user is, by its number: first the fixed numbers, then shares by weight, spread so evenly
/// that any first n users are as close to the shares as whole users can be.
#[derive(Debug, Clone, PartialEq)]
pub struct Casting {
    /// The end of the numbers of each persona with a fixed number.
    fixed: Vec<(u64, usize)>,
    /// The weights of the others, adding up to 1.
    weights: Vec<(f64, usize)>,
    /// All personas by their part of an open load, adding up to 1: fixed numbers count as weights there.
    arrivals: Vec<(f64, usize)>,
    /// The personas of a whole round of weights.
    round: Vec<usize>,
}

/// A round is long enough for weights of whole per mille.
const LONGEST_ROUND: u64 = 1000;

impl Casting {
    /// The casting of a list of personas.
    pub fn of(personas: &[Persona]) -> Self {
        let mut end = 0;
        let (mut fixed, mut weights, mut arrivals) = (Vec::new(), Vec::new(), Vec::new());
        for (index, persona) in personas.iter().enumerate() {
            match persona.presence {
                Presence::Count(count) => {
                    end += count;
                    fixed.push((end, index));
                    arrivals.push((count_f64(count), index));
                }
                Presence::Weight(weight) => {
                    weights.push((weight, index));
                    arrivals.push((weight, index));
                }
            }
        }
        let weights = normalised(weights);
        Self {
            round: round(&weights),
            fixed,
            arrivals: normalised(arrivals),
            weights,
        }
    }

    /// The persona of user `number` of a closed load.
    pub fn persona_of_user(&self, number: u64) -> usize {
        if let Some((_, persona)) = self.fixed.iter().find(|(end, _)| number < *end) {
            return *persona;
        }
        let fixed = self.fixed.last().map_or(0, |it| it.0);
        let length = size_u64(self.round.len()).max(1);
        let place = count_usize((number - fixed.min(number)) % length);
        // Where all numbers are fixed, further users are like the last.
        let last = self.fixed.last().map_or(0, |it| it.1);
        self.round.get(place).copied().unwrap_or(last)
    }

    /// The persona of iteration `number` of an open load.
    pub fn persona_of_arrival(&self, seed: u64, number: u64) -> usize {
        let mut left = share(seed, number);
        for (weight, persona) in &self.arrivals {
            left -= weight;
            if left < 0.0 {
                return *persona;
            }
        }
        self.arrivals.last().map_or(0, |it| it.1)
    }

    /// The share (0–1) of the users without a fixed number that a persona has.
    pub fn weight_of(&self, persona: usize) -> f64 {
        self.weights
            .iter()
            .find(|it| it.1 == persona)
            .map_or(0.0, |it| it.0)
    }
}

fn normalised(mut weights: Vec<(f64, usize)>) -> Vec<(f64, usize)> {
    let total: f64 = weights.iter().map(|it| it.0).sum();
    for (weight, _) in &mut weights {
        *weight /= if total > 0.0 { total } else { 1.0 };
    }
    weights
}

/// Smooth weighted round robin: each place goes to whoever is farthest behind its share.
fn round(weights: &[(f64, usize)]) -> Vec<usize> {
    let length = (1..=LONGEST_ROUND)
        .find(|length| {
            weights.iter().all(|(weight, _)| {
                let users = weight * count_f64(*length);
                (users - count_f64(round_u64(users + 0.5))).abs() < 1e-6
            })
        })
        .unwrap_or(LONGEST_ROUND);
    let mut credit = vec![0.0; weights.len()];
    let mut round = Vec::new();
    for _ in 0..length {
        for (credit, (weight, _)) in credit.iter_mut().zip(weights) {
            *credit += weight;
        }
        let richest = (0..weights.len()).max_by(|a, b| {
            // Of equals the first one in the file.
            credit[*a].total_cmp(&credit[*b]).then(b.cmp(a))
        });
        let Some(richest) = richest else { break };
        credit[richest] -= 1.0;
        round.push(weights[richest].1);
    }
    round
}

/// A share in [0, 1) for a number, by `SplitMix64` (Steele, Lea and Flood 2014).
fn share(seed: u64, number: u64) -> f64 {
    let mut mixed = seed
        .wrapping_mul(0x2545_f491_4f6c_dd1d)
        .wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    count_f64(mixed >> 11) / count_f64(1 << 53)
}
