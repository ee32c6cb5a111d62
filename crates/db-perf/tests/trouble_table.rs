//! Tables of the user's that cannot be measured: one message, and the table stays as it was.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use run_common::server::{add_role, assert_nothing_left, execute, inventory, start};
use run_common::{Ended, Room};

async fn measure(room: &Room, url: &str, table: &str, columns: &[&str]) -> Ended {
    let arguments = ["--quick", "--url", url, "--table", table];
    let ended = room.run(&[&arguments[..], columns].concat()).await;
    assert_eq!(ended.stdout, "", "{ended:#?}");
    assert!(!room.has_report());
    room.assert_nothing_left();
    ended
}

const SKY: [&str; 4] = ["--ra", "ra", "--dec", "dec"];

#[tokio::test]
async fn a_table_that_does_not_fit_is_told_in_the_user_s_terms() {
    let server = start().await;
    let room = Room::new();
    let url = server.url();
    execute(
        &server,
        "CREATE SCHEMA obs;
         CREATE TABLE obs.stars (name text, ra double precision, dec double precision, vmag real);
         CREATE TABLE obs.radians AS SELECT i * 0.001 AS ra, 80 + i * 0.1 AS dec FROM generate_series(1, 300) i;
         CREATE TABLE obs.hours AS SELECT i * 2.0 AS ra, 0.0 AS dec FROM generate_series(1, 300) i;
         CREATE TABLE obs.nulls (ra float8, dec float8); INSERT INTO obs.nulls VALUES (NULL, NULL);
         CREATE SEQUENCE obs.numbers",
    )
    .await;
    let before = inventory(&server).await;

    let ended = measure(&room, &url, "obs.galaxies", &SKY).await;
    ended.assert_error(
        2,
        &[r#"there is no table `"obs"."galaxies"` in database `astro`"#],
    );
    ended.assert_hint("`schema.table`");

    let ended = measure(&room, &url, "obs.stars", &["--ra", "alpha", "--dec", "dec"]).await;
    ended.assert_error(2, &["has no column `alpha`; it has: name, ra, dec, vmag"]);
    ended.assert_hint("--ra, --dec and --mag");

    let mag = [&SKY[..], &["--mag", "gmag"]].concat();
    let ended = measure(&room, &url, "obs.stars", &mag).await;
    ended.assert_error(2, &["has no column `gmag`"]);

    let ended = measure(&room, &url, "obs.stars", &["--ra", "name", "--dec", "dec"]).await;
    ended.assert_error(
        2,
        &["column `name`", "must be a number of degrees, it is `text`"],
    );

    let ended = measure(&room, &url, "obs.stars", &SKY).await;
    ended.assert_error(2, &["has no rows with coordinates"]);
    let ended = measure(&room, &url, "obs.nulls", &SKY).await;
    ended.assert_error(2, &["has no rows with coordinates"]);

    let ended = measure(&room, &url, "obs.radians", &SKY).await;
    ended.assert_error(
        2,
        &["`dec`", "no degrees of declination", "from 80.1 to 110"],
    );
    ended.assert_hint("make a view with degrees");
    let ended = measure(&room, &url, "obs.hours", &SKY).await;
    ended.assert_error(2, &["`ra`", "no degrees of right ascension"]);

    // A name with anything in it is a name, and never SQL.
    let ended = measure(
        &room,
        &url,
        r#"obs.stars";DROP/**/TABLE/**/obs.stars;--"#,
        &SKY,
    )
    .await;
    ended.assert_exit(2);
    assert_eq!(inventory(&server).await, before);
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_told_with_the_grant() {
    let server = start().await;
    let room = Room::new();
    execute(
        &server,
        "CREATE SCHEMA obs;
         CREATE TABLE obs.stars AS SELECT i AS ra, 0 AS dec FROM generate_series(0, 359) i",
    )
    .await;
    let url = add_role(&server, "reader", "GRANT USAGE ON SCHEMA obs TO reader").await;
    let before = inventory(&server).await;
    let ended = measure(&room, &url, "obs.stars", &SKY).await;
    ended.assert_error(
        4,
        &["failed to read table", "permission denied for table stars"],
    );
    ended.assert_hint("GRANT SELECT");

    execute(&server, "REVOKE USAGE ON SCHEMA obs FROM reader").await;
    let ended = measure(&room, &url, "obs.stars", &SKY).await;
    ended.assert_exit(4);
    ended.assert_error(4, &["permission denied for schema obs"]);
    ended.assert_hint("GRANT USAGE");
    execute(&server, "GRANT USAGE ON SCHEMA obs TO reader").await;
    assert_eq!(inventory(&server).await.len(), before.len());
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
