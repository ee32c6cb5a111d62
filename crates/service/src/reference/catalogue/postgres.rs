//! The catalogue in PostGIS, asked through a pool of sessions.

use std::time::Duration;

use common::sky::Position;
use common::units::size_u64;
use db_perf::catalog::tables;
use db_perf::cone::{Columns, EARTH_RADIUS_M, Strategy};
use db_perf::parameters::{Parameters, borrowed};
use db_perf::target::ConnectSpec;
use deadpool_postgres::{Object as Session, Pool, Status};
use futures::{StreamExt as _, pin_mut};
use tokio_postgres::Row;

use super::cross_match::at_second_epoch;
use super::memory::sort_matches;
use super::object::{time_of_mjd, word_of};
use super::{
    ConeQuery, CrossMatchQuery, Found, MagnitudeQuery, Match, Object, POOL_LIMIT, QueryError,
    SECOND_EPOCH_YEARS, SortBy, TypeFilter, TypeQuery, VariabilityQuery, Variable,
};

/// How long a statement may take.
const STATEMENT_LIMIT: &str = "30s";

/// How much wider the server searches than asked; the exact separation decides afterwards, so that
/// no rounding of the server loses a source on the rim.
const WIDER: f64 = 1.0 + 1e-9;
const WIDER_METRES: f64 = 1e-3;

/// The columns of an [`Object`].
const OBJECT: &str = "o.object_id, o.object_type, o.ra, o.dec, o.magnitude_v";

/// The index that cross-matches need and the tables do not have.
pub(crate) const SECOND_INDEX: &str =
    "CREATE INDEX external_geography ON external_catalog USING gist ((position::geography))";

/// The catalogue.
pub(crate) struct Postgres {
    pool: Pool,
    cone_sql: String,
}

impl Postgres {
    /// A catalogue whose tables are loaded, asked through at most `connections` sessions.
    pub(crate) fn new(
        spec: &ConnectSpec,
        connections: usize,
    ) -> Result<Self, deadpool_postgres::BuildError> {
        let spec = spec
            .clone()
            .with_setting("statement_timeout", STATEMENT_LIMIT)
            // Planning each cone anew costs more than the search of a small one.
            .with_setting("plan_cache_mode", "force_generic_plan");
        Ok(Self {
            pool: spec.pool(connections)?,
            cone_sql: cone_sql(),
        })
    }

    /// How the pool is used.
    pub(crate) fn status(&self) -> Status {
        self.pool.status()
    }

    /// Ends all sessions as they become free.
    pub(crate) fn close(&self) {
        self.pool.close();
    }

    /// Whether the database answers within a limit.
    pub(super) async fn answers(&self, limit: Duration) -> bool {
        let asked = async {
            let session = self.pool.get().await.ok()?;
            session.simple_query("SELECT 1").await.ok()
        };
        matches!(tokio::time::timeout(limit, asked).await, Ok(Some(_)))
    }

