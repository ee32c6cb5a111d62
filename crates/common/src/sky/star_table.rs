//! Where stars of a magnitude-limited catalogue are: tables to draw from, and expected numbers.

use super::alias::Alias;
use super::cells::{Cells, HALF_LONGITUDES, LATITUDES, LONGITUDES, folded};
use super::luminosity::{BRIGHTEST, FAINTEST, GROUPS, Group, groups, mean_b_v};
use super::mathx::{LN_10, Stream, index_of, narrow, real, short};
use super::photometry::{Colours, EXTINCTION};
use super::selection::Selection;
use super::structure::Place;
use super::systems::{Part, SYSTEMS, System, parts};

/// Logarithmic bins of distance from `NEAREST_PC` to `FARTHEST_PC`.
const DISTANCES: usize = 100;
const NEAREST_PC: f64 = 3.0;
const FARTHEST_PC: f64 = 50_000.0;
/// Step of absolute magnitude, and of the tables by limiting absolute magnitude.
const MAG_STEP: f64 = 0.05;
const MAG_BINS: usize = 460;
/// Range of limiting absolute magnitudes (in the selecting band) that the tables cover.
const FIRST_LIMIT: f64 = -25.0;
const LIMITS: usize = 1000;
/// The envelope reaches deeper than the selection by what a bin of distance, the dust within it and
/// the scatter of colours can brighten a star.
const ENVELOPE_SLACK_MAG: f64 = 0.35;
/// Entries below this share of all stars are dropped: together they hold less than 1e-3.
const NEGLIGIBLE: f64 = 1e-9;

/// Position, kind and brightness of a star before any noise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StarDraw {
    pub(crate) group: usize,
    /// Galactic unit vector.
    pub(crate) direction: [f64; 3],
    pub(crate) distance_pc: f64,
    pub(crate) absolute_v: f64,
    /// Mean intrinsic B-V of its kind.
    pub(crate) b_v: f64,
    /// Apparent V without extinction.
    pub(crate) unreddened_v: f64,
    pub(crate) extinction_v: f64,
    /// The cluster or galaxy that the star belongs to.
    pub(crate) system: Option<&'static System>,
}

/// Numbers per unit volume of one group by limiting absolute magnitude.
struct Counts {
    /// Stars that the selection keeps.
    kept: Vec<f64>,
    /// Stars that may be drawn, and the bins of absolute magnitude they lie in.
    envelope: Vec<(f64, usize)>,
}

/// Tables for one selection of stars.
#[derive(Debug)]
pub(crate) struct StarTable {
    pub(crate) cells: Cells,
    pub(crate) groups: [Group; GROUPS],
    /// Cumulative numbers by absolute magnitude, and mean B-V, by group.
    cumulative: Vec<Vec<f64>>,
    b_v: [Vec<f64>; 2],
    /// By limiting absolute magnitude: how many bins of absolute magnitude to draw from, by group.
    envelope_bins: Vec<Vec<usize>>,
    /// Draws a packed (cell, group, distance).
    entries: Alias,
    /// Extinction in V at the edges of the distance bins, by half-circle cell.
    dust: Vec<f32>,
    /// Stars kept in one cell, by half-circle cell.
    expected: Vec<f64>,
    faint_limit: f64,
    dust_ratio: f64,
    systems: SystemTable,
}

/// Stars of clusters and neighbouring galaxies.
#[derive(Debug)]
struct SystemTable {
    /// Probability that a drawn star belongs to one.
    share: f64,
    parts: Vec<Part>,
    entries: Alias,
    /// Stars kept, by system.
    expected: [f64; SYSTEMS.len()],
}

impl StarTable {
    pub(crate) fn new(selection: &Selection, colours: &Colours) -> Self {
        let groups = groups();
        let cells = Cells::new();
        let cumulative: Vec<Vec<f64>> = groups.iter().map(cumulative_numbers).collect();
        let b_v =
            [false, true].map(|giant| (0..MAG_BINS).map(|j| mean_b_v(giant, middle(j))).collect());
        let counts: Vec<Counts> = groups
            .iter()
            .zip(&cumulative)
            .map(|(group, cumulative)| Counts::new(group, cumulative, selection, colours))
            .collect();
        let mut table = Self {
            cells,
            groups,
            cumulative,
            b_v,
            envelope_bins: counts
                .iter()
                .map(|c| c.envelope.iter().map(|e| e.1).collect())
                .collect(),
            entries: Alias::new(&[1.0]),
            dust: Vec::with_capacity(LATITUDES * HALF_LONGITUDES * (DISTANCES + 1)),
            expected: Vec::with_capacity(LATITUDES * HALF_LONGITUDES),
            faint_limit: selection.limit(),
            dust_ratio: EXTINCTION[selection.band()],
            systems: SystemTable {
                share: 0.0,
                parts: Vec::new(),
                entries: Alias::new(&[1.0]),
                expected: [0.0; SYSTEMS.len()],
            },
        };
        table.fill(&counts);
        table
    }

