//! Every source of the model in a small cone, however small it is.
//!
//! The generator spreads a fixed number of sources over the whole sky. Here the sky is cut into tiles
//! of about six arcminutes, each with its own stream of random numbers and as many sources as a
//! Poisson process of the model's density puts into it. A field is what the tiles that it touches
//! hold, so fields that overlap agree on the sources they share.

use super::cells::{CELL_WIDTH, LATITUDES, LONGITUDES, direction};
use super::extragalactic::DistantTable;
use super::galactic::to_icrs;
use super::generator::Sky;
use super::geometry::{Cone, Position, SkyBox};
use super::mathx::{Purpose, Stream, index_of, real};
use super::source::Source;
use super::star_table::CellStars;
use super::systems::SYSTEMS;

/// Side of a tile, degrees.
const TILE_DEG: f64 = 0.1;
/// Tiles of a cell are numbered below this.
const TILES_PER_CELL: u64 = 1 << 12;
/// Sources of fields are numbered from here on, far above those of the generator and below 2^53.
const FIRST_ID: u64 = 1 << 50;
/// Sources of one kind in one tile, and in one cluster of galaxies, are numbered below these.
const PER_TILE: u64 = 1 << 20;
const PER_CLUSTER: u64 = 1 << 30;
const PER_KIND: u64 = 1 << 46;

/// The kinds of source that a field holds, by the way they are placed.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Star = 0,
    Galaxy = 1,
    Quasar = 2,
    ClusterGalaxy = 3,
}

/// A rectangle in galactic longitude and the sine of latitude, within one cell.
#[derive(Clone, Copy, Debug)]
struct Tile {
    band: usize,
    longitude: usize,
    /// Number among all tiles of the sky.
    number: u64,
    l_rad: (f64, f64),
    sin_b: (f64, f64),
}

impl Sky {
    /// All stars, galaxies and quasars of the model within a cone whose true Gaia G is not fainter
    /// than a limit, by number. The cone is small: the work grows with its area.
    ///
    /// The same sky gives the same sources in every field that covers them. Its own limit holds as
    /// well: build the sky with a `g_limit` as deep as wanted. Numbers start at 2^50, so these
    /// sources can stand beside generated ones. Nebulae and asteroids are left out.
    pub fn field(&self, center: Position, radius_deg: f64, limit_g: f64) -> Vec<Source> {
        let cone = Cone { center, radius_deg };
        let mut sources = Vec::new();
        let mut cell: Option<(usize, usize, CellStars)> = None;
        for tile in self.tiles(&cone) {
            let place = (tile.band, tile.longitude);
            let stars = match cell.take() {
                Some((band, longitude, stars)) if (band, longitude) == place => stars,
                _ => self.stars.cell(tile.band, tile.longitude),
            };
            self.fill(&tile, &stars, &mut sources);
            cell = Some((tile.band, tile.longitude, stars));
        }
        self.fill_clusters(&cone, &mut sources);
        sources.retain(|source| cone.contains(source.position) && source.truth.g <= limit_g);
        sources.sort_by_key(|source| source.id);
        sources
    }

    /// Number of sources that [`Sky::field`] is expected to give to the sky's own limit.
    pub fn expected_in_field(&self, center: Position, radius_deg: f64) -> f64 {
        let [stars, galaxies, quasars, _] = self.expected_shares(&Cone { center, radius_deg });
        stars * self.stars.expected_total()
            + galaxies * self.galaxies.expected_total()
            + quasars * self.quasars.expected_total()
    }

    /// Tiles that a cone may touch, cell by cell.
    fn tiles(&self, cone: &Cone) -> Vec<Tile> {
        let center = cone.center.to_galactic();
        let galactic = Cone {
            center: Position::new(center.l_deg, center.b_deg),
            radius_deg: cone.radius_deg,
        };
        let boxes = galactic.bounding_boxes();
        let mut tiles = Vec::new();
        for band in 0..LATITUDES {
            for longitude in 0..LONGITUDES {
                let cell = self.cell_tile(band, longitude);
                if boxes.iter().any(|area| cell.touches(area)) {
                    tiles.extend(
                        cell.split()
                            .filter(|tile| boxes.iter().any(|area| tile.touches(area))),
                    );
                }
            }
        }
        tiles
    }

