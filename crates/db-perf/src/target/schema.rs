//! Our own schema in a given database.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::connect::Connection;
use super::leftovers::end_sessions;
use super::schema_drop::drop_schema;
use super::schema_error::SchemaError;
use super::schema_marker::{Marker, application_name, lock_key, release_lock, schema_name};
use super::spec::{ConnectSpec, quote_identifier};

const RUN_ID_LIMIT: usize = 40;
/// How long a statement that makes the schema may take.
const SET_UP_LIMIT: Duration = Duration::from_mins(1);
/// How long a live session may take to answer.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// A schema of ours, marked by its comment, with one session that holds its lock until the end.
#[derive(Debug)]
pub struct OwnSchema {
    /// The schema's name, `astro_perf_<run id>`.
    pub name: String,
    run: String,
    spec: ConnectSpec,
    lock: Connection,
}

impl OwnSchema {
    /// Makes and marks the schema. Where PostGIS is not created in the database, it is created inside
    /// the schema and goes away with it.
    pub async fn create(spec: &ConnectSpec, run_id: &str) -> Result<OwnSchema, SchemaError> {
        let valid = (1..=RUN_ID_LIMIT).contains(&run_id.len())
            && run_id
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !valid {
            return Err(SchemaError::BadRunId(run_id.to_owned()));
        }
        let name = schema_name(run_id);
        let spec = spec
            .clone()
            .with_application_name(&application_name(run_id));
        let mut lock = spec.connect().await?;
        let making = async {
            keep_open(&lock).await?;
            check_rights(&lock, &spec).await?;
            take_lock(&lock, &name).await?;
            make(&mut lock, &spec, &name, run_id).await
        };
        let search_path = tokio::time::timeout(SET_UP_LIMIT, making)
            .await
            .unwrap_or_else(|_| {
                Err(SchemaError::Statement {
                    action: format!("create schema `{name}`"),
                    message: format!("no answer within {} s", SET_UP_LIMIT.as_secs()),
                })
            })?;
        let path: Vec<_> = search_path.iter().map(String::as_str).collect();
        let spec = spec.with_search_path(&path);
        Ok(Self {
            name,
            run: run_id.to_owned(),
            spec,
            lock,
        })
    }

    /// The connection whose sessions see our schema first, then those of PostGIS and the sky
    /// extensions, then `public`.
    pub fn spec(&self) -> &ConnectSpec {
        &self.spec
    }

    /// Whether the session that marks the run as going on is still open.
    pub fn holds_lock(&self) -> bool {
        !self.lock.is_closed()
    }

    /// Drops the schema with all that is in it. Refused when the comment is not our marker (any
    /// more), or when objects of others depend on ours.
    pub async fn drop_all(self) -> Result<(), SchemaError> {
        let Self {
            name,
            run,
            spec,
            lock,
        } = self;
        let spec = spec.without_setting("search_path");
        let mut session = if lock.is_closed() {
            spec.connect().await?
        } else {
            lock
        };
        let mut dropped = end_and_drop(&mut session, &name, &run).await;
        if matches!(dropped, Err(SchemaError::Statement { .. })) && !answers(&session).await {
            session = spec.connect().await?;
            dropped = end_and_drop(&mut session, &name, &run).await;
        }
        release_lock(&session, &name).await;
        session.close().await;
        dropped
    }
}

/// Drops the schema; statements of the run that the server has not given up yet, such as the build of
/// an index, would keep its tables locked.
async fn end_and_drop(session: &mut Client, name: &str, run: &str) -> Result<(), SchemaError> {
    end_sessions(session, run).await?;
    drop_schema(session, name, run).await
}

/// Whether the session still lives; a terminated one may not be seen as closed at once.
async fn answers(session: &Client) -> bool {
    matches!(
        tokio::time::timeout(PROBE_LIMIT, session.simple_query("")).await,
        Ok(Ok(_))
    )
}

/// The session must survive its idle time: that is what shows a run to be alive.
async fn keep_open(client: &Client) -> Result<(), SchemaError> {
    let sql = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN \
               ('idle_session_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')";
    client
        .query(sql, &[])
        .await
        .map_err(SchemaError::statement("prepare the session"))?;
    Ok(())
}

