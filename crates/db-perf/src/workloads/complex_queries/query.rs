//! The queries: text, parameters, and what a right answer looks like.

use std::collections::BTreeSet;

use tokio_postgres::Row;

use crate::cone::EARTH_RADIUS_M;
use crate::parameters::Parameters;
use crate::workloads::Bench;

/// What the queries need to know about the data.
pub(super) struct Facts {
    rows: u64,
    observations: i64,
    with_light_curve: Vec<i64>,
    true_pairs: BTreeSet<(i64, i64)>,
    max_proper_motion_arcsec: f64,
}

/// Two positions of the same source are this near, arcseconds.
const MATCH_ARCSEC: f64 = 2.0;

/// Years between the two catalogues.
const YEARS: f64 = 16.0;

/// Order of the pixels of the density map: 3072 pixels of 13.43 square degrees.
const DENSITY_ORDER: u32 = 4;

/// Field of view of an observation, radius in degrees.
const FIELD_DEG: f64 = 0.5;

/// Observations joined at once.
const JOINED_OBSERVATIONS: i64 = 20;

impl Facts {
    pub(super) fn of(bench: &Bench) -> Self {
        let loaded = &bench.loaded;
        Self {
            rows: loaded.rows,
            observations: i64::try_from(loaded.observations).unwrap_or(i64::MAX),
            with_light_curve: loaded.with_light_curve.clone(),
            true_pairs: loaded.true_pairs.iter().copied().collect(),
            max_proper_motion_arcsec: loaded.max_proper_motion_arcsec,
        }
    }
}

/// Judges the rows of an answer.
#[derive(Clone, Copy)]
pub(super) struct Check(pub(super) fn(&Facts, &[Row]) -> Result<(), String>);

/// A query of the test.
pub(super) struct ComplexQuery {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) needs_light_curves: bool,
    pub(super) sql: fn(&Facts) -> String,
    pub(super) parameters: fn(&Facts, u64) -> Parameters,
    pub(super) check: Check,
}

const ANYTHING: Check = Check(|_, _| Ok(()));

