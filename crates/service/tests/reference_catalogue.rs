//! The catalogue in memory and the one in PostGIS: right, and the same.

#![expect(clippy::unwrap_used, reason = "a failure is the end of the test")]

mod reference_common;

use std::time::Duration;

use common::sky::{Cone, Position};
use db_perf::target::{ConnectSpec, Embedded, EmbeddedOptions};
use reference_common::{get, get_json, start};
use serde_json::Value;
use service::reference::{CatalogueSource, Reference, ReferenceError, ReferenceOptions};

const OBJECTS: u64 = 30_000;

fn options(catalogue: CatalogueSource) -> ReferenceOptions {
    ReferenceOptions {
        catalogue,
        seed: 5,
        images: 1,
        image_size_px: 128,
        ..ReferenceOptions::default()
    }
}

/// Poles, right ascension 0h, dense and empty places, tiny and huge.
fn cones(reference: &Reference) -> Vec<Cone> {
    let sample = reference.sample();
    let mut cones = Vec::new();
    for (number, radius_deg) in [0.01, 0.5, 1.0, 3.0, 10.0, 90.0].into_iter().enumerate() {
        let dense = sample[number * 997 % sample.len()];
        for (ra, dec) in [
            (0.0, 90.0),
            (123.0, -90.0),
            (40.0, 89.7),
            (0.0, 12.0),
            (359.999, -33.0),
            (0.001, 60.0),
            (180.0, 0.0),
            (dense.ra_deg, dense.dec_deg),
        ] {
            let center = Position::new(ra, dec);
            cones.push(Cone { center, radius_deg });
        }
    }
    cones
}

fn cone_path(cone: &Cone, limit: u64) -> String {
    let Position { ra_deg, dec_deg } = cone.center;
    let radius = cone.radius_deg;
    format!("/api/v1/catalog/cone-search?ra={ra_deg}&dec={dec_deg}&radius={radius}&limit={limit}")
}

async fn cones_are_right(reference: &Reference) {
    let cones = cones(reference);
    let expected = reference.expected(cones.clone()).await;
    assert!(expected.iter().any(|it| *it > 10_000) && expected.contains(&0));
    for (cone, expected) in cones.iter().zip(expected) {
        let answer = get_json(reference, &cone_path(cone, 10_000)).await;
        let objects = answer["objects"].as_array().unwrap();
        assert_eq!(answer["count"], expected.min(10_000), "{cone:?}");
        assert_eq!(answer["count"], objects.len(), "{cone:?}");
        assert_eq!(answer["truncated"], expected > 10_000, "{cone:?}");
        let mut last = 0.0;
        for object in objects {
            let number = |name: &str| object[name].as_f64().unwrap();
            let position = Position::new(number("ra"), number("dec"));
            let separation = cone.center.separation_deg(position);
            assert!((separation - number("separation")).abs() < 1e-12);
            assert!(separation <= cone.radius_deg && separation >= last);
            last = separation;
        }
    }
}

async fn bad_questions_are_refused(reference: &Reference) {
    for path in [
        "cone-search?dec=1&radius=1",
        "cone-search?ra=1&dec=95&radius=1",
        "cone-search?ra=1&dec=NaN&radius=1",
        "cone-search?ra=1&dec=1&radius=91",
        "cone-search?ra=1&dec=1&radius=1&limit=0",
        "magnitude-search?minMagnitude=5",
        "magnitude-search?minMagnitude=5&maxMagnitude=4",
        "object-type-search",
        "object-type-search?objectType=PLANET",
        "cross-match?ra=1&dec=1&radius=1&externalCatalog=USNO",
        "cross-match?ra=1&dec=1&radius=1&matchTolerance=-1",
        "variability-search?minVariability=x",
    ] {
        let answer = get(reference, &format!("/api/v1/catalog/{path}"))
            .await
            .unwrap();
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["status"]),
            (400, &400.into()),
            "{path}: {body}"
        );
        assert_eq!(body["error"], "Bad Request");
        assert!(body["message"].as_str().unwrap().contains('`'), "{body}");
    }
    assert_eq!(
        get(reference, "/api/v1/catalog/nothing")
            .await
            .unwrap()
            .status,
        404
    );
}

