//! A real IVOA server of somebody else's: GAVO DaCHS (`scripts/dachs`), named by `ASTRO_PERF_DACHS_URL`.
//! `make test-dachs` starts it and runs this; without a server the test says that it did not run.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![allow(clippy::print_stdout, reason = "a test that did not run must say so")]

mod support;

use std::path::PathBuf;

use support::Room;

/// The profile's variables for the server's table.
const VARIABLES: [&str; 22] = [
    "--set",
    "scs=/stars/q/cone/scs.xml",
    "--set",
    "table=stars.main",
    "--set",
    "id=source_id",
    "--set",
    "ra=ra",
    "--set",
    "dec=dec",
    "--set",
    "mag=vmag",
    "--set",
    "sia=/__system__/siap2/sitewide/siap2.xml",
    "--set",
    "datalink=/fields/q/dl/dlmeta",
    "--set",
    "soda=/fields/q/dl/dlget",
    "--set",
    "dataset=ivo://astro-perf.test/~?fields/data/pleiades_v.fits",
    "--set",
    "cutout=56.75 24.12 0.2",
];

/// The server's address and the file its table was made from.
fn server() -> Option<(String, PathBuf)> {
    let variable = |name: &str| std::env::var_os(name);
    let Some(url) = variable("ASTRO_PERF_DACHS_URL") else {
        println!("NOT RUN: there is no ASTRO_PERF_DACHS_URL; `make test-dachs` starts a server");
        return None;
    };
    let given = variable("ASTRO_PERF_REFERENCE_DATA").map(PathBuf::from);
    let reference = given.unwrap_or_else(|| {
        let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
        let home = variable("HOME").map(PathBuf::from).unwrap();
        cache
            .unwrap_or_else(|| home.join(".cache"))
            .join("astro-perf/reference")
    });
    Some((url.into_string().unwrap(), reference.join("hipparcos.csv")))
}

#[tokio::test]
async fn cones_and_adql_have_as_many_rows_as_the_catalogue() {
    let Some((url, catalog)) = server() else {
        return;
    };
    let room = Room::new();
    let catalog = catalog.display().to_string();
    let base = [
        "--url",
        &url,
        "--api",
        "ivoa",
        "--quick",
        "--users",
        "2",
        "--catalog",
        &catalog,
        "--radii",
        "2",
    ];
    let more = [
        "--tests",
        "health_check,catalog_queries,async_queries",
        "--threshold",
        "catalog_queries.error_count<=0",
    ];
    let ended = room
        .run(&[&base[..], &VARIABLES[..], &more[..]].concat())
        .await;
    ended.assert_exit(0);
    let report = room.report();
    let test = report.test("catalog_queries").unwrap();
    assert_eq!(test.error_count, 0, "{:?}", test.errors);
    // Every answer of the cone search and of ADQL was compared with the file: the counts are equal.
    for kind in [
        "scs_cone",
        "tap_cone",
        "tap_filter",
        "tap_count",
        "tap_upload",
        "sia_cone",
        "datalink",
        "soda_cutout",
    ] {
        assert!(test.groups[kind].time.count > 0, "{kind}");
    }
    assert!(test.groups["scs_cone"].items_per_iteration.unwrap() > 10.0);
    let jobs = report.test("async_queries").unwrap();
    assert_eq!(jobs.error_count, 0, "{:?}", jobs.errors);
    assert!(jobs.spans["completion"].median_ms.unwrap() > test.median_time_ms.unwrap());
    let left = testkit::report::limitations(&report);
    assert!(
        !left.contains(&"jobs_left") && !left.contains(&"counts_not_checked"),
        "{left:?}"
    );
}

#[tokio::test]
async fn an_unknown_table_is_an_error_behind_status_200() {
    let Some((url, _)) = server() else { return };
    let room = Room::new();
    let base = [
        "--url",
        &url,
        "--api",
        "ivoa",
        "--quick",
        "--users",
        "2",
        "--tests",
        "catalog_queries",
    ];
    let wrong = ["--set", "table=nowhere.main"];
    room.run(&[&base[..], &VARIABLES[..], &wrong[..]].concat())
        .await
        .assert_exit(0);
    let report = room.report();
    let test = report.test("catalog_queries").unwrap();
    assert!(
        test.errors["query_error"].example.contains("nowhere"),
        "{:?}",
        test.errors
    );
    assert_eq!(test.groups["tap_cone"].time.count, 0);
    assert!(test.groups["scs_cone"].time.count > 0);
}
