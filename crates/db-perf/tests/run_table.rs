//! Tables of the user's, measured without writing anything.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failed step is a failed test, and one that cannot be made says so"
)]

mod run_common;

use common::report::Report;
use db_perf::target::Embedded;
use run_common::Room;
use run_common::report::limitations;
use run_common::server::{add_role, assert_nothing_left, execute, inventory, start, texts};

/// 6,000 rows spread over the sphere, poles and the meridian included, in schema `obs`.
const STARS: &str = "
    CREATE SCHEMA obs;
    CREATE TABLE obs.stars AS
        SELECT i AS id, (i * 222.492235949962) - 360 * floor(i * 222.492235949962 / 360) AS ra,
               degrees(asin(2.0 * i / 6000 - 1)) AS dec, 5 + i % 15 AS vmag
        FROM generate_series(0, 6000) i;
    ALTER TABLE obs.stars ADD PRIMARY KEY (id);
    ANALYZE obs.stars";

/// A column, an index and the strategy that must be found for them.
const INDEXED: [(&str, &str); 5] = [
    (
        "geography_sphere",
        "ALTER TABLE obs.stars ADD place geography(Point);
        UPDATE obs.stars SET place = ST_MakePoint(ra, dec)::geography;
        CREATE INDEX ON obs.stars USING gist (place)",
    ),
    (
        "geography_sphere",
        "ALTER TABLE obs.stars ADD place geometry(Point, 4326);
        UPDATE obs.stars SET place = ST_SetSRID(ST_MakePoint(ra, dec), 4326);
        CREATE INDEX ON obs.stars USING gist ((place::geography))",
    ),
    (
        "geometry_box",
        "ALTER TABLE obs.stars ADD place geometry(Point, 4326);
        UPDATE obs.stars SET place = ST_SetSRID(ST_MakePoint(
            CASE WHEN ra > 180 THEN ra - 360 ELSE ra END, dec), 4326);
        CREATE INDEX ON obs.stars USING gist (place)",
    ),
    (
        "q3c",
        "CREATE EXTENSION IF NOT EXISTS q3c;
        CREATE INDEX ON obs.stars (q3c_ang2ipix(ra, dec))",
    ),
    (
        "pgsphere",
        "CREATE EXTENSION IF NOT EXISTS pg_sphere;
        CREATE INDEX stars_sphere ON obs.stars USING gist (spoint(radians(ra), radians(dec)))",
    ),
];

/// The extension that a strategy needs.
fn extension(strategy: &str) -> Option<&'static str> {
    match strategy {
        "q3c" => Some("q3c"),
        "pgsphere" => Some("pg_sphere"),
        _ => None,
    }
}

async fn rows_written(server: &Embedded) -> Vec<String> {
    texts(
        server,
        "SELECT relname || ' ' || n_tup_ins || ' ' || n_tup_upd || ' ' || n_tup_del || ' ' || n_live_tup
         FROM pg_stat_user_tables ORDER BY 1",
    )
    .await
}

/// Measures `obs.stars` as a role that can only read; the server stays as it was.
async fn measure(server: &Embedded, url: &str) -> Report {
    let room = Room::new();
    execute(
        server,
        "ANALYZE obs.stars; SELECT pg_stat_force_next_flush()",
    )
    .await;
    let (before, written) = (inventory(server).await, rows_written(server).await);
    let ended = room
        .run(&[
            "--quick",
            "--url",
            url,
            "--table",
            "obs.stars",
            "--ra",
            "ra",
            "--dec",
            "dec",
            "--mag",
            "vmag",
            "--threshold",
            "cone_search.error_count<=0",
        ])
        .await;
    ended.assert_exit(0);
    assert_eq!(inventory(server).await, before);
    assert_eq!(rows_written(server).await, written);
    assert_nothing_left(server).await;
    room.assert_nothing_left();
    let report = room.report();
    let test = report.test("cone_search").unwrap();
    assert!(test.accounting.succeeded > 100, "{:?}", test.accounting);
    assert_eq!(test.error_count, 0, "{:?}", test.errors);
    let checked = report
        .limitations
        .iter()
        .find(|it| it.code == "not_checked")
        .unwrap();
    assert!(
        checked.message.contains("answers of 5 cones"),
        "{checked:?}"
    );
    assert_eq!(report.target["kind"], "table");
    report
}