    /// A whole cell as a tile.
    fn cell_tile(&self, band: usize, longitude: usize) -> Tile {
        Tile {
            band,
            longitude,
            number: 0,
            l_rad: (
                real(longitude) * CELL_WIDTH,
                real(longitude + 1) * CELL_WIDTH,
            ),
            sin_b: self.stars.cells.sines(band),
        }
    }

    fn fill(&self, tile: &Tile, stars: &CellStars, sources: &mut Vec<Source>) {
        let mut stream = tile.stream(self, Kind::Star);
        let first = tile.first_id(Kind::Star);
        let mut ids = first..;
        for _ in 0..stream.poisson(stars.per_sr * tile.area_sr()) {
            let star = self
                .stars
                .draw_in(stars, tile.draw(&mut stream), &mut stream);
            let id = ids.next().unwrap_or(first);
            sources.extend(self.observe_star(star, id, false, &mut stream));
        }
        self.fill_members(tile, (&mut stream, &mut ids), sources);
        for kind in [Kind::Galaxy, Kind::Quasar] {
            let table = if matches!(kind, Kind::Galaxy) {
                &self.galaxies
            } else {
                &self.quasars
            };
            self.fill_distant(tile, kind, table, sources);
        }
    }

    /// Members of clusters and neighbouring galaxies: a process of the greatest density in the tile,
    /// thinned to the density of each place.
    fn fill_members(
        &self,
        tile: &Tile,
        (stream, ids): (&mut Stream, &mut core::ops::RangeFrom<u64>),
        sources: &mut Vec<Source>,
    ) {
        for (index, system) in SYSTEMS.iter().enumerate() {
            let (center, edge) = system.extent();
            let nearest = (tile.center().separation_deg(center) - tile.reach_deg()).max(0.0);
            if nearest >= edge {
                continue;
            }
            let members = self.stars.members(index);
            let densest = system.share_per_sr(nearest);
            for _ in 0..stream.poisson(members.number * densest * tile.area_sr()) {
                let place = tile.draw(stream);
                let position = Position::from_unit_vector(to_icrs(place));
                let density = system.share_per_sr(position.separation_deg(center));
                let id = ids.next().unwrap_or(FIRST_ID);
                if stream.chance(density / densest)
                    && let Some(star) = members.draw(place, stream)
                {
                    sources.extend(self.observe_star(star, id, false, stream));
                }
            }
        }
    }

    fn fill_distant(
        &self,
        tile: &Tile,
        kind: Kind,
        table: &DistantTable,
        sources: &mut Vec<Source>,
    ) {
        let mut stream = tile.stream(self, kind);
        let cell = (tile.band, tile.longitude);
        let expected = table.smooth_candidates_per_sr(tile.band, tile.longitude) * tile.area_sr();
        let number = stream.poisson(expected);
        for id in (tile.first_id(kind)..).take(index_of_count(number)) {
            let position = Position::from_unit_vector(to_icrs(tile.draw(&mut stream)));
            let drawn = table.draw_in(cell, position, &mut stream);
            sources.extend(match kind {
                Kind::Quasar => self.observe_quasar(&drawn, id, &mut stream),
                _ => self.observe_galaxy(&drawn, id, &mut stream),
            });
        }
    }

    /// Members of the clusters of galaxies that reach into a cone.
    fn fill_clusters(&self, cone: &Cone, sources: &mut Vec<Source>) {
        for (number, (center, edge, _)) in (0..).zip(self.galaxies.clusters()) {
            if cone.center.separation_deg(center) > cone.radius_deg + edge {
                continue;
            }
            let cluster = index_of_count(number);
            let mut stream = Stream::new(self.config().seed, Purpose::FieldClusters, number);
            let first = FIRST_ID + Kind::ClusterGalaxy as u64 * PER_KIND + number * PER_CLUSTER;
            let members = stream.poisson(self.galaxies.cluster_candidates(cluster));
            for id in (first..).take(index_of_count(members)) {
                let drawn = self.galaxies.draw_member(cluster, &mut stream);
                sources.extend(self.observe_galaxy(&drawn, id, &mut stream));
            }
        }
    }
}