    async fn session(&self) -> Result<Session, QueryError> {
        match tokio::time::timeout(POOL_LIMIT, self.pool.get()).await {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(error)) => Err(QueryError::NoConnection(error.to_string())),
            Err(_) => Err(QueryError::NoConnection(format!(
                "none became free within {} s",
                POOL_LIMIT.as_secs()
            ))),
        }
    }

    /// Asks, and turns each row into what is wanted of it.
    async fn ask<T>(
        &self,
        sql: &str,
        parameters: &Parameters,
        mut read: impl FnMut(&Row) -> Result<Option<T>, tokio_postgres::Error>,
    ) -> Result<Vec<T>, QueryError> {
        let session = self.session().await?;
        let statement = session.prepare_cached(sql).await?;
        let rows = session.query_raw(&statement, borrowed(parameters)).await?;
        pin_mut!(rows);
        let mut items = Vec::new();
        while let Some(row) = rows.next().await {
            items.extend(read(&row?)?);
        }
        Ok(items)
    }

    pub(super) async fn cone(&self, query: &ConeQuery) -> Result<Found<Object>, QueryError> {
        let mut parameters = cone_parameters(query.cone);
        parameters.push(Box::new(query.magnitudes.min));
        parameters.push(Box::new(query.magnitudes.max));
        parameters.push(Box::new(one_more(query.limit)));
        let center = query.cone.center;
        let read = |row: &Row| {
            let object = object(row)?;
            let separation = center.separation_deg(object.position());
            Ok((separation <= query.cone.radius_deg).then_some(Object {
                separation: Some(separation),
                ..object
            }))
        };
        let mut found = self.ask(&self.cone_sql, &parameters, read).await?;
        // The server's haversine and the exact separation may order near neighbours differently.
        found.sort_by(|a, b| {
            let separation = |it: &Object| it.separation.unwrap_or_default();
            let order = separation(a).total_cmp(&separation(b));
            order.then_with(|| a.object_id.cmp(&b.object_id))
        });
        Ok(Found::cut(found, query.limit))
    }

    pub(super) async fn by_magnitude(
        &self,
        query: &MagnitudeQuery,
    ) -> Result<Found<Object>, QueryError> {
        let filter = type_condition(&query.types);
        let sql = format!(
            "SELECT {OBJECT} FROM {} AS o WHERE o.magnitude_v BETWEEN $1::float8 AND $2::float8{filter} \
             ORDER BY o.magnitude_v, o.object_id LIMIT $3::bigint",
            tables::OBJECTS
        );
        let parameters: Parameters = vec![
            Box::new(query.min),
            Box::new(query.max),
            Box::new(one_more(query.limit)),
        ];
        let found = self.ask(&sql, &parameters, |row| object(row).map(Some));
        Ok(Found::cut(found.await?, query.limit))
    }

    pub(super) async fn by_type(&self, query: &TypeQuery) -> Result<Found<Object>, QueryError> {
        let filter = type_condition(&query.types);
        let column = match query.sort_by {
            SortBy::Magnitude => "o.magnitude_v",
            SortBy::DiscoveryDate => "o.discovery_date",
            SortBy::Ra => "o.ra",
        };
        let order = if query.descending {
            "DESC NULLS LAST"
        } else {
            "ASC"
        };
        let sql = format!(
            "SELECT {OBJECT} FROM {} AS o WHERE true{filter} \
             ORDER BY {column} {order}, o.object_id LIMIT $1::bigint",
            tables::OBJECTS
        );
        let parameters: Parameters = vec![Box::new(one_more(query.limit))];
        let read = |row: &Row| {
            let object = object(row)?;
            Ok(Some(Object {
                discovery_date: Some(discovered(object.object_id)),
                ..object
            }))
        };
        let found = self.ask(&sql, &parameters, read).await?;
        Ok(Found::cut(found, query.limit))
    }

    pub(super) async fn cross_match(
        &self,
        query: &CrossMatchQuery,
    ) -> Result<Found<Match>, QueryError> {
        let tolerance_deg = query.tolerance_arcsec / 3600.0;
        let metres_per_mas_yr = (SECOND_EPOCH_YEARS / 3.6e6).to_radians() * EARTH_RADIUS_M;
        let mut parameters = cone_parameters(query.cone);
        parameters.push(Box::new(metres(tolerance_deg)));
        parameters.push(Box::new(metres_per_mas_yr * WIDER));
        let read = |row: &Row| {
            let position = Position {
                ra_deg: row.try_get(1)?,
                dec_deg: row.try_get(2)?,
            };
            let (pm_ra, pm_dec) = (row.try_get(3)?, row.try_get(4)?);
            let then = at_second_epoch(position, pm_ra, pm_dec);
            let seen = Position {
                ra_deg: row.try_get(6)?,
                dec_deg: row.try_get(7)?,
            };
            let separation = then.separation_deg(seen);
            let matches = query.cone.contains(position) && separation <= tolerance_deg;
            Ok(if matches {
                Some(Match {
                    object_id: row.try_get(0)?,
                    external_id: row.try_get(5)?,
                    separation_arcsec: 3600.0 * separation,
                })
            } else {
                None
            })
        };
        let mut found = self.ask(CROSS_MATCH, &parameters, read).await?;
        sort_matches(&mut found);
        Ok(Found::cut(found, query.limit))
    }

    pub(super) async fn variables(
        &self,
        query: &VariabilityQuery,
    ) -> Result<Found<Variable>, QueryError> {
        let parameters: Parameters = vec![
            Box::new(query.min),
            Box::new(query.max),
            Box::new(query.period_days),
            Box::new(query.min_observations),
            Box::new(one_more(query.limit)),
        ];
        let read = |row: &Row| {
            Ok(Some(Variable {
                object: object(row)?,
                amplitude: row.try_get(5)?,
                period_days: row.try_get(6)?,
                variable_class: row.try_get(7)?,
                observations: row.try_get(8)?,
            }))
        };
        let found = self.ask(VARIABLES, &parameters, read).await?;
        Ok(Found::cut(found, query.limit))
    }
}

