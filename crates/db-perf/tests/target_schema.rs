//! Live tests of our own schema in a database, and of what crashed runs leave in it.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod target_common;

use std::time::Duration;

use db_perf::target::{ConnectSpec, Embedded, OwnSchema, SchemaError, leftovers, remove};
use target_common::{add_role, server_with_port, superuser, within};

async fn database_without_postgis(server: &Embedded) -> ConnectSpec {
    let session = superuser(server).await;
    session
        .batch_execute("CREATE DATABASE plain TEMPLATE template0")
        .await
        .unwrap();
    server.spec().with_database("plain")
}

async fn schemas(server: &Embedded) -> Vec<String> {
    let session = superuser(server).await;
    let sql = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'astro%' ORDER BY 1";
    session
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Waits until no run is seen as going on: the server needs a moment to end the sessions.
async fn wait_until_dead(spec: &ConnectSpec, run: &str) {
    within(async {
        while leftovers(spec)
            .await
            .unwrap()
            .iter()
            .any(|left| left.marker.run == run && left.alive)
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Makes a schema whose run has "crashed": its sessions are gone.
async fn crashed(spec: &ConnectSpec, run: &str) {
    let own = within(OwnSchema::create(spec, run)).await.unwrap();
    let session = within(own.spec().connect()).await.unwrap();
    session
        .batch_execute("CREATE TABLE t AS SELECT generate_series(1, 1000) AS i")
        .await
        .unwrap();
    session.close().await;
    drop(own);
    wait_until_dead(spec, run).await;
}

#[tokio::test]
async fn a_schema_is_made_marked_used_and_dropped() {
    let server = server_with_port().await;
    let app = add_role(&server, "app", "").await;
    let error = within(OwnSchema::create(&app, "r1")).await.unwrap_err();
    assert!(matches!(error, SchemaError::NoRight { .. }), "{error}");
    assert!(
        error
            .hint()
            .unwrap()
            .contains("GRANT CREATE ON DATABASE astro TO app")
    );
    superuser(&server)
        .await
        .batch_execute("GRANT CREATE ON DATABASE astro TO app")
        .await
        .unwrap();

    let own = within(OwnSchema::create(&app, "r1")).await.unwrap();
    assert_eq!(own.name, "astro_perf_r1");
    let session = within(own.spec().connect()).await.unwrap();
    let sql = "CREATE TABLE sources AS SELECT ST_MakePoint(1, 2) AS position; \
               CREATE VIEW bright AS SELECT * FROM sources; \
               CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'";
    session.batch_execute(sql).await.unwrap();
    let sql = "SELECT current_schema()::text, current_setting('application_name'), \
               to_regclass('astro_perf_r1.sources') IS NOT NULL";
    let row = session.query_one(sql, &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "astro_perf_r1");
    assert_eq!(row.get::<_, String>(1), "db-perf r1");
    assert!(row.get::<_, bool>(2));

    let listed = within(leftovers(&app)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].alive && listed[0].mine && listed[0].size_bytes > 0);
    assert_eq!(
        (
            listed[0].marker.owner.as_str(),
            listed[0].marker.run.as_str()
        ),
        ("app", "r1")
    );
    let error = within(remove(&app, &listed[0])).await.unwrap_err();
    assert!(matches!(error, SchemaError::InUse { .. }), "{error}");
    let error = within(OwnSchema::create(&app, "r1")).await.unwrap_err();
    assert!(matches!(error, SchemaError::InUse { .. }), "{error}");
    session.close().await;
    within(own.drop_all()).await.unwrap();
    assert_eq!(schemas(&server).await, Vec::<String>::new());
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_terminated_session_does_not_keep_the_schema_from_being_dropped() {
    let server = server_with_port().await;
    let spec = server.spec();
    let own = within(OwnSchema::create(&spec, "r1")).await.unwrap();
    let admin = superuser(&server).await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE application_name = 'db-perf r1'";
    assert_eq!(admin.query(sql, &[]).await.unwrap().len(), 1);
    within(async {
        while own.holds_lock() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    within(own.drop_all()).await.unwrap();

    // The same without waiting: the end of the session and the dropping meet.
    for run in ["r2", "r3", "r4", "r5"] {
        let own = within(OwnSchema::create(&spec, run)).await.unwrap();
        assert_eq!(
            admin
                .query(&sql.replace("r1", run), &[])
                .await
                .unwrap()
                .len(),
            1
        );
        within(own.drop_all()).await.unwrap();
    }
    assert_eq!(schemas(&server).await, Vec::<String>::new());
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn what_a_crashed_run_left_is_found_and_removed() {
    let server = server_with_port().await;
    let spec = server.spec();
    crashed(&spec, "r1").await;
    let other = add_role(&server, "other", "").await;
    let listed = within(leftovers(&other)).await.unwrap();
    assert!(!listed[0].mine && !listed[0].alive);
    let error = within(remove(&other, &listed[0])).await.unwrap_err();
    assert!(matches!(error, SchemaError::Statement { .. }), "{error}");

    let listed = within(leftovers(&spec)).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].mine && !listed[0].alive && listed[0].size_bytes > 0);
    within(remove(&spec, &listed[0])).await.unwrap();
    within(remove(&spec, &listed[0])).await.unwrap();
    assert_eq!(schemas(&server).await, Vec::<String>::new());
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_schema_without_our_marker_is_left_alone() {
    let server = server_with_port().await;
    let spec = server.spec();
    let admin = superuser(&server).await;
    admin
        .batch_execute(
            "CREATE SCHEMA astro_perf_foo; CREATE SCHEMA astro_perf_bar; \
             COMMENT ON SCHEMA astro_perf_bar IS 'my own notes'; CREATE SCHEMA astroXperf_baz",
        )
        .await
        .unwrap();
    assert_eq!(within(leftovers(&spec)).await.unwrap(), Vec::new());
    let error = within(OwnSchema::create(&spec, "foo")).await.unwrap_err();
    assert!(matches!(error, SchemaError::Exists { .. }), "{error}");

    crashed(&spec, "r1").await;
    let listed = within(leftovers(&spec)).await.unwrap();
    admin
        .batch_execute("COMMENT ON SCHEMA astro_perf_r1 IS 'mine now'")
        .await
        .unwrap();
    let error = within(remove(&spec, &listed[0])).await.unwrap_err();
    assert!(matches!(error, SchemaError::NotOurs { .. }), "{error}");

    let own = within(OwnSchema::create(&spec, "r2")).await.unwrap();
    admin
        .batch_execute("COMMENT ON SCHEMA astro_perf_r2 IS NULL")
        .await
        .unwrap();
    let error = within(own.drop_all()).await.unwrap_err();
    assert!(matches!(error, SchemaError::NotOurs { .. }), "{error}");
    assert_eq!(schemas(&server).await.len(), 5);
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn objects_of_others_are_never_dropped_with_ours() {
    let server = server_with_port().await;
    let spec = server.spec();
    let admin = superuser(&server).await;
    crashed(&spec, "r1").await;
    let plain = "CREATE TABLE astro_perf_r1.k (i int PRIMARY KEY); \
                 CREATE TYPE astro_perf_r1.kind AS ENUM ('a'); CREATE ROLE guest;";
    admin.batch_execute(plain).await.unwrap();
    for (make, unmake) in [
        (
            "CREATE VIEW v AS SELECT * FROM astro_perf_r1.t",
            "DROP VIEW v",
        ),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT * FROM astro_perf_r1.t",
            "DROP MATERIALIZED VIEW v",
        ),
        (
            "CREATE TABLE c (i int REFERENCES astro_perf_r1.k)",
            "DROP TABLE c",
        ),
        ("CREATE TABLE c (k astro_perf_r1.kind)", "DROP TABLE c"),
        (
            "CREATE TABLE c () INHERITS (astro_perf_r1.t)",
            "DROP TABLE c",
        ),
        (
            "CREATE FUNCTION g(astro_perf_r1.kind) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DROP FUNCTION g",
        ),
        (
            "ALTER TABLE astro_perf_r1.t OWNER TO guest",
            "ALTER TABLE astro_perf_r1.t OWNER TO astro",
        ),
    ] {
        admin.batch_execute(make).await.unwrap();
        let listed = within(leftovers(&spec)).await.unwrap();
        let error = within(remove(&spec, &listed[0])).await.unwrap_err();
        assert!(
            matches!(error, SchemaError::Dependants { .. }),
            "{make}: {error}"
        );
        admin.batch_execute(unmake).await.unwrap();
    }
    let listed = within(leftovers(&spec)).await.unwrap();
    within(remove(&spec, &listed[0])).await.unwrap();
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn postgis_is_created_inside_the_schema_and_goes_away_with_it() {
    let server = server_with_port().await;
    let spec = database_without_postgis(&server).await;
    let own = within(OwnSchema::create(&spec, "r1")).await.unwrap();
    let session = within(own.spec().connect()).await.unwrap();
    let sql = "CREATE TABLE p AS SELECT ST_MakePoint(1, 2)::geometry(Point) AS position; \
               CREATE INDEX ON p USING gist (position)";
    session.batch_execute(sql).await.unwrap();
    // A user's own table that uses our PostGIS keeps both.
    let admin = within(spec.connect()).await.unwrap();
    admin
        .batch_execute("CREATE TABLE u (g astro_perf_r1.geometry)")
        .await
        .unwrap();
    session.close().await;
    let error = within(own.drop_all()).await.unwrap_err();
    assert!(matches!(&error, SchemaError::Dependants { .. }), "{error}");
    assert!(error.to_string().contains("table u"), "{error}");
    admin.batch_execute("DROP TABLE u").await.unwrap();
    wait_until_dead(&spec, "r1").await;
    let listed = within(leftovers(&spec)).await.unwrap();
    within(remove(&spec, &listed[0])).await.unwrap();
    let sql = "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'";
    assert_eq!(admin.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 0);

    let plain = add_role(&server, "plain_user", "")
        .await
        .with_database("plain");
    admin
        .batch_execute("GRANT CREATE ON DATABASE plain TO plain_user")
        .await
        .unwrap();
    let error = within(OwnSchema::create(&plain, "r2")).await.unwrap_err();
    assert!(
        matches!(error, SchemaError::NoRightForPostgis { .. }),
        "{error}"
    );
    assert!(within(leftovers(&plain)).await.unwrap().is_empty());
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn read_only_users_and_hidden_postgis_are_told_apart() {
    let server = server_with_port().await;
    let admin = superuser(&server).await;
    let reader = add_role(&server, "reader", "").await;
    let grants = "GRANT CREATE ON DATABASE astro TO reader; \
                  ALTER ROLE reader SET default_transaction_read_only = on";
    admin.batch_execute(grants).await.unwrap();
    let error = within(OwnSchema::create(&reader, "r1")).await.unwrap_err();
    assert!(matches!(error, SchemaError::ReadOnly { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--table"));

    let hide = "ALTER ROLE reader RESET default_transaction_read_only; \
                DROP EXTENSION postgis; CREATE SCHEMA gis; CREATE EXTENSION postgis SCHEMA gis";
    admin.batch_execute(hide).await.unwrap();
    let error = within(OwnSchema::create(&reader, "r1")).await.unwrap_err();
    assert!(
        matches!(error, SchemaError::NoUseOfPostgis { .. }),
        "{error}"
    );
    admin
        .batch_execute("GRANT USAGE ON SCHEMA gis TO reader")
        .await
        .unwrap();
    let own = within(OwnSchema::create(&reader, "r1")).await.unwrap();
    let session = within(own.spec().connect()).await.unwrap();
    session
        .batch_execute("SELECT ST_MakePoint(1, 2)")
        .await
        .unwrap();
    let row = session.query_one("SHOW search_path", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), r#""astro_perf_r1","gis","public""#);
    session.close().await;
    within(own.drop_all()).await.unwrap();

    let error = within(OwnSchema::create(&reader, "No Good"))
        .await
        .unwrap_err();
    assert!(matches!(error, SchemaError::BadRunId(_)), "{error}");
    within(server.stop()).await.unwrap();
}
