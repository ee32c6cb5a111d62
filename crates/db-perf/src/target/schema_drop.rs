//! Dropping a schema of ours, and nothing else.

use tokio_postgres::{Client, Transaction};

use super::schema_error::SchemaError;
use super::schema_marker::read_marker;
use super::spec::quote_identifier;

/// How many of the objects in the way are named.
const NAMED: usize = 5;

/// Drops the schema if it carries the marker of `run` and nobody else's objects would go with it. A
/// schema that is gone already is fine.
pub(super) async fn drop_schema(
    client: &mut Client,
    name: &str,
    run: &str,
) -> Result<(), SchemaError> {
    let action = || SchemaError::statement(format!("drop schema `{name}`"));
    let transaction = client.transaction().await.map_err(action())?;
    // Sessions of the run that end only now may still hold locks for a moment.
    let limits = "SET LOCAL lock_timeout = '15s'; SET LOCAL statement_timeout = '120s'; \
                  SET LOCAL client_min_messages = 'warning'";
    transaction.batch_execute(limits).await.map_err(action())?;
    let exists = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)";
    let row = transaction
        .query_one(exists, &[&name])
        .await
        .map_err(action())?;
    if !row.get::<_, bool>(0) {
        return Ok(());
    }
    let marker = read_marker(transaction.client(), name)
        .await
        .map_err(action())?;
    if marker.is_none_or(|marker| marker.run != run) {
        return Err(SchemaError::NotOurs {
            schema: name.to_owned(),
        });
    }
    let objects = others_objects(&transaction, name).await.map_err(action())?;
    if !objects.is_empty() {
        return Err(SchemaError::Dependants {
            schema: name.to_owned(),
            objects,
        });
    }
    let sql = format!("DROP SCHEMA {} CASCADE", quote_identifier(name));
    transaction.batch_execute(&sql).await.map_err(action())?;
    transaction.commit().await.map_err(action())
}

/// What `DROP … CASCADE` would drop beyond our own: objects of other schemas that depend on ours, and
/// tables of another owner inside ours.
async fn others_objects(
    transaction: &Transaction<'_>,
    name: &str,
) -> Result<Vec<String>, tokio_postgres::Error> {
    let limit = i64::try_from(NAMED).unwrap_or(i64::MAX);
    let rows = transaction.query(OTHERS_OBJECTS, &[&name, &limit]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Everything that depends on the schema, step by step, with the schema that each thing is in: of
/// its relation for a rule, constraint, default, trigger or policy. What is in no schema (casts,
/// an extension of ours) does not count.
const OTHERS_OBJECTS: &str = "
WITH RECURSIVE own AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = $1),
dropped (classid, objid) AS (
    SELECT 'pg_namespace'::regclass::oid, oid FROM own
    UNION
    SELECT d.classid, d.objid FROM pg_depend d JOIN dropped p ON d.refclassid = p.classid AND d.refobjid = p.objid
),
placed AS (
    SELECT d.classid, d.objid, r.relnamespace AS namespace FROM dropped d JOIN pg_class r
        ON d.classid = 'pg_class'::regclass AND r.oid = d.objid
    UNION ALL
    SELECT 'pg_class'::regclass, r.oid, r.relnamespace FROM dropped d JOIN pg_rewrite w
        ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid JOIN pg_class r ON r.oid = w.ev_class
    UNION ALL
    SELECT d.classid, d.objid, c.connamespace FROM dropped d JOIN pg_constraint c
        ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
    UNION ALL
    SELECT 'pg_class'::regclass, r.oid, r.relnamespace FROM dropped d JOIN pg_attrdef a
        ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid JOIN pg_class r ON r.oid = a.adrelid
    UNION ALL
    SELECT d.classid, d.objid, r.relnamespace FROM dropped d JOIN pg_trigger t
        ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid JOIN pg_class r ON r.oid = t.tgrelid
    UNION ALL
    SELECT d.classid, d.objid, r.relnamespace FROM dropped d JOIN pg_policy t
        ON d.classid = 'pg_policy'::regclass AND t.oid = d.objid JOIN pg_class r ON r.oid = t.polrelid
    UNION ALL
    SELECT d.classid, d.objid, f.pronamespace FROM dropped d JOIN pg_proc f
        ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
    UNION ALL
    SELECT d.classid, d.objid, t.typnamespace FROM dropped d JOIN pg_type t
        ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
    UNION ALL
    SELECT d.classid, d.objid, o.oprnamespace FROM dropped d JOIN pg_operator o
        ON d.classid = 'pg_operator'::regclass AND o.oid = d.objid
)
SELECT text FROM (
    SELECT DISTINCT pg_describe_object(p.classid, p.objid, 0) AS text
    FROM placed p JOIN pg_namespace n ON n.oid = p.namespace
    WHERE p.namespace NOT IN (SELECT oid FROM own) AND n.nspname NOT LIKE 'pg\\_toast%'
    UNION
    SELECT pg_describe_object('pg_class'::regclass, r.oid, 0)
    FROM pg_class r JOIN own ON r.relnamespace = own.oid
    WHERE r.relowner <> own.nspowner AND r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
) AS others ORDER BY 1 LIMIT $2";
