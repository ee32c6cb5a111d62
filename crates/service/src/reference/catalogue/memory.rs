//! The small catalogue in memory: the same sky, the same answers.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use common::sky::{Cadence, Cone, ObjectType, Position, Sky, SkyConfig, Source, light_curve};
use common::units::{count_usize, nearest_f32, size_u64};
use db_perf::catalog::{Reservoir, tables};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::cross_match::{at_second_epoch, reach_deg};
use super::object::time_of_mjd;
use super::{
    ConeQuery, CrossMatchQuery, Found, MagnitudeQuery, Match, Object, SAMPLE, SECOND_EPOCH_YEARS,
    SIZES, SortBy, TypeFilter, TypeQuery, VariabilityQuery, Variable, count_in_cones,
};

/// Positions of the second catalogue are off by up to this much, arcseconds.
const SECOND_ERROR_ARCSEC: f64 = 0.3;

/// Visits of each light curve, as in the database.
const VISITS: usize = 82;

/// A row.
#[derive(Debug, Clone)]
struct Row {
    id: i64,
    kind: ObjectType,
    position: Position,
    vector: [f64; 3],
    magnitude: Option<f32>,
    proper_motion: (f64, f64),
    /// Class, period in days, amplitude in magnitudes.
    variability: Option<(&'static str, Option<f64>, f32)>,
}

impl From<&Source> for Row {
    fn from(source: &Source) -> Self {
        let motion = |it: Option<common::sky::Measured>| it.map_or(0.0, |it| it.value);
        Self {
            id: i64::try_from(source.id).unwrap_or(i64::MAX),
            kind: source.object_type,
            position: source.position,
            vector: source.position.unit_vector(),
            magnitude: source.v.map(|it| nearest_f32(it.value)),
            proper_motion: (motion(source.pm_ra), motion(source.pm_dec)),
            variability: source.variability.map(|it| {
                let amplitude = nearest_f32(it.amplitude_mag);
                (it.class.as_str(), it.period_days, amplitude)
            }),
        }
    }
}

/// A row of the second catalogue.
#[derive(Debug)]
struct Second {
    id: i64,
    position: Position,
}

/// The catalogue.
pub(crate) struct Memory {
    /// By declination.
    rows: Vec<Row>,
    /// Places of rows with a magnitude, the brightest first.
    by_magnitude: Vec<usize>,
    /// By declination.
    second: Vec<Second>,
    /// Times of the observations of those that have a light curve, in order.
    observed: BTreeMap<i64, Vec<f64>>,
    /// The time of the last of them, MJD.
    last_mjd: f64,
    sample: Vec<Position>,
}

impl Memory {
    /// Generates `objects` sources and adds `extra` ones.
    pub(crate) fn generate(sky: SkyConfig, objects: u64, extra: &[Source]) -> Self {
        let seed = sky.seed;
        let sky = Sky::new(sky);
        let mut sample = Reservoir::new(SAMPLE, seed ^ 1);
        let mut second = Reservoir::new(SIZES.second_rows, seed ^ 2);
        let mut curves = Reservoir::new(SIZES.light_curves, seed ^ 3);
        let mut rows = Vec::new();
        for source in sky.sources_from(0).take(count_usize(objects)) {
            sample.offer(source.position);
            // An asteroid is somewhere else sixteen years later, which no proper motion tells.
            if source.orbit.is_none() {
                second.offer_with(|| source.position_at(SECOND_EPOCH_YEARS));
            }
            if source.variability.is_some() {
                curves.offer(source);
            }
            rows.push(Row::from(&source));
        }
        rows.extend(extra.iter().map(Row::from));
        rows.sort_by(|a, b| by_dec(a.position, b.position));
        let mut by_magnitude: Vec<usize> = (0..rows.len())
            .filter(|place| rows[*place].magnitude.is_some())
            .collect();
        by_magnitude.sort_by(|a, b| by_magnitude_then_id(&rows[*a], &rows[*b]));
        let observed = observed(&curves.into_items(), seed);
        let last_mjd = observed.values().filter_map(|it| it.last()).copied();
        Self {
            last_mjd: last_mjd.fold(f64::NEG_INFINITY, f64::max),
            rows,
            by_magnitude,
            second: seen_again(second.into_items(), seed),
            observed,
            sample: sample.into_items(),
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        size_u64(self.rows.len())
    }

    pub(crate) fn second_rows(&self) -> u64 {
        size_u64(self.second.len())
    }

    pub(crate) fn sample(&self) -> Vec<Position> {
        self.sample.clone()
    }

    /// How many rows each cone holds, by comparing every row.
    pub(crate) fn count(&self, cones: &[Cone]) -> Vec<u64> {
        count_in_cones(cones, |observe| {
            for row in &self.rows {
                observe(row.position);
            }
        })
    }

    /// Rows in a cone with their separations, in no order.
    fn inside(&self, cone: Cone) -> impl Iterator<Item = (f64, &Row)> {
        let margin = cone.radius_deg + 1e-9;
        let south = cone.center.dec_deg - margin;
        let north = cone.center.dec_deg + margin;
        let begin = self.rows.partition_point(|it| it.position.dec_deg < south);
        let end = self.rows.partition_point(|it| it.position.dec_deg <= north);
        let axis = cone.center.unit_vector();
        let chord = 2.0 * (0.5 * cone.radius_deg.to_radians()).sin();
        // The chord loses digits: a wide margin keeps it on the safe side.
        let reach = chord * chord * (1.0 + 1e-6) + 1e-15;
        self.rows[begin..end]
            .iter()
            .filter(move |row| distance(axis, row.vector) <= reach)
            .map(move |row| (cone.center.separation_deg(row.position), row))
            .filter(move |(separation, _)| *separation <= cone.radius_deg)
    }

    pub(super) fn cone(&self, query: &ConeQuery) -> Found<Object> {
        let wanted = |row: &Row| query.magnitudes.contains(row.magnitude);
        let inside = self.inside(query.cone).filter(|(_, row)| wanted(row));
        let mut found: Vec<_> = inside.collect();
        let order = |a: &(f64, &Row), b: &(f64, &Row)| {
            a.0.total_cmp(&b.0).then_with(|| a.1.id.cmp(&b.1.id))
        };
        if found.len() > query.limit {
            found.select_nth_unstable_by(query.limit, order);
            found.truncate(query.limit + 1);
        }
        found.sort_by(order);
        let objects = found.into_iter().map(|(separation, row)| Object {
            separation: Some(separation),
            ..object(row)
        });
        Found::cut(objects.collect(), query.limit)
    }

    pub(super) fn by_magnitude(&self, query: &MagnitudeQuery) -> Found<Object> {
        let magnitude = |place: usize| self.rows[place].magnitude.map_or(f64::NAN, f64::from);
        let begin = self
            .by_magnitude
            .partition_point(|it| magnitude(*it) < query.min);
        let rows = self.by_magnitude[begin..].iter();
        let rows = rows
            .take_while(|it| magnitude(**it) <= query.max)
            .map(|it| &self.rows[*it])
            .filter(|row| is_of(row, &query.types));
        Found::cut(
            rows.take(query.limit + 1).map(object).collect(),
            query.limit,
        )
    }

    pub(super) fn by_type(&self, query: &TypeQuery) -> Found<Object> {
        let rows = self.rows.iter().filter(|row| is_of(row, &query.types));
        let mut rows: Vec<&Row> = rows.collect();
        let order = |a: &&Row, b: &&Row| {
            let order = match query.sort_by {
                // Unknown magnitudes come last in both directions.
                SortBy::Magnitude => match (a.magnitude, b.magnitude) {
                    (Some(a), Some(b)) => directed(a.total_cmp(&b), query.descending),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                },
                SortBy::DiscoveryDate => {
                    let date = |row: &Row| tables::discovery_mjd(row.id);
                    directed(date(a).total_cmp(&date(b)), query.descending)
                }
                SortBy::Ra => {
                    let order = a.position.ra_deg.total_cmp(&b.position.ra_deg);
                    directed(order, query.descending)
                }
            };
            order.then_with(|| a.id.cmp(&b.id))
        };
        if rows.len() > query.limit {
            rows.select_nth_unstable_by(query.limit, order);
            rows.truncate(query.limit + 1);
        }
        rows.sort_by(order);
        let objects = rows.into_iter().map(|row| Object {
            discovery_date: Some(time_of_mjd(tables::discovery_mjd(row.id))),
            ..object(row)
        });
        Found::cut(objects.collect(), query.limit)
    }

    pub(super) fn cross_match(&self, query: &CrossMatchQuery) -> Found<Match> {
        let mut matches = Vec::new();
        for (_, row) in self.inside(query.cone) {
            let (pm_ra, pm_dec) = row.proper_motion;
            let then = at_second_epoch(row.position, pm_ra, pm_dec);
            let tolerance_deg = query.tolerance_arcsec / 3600.0;
            let reach = tolerance_deg + reach_deg(pm_ra, pm_dec) + 1e-9;
            let south = row.position.dec_deg - reach;
            let begin = self
                .second
                .partition_point(|it| it.position.dec_deg < south);
            let near = self.second[begin..].iter();
            let near = near.take_while(|it| it.position.dec_deg <= row.position.dec_deg + reach);
            for second in near {
                let separation = then.separation_deg(second.position);
                if separation <= tolerance_deg {
                    matches.push(Match {
                        object_id: row.id,
                        external_id: second.id,
                        separation_arcsec: 3600.0 * separation,
                    });
                }
            }
        }
        sort_matches(&mut matches);
        Found::cut(matches, query.limit)
    }

    pub(super) fn variables(&self, query: &VariabilityQuery) -> Found<Variable> {
        let since = query.period_days.map(|days| self.last_mjd - days);
        let mut found: Vec<Variable> = self
            .rows
            .iter()
            .filter_map(|row| {
                let (class, period_days, amplitude) = row.variability?;
                if !(query.min..=query.max).contains(&f64::from(amplitude)) {
                    return None;
                }
                let times = self.observed.get(&row.id).map_or(&[][..], Vec::as_slice);
                let before = since.map_or(0, |since| times.partition_point(|it| *it < since));
                let observations = i64::try_from(times.len() - before).unwrap_or(i64::MAX);
                (observations >= query.min_observations).then(|| Variable {
                    object: object(row),
                    amplitude,
                    period_days,
                    variable_class: class.to_owned(),
                    observations,
                })
            })
            .collect();
        found.sort_by(|a, b| {
            let order = b.amplitude.total_cmp(&a.amplitude);
            order.then_with(|| a.object.object_id.cmp(&b.object.object_id))
        });
        Found::cut(found, query.limit)
    }
}

/// The nearest pairs first.
pub(super) fn sort_matches(matches: &mut [Match]) {
    matches.sort_by(|a, b| {
        let order = a.separation_arcsec.total_cmp(&b.separation_arcsec);
        order.then_with(|| (a.object_id, a.external_id).cmp(&(b.object_id, b.external_id)))
    });
}

fn object(row: &Row) -> Object {
    Object {
        object_id: row.id,
        object_type: row.kind.seed_name(),
        ra: row.position.ra_deg,
        dec: row.position.dec_deg,
        magnitude: row.magnitude,
        separation: None,
        discovery_date: None,
    }
}

fn is_of(row: &Row, types: &TypeFilter) -> bool {
    types.as_ref().is_none_or(|types| types.contains(&row.kind))
}

fn directed(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}

fn by_dec(a: Position, b: Position) -> Ordering {
    a.dec_deg.total_cmp(&b.dec_deg)
}

fn by_magnitude_then_id(a: &Row, b: &Row) -> Ordering {
    let magnitude = |row: &Row| row.magnitude.unwrap_or(f32::INFINITY);
    let order = magnitude(a).total_cmp(&magnitude(b));
    order.then_with(|| a.id.cmp(&b.id))
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum()
}

/// The second catalogue: sources seen again with small errors, by declination.
fn seen_again(positions: Vec<Position>, seed: u64) -> Vec<Second> {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 4);
    let mut second: Vec<Second> = positions
        .into_iter()
        .zip(1..)
        .map(|(position, id)| {
            let angle = 360.0 * random.random::<f64>();
            let shift_arcsec = SECOND_ERROR_ARCSEC * random.random::<f64>();
            Second {
                id,
                position: position.offset(angle, shift_arcsec / 3600.0),
            }
        })
        .collect();
    second.sort_by(|a, b| by_dec(a.position, b.position));
    second
}

fn observed(sources: &[Source], seed: u64) -> BTreeMap<i64, Vec<f64>> {
    let cadence = Cadence {
        visits: VISITS,
        ..Cadence::default()
    };
    let times = |source: &Source| {
        let curve = light_curve(source, seed, &cadence);
        let mut times: Vec<f64> = curve.iter().map(|point| point.mjd).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    sources
        .iter()
        .map(|it| (i64::try_from(it.id).unwrap_or(i64::MAX), times(it)))
        .collect()
}
