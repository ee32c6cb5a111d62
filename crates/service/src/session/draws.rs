//! What a user draws: targets, numbers, words. One seed and the number of the user decide everything.

use std::sync::Arc;

use common::sky::Position;
use common::units::{count_usize, size_u64};
use jiff::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::memory::Memory;
use super::scene::{Asked, FitsFile, Scene};
use crate::profile::{Placeholder, Value};

/// Where a user's random numbers come from.
#[derive(Debug)]
pub(super) struct Draws {
    random: Random,
    pub(super) scene: Arc<Scene>,
    user: u64,
    /// The sequence that is drawn from: the user's own, or that of an iteration.
    stream: u64,
    pub(super) memory: Option<Box<Memory>>,
}

/// A generator, or the place in its sequence where one goes on: the state takes 320 bytes, which adds up
/// with users who think for most of their time.
#[derive(Debug)]
enum Random {
    Awake(Box<ChaCha8Rng>),
    Resting { words_drawn: u128 },
}

/// What belongs to one request: all its placeholders see the same target and the same job.
#[derive(Debug, Clone, Default)]
pub(super) struct Occasion {
    pub(super) asked: Option<Asked>,
    pub(super) job: Option<String>,
    /// The image, as indexes into the scene's keys and files.
    pub(super) key: Option<usize>,
    pub(super) file: Option<usize>,
}

impl Draws {
    pub(super) fn new(scene: Arc<Scene>, user: u64) -> Self {
        Self {
            random: Random::Resting { words_drawn: 0 },
            user,
            stream: user,
            scene,
            memory: None,
        }
    }

    /// Draws from here on what belongs to a number, whatever was drawn before.
    pub(super) fn restart(&mut self, number: u64) {
        self.stream = number;
        match &mut self.random {
            Random::Awake(random) => {
                random.set_stream(number);
                random.set_word_pos(0);
            }
            Random::Resting { words_drawn } => *words_drawn = 0,
        }
    }

    /// Gives the state of the generator up until the next draw.
    pub(super) fn rest(&mut self) {
        if let Random::Awake(random) = &self.random {
            let words_drawn = random.get_word_pos();
            self.random = Random::Resting { words_drawn };
        }
    }

    fn random(&mut self) -> &mut ChaCha8Rng {
        if let Random::Resting { words_drawn } = self.random {
            let mut random = ChaCha8Rng::seed_from_u64(self.scene.seed);
            random.set_stream(self.stream);
            random.set_word_pos(words_drawn);
            self.random = Random::Awake(Box::new(random));
        }
        match &mut self.random {
            Random::Awake(random) => random,
            Random::Resting { .. } => unreachable!("it was just woken"),
        }
    }

    /// An index into a list of `length`, at least 1.
    pub(super) fn index(&mut self, length: usize) -> usize {
        count_usize(self.random().random_range(0..size_u64(length).max(1)))
    }

    /// A share in [0, 1).
    pub(super) fn share(&mut self) -> f64 {
        self.random().random()
    }

    /// A new occasion: a target and an input.
    pub(super) fn occasion(&mut self) -> Occasion {
        let scene = Arc::clone(&self.scene);
        Occasion {
            asked: (!scene.targets.is_empty())
                .then(|| scene.targets[self.index(scene.targets.len())]),
            job: None,
            key: (!scene.keys.is_empty()).then(|| self.index(scene.keys.len())),
            file: (!scene.files.is_empty()).then(|| self.index(scene.files.len())),
        }
    }

    pub(super) fn key(&self, occasion: &Occasion) -> Option<&String> {
        occasion.key.and_then(|it| self.scene.keys.get(it))
    }

    pub(super) fn file(&self, occasion: &Occasion) -> Option<&FitsFile> {
        occasion.file.and_then(|it| self.scene.files.get(it))
    }

    /// Positions for an uploaded table: those of the scene's targets.
    pub(super) fn positions(&mut self, low: u64, high: u64) -> Vec<Position> {
        let scene = Arc::clone(&self.scene);
        let wanted = self.random().random_range(low..=high);
        if scene.targets.is_empty() {
            return Vec::new();
        }
        (0..wanted)
            .map(|_| {
                scene.targets[self.index(scene.targets.len())]
                    .target
                    .cone
                    .center
            })
            .collect()
    }