/// Queries that must give the same from both catalogues.
const SAME: [&str; 9] = [
    "cone-search?ra=266.4&dec=-29&radius=2&limit=50",
    "cone-search?ra=0&dec=90&radius=9&minMagnitude=17&maxMagnitude=20.5",
    "magnitude-search?minMagnitude=12&maxMagnitude=16.5&limit=100",
    "magnitude-search?minMagnitude=10&maxMagnitude=25&objectType=GALAXY",
    "object-type-search?objectType=STAR&limit=200&sortBy=ra&sortOrder=desc",
    "object-type-search?objectType=VARIABLE_STAR&sortBy=magnitude&sortOrder=desc",
    "object-type-search?objectType=ALL&sortBy=discoveryDate&sortOrder=desc&limit=20",
    "variability-search?minVariability=0.1&maxVariability=1.5&minObservations=5&limit=50",
    "variability-search?timePeriod=300&minObservations=3",
];

fn compare(path: &str, memory: &Value, database: &Value) {
    assert_eq!(memory["count"], database["count"], "{path}");
    assert!(memory["count"].as_u64().unwrap() > 0, "{path}");
    let lists = [memory, database].map(|it| it["objects"].as_array().unwrap());
    for (a, b) in lists[0].iter().zip(lists[1]) {
        assert_eq!(a["objectId"], b["objectId"], "{path}");
        assert_eq!(a["objectType"], b["objectType"], "{path}");
        assert_eq!(a["magnitude"], b["magnitude"], "{path}");
        assert_eq!(a["observations"], b["observations"], "{path}");
        assert_eq!(a["variableClass"], b["variableClass"], "{path}");
        assert_eq!(a["discoveryDate"], b["discoveryDate"], "{path}");
    }
}

async fn matches_are_near(reference: &Reference) {
    let path = "/api/v1/catalog/cross-match?ra=266&dec=-29&radius=20&externalCatalog=GAIA&matchTolerance=1";
    let answer = get_json(reference, path).await;
    let matches = answer["matches"].as_array().unwrap();
    assert!(matches.len() > 20, "{}", matches.len());
    assert_eq!(answer["count"], matches.len());
    for it in matches {
        let separation = it["separationArcsec"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&separation), "{it}");
        assert!(it["objectId"].is_i64() && it["externalId"].is_i64());
    }
}