fn index_of_count(count: u64) -> usize {
    crate::units::count_usize(count)
}

impl Tile {
    /// Cuts a cell into tiles.
    fn split(self) -> impl Iterator<Item = Self> {
        let (south, north) = (self.sin_b.0, self.sin_b.1);
        let height = (libm::asin(north) - libm::asin(south)).to_degrees();
        let middle = 0.5 * (south + north);
        let width = CELL_WIDTH.to_degrees() * (1.0 - middle * middle).sqrt();
        let parts = |length: f64| index_of((length / TILE_DEG).ceil()).max(1);
        let (rows, columns) = (parts(height), parts(width));
        let cut = |(low, high): (f64, f64), i: usize, n: usize| {
            let edge = |i: usize| low + (high - low) * real(i) / real(n);
            (edge(i), edge(i + 1))
        };
        let cell = crate::units::size_u64(self.band * LONGITUDES + self.longitude);
        (0..rows * columns).map(move |i| Self {
            number: cell * TILES_PER_CELL + crate::units::size_u64(i),
            l_rad: cut(self.l_rad, i % columns, columns),
            sin_b: cut(self.sin_b, i / columns, rows),
            ..self
        })
    }

    fn touches(&self, area: &SkyBox) -> bool {
        let latitude = |sine: f64| libm::asin(sine).to_degrees();
        self.l_rad.0.to_degrees() <= area.ra_max_deg + 1e-9
            && self.l_rad.1.to_degrees() >= area.ra_min_deg - 1e-9
            && latitude(self.sin_b.0) <= area.dec_max_deg + 1e-9
            && latitude(self.sin_b.1) >= area.dec_min_deg - 1e-9
    }

    fn area_sr(&self) -> f64 {
        (self.l_rad.1 - self.l_rad.0) * (self.sin_b.1 - self.sin_b.0)
    }

    /// A galactic direction within the tile.
    fn draw(&self, stream: &mut Stream) -> [f64; 3] {
        let sin_b = stream.between(self.sin_b.0, self.sin_b.1);
        direction(sin_b, stream.between(self.l_rad.0, self.l_rad.1))
    }

    fn center(&self) -> Position {
        let sin_b = 0.5 * (self.sin_b.0 + self.sin_b.1);
        let vector = direction(sin_b, 0.5 * (self.l_rad.0 + self.l_rad.1));
        Position::from_unit_vector(to_icrs(vector))
    }

    /// Distance of the farthest corner from the centre, degrees.
    fn reach_deg(&self) -> f64 {
        let center = self.center();
        let corners = [self.sin_b.0, self.sin_b.1]
            .map(|sin_b| [self.l_rad.0, self.l_rad.1].map(|l| direction(sin_b, l)));
        let corners = corners.as_flattened().iter();
        corners
            .map(|&v| center.separation_deg(Position::from_unit_vector(to_icrs(v))))
            .fold(0.0, f64::max)
    }

    fn stream(&self, sky: &Sky, kind: Kind) -> Stream {
        let number = 4 * self.number + kind as u64;
        Stream::new(sky.config().seed, Purpose::Field, number)
    }

