//! A table of the user's, measured read-only.

mod error;

use std::sync::Arc;

use common::report::Limitation;
use common::sky::Position;
use tokio_postgres::Client;

pub(crate) use error::TableError;

use crate::catalog::Loaded;
use crate::cone::{Columns, Strategy};
use crate::plan::UserTable;
use crate::server::Server;
use crate::subject::{Ground, Ready};
use crate::target::{ConnectSpec, quote_identifier};
use crate::trouble::Trouble;
use crate::workloads::{Bench, ConeTable};

/// Rows that are sampled for targets.
const SAMPLE: i64 = 20_000;

/// Makes a table of the user's ready to be measured. Its sessions can only read.
pub(crate) async fn prepare(
    ground: &Ground<'_>,
    given: &ConnectSpec,
    table: &UserTable,
) -> Result<Ready, Trouble> {
    let spec = given
        .clone()
        .with_application_name(&format!("db-perf {}", ground.clock.id()))
        .with_setting("default_transaction_read_only", "on")
        .with_setting(
            "statement_timeout",
            &ground.plan.statement_timeout.as_millis().to_string(),
        );
    ground.progress.start("look at the table");
    let client = spec.connect().await?;
    let name = table.schema.as_ref().map_or_else(
        || quote_identifier(&table.name),
        |schema| {
            format!(
                "{}.{}",
                quote_identifier(schema),
                quote_identifier(&table.name)
            )
        },
    );
    check_columns(&client, given, table, &name).await?;
    let refused = |cause| TableError::Refused {
        table: name.clone(),
        cause,
    };
    let (sample, rows) = sample(&client, table, &name).await.map_err(refused)?;
    check_degrees(&sample, table, &name)?;
    let position = position_column(&client, &name).await.map_err(refused)?;
    let mut limitations = vec![Limitation::of_run(
        "read_only",
        "the table is the user's own: bulk_insert, index_strategies, complex_queries and \
         concurrent_load, which need data of their own, were left out",
    )];
    let mut columns = Columns {
        table: name.clone(),
        ra: quote_identifier(&table.ra),
        dec: quote_identifier(&table.dec),
        position,
        geography: None,
        healpix: None,
        extra: table
            .mag
            .as_ref()
            .map_or_else(String::new, |mag| format!(", o.{}", quote_identifier(mag))),
    };
    columns.geography = indexed_geography(&client, &columns, &name)
        .await
        .map_err(refused)?;
    let strategy = choose(&client, &columns, &name).await.map_err(refused)?;
    limitations.push(Limitation::of_test(
        "strategy",
        "cone_search",
        format!(
            "asked as the indexes of the table allow: {}",
            strategy.describe()
        ),
    ));
    let place = format!("{} table {name}", given.describe());
    let server = Server::observe(&client, "table", &place, given.is_local()).await?;
    client.close().await;
    Ok(Ready {
        bench: Bench {
            setup: spec.clone(),
            spec,
            plan: ground.plan.clone(),
            cone_table: ConeTable { columns, strategy },
            catalog: None,
            loaded: Loaded {
                rows,
                ..Loaded::default()
            },
            sample,
            progress: Arc::clone(ground.progress),
            stop: ground.stop.clone(),
        },
        server,
        limitations,
    })
}

async fn check_columns(
    client: &Client,
    spec: &ConnectSpec,
    table: &UserTable,
    name: &str,
) -> Result<(), Trouble> {
    let columns: Vec<(String, String)> = client
        .query(
            "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            &[&name],
        )
        .await
        .map_err(|cause| TableError::Refused {
            table: name.to_owned(),
            cause,
        })?
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    if columns.is_empty() {
        let database = spec.database().to_owned();
        return Err(TableError::NoTable {
            table: name.to_owned(),
            database,
        }
        .into());
    }
    for column in [Some(&table.ra), Some(&table.dec), table.mag.as_ref()]
        .into_iter()
        .flatten()
    {
        let Some((_, kind)) = columns.iter().find(|it| it.0 == *column) else {
            let present = columns
                .iter()
                .map(|it| it.0.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let (table, column) = (name.to_owned(), column.clone());
            return Err(TableError::NoColumn {
                table,
                column,
                present,
            }
            .into());
        };
        let numbers = [
            "double precision",
            "real",
            "numeric",
            "integer",
            "bigint",
            "smallint",
        ];
        if !numbers.contains(&kind.as_str()) {
            let (table, column, kind) = (name.to_owned(), column.clone(), kind.clone());
            return Err(TableError::NoNumber {
                table,
                column,
                kind,
            }
            .into());
        }
    }
    Ok(())
}

/// Positions of some rows, spread over the table where that is cheap, and its estimated size.
async fn sample(
    client: &Client,
    table: &UserTable,
    name: &str,
) -> Result<(Vec<Position>, u64), tokio_postgres::Error> {
    let (ra, dec) = (quote_identifier(&table.ra), quote_identifier(&table.dec));
    let row = client
        .query_one(
            "SELECT greatest(reltuples, 0)::float8, relkind IN ('r', 'm') FROM pg_class
             WHERE oid = to_regclass($1)",
            &[&name],
        )
        .await?;
    let (rows, is_plain): (f64, bool) = (row.get(0), row.get(1));
    // A view cannot be sampled, and a small table need not be.
    let tablesample = if is_plain && rows > 100_000.0 {
        let percent = (100.0 * 50_000.0 / rows).max(0.001);
        format!(" TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)")
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT {ra}::float8, {dec}::float8 FROM {name}{tablesample}
         WHERE {ra} IS NOT NULL AND {dec} IS NOT NULL LIMIT {SAMPLE}"
    );
    let positions = client
        .query(&sql, &[])
        .await?
        .iter()
        .map(|row| Position {
            ra_deg: row.get(0),
            dec_deg: row.get(1),
        })
        .collect();
    Ok((positions, common::units::round_u64(rows)))
}

fn check_degrees(sample: &[Position], table: &UserTable, name: &str) -> Result<(), TableError> {
    if sample.is_empty() {
        return Err(TableError::Empty(name.to_owned()));
    }
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| {
            (low.min(it), high.max(it))
        })
    };
    let (low, high) = range(&mut sample.iter().map(|it| it.ra_deg));
    let no_degrees = |column: &str, what, low, high| TableError::NoDegrees {
        table: name.to_owned(),
        column: column.to_owned(),
        what,
        low,
        high,
    };
    if low < -180.0 || high > 360.0 {
        return Err(no_degrees(&table.ra, "right ascension", low, high));
    }
    let (low, high) = range(&mut sample.iter().map(|it| it.dec_deg));
    if low < -90.0 || high > 90.0 {
        return Err(no_degrees(&table.dec, "declination", low, high));
    }
    Ok(())
}