async fn actuator_tells(reference: &Reference, has_pool: bool) {
    let health = get_json(reference, "/actuator/health").await;
    assert_eq!(health["status"], "UP");
    assert_eq!(health["components"]["db"]["status"], "UP");
    assert_eq!(health["components"]["ping"]["status"], "UP");
    get_json(reference, "/actuator/info").await;
    let names = get_json(reference, "/actuator/metrics").await;
    for name in names["names"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let metric = get_json(reference, &format!("/actuator/metrics/{name}")).await;
        assert_eq!(metric["name"], name);
        assert!(metric["measurements"][0]["value"].is_number(), "{metric}");
    }
    let unknown = get(reference, "/actuator/metrics/jvm.memory.used")
        .await
        .unwrap();
    assert_eq!(unknown.status, 404);
    let text = get(reference, "/actuator/prometheus").await.unwrap();
    assert!(text.headers["content-type"].starts_with("text/plain"));
    let text = text.text();
    let uri = r#"uri="/api/v1/catalog/cone-search",status="200",outcome="SUCCESS""#;
    for part in [
        uri,
        "cone_search_duration_seconds_bucket",
        "catalog_queries_total{kind=",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert_eq!(
        text.contains("hikaricp_connections_max 10"),
        has_pool,
        "{text}"
    );
}

async fn schemas(spec: &ConnectSpec) -> i64 {
    let client = spec.connect().await.unwrap();
    let sql = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'astro\\_perf\\_%'";
    let row = client.query_one(sql, &[]).await.unwrap();
    client.close().await;
    row.get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_catalogues_are_right_and_the_same() {
    let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
    let spec = server.spec();
    let given = CatalogueSource::Given {
        spec: Box::new(spec.clone()),
        objects: OBJECTS,
    };
    let database = start(options(given)).await;
    let memory = start(options(CatalogueSource::Memory { objects: OBJECTS })).await;
    assert_eq!(schemas(&spec).await, 1);
    for reference in [&memory, &database] {
        cones_are_right(reference).await;
        bad_questions_are_refused(reference).await;
        matches_are_near(reference).await;
    }
    actuator_tells(&memory, false).await;
    actuator_tells(&database, true).await;
    for path in SAME {
        let path = format!("/api/v1/catalog/{path}");
        let (a, b) = (
            get_json(&memory, &path).await,
            get_json(&database, &path).await,
        );
        compare(&path, &a, &b);
    }
    assert_eq!(database.facts()["catalogue"], "postgresql");
    assert!(
        database
            .description()
            .contains("30000 sources in postgres://")
    );
    assert!(memory.stop().await.is_empty());
    assert_eq!(database.stop().await, Vec::<String>::new());
    assert_eq!(schemas(&spec).await, 0);
    server.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_told_by_health_and_at_the_end() {
    let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
    let given = CatalogueSource::Given {
        spec: Box::new(server.spec()),
        objects: 1000,
    };
    let reference = start(options(given)).await;
    get_json(&reference, "/actuator/health").await;
    server.stop().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1600)).await;
    let health = get(&reference, "/actuator/health").await.unwrap();
    assert_eq!(health.status, 503);
    assert_eq!(health.json()["status"], "DOWN");
    assert_eq!(health.json()["components"]["db"]["status"], "DOWN");
    let cone = get(
        &reference,
        "/api/v1/catalog/cone-search?ra=1&dec=1&radius=1",
    )
    .await;
    assert_eq!(cone.unwrap().status, 503);
    let left = reference.stop().await;
    assert!(
        left.len() == 1 && left[0].contains("is left behind"),
        "{left:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throwaway_server_comes_and_goes_with_the_service() {
    let told = std::sync::Mutex::new(Vec::new());
    let throwaway = CatalogueSource::Throwaway { objects: 2000 };
    let reference = Reference::start(options(throwaway), |line| {
        told.lock().unwrap().push(line.to_owned());
    });
    let reference = reference.await.unwrap();
    let line = told
        .lock()
        .unwrap()
        .iter()
        .find(|it| it.starts_with("started a throwaway"))
        .cloned();
    let line = line.unwrap();
    let folder = line
        .split(" in ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    assert!(std::path::Path::new(&folder).is_dir(), "{line}");
    get_json(
        &reference,
        "/api/v1/catalog/cone-search?ra=1&dec=1&radius=30",
    )
    .await;
    let again = Reference::start(
        ReferenceOptions {
            addr: reference
                .url()
                .strip_prefix("http://")
                .unwrap()
                .parse()
                .unwrap(),
            ..options(CatalogueSource::Memory { objects: 10 })
        },
        |_| {},
    );
    assert!(matches!(again.await, Err(ReferenceError::Listen { .. })));
    let without = ReferenceOptions {
        objects_dir: Some("/no/such/folder".into()),
        ..options(CatalogueSource::Memory { objects: 10 })
    };
    let error = Reference::start(without, |_| {}).await.err().unwrap();
    assert!(error.to_string().contains("/no/such/folder"), "{error}");
    // Dropping is enough to leave nothing.
    drop(reference);
    assert!(!std::path::Path::new(&folder).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_ended_leaves_no_schema() {
    let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
    let given = CatalogueSource::Given {
        spec: Box::new(server.spec()),
        objects: 5_000_000,
    };
    let options = options(given);
    let stop = options.stop.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        stop.cancel();
    });
    let ended = Reference::start(options, |_| {}).await;
    assert!(matches!(ended, Err(ReferenceError::Stopped)));
    assert_eq!(schemas(&server.spec()).await, 0);
    server.stop().await.unwrap();
}
