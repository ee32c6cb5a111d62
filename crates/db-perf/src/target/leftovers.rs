//! What crashed runs left in a database: schemas that carry our marker.

use tokio_postgres::Client;

use super::connect::Connection;
use super::schema_drop::drop_schema;
use super::schema_error::SchemaError;
use super::schema_marker::{Marker, PREFIX, application_name, lock_key, release_lock};
use super::spec::ConnectSpec;

/// A schema of ours that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The schema.
    pub schema: String,
    /// Whose it is and of when.
    pub marker: Marker,
    /// Tables and indexes together.
    pub size_bytes: u64,
    /// Whether its run is still going on.
    pub alive: bool,
    /// Whether the user of this connection may drop it.
    pub mine: bool,
}

/// Lists all schemas of the database that carry our marker, of this and other users.
pub async fn leftovers(spec: &ConnectSpec) -> Result<Vec<Leftover>, SchemaError> {
    let session = spec.connect().await?;
    let found = list(&session).await;
    session.close().await;
    found
}

/// Drops the schema of a crashed run. Refused while its run is going on.
pub async fn remove(spec: &ConnectSpec, leftover: &Leftover) -> Result<(), SchemaError> {
    let mut session = spec.connect().await?;
    let removed = remove_with(&mut session, leftover).await;
    session.close().await;
    removed
}

async fn remove_with(session: &mut Connection, leftover: &Leftover) -> Result<(), SchemaError> {
    let Leftover { schema, marker, .. } = leftover;
    let in_use = || SchemaError::InUse {
        schema: schema.clone(),
    };
    if is_alive(session, schema, marker).await? {
        return Err(in_use());
    }
    let row = session
        .query_one("SELECT pg_try_advisory_lock($1)", &[&lock_key(schema)])
        .await
        .map_err(SchemaError::statement("take the run's lock"))?;
    if !row.get::<_, bool>(0) {
        return Err(in_use());
    }
    let dropped = match end_sessions(session, &marker.run).await {
        Ok(()) => drop_schema(session, schema, &marker.run).await,
        Err(error) => Err(error),
    };
    release_lock(session, schema).await;
    dropped
}

/// Ends what the other sessions of an ended run still do; the server notices a vanished client only
/// when it writes to it.
pub(super) async fn end_sessions(client: &Client, run: &str) -> Result<(), SchemaError> {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE application_name = $1 AND datname = current_database() \
               AND usename = current_user AND pid <> pg_backend_pid()";
    client
        .query(sql, &[&application_name(run)])
        .await
        .map_err(SchemaError::statement("end the sessions of the run"))?;
    Ok(())
}

async fn list(client: &Client) -> Result<Vec<Leftover>, SchemaError> {
    let rows = client
        .query(SCHEMAS, &[&format!("{}%", PREFIX.replace('_', "\\_"))])
        .await
        .map_err(SchemaError::statement("list the schemas of earlier runs"))?;
    let mut found = Vec::new();
    for row in rows {
        let (schema, comment): (String, String) = (row.get(0), row.get(1));
        let Some(marker) = Marker::of(&schema, &comment) else {
            continue;
        };
        let size: i64 = row.get(2);
        let alive = is_alive(client, &schema, &marker).await?;
        let size_bytes = u64::try_from(size).unwrap_or(0);
        found.push(Leftover {
            schema,
            marker,
            size_bytes,
            alive,
            mine: row.get(3),
        });
    }
    Ok(found)
}

const SCHEMAS: &str = "SELECT n.nspname::text, obj_description(n.oid, 'pg_namespace'), \
    coalesce((SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c \
              WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'm')), 0)::bigint, \
    pg_has_role(n.nspowner, 'USAGE') \
    FROM pg_namespace n \
    WHERE n.nspname LIKE $1 AND obj_description(n.oid, 'pg_namespace') IS NOT NULL ORDER BY 1";

/// A run is going on while its lock is held; without the lock, while it has other sessions, unless
/// its process was on this machine and is gone.
async fn is_alive(client: &Client, schema: &str, marker: &Marker) -> Result<bool, SchemaError> {
    let sql = "SELECT \
        EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database \
            WHERE locktype = 'advisory' AND granted AND d.datname = current_database() \
            AND ((classid::bigint << 32) | objid::bigint) = $1 AND objsubid = 1 \
            AND pid <> pg_backend_pid()), \
        EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $2 \
            AND datname = current_database() AND pid <> pg_backend_pid())";
    let row = client
        .query_one(sql, &[&lock_key(schema), &application_name(&marker.run)])
        .await
        .map_err(SchemaError::statement(
            "look for the sessions of earlier runs",
        ))?;
    let (locked, has_sessions): (bool, bool) = (row.get(0), row.get(1));
    Ok(locked || (has_sessions && !marker.process_is_gone()))
}
