//! The catalogue: blocks of 1024 sources, each with its own stream of random numbers.

use super::config::{Mix, SkyConfig};
use super::errors::NoiseTable;
use super::extragalactic::{DistantTable, Kind};
use super::mathx::{Purpose, Stream, dex};
use super::nebulae;
use super::photometry::Colours;
use super::selection::Selection;
use super::source::Source;
use super::star_table::StarTable;

/// Sources that share one stream of random numbers: the unit of random access.
pub const BLOCK_SIZE: u64 = 1024;

/// Asteroids on the sky brighter than V 21.5 and the slope of their counts (Ivezic et al. 2001).
const ASTEROIDS: (f64, f64, f64) = (21.5, 280_000.0, 0.4);

/// What one draw makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Star,
    VariableStar,
    Galaxy,
    Quasar,
    Nebula,
    Asteroid,
}

const CLASSES: [Class; 6] = [
    Class::Star,
    Class::Galaxy,
    Class::Quasar,
    Class::Nebula,
    Class::Asteroid,
    Class::VariableStar,
];

/// A sky of one configuration: its tables are built once, then sources are drawn from any place.
#[derive(Debug)]
pub struct Sky {
    config: SkyConfig,
    pub(crate) selection: Selection,
    pub(crate) colours: Colours,
    pub(crate) noise: NoiseTable,
    pub(crate) stars: StarTable,
    pub(crate) galaxies: DistantTable,
    pub(crate) quasars: DistantTable,
    /// Shares of the catalogue by class, in the order of `CLASSES`.
    shares: [f64; 6],
}

impl Sky {
    /// Builds the tables of a sky; takes some tenths of a second.
    pub fn new(config: SkyConfig) -> Self {
        let selection = config.selection();
        let colours = Colours::new();
        let stars = StarTable::new(&selection, &colours);
        let galaxies = DistantTable::new(Kind::Galaxy, &selection, config.seed, &stars);
        let quasars = DistantTable::new(Kind::Quasar, &selection, config.seed, &stars);
        let numbers = match config.mix {
            Mix::Physical => {
                let (mag, number, slope) = ASTEROIDS;
                [
                    stars.expected_total(),
                    galaxies.expected_total(),
                    quasars.expected_total(),
                    nebulae::expected_total(),
                    number * dex(slope * (selection.limit() - mag)),
                    0.0,
                ]
            }
            Mix::Seed => [70.0, 20.0, 3.0, 4.0, 2.0, 1.0],
        };
        let total: f64 = numbers.iter().sum();
        Self {
            config,
            selection,
            colours,
            noise: NoiseTable::new(),
            stars,
            galaxies,
            quasars,
            shares: numbers.map(|number| number / total),
        }
    }

    /// The configuration that the sky was built from.
    pub fn config(&self) -> &SkyConfig {
        &self.config
    }

    /// Number of stars that the model puts on the whole sky within the limits.
    pub fn expected_stars(&self) -> f64 {
        self.stars.expected_total()
    }

    /// Sources from an index on, without end.
    ///
    /// Source `i` is the same wherever the iteration starts, so loaders may split the range; blocks
    /// of [`BLOCK_SIZE`] start fastest, since others are drawn from the start of their block.
    pub fn sources_from(&self, first_index: u64) -> Sources<'_> {
        let start = first_index - first_index % BLOCK_SIZE;
        let mut sources = Sources {
            sky: self,
            next: start,
            stream: self.block(start),
        };
        for _ in start..first_index {
            sources.next();
        }
        sources
    }

    fn block(&self, index: u64) -> Stream {
        Stream::new(self.config.seed, Purpose::Sources, index / BLOCK_SIZE)
    }

    pub(crate) fn shares(&self) -> impl Iterator<Item = (Class, f64)> {
        CLASSES.into_iter().zip(self.shares)
    }

    fn draw_class(&self, stream: &mut Stream) -> Class {
        let mut left = stream.uniform();
        for (class, share) in self.shares() {
            left -= share;
            if left < 0.0 {
                return class;
            }
        }
        Class::Star
    }
}

/// Endless iterator over the sources of a sky.
#[derive(Debug)]
pub struct Sources<'a> {
    sky: &'a Sky,
    next: u64,
    stream: Stream,
}

impl Iterator for Sources<'_> {
    type Item = Source;

    fn next(&mut self) -> Option<Source> {
        if self.next.is_multiple_of(BLOCK_SIZE) {
            self.stream = self.sky.block(self.next);
        }
        self.next += 1;
        let class = self.sky.draw_class(&mut self.stream);
        Some(self.sky.draw(class, self.next, &mut self.stream))
    }
}