fn cone_sql() -> String {
    let columns = Columns {
        table: tables::OBJECTS.to_owned(),
        ra: "ra".to_owned(),
        dec: "dec".to_owned(),
        position: Some("position".to_owned()),
        geography: None,
        healpix: None,
        extra: String::new(),
    };
    let inner = Strategy::GeographySphere.sql(&columns);
    let (_, condition) = inner.split_once(" FROM ").unwrap_or_default();
    format!(
        "SELECT {OBJECT} FROM {condition} \
         AND ($4::float8 IS NULL OR o.magnitude_v >= $4::float8) \
         AND ($5::float8 IS NULL OR o.magnitude_v <= $5::float8) \
         ORDER BY power(sin(radians(o.dec - $2::float8) / 2), 2) \
                + cos(radians(o.dec)) * cos(radians($2::float8)) \
                * power(sin(radians(o.ra - $1::float8) / 2), 2) LIMIT $6::bigint"
    )
}

/// $1 to $3 the cone, $4 the tolerance in metres, $5 metres per mas/yr.
const CROSS_MATCH: &str = "
SELECT o.object_id, o.ra, o.dec, coalesce(o.pm_ra, 0), coalesce(o.pm_dec, 0),
       e.external_id, e.ra, e.dec
FROM astronomical_objects AS o
JOIN external_catalog AS e ON ST_DWithin(e.position::geography, o.position::geography,
    $4::float8 + $5::float8 * sqrt(power(coalesce(o.pm_ra, 0), 2) + power(coalesce(o.pm_dec, 0), 2)),
    false)
WHERE ST_DWithin(o.position::geography,
    ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326)::geography, $3::float8, false)";

/// $1 and $2 the amplitudes, $3 days before the last observation, $4 observations, $5 the limit.
const VARIABLES: &str = "
SELECT o.object_id, o.object_type, o.ra, o.dec, o.magnitude_v, o.amplitude, o.period_days,
       o.variable_class, d.observations
FROM astronomical_objects AS o
CROSS JOIN LATERAL (
    SELECT count(*) AS observations FROM detections
    WHERE detections.object_id = o.object_id AND ($3::float8 IS NULL
          OR detections.mjd >= (SELECT max(mjd) FROM detections) - $3::float8)
) AS d
WHERE o.variable_class IS NOT NULL AND o.amplitude BETWEEN $1::float8 AND $2::float8
  AND d.observations >= $4::bigint
ORDER BY o.amplitude DESC, o.object_id LIMIT $5::bigint";

fn cone_parameters(cone: common::sky::Cone) -> Parameters {
    let wider = common::sky::Cone {
        radius_deg: cone.radius_deg * WIDER,
        ..cone
    };
    let mut parameters = Strategy::GeographySphere.parameters(&wider);
    parameters.truncate(2);
    parameters.push(Box::new(metres(cone.radius_deg)));
    parameters
}

/// Metres of an angle on the sphere that PostGIS computes with, and a little more.
fn metres(degrees: f64) -> f64 {
    degrees.to_radians() * EARTH_RADIUS_M * WIDER + WIDER_METRES
}

fn object(row: &Row) -> Result<Object, tokio_postgres::Error> {
    Ok(Object {
        object_id: row.try_get(0)?,
        object_type: word_of(row.try_get(1)?),
        ra: row.try_get(2)?,
        dec: row.try_get(3)?,
        magnitude: row.try_get(4)?,
        separation: None,
        discovery_date: None,
    })
}

fn discovered(object_id: i64) -> String {
    time_of_mjd(tables::discovery_mjd(object_id))
}

/// The types are words of our own, so that they may stand in the text, which lets the server know
/// how many rows to expect.
fn type_condition(types: &TypeFilter) -> String {
    let Some(types) = types else {
        return String::new();
    };
    let names: Vec<String> = types
        .iter()
        .map(|it| format!("'{}'", it.simbad()))
        .collect();
    format!(" AND o.object_type IN ({})", names.join(", "))
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(size_u64(limit) + 1).unwrap_or(i64::MAX)
}