    fn fill(&mut self, counts: &[Counts]) {
        let mut weights = vec![0.0; LATITUDES * HALF_LONGITUDES * GROUPS * DISTANCES];
        for cell in 0..LATITUDES * HALF_LONGITUDES {
            let (band, longitude) = (cell / HALF_LONGITUDES, cell % HALF_LONGITUDES);
            let direction = self.cells.middle(band, longitude);
            let area = self.cells.area_sr(band);
            let mut kept = 0.0;
            let mut dust = 0.0;
            self.dust.push(0.0);
            for k in 0..DISTANCES {
                let ln_distance = ln_distance(real(k) + 0.5);
                let distance = libm::exp(ln_distance);
                let place = Place::along(direction, distance);
                let loss = place.dust_mag_per_pc() * distance * bin_width();
                let limit = self.limit(ln_distance, dust + 0.5 * loss);
                dust += loss;
                self.dust.push(narrow(dust));
                let volume = area * distance * distance * distance * bin_width();
                for (g, density) in place.densities(&self.groups).into_iter().enumerate() {
                    kept += volume * density * counts[g].kept[limit];
                    weights[(cell * GROUPS + g) * DISTANCES + k] =
                        volume * density * counts[g].envelope[limit].0;
                }
            }
            self.expected.push(kept);
        }
        let total = weights.iter().sum::<f64>();
        // The cells are those of half the sky.
        self.add_systems(counts, 2.0 * total);
        let least = NEGLIGIBLE * total;
        let codes: Vec<u32> = (0..weights.len())
            .filter(|&code| weights[code] > least)
            .map(short)
            .collect();
        weights.retain(|&weight| weight > least);
        self.entries = Alias::new(&weights).labelled(&codes);
    }

    fn add_systems(&mut self, counts: &[Counts], field_stars: f64) {
        let parts = parts(&self.cumulative, MAG_STEP);
        let mut weights = Vec::with_capacity(parts.len());
        let mut expected = [0.0; SYSTEMS.len()];
        for part in &parts {
            let limit = self.limit_in(&SYSTEMS[part.system]);
            weights.push(part.scale * counts[part.group].envelope[limit].0);
            expected[part.system] += part.scale * counts[part.group].kept[limit];
        }
        let members: f64 = weights.iter().sum();
        self.systems = SystemTable {
            share: members / (members + field_stars),
            entries: Alias::new(&weights),
            parts,
            expected,
        };
    }

    fn limit_in(&self, system: &System) -> usize {
        let ln_distance = (system.distance_modulus() + 5.0) * LN_10 / 5.0;
        self.limit(ln_distance, system.extinction_v)
    }

    /// Draws a star of a system that may pass the selection.
    fn draw_member(&self, stream: &mut Stream) -> StarDraw {
        let part = self.systems.parts[self.systems.entries.draw(stream)];
        let anywhere = |stream: &mut Stream| SYSTEMS[part.system].draw_direction(stream);
        self.member(part, anywhere, stream)
    }

    /// Draws a member of one part of a system: its brightness, then its direction.
    fn member(
        &self,
        part: Part,
        direction: impl FnOnce(&mut Stream) -> [f64; 3],
        stream: &mut Stream,
    ) -> StarDraw {
        let system = &SYSTEMS[part.system];
        let bin = self.draw_bin(part.group, self.limit_in(system), stream);
        let absolute_v = BRIGHTEST + MAG_STEP * (real(bin) + stream.uniform());
        StarDraw {
            group: part.group,
            direction: direction(stream),
            distance_pc: system.distance_pc,
            absolute_v,
            b_v: self.b_v[usize::from(self.groups[part.group].giant)][bin],
            unreddened_v: absolute_v + system.distance_modulus(),
            extinction_v: system.extinction_v,
            system: Some(system),
        }
    }

    /// Place in the tables of the limiting absolute magnitude at a distance behind some dust.
    #[inline]
    fn limit(&self, ln_distance: f64, extinction_v: f64) -> usize {
        let limit =
            self.faint_limit - distance_modulus(ln_distance) - self.dust_ratio * extinction_v;
        index_of((limit - FIRST_LIMIT) / MAG_STEP).min(LIMITS - 1)
    }