/// The first geometry or geography column, if there is one.
async fn position_column(
    client: &Client,
    name: &str,
) -> Result<Option<String>, tokio_postgres::Error> {
    let rows = client
        .query(
            "SELECT quote_ident(attname) FROM pg_attribute
             WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
               AND format_type(atttypid, NULL) ~ '(geometry|geography)$' ORDER BY attnum LIMIT 1",
            &[&name],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// The expression of a GiST index that makes a geography of the two coordinates.
async fn indexed_geography(
    client: &Client,
    columns: &Columns,
    name: &str,
) -> Result<Option<String>, tokio_postgres::Error> {
    let rows = client
        .query(
            "SELECT pg_get_indexdef(indexrelid, 1, true)
             FROM pg_index JOIN pg_class AS c ON c.oid = indexrelid JOIN pg_am AS a ON a.oid = relam
             WHERE indrelid = to_regclass($1) AND indisvalid AND indpred IS NULL
               AND amname = 'gist' AND indkey[0] = 0",
            &[&name],
        )
        .await?;
    let (ra, dec) = (bare(&columns.ra), bare(&columns.dec));
    let words = |text: &str, wanted: &str| {
        text.split(|it: char| !it.is_alphanumeric() && it != '_')
            .any(|word| word == wanted)
    };
    Ok(rows
        .iter()
        .map(|row| row.get::<_, String>(0))
        .find(|it| bare(it).ends_with("::geography") && words(it, &ra) && words(it, &dec)))
}

/// The way to ask that the table's indexes serve.
async fn choose(
    client: &Client,
    columns: &Columns,
    name: &str,
) -> Result<Strategy, tokio_postgres::Error> {
    let indexes: Vec<String> = client
        .query(
            "SELECT pg_get_indexdef(indexrelid) FROM pg_index
             WHERE indrelid = to_regclass($1) AND indisvalid AND indpred IS NULL",
            &[&name],
        )
        .await?
        .iter()
        .map(|row| bare(row.get(0)))
        .collect();
    let (ra, dec) = (bare(&columns.ra), bare(&columns.dec));
    let has = |wanted: &[&str]| {
        indexes
            .iter()
            .any(|it| wanted.iter().all(|part| it.contains(part)))
    };
    if has(&["gist", &format!("spointradians{ra}, radians{dec}")]) {
        return Ok(Strategy::PgSphere);
    }
    if columns.geography.is_some() {
        return Ok(Strategy::GeographySphere);
    }
    if let Some(position) = &columns.position {
        if has(&["gist", &format!("{}::geography", bare(position))]) {
            return Ok(Strategy::GeographySphere);
        }
        let kind: String = client
            .query_one(
                "SELECT format_type(atttypid, NULL) FROM pg_attribute
                 WHERE attrelid = to_regclass($1) AND quote_ident(attname) = $2",
                &[&name, position],
            )
            .await?
            .get(0);
        let has_gist = has(&["gist", &bare(position)]);
        if has_gist && kind.ends_with("geography") {
            return Ok(Strategy::GeographySphere);
        }
        // Boxes are made in longitudes from −180 to 180: right ascensions up to 360 need another way.
        if has_gist
            && kind.ends_with("geometry")
            && longitudes_are_signed(client, name, position).await?
        {
            return Ok(Strategy::GeometryBox);
        }
    }
    if has(&[&format!("q3c_ang2ipix{ra}, {dec}")]) {
        return Ok(Strategy::Q3c);
    }
    Ok(Strategy::Plain)
}

/// An expression without what the server adds or leaves out at will: brackets, quotes, and the cast of
/// columns that are other numbers.
fn bare(expression: &str) -> String {
    expression
        .replace("::double precision", "")
        .replace(['(', ')', '"'], "")
}

/// Whether no longitude is above 180 degrees. The index answers that for the whole table: many
/// catalogues are sorted by right ascension, so that their first rows tell nothing.
async fn longitudes_are_signed(
    client: &Client,
    name: &str,
    position: &str,
) -> Result<bool, tokio_postgres::Error> {
    let some = format!("FROM {name} WHERE {position} IS NOT NULL");
    let sql = format!(
        "SELECT EXISTS (SELECT {some}) AND NOT EXISTS (
             SELECT {some} AND {position} && ST_MakeEnvelope(
                 180.001, -90, 360, 90, (SELECT ST_SRID({position}) {some} LIMIT 1)))"
    );
    Ok(client.query_one(&sql, &[]).await?.get(0))
}