    pub(super) fn draw(&mut self, placeholder: &Placeholder, occasion: &Occasion) -> Value {
        let cone = occasion.asked.map(|it| it.target.cone);
        let of_cone =
            |figure: Option<f64>| figure.map_or_else(|| Value::Text(String::new()), Value::real);
        match placeholder {
            Placeholder::Ra => of_cone(cone.map(|it| it.center.ra_deg)),
            Placeholder::Dec => of_cone(cone.map(|it| it.center.dec_deg)),
            Placeholder::Radius(per_degree) => of_cone(cone.map(|it| it.radius_deg * per_degree)),
            Placeholder::Int(low, high) => {
                Value::Number(self.random().random_range(*low..=*high).into())
            }
            Placeholder::Real(low, high) => Value::real(low + (high - low) * self.share()),
            Placeholder::Log(low, high) => Value::real(low * (high / low).powf(self.share())),
            Placeholder::Bool => Value::Bool(self.random().random()),
            Placeholder::Choice(words) => Value::Text(self.choose(words).to_owned()),
            Placeholder::Uuid => Value::Text(self.uuid()),
            Placeholder::Run => Value::Text(self.scene.run.clone()),
            Placeholder::User => Value::Text(format!("user-{}", self.user)),
            Placeholder::Now => Value::Text(Timestamp::now().to_string()),
            Placeholder::FitsKey => Value::Text(self.key(occasion).cloned().unwrap_or_default()),
            Placeholder::Job => Value::Text(occasion.job.clone().unwrap_or_default()),
            Placeholder::Value(name) => Value::Text(self.value(name)),
            Placeholder::Feed { feeder, column } => Value::Text(self.column(*feeder, *column)),
        }
    }

    fn choose<'a>(&mut self, words: &'a [(String, f64)]) -> &'a str {
        let total: f64 = words.iter().map(|it| it.1).sum();
        let mut left = total * self.share();
        for (word, weight) in words {
            left -= weight;
            if left < 0.0 {
                return word;
            }
        }
        words.last().map_or("", |it| &it.0)
    }

    /// A random UUID (version 4).
    fn uuid(&mut self) -> String {
        let [high, low]: [u64; 2] = self.random().random();
        let high = (high & 0xffff_ffff_ffff_0fff) | 0x4000;
        let low = (low & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000;
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::session::tests::scene;

    #[test]
    fn equal_seeds_draw_equal_values_and_users_differ() {
        let drawn = |user| {
            let mut draws = Draws::new(Arc::new(scene()), user);
            let occasion = draws.occasion();
            [
                Placeholder::Ra,
                Placeholder::Uuid,
                Placeholder::Int(0, 1_000_000),
            ]
            .map(|it| draws.draw(&it, &occasion))
        };
        assert_eq!(drawn(3), drawn(3));
        assert_ne!(drawn(3), drawn(4));
    }

    #[test]
    fn a_rest_at_any_place_changes_nothing_that_is_drawn() {
        let drawn = |rests_every: usize| {
            let mut draws = Draws::new(Arc::new(scene()), 3);
            let draw = |step: usize| {
                if step.is_multiple_of(rests_every) {
                    draws.rest();
                }
                match step % 3 {
                    0 => u64::from(draws.random().random::<u32>()),
                    1 => draws.random().random(),
                    _ => size_u64(draws.index(1000)),
                }
            };
            (0..1000).map(draw).collect::<Vec<u64>>()
        };
        let without_rest = drawn(usize::MAX);
        for rests_every in [1, 2, 5, 7, 64] {
            let is_same = drawn(rests_every) == without_rest;
            assert!(is_same, "with a rest before every {rests_every}th draw");
        }
    }

    #[test]
    fn words_come_up_by_their_weights() {
        let mut draws = Draws::new(Arc::new(scene()), 1);
        let words = Placeholder::Choice(vec![("a".into(), 3.0), ("b".into(), 1.0)]);
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for _ in 0..10_000 {
            let mut text = String::new();
            draws.draw(&words, &Occasion::default()).write(&mut text);
            *counts.entry(text).or_default() += 1;
        }
        let share = f64::from(counts["a"]) / 10_000.0;
        // Four standard deviations of a binomial of 10,000.
        assert!((share - 0.75).abs() < 4.0 * 0.0044, "{share}");
    }
}