    /// Draws a star that may pass the selection.
    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> StarDraw {
        if stream.chance(self.systems.share) {
            return self.draw_member(stream);
        }
        let code = self.entries.draw(stream);
        let (rest, k) = (code / DISTANCES, code % DISTANCES);
        let (cell, group) = (rest / GROUPS, rest % GROUPS);
        let (band, half) = (cell / HALF_LONGITUDES, cell % HALF_LONGITUDES);
        let mirrored = stream.bits() >> 63 == 1;
        let longitude = if mirrored {
            LONGITUDES - 1 - half
        } else {
            half
        };
        let direction = self.cells.draw(band, longitude, stream);
        self.star((cell, group, k), direction, stream)
    }

    /// Draws a star of a cell, group and bin of distance, in a direction of that cell.
    #[inline]
    fn star(
        &self,
        (cell, group, k): (usize, usize, usize),
        direction: [f64; 3],
        stream: &mut Stream,
    ) -> StarDraw {
        let t = stream.uniform();
        let ln_distance = ln_distance(real(k) + t);
        let edges = &self.dust[cell * (DISTANCES + 1) + k..];
        let (near, far) = (f64::from(edges[0]), f64::from(edges[1]));
        let limit = self.limit(self::ln_distance(real(k) + 0.5), 0.5 * (near + far));
        let bin = self.draw_bin(group, limit, stream);
        let absolute_v = BRIGHTEST + MAG_STEP * (real(bin) + stream.uniform());
        StarDraw {
            group,
            direction,
            distance_pc: libm::exp(ln_distance),
            absolute_v,
            b_v: self.b_v[usize::from(self.groups[group].giant)][bin],
            unreddened_v: absolute_v + distance_modulus(ln_distance),
            extinction_v: near + t * (far - near),
            system: None,
        }
    }

    /// The stars of one cell, numbered by its band and longitude.
    pub(crate) fn cell(&self, band: usize, longitude: usize) -> CellStars {
        let cell = band * HALF_LONGITUDES + folded(longitude);
        let direction = self.cells.middle(band, folded(longitude));
        let mut weights = Vec::with_capacity(DISTANCES * GROUPS);
        for k in 0..DISTANCES {
            let ln_distance = ln_distance(real(k) + 0.5);
            let distance = libm::exp(ln_distance);
            let densities = Place::along(direction, distance).densities(&self.groups);
            let edges = &self.dust[cell * (DISTANCES + 1) + k..];
            let dust = 0.5 * (f64::from(edges[0]) + f64::from(edges[1]));
            let limit = self.limit(ln_distance, dust);
            let volume = distance * distance * distance * bin_width();
            weights.extend(densities.into_iter().enumerate().map(|(group, density)| {
                let bins = self.envelope_bins[group][limit];
                volume * density * self.cumulative[group][bins]
            }));
        }
        CellStars {
            cell,
            per_sr: weights.iter().sum(),
            entries: Alias::new(&weights),
        }
    }

    /// Draws a star of a cell that may pass the selection, in a direction of that cell.
    pub(crate) fn draw_in(
        &self,
        stars: &CellStars,
        direction: [f64; 3],
        stream: &mut Stream,
    ) -> StarDraw {
        let code = stars.entries.draw(stream);
        let (k, group) = (code / GROUPS, code % GROUPS);
        self.star((stars.cell, group, k), direction, stream)
    }

    /// Members of one system that may pass the selection: their number and the way to draw one.
    pub(crate) fn members(&self, system: usize) -> Members<'_> {
        let limit = self.limit_in(&SYSTEMS[system]);
        let parts = self.systems.parts.iter();
        let parts: Vec<&Part> = parts.filter(|part| part.system == system).collect();
        let weight = |part: &&Part| {
            let bins = self.envelope_bins[part.group][limit];
            part.scale * self.cumulative[part.group][bins]
        };
        let weights: Vec<f64> = parts.iter().map(weight).collect();
        let number = weights.iter().sum();
        Members {
            table: self,
            number,
            entries: (number > 0.0).then(|| Alias::new(&weights)),
            parts,
        }
    }

    /// Draws a bin of absolute magnitude among those that may pass.
    #[inline]
    fn draw_bin(&self, group: usize, limit: usize, stream: &mut Stream) -> usize {
        let cumulative = &self.cumulative[group];
        let bins = self.envelope_bins[group][limit];
        let wanted = stream.uniform() * cumulative[bins];
        cumulative[1..=bins]
            .partition_point(|&sum| sum <= wanted)
            .min(MAG_BINS - 1)
    }

    /// Number of stars on the sky.
    pub(crate) fn expected_total(&self) -> f64 {
        2.0 * self.expected.iter().sum::<f64>() + self.systems.expected.iter().sum::<f64>()
    }

    /// Systems with the number of their stars that are kept.
    pub(crate) fn expected_members(&self) -> impl Iterator<Item = (&'static System, f64)> {
        SYSTEMS.iter().zip(self.systems.expected)
    }

    /// Number of stars per steradian in a galactic direction, without those of systems.
    pub(crate) fn expected_per_sr(&self, direction: [f64; 3]) -> f64 {
        let (band, longitude) = self.cells.locate(direction);
        self.expected[band * HALF_LONGITUDES + folded(longitude)] / self.cells.area_sr(band)
    }

    /// Extinction in V of what lies beyond the Galaxy, in one cell of the full circle, mag.
    pub(crate) fn extinction_beyond(&self, band: usize, longitude: usize) -> f64 {
        let cell = band * HALF_LONGITUDES + folded(longitude);
        f64::from(self.dust[cell * (DISTANCES + 1) + DISTANCES])
    }
}