async fn check_rights(client: &Client, spec: &ConnectSpec) -> Result<(), SchemaError> {
    let sql = "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', \
               has_database_privilege(current_database(), 'CREATE'), current_user::text, \
               current_database()::text";
    let row = client
        .query_one(sql, &[])
        .await
        .map_err(SchemaError::statement("read the session's rights"))?;
    let (user, database): (String, String) = (row.get(3), row.get(4));
    if row.get(0) {
        return Err(SchemaError::Replica {
            target: spec.describe(),
        });
    }
    if row.get(1) {
        return Err(SchemaError::ReadOnly {
            user,
            target: spec.describe(),
        });
    }
    if row.get(2) {
        return Ok(());
    }
    Err(SchemaError::NoRight { user, database })
}

async fn take_lock(client: &Client, name: &str) -> Result<(), SchemaError> {
    let row = client
        .query_one("SELECT pg_try_advisory_lock($1)", &[&lock_key(name)])
        .await
        .map_err(SchemaError::statement("take the run's lock"))?;
    if row.get(0) {
        Ok(())
    } else {
        Err(SchemaError::InUse {
            schema: name.to_owned(),
        })
    }
}

/// Makes the schema in one transaction, so that it is never seen without its marker, and gives back
/// the search path of the run.
async fn make(
    client: &mut Client,
    spec: &ConnectSpec,
    name: &str,
    run: &str,
) -> Result<Vec<String>, SchemaError> {
    let action = || SchemaError::statement(format!("create schema `{name}`"));
    let transaction = client.transaction().await.map_err(action())?;
    let quoted = quote_identifier(name);
    let row = transaction
        .query_one("SELECT current_user::text", &[])
        .await
        .map_err(action())?;
    let marker = serde_json::to_string(&Marker::new(row.get(0), run)).unwrap_or_default();
    let literal = marker.replace('\'', "''");
    if let Err(error) = transaction
        .batch_execute(&format!("CREATE SCHEMA {quoted}"))
        .await
    {
        if error.code() == Some(&SqlState::DUPLICATE_SCHEMA) {
            return Err(SchemaError::Exists {
                schema: name.to_owned(),
            });
        }
        return Err(action()(error));
    }
    // A literal with E'' would depend on standard_conforming_strings; the marker has no backslash
    // unless a name has one, and then it is doubled by both.
    transaction
        .batch_execute(&format!(
            "SET LOCAL standard_conforming_strings = on; COMMENT ON SCHEMA {quoted} IS '{literal}'"
        ))
        .await
        .map_err(action())?;
    let postgis = postgis_schema(&transaction, spec, name).await?;
    let mut path = vec![name.to_owned(), postgis];
    for row in transaction
        .query(SKY_SCHEMAS, &[])
        .await
        .map_err(action())?
    {
        path.push(row.get(0));
    }
    path.push("public".to_owned());
    let mut seen = std::collections::BTreeSet::new();
    path.retain(|schema| seen.insert(schema.clone()));
    transaction.commit().await.map_err(action())?;
    Ok(path)
}

const SKY_SCHEMAS: &str = "SELECT nspname::text FROM pg_extension \
    JOIN pg_namespace ON pg_namespace.oid = extnamespace \
    WHERE extname IN ('q3c', 'pg_sphere') AND has_schema_privilege(nspname, 'USAGE') ORDER BY 1";

/// The schema that holds PostGIS; ours, with PostGIS created in it, when the database has none.
async fn postgis_schema(
    transaction: &tokio_postgres::Transaction<'_>,
    spec: &ConnectSpec,
    own: &str,
) -> Result<String, SchemaError> {
    let action = || SchemaError::statement("look for PostGIS");
    let sql = "SELECT nspname::text, has_schema_privilege(nspname, 'USAGE') FROM pg_extension \
               JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'postgis'";
    let (user, database) = (spec.user().to_owned(), spec.database().to_owned());
    if let Some(row) = transaction.query_opt(sql, &[]).await.map_err(action())? {
        let schema: String = row.get(0);
        if row.get(1) {
            return Ok(schema);
        }
        return Err(SchemaError::NoUseOfPostgis { user, schema });
    }
    let sql = "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'postgis')";
    let available: bool = transaction
        .query_one(sql, &[])
        .await
        .map_err(action())?
        .get(0);
    if !available {
        return Err(SchemaError::NoPostgis { database });
    }
    let sql = format!("CREATE EXTENSION postgis SCHEMA {}", quote_identifier(own));
    match transaction.batch_execute(&sql).await {
        Ok(()) => Ok(own.to_owned()),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            Err(SchemaError::NoRightForPostgis { user, database })
        }
        Err(error) => Err(SchemaError::statement("create PostGIS")(error)),
    }
}