    fn first_id(&self, kind: Kind) -> u64 {
        FIRST_ID + kind as u64 * PER_KIND + self.number * PER_TILE
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::{ObjectType, SkyConfig};
    use super::*;

    fn sky() -> Sky {
        Sky::new(SkyConfig::default())
    }

    #[test]
    fn fields_hold_as_many_sources_as_the_model_expects() {
        let sky = sky();
        let galactic =
            |l_deg: f64, b_deg: f64| super::super::Galactic { l_deg, b_deg }.to_position();
        // The plane, middle latitudes, the pole, the Large Magellanic Cloud, 47 Tucanae.
        for (center, radius) in [
            (galactic(40.0, 1.5), 0.25),
            (galactic(200.0, -21.0), 1.0),
            (galactic(77.0, 89.9), 2.0),
            (Position::new(80.9, -69.8), 0.15),
            (Position::new(6.024, -72.081), 0.3),
            (Position::new(0.01, 10.0), 1.5),
        ] {
            let found = sky.field(center, radius, 30.0);
            let expected = sky.expected_in_field(center, radius);
            let bound = 0.03 * expected + 5.0 * expected.sqrt();
            let number = real(found.len());
            assert!(
                (number - expected).abs() < bound,
                "{center:?} {radius}: {number} of {expected}"
            );
        }
    }

    #[test]
    fn kinds_come_in_the_numbers_that_the_model_expects_of_each() {
        let sky = sky();
        let center = Position::new(185.0, 20.0);
        let mut found = [0.0; 3];
        let radius_deg = 2.5;
        for source in sky.field(center, radius_deg, 30.0) {
            match source.object_type {
                ObjectType::Galaxy => found[1] += 1.0,
                ObjectType::Quasar => found[2] += 1.0,
                _ => found[0] += 1.0,
            }
        }
        let [stars, galaxies, quasars, _] = sky.expected_shares(&Cone { center, radius_deg });
        let expected = [
            stars * sky.expected_stars(),
            galaxies * sky.galaxies.expected_total(),
            quasars * sky.quasars.expected_total(),
        ];
        for (number, expected) in found.into_iter().zip(expected) {
            let bound = 0.03 * expected + 5.0 * expected.sqrt();
            assert!(
                expected > 100.0 && (number - expected).abs() < bound,
                "{number} of {expected}"
            );
        }
    }

    #[test]
    fn fields_that_overlap_agree_on_what_they_share() {
        let (a, b) = (Position::new(359.98, -5.0), Position::new(0.02, -5.03));
        let sky = sky();
        let by_id = |center: Position, radius: f64, limit: f64| -> BTreeMap<u64, Source> {
            let field = sky.field(center, radius, limit);
            field.into_iter().map(|s| (s.id, s)).collect()
        };
        let (first, second) = (by_id(a, 0.3, 30.0), by_id(b, 0.25, 30.0));
        let mut shared = 0;
        for (id, source) in &first {
            let inside = b.separation_deg(source.position) <= 0.25;
            assert_eq!(second.get(id), inside.then_some(source));
            shared += u32::from(inside);
        }
        assert!(shared > 100, "{shared}");
        let bright = by_id(a, 0.3, 18.0);
        assert!(bright.len() > 10 && bright.len() < first.len());
        assert!(
            bright
                .iter()
                .all(|(id, s)| first.get(id) == Some(s) && s.truth.g <= 18.0)
        );
        let again = Sky::new(SkyConfig::default()).field(a, 0.3, 30.0);
        assert!(again.iter().eq(first.values()));
    }

    #[test]
    fn every_source_lies_in_its_field_and_has_a_number_of_its_own() {
        let sky = sky();
        for center in [
            Position::new(266.4, -29.0),
            // The galactic poles, and the seam of galactic longitude.
            super::super::Galactic {
                l_deg: 0.0,
                b_deg: 90.0,
            }
            .to_position(),
            super::super::Galactic {
                l_deg: 0.0,
                b_deg: 40.0,
            }
            .to_position(),
        ] {
            let field = sky.field(center, 0.05, 30.0);
            assert!(field.windows(2).all(|w| w[0].id < w[1].id));
            for source in &field {
                assert!(center.separation_deg(source.position) <= 0.05);
                assert!(source.id >= FIRST_ID && source.id < 1 << 53);
            }
        }
    }

    #[test]
    fn the_same_sky_gives_the_same_bits() {
        let center = Position::new(83.8, -5.4);
        let mut hash = 0_u64;
        for source in sky().field(center, 0.2, 30.0) {
            let Position { ra_deg, dec_deg } = source.position;
            for bits in [
                source.id,
                ra_deg.to_bits(),
                dec_deg.to_bits(),
                source.truth.g.to_bits(),
            ] {
                hash = (hash ^ bits)
                    .wrapping_mul(0x0000_0100_0000_01B3)
                    .rotate_left(17);
            }
        }
        assert_eq!(
            hash, 0xbd2a_298b_61ed_1a8c,
            "the field changed: {hash:#018x}"
        );
    }
}