/// All queries, in the order they run.
pub(super) const ALL: [ComplexQuery; 7] = [
    ComplexQuery {
        name: "spatial_join",
        description: "Sources in the fields of twenty observations: a join by distance on the sphere.",
        needs_light_curves: false,
        sql: |_| {
            "SELECT obs.observation_id, obs.telescope, obs.filter, count(*), avg(o.magnitude_v)
             FROM observations AS obs
             JOIN astronomical_objects AS o
               ON ST_DWithin(o.position::geography, obs.pointing::geography, $3, false)
             WHERE obs.observation_id BETWEEN $1 AND $2
             GROUP BY obs.observation_id, obs.telescope, obs.filter"
                .to_owned()
        },
        parameters: |facts, number| {
            let windows = (facts.observations / JOINED_OBSERVATIONS).max(1);
            let window = i64::try_from(number).unwrap_or(0) % windows;
            let first = window * JOINED_OBSERVATIONS + 1;
            vec![
                Box::new(first),
                Box::new(first + JOINED_OBSERVATIONS - 1),
                Box::new(FIELD_DEG.to_radians() * EARTH_RADIUS_M),
            ]
        },
        check: ANYTHING,
    },
    ComplexQuery {
        name: "magnitude_histogram",
        description: "Counts in bins of half a magnitude over the whole catalogue.",
        needs_light_curves: false,
        sql: |_| {
            "SELECT floor(magnitude_v * 2) / 2 AS bin, count(*)
             FROM astronomical_objects GROUP BY bin ORDER BY bin"
                .to_owned()
        },
        parameters: |_, _| Vec::new(),
        check: Check(|facts, rows| sums_to_all(facts, rows, 1)),
    },
    ComplexQuery {
        name: "sky_density",
        description: "Sources per square degree in HEALPix pixels of equal, true area.",
        needs_light_curves: false,
        sql: |_| {
            let shift = 2 * (29 - DENSITY_ORDER);
            let pixels = 12.0 * 4_f64.powi(4);
            let sphere =
                4.0 * std::f64::consts::PI * 180_f64.powi(2) / std::f64::consts::PI.powi(2);
            let area = sphere / pixels;
            format!(
                "SELECT hpx29 >> {shift} AS pixel, count(*), count(*) / {area:.9} AS per_deg2
                 FROM astronomical_objects GROUP BY pixel ORDER BY per_deg2 DESC"
            )
        },
        parameters: |_, _| Vec::new(),
        check: Check(|facts, rows| sums_to_all(facts, rows, 1)),
    },
    ComplexQuery {
        name: "light_curve",
        description: "All detections of one variable, in order of time.",
        needs_light_curves: true,
        sql: |_| {
            "SELECT mjd, band, mag, mag_error FROM detections WHERE object_id = $1 ORDER BY mjd"
                .to_owned()
        },
        parameters: |facts, number| {
            let place =
                common::units::count_usize(number * 7919) % facts.with_light_curve.len().max(1);
            vec![Box::new(
                facts.with_light_curve.get(place).copied().unwrap_or(0),
            )]
        },
        check: Check(|_, rows| {
            let times: Vec<f64> = rows.iter().map(|row| row.get(0)).collect();
            match times.is_empty() {
                true => Err("a variable has no detections".to_owned()),
                false if times.is_sorted() => Ok(()),
                false => Err("detections are not in order of time".to_owned()),
            }
        }),
    },
    ComplexQuery {
        name: "recent_detections",
        description: "The newest detections of the last thirty days with their sources.",
        needs_light_curves: true,
        sql: |_| {
            "SELECT d.detected_at, d.band, d.mag, o.object_id, o.ra, o.dec, o.object_type
             FROM detections AS d JOIN astronomical_objects AS o USING (object_id)
             WHERE d.detected_at >= (SELECT max(detected_at) FROM detections) - interval '30 days'
             ORDER BY d.detected_at DESC LIMIT 500"
                .to_owned()
        },
        parameters: |_, _| Vec::new(),
        check: Check(|_, rows| {
            if rows.is_empty() {
                Err("no recent detection".to_owned())
            } else {
                Ok(())
            }
        }),
    },
    ComplexQuery {
        name: "variability",
        description: "The most variable sources by the scatter of their light curves.",
        needs_light_curves: true,
        sql: |_| {
            "SELECT object_id, band, count(*), avg(mag), stddev_samp(mag) AS scatter, max(mag) - min(mag)
             FROM detections WHERE mag IS NOT NULL
             GROUP BY object_id, band HAVING count(*) >= 5
             ORDER BY scatter DESC LIMIT 100"
                .to_owned()
        },
        parameters: |_, _| Vec::new(),
        check: ANYTHING,
    },
    ComplexQuery {
        name: "cross_match",
        description: "Pairs of two catalogues within 2\" at the epoch of the second, sixteen years later.",
        needs_light_curves: false,
        sql: |_| CROSS_MATCH.to_owned(),
        parameters: |facts, _| {
            // The index finds what may have come near in the years between; the condition decides.
            let reach_arcsec = MATCH_ARCSEC + YEARS * facts.max_proper_motion_arcsec;
            let metres = (reach_arcsec / 3600.0).to_radians() * EARTH_RADIUS_M;
            let chord = 2.0 * ((MATCH_ARCSEC / 3600.0).to_radians() / 2.0).sin();
            let radians_per_mas = (1.0_f64 / 3.6e6).to_radians();
            vec![
                Box::new(metres),
                Box::new(YEARS * radians_per_mas),
                Box::new(chord * chord),
            ]
        },
        check: Check(|facts, rows| {
            let found: BTreeSet<(i64, i64)> =
                rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            let missing = facts.true_pairs.difference(&found).count();
            match missing {
                0 => Ok(()),
                _ => Err(format!(
                    "{missing} of {} true pairs are missing",
                    facts.true_pairs.len()
                )),
            }
        }),
    },
];

/// $1 reach in metres, $2 years times radians per mas, $3 squared chord of the match radius.
/// Positions are carried to the second epoch as unit vectors, which holds at the poles too.
const CROSS_MATCH: &str = "
SELECT e.external_id, o.object_id
FROM external_catalog AS e
JOIN astronomical_objects AS o
  ON ST_DWithin(o.position::geography, e.position::geography, $1, false)
CROSS JOIN LATERAL (SELECT
    cosd(o.dec) * cosd(o.ra) AS x, cosd(o.dec) * sind(o.ra) AS y, sind(o.dec) AS z,
    $2::float8 * coalesce(o.pm_ra, 0) AS step_ra, $2::float8 * coalesce(o.pm_dec, 0) AS step_dec,
    cosd(e.dec) * cosd(e.ra) AS ex, cosd(e.dec) * sind(e.ra) AS ey, sind(e.dec) AS ez
) AS v
CROSS JOIN LATERAL (SELECT
    v.x - v.step_ra * sind(o.ra) - v.step_dec * sind(o.dec) * cosd(o.ra) AS x,
    v.y + v.step_ra * cosd(o.ra) - v.step_dec * sind(o.dec) * sind(o.ra) AS y,
    v.z + v.step_dec * cosd(o.dec) AS z,
    sqrt(1 + v.step_ra * v.step_ra + v.step_dec * v.step_dec) AS length
) AS p
WHERE power(p.x / p.length - v.ex, 2) + power(p.y / p.length - v.ey, 2)
    + power(p.z / p.length - v.ez, 2) <= $3::float8";

fn sums_to_all(facts: &Facts, rows: &[Row], column: usize) -> Result<(), String> {
    let sum: i64 = rows.iter().map(|row| row.get::<_, i64>(column)).sum();
    if u64::try_from(sum) == Ok(facts.rows) {
        Ok(())
    } else {
        Err(format!(
            "the counts sum to {sum} and not to the {} rows there are",
            facts.rows
        ))
    }
}