/// The stars of one cell that may pass the selection.
#[derive(Debug)]
pub(crate) struct CellStars {
    cell: usize,
    /// Their number per steradian.
    pub(crate) per_sr: f64,
    entries: Alias,
}

/// The members of one system that may pass the selection.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    table: &'a StarTable,
    /// Their number.
    pub(crate) number: f64,
    parts: Vec<&'a Part>,
    entries: Option<Alias>,
}

impl Members<'_> {
    /// Draws a member in a galactic direction; none if the system has no member so bright.
    pub(crate) fn draw(&self, direction: [f64; 3], stream: &mut Stream) -> Option<StarDraw> {
        let part = *self.parts[self.entries.as_ref()?.draw(stream)];
        Some(self.table.member(part, |_| direction, stream))
    }
}

impl Counts {
    fn new(group: &Group, cumulative: &[f64], selection: &Selection, colours: &Colours) -> Self {
        let selecting: Vec<f64> = (0..MAG_BINS)
            .map(|j| {
                let b_v = mean_b_v(group.giant, middle(j));
                middle(j) + colours.offsets_from_v(b_v)[selection.band()]
            })
            .collect();
        let margin = selection.margin_mag();
        let mut kept = Vec::with_capacity(LIMITS);
        let mut envelope = Vec::with_capacity(LIMITS);
        for i in 0..LIMITS {
            let limit = FIRST_LIMIT + MAG_STEP * (real(i) + 0.5);
            let certain = selecting.partition_point(|&m| m < limit - margin);
            let possible = selecting.partition_point(|&m| m < limit + margin + ENVELOPE_SLACK_MAG);
            let partly: f64 = (certain..possible)
                .map(|j| {
                    let number = cumulative[j + 1] - cumulative[j];
                    number * selection.mean_completeness(selecting[j] - limit, MAG_STEP)
                })
                .sum();
            kept.push(cumulative[certain] + partly);
            envelope.push((cumulative[possible], possible));
        }
        Self { kept, envelope }
    }
}

fn middle(bin: usize) -> f64 {
    BRIGHTEST + MAG_STEP * (real(bin) + 0.5)
}

fn cumulative_numbers(group: &Group) -> Vec<f64> {
    debug_assert!((FAINTEST - BRIGHTEST - MAG_STEP * real(MAG_BINS)).abs() < 1e-9);
    let mut sum = 0.0;
    let mut sums = vec![0.0];
    for bin in 0..MAG_BINS {
        sum += group.local_density(middle(bin)) * MAG_STEP;
        sums.push(sum);
    }
    sums
}

fn bin_width() -> f64 {
    libm::log(FARTHEST_PC / NEAREST_PC) / real(DISTANCES)
}

/// ln(pc) at a place counted in bins.
#[inline]
fn ln_distance(place: f64) -> f64 {
    /// ln of `NEAREST_PC`, and of the ratio of two edges.
    const FIRST: f64 = 1.098_612_288_668_109_8;
    const WIDTH: f64 = 0.097_211_659_957_421_74;
    FIRST + WIDTH * place
}

/// 5 log10(d / 10 pc) from ln(d / pc).
#[inline]
fn distance_modulus(ln_distance: f64) -> f64 {
    5.0 / LN_10 * ln_distance - 5.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bins_of_distance_reach_from_nearest_to_farthest() {
        assert!((ln_distance(0.0) - NEAREST_PC.ln()).abs() < 1e-12);
        assert!((ln_distance(100.0) - FARTHEST_PC.ln()).abs() < 1e-9);
        assert!((distance_modulus(10_f64.ln())).abs() < 1e-12);
    }
}