#[tokio::test]
async fn a_table_is_only_read_and_asked_as_its_indexes_allow() {
    let server = start().await;
    execute(&server, STARS).await;
    let grants = "GRANT USAGE ON SCHEMA obs TO reader; GRANT SELECT ON obs.stars TO reader;
                  ALTER ROLE reader SET default_transaction_read_only = on";
    let url = add_role(&server, "reader", grants).await;
    for (strategy, sql) in INDEXED {
        if let Some(name) = extension(strategy)
            && !server.binaries().has_extension(name)
        {
            eprintln!("NOT TESTED: the extension {name} is not installed");
            continue;
        }
        execute(&server, sql).await;
        let report = measure(&server, &url).await;
        let test = report.test("cone_search").unwrap();
        assert_eq!(test.parameters["strategy"], strategy);
        assert!(limitations(&report).contains(&"strategy"));
        let scans = report
            .recommendations
            .iter()
            .filter(|it| it.issue.contains("end to end"));
        assert_eq!(
            scans.count(),
            0,
            "{strategy}: {:#?}",
            report.recommendations
        );
        let plans = report.target["plans"].to_string();
        assert!(!plans.contains("Seq Scan"), "{strategy}: {plans}");
        execute(
            &server,
            "ALTER TABLE obs.stars DROP COLUMN IF EXISTS place;
             DROP INDEX IF EXISTS obs.stars_q3c_ang2ipix_idx, obs.stars_sphere",
        )
        .await;
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_table_without_an_index_gets_the_ddl_that_helps() {
    let server = start().await;
    execute(&server, STARS).await;
    let grants = "GRANT USAGE ON SCHEMA obs TO reader; GRANT SELECT ON obs.stars TO reader";
    let url = add_role(&server, "reader", grants).await;
    let report = measure(&server, &url).await;
    let plans = report.target["plans"].to_string();
    assert!(plans.contains("Seq Scan"), "{plans}");
    let advice: Vec<_> = report
        .recommendations
        .iter()
        .filter(|it| it.recommendation.contains("CREATE INDEX"))
        .collect();
    assert!(!advice.is_empty(), "{:#?}", report.recommendations);
    assert!(advice[0].recommendation.contains("stars"), "{advice:#?}");
    // The statement of the advice can be run as it stands.
    let (statement, _) = advice[0].recommendation.split_once(';').unwrap();
    execute(&server, statement).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_geometry_with_longitudes_up_to_360_is_not_asked_by_boxes_of_signed_ones() {
    let server = start().await;
    execute(&server, STARS).await;
    // As many catalogues: sorted by right ascension, so that the first rows are below 180 degrees.
    execute(
        &server,
        "CREATE TABLE obs.sorted AS
             SELECT i * 0.01 AS ra, (i * 7 % 1800) / 10.0 - 90 AS dec, 5 AS vmag,
                    ST_SetSRID(ST_MakePoint(i * 0.01, (i * 7 % 1800) / 10.0 - 90), 4326) AS place
             FROM generate_series(0, 35999) i;
         DROP TABLE obs.stars; ALTER TABLE obs.sorted RENAME TO stars;
         CREATE INDEX ON obs.stars USING gist (place)",
    )
    .await;
    let grants = "GRANT USAGE ON SCHEMA obs TO reader; GRANT SELECT ON obs.stars TO reader";
    let url = add_role(&server, "reader", grants).await;
    let report = measure(&server, &url).await;
    let test = report.test("cone_search").unwrap();
    assert_eq!(test.parameters["strategy"], "plain");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_view_is_measured_like_a_table() {
    let server = start().await;
    execute(&server, STARS).await;
    execute(
        &server,
        "ALTER TABLE obs.stars RENAME TO base;
         CREATE VIEW obs.stars AS SELECT id, ra, dec, vmag FROM obs.base",
    )
    .await;
    let grants = "GRANT USAGE ON SCHEMA obs TO reader; GRANT SELECT ON obs.stars TO reader";
    let url = add_role(&server, "reader", grants).await;
    execute(&server, "ANALYZE obs.base").await;
    measure(&server, &url).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_view_that_would_write_cannot() {
    let server = start().await;
    execute(
        &server,
        "CREATE SCHEMA obs; CREATE TABLE obs.reads (at timestamptz);
         CREATE TABLE obs.base AS SELECT i AS ra, 0 AS dec FROM generate_series(0, 359) i;
         CREATE FUNCTION obs.note() RETURNS int LANGUAGE sql VOLATILE
             AS 'INSERT INTO obs.reads VALUES (now()) RETURNING 0';
         CREATE VIEW obs.stars AS SELECT ra + obs.note() AS ra, dec FROM obs.base",
    )
    .await;
    // Even the superuser's sessions are read-only here.
    let room = Room::new();
    let ended = room
        .run(&[
            "--quick",
            "--url",
            &server.url(),
            "--table",
            "obs.stars",
            "--ra",
            "ra",
            "--dec",
            "dec",
        ])
        .await;
    ended.assert_error(4, &["cannot execute INSERT in a read-only transaction"]);
    assert_eq!(
        texts(&server, "SELECT at::text FROM obs.reads").await,
        Vec::<String>::new()
    );
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
