//! Runs whose pods are processes: `load-gen` as it is in an image, against a reference service.

use std::sync::Arc;

use common::report::Report;
use service::reference::{CatalogueSource, Reference, ReferenceOptions};

use super::cluster::kubelet::Act;
use super::cluster::{Place, place};

/// A place whose pods are processes, and a service for them.
async fn with_service(test: &str) -> Option<(Place, Reference)> {
    let place = place(test, Arc::new(|_| Act::Process)).await?;
    let options = ReferenceOptions {
        catalogue: CatalogueSource::Memory { objects: 2000 },
        image_size_px: 128,
        ..ReferenceOptions::default()
    };
    let service = Reference::start(options, |_: &str| {}).await.unwrap();
    Some((place, service))
}

impl Place {
    /// A short run against the service with two workers, and whatever files it writes.
    fn short_run<'a>(&'a self, url: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
        let files = [
            "--html=report.html",
            "--csv=tables/night",
            "--hlog=times.hlog",
        ];
        let mut load = vec!["--host", url, "--rate", "20", "--run-time", "4s"];
        load.extend(flags);
        self.load_line(&files, &load)
    }
}

#[tokio::test]
async fn pods_measure_a_service_and_all_files_arrive() {
    let Some((place, service)) = with_service("measures").await else {
        return;
    };
    std::fs::create_dir(place.room.path("tables")).unwrap();
    let url = service.url();
    let ended = place.room.run(&place.short_run(&url, &[])).await;
    ended.assert_exit(0);
    let report = common::files::read(&place.room.path("load_test_results.json")).unwrap();
    let report: Report = serde_json::from_str(&report).unwrap();
    assert!(
        report.test("load_test").unwrap().iterations > 40,
        "{ended:#?}"
    );
    assert!(ended.stderr.contains("2 workers begin"), "{}", ended.stderr);
    for name in ["report.html", "tables/night_stats.csv", "times.hlog"] {
        assert!(
            std::fs::metadata(place.room.path(name)).unwrap().len() > 100,
            "{name}"
        );
    }
    place.assert_clean().await;
    assert_eq!(service.stop().await, [""; 0]);
    place.leave().await;
}

#[tokio::test]
async fn a_threshold_that_fails_in_the_pods_is_the_exit_status_of_the_run() {
    let Some((place, service)) = with_service("strict").await else {
        return;
    };
    std::fs::create_dir(place.room.path("tables")).unwrap();
    let url = service.url();
    let limit = ["--threshold", "rate > 1000000/s"];
    let ended = place.room.run(&place.short_run(&url, &limit)).await;
    ended.assert_exit(1);
    assert!(place.room.has_report());
    place.assert_clean().await;
    service.stop().await;
    place.leave().await;
}

#[tokio::test]
async fn what_the_master_finds_wrong_is_told_and_is_the_exit_status() {
    let Some((place, service)) = with_service("wrong").await else {
        return;
    };
    std::fs::create_dir(place.room.path("tables")).unwrap();
    let url = service.url();
    let scenario = ["--scenario", "/in/the/image/nowhere.toml"];
    let ended = place.room.run(&place.short_run(&url, &scenario)).await;
    ended.assert_exit(2);
    assert!(ended.stderr.contains("nowhere.toml"), "{}", ended.stderr);
    assert!(!place.room.has_report());
    place.assert_clean().await;
    service.stop().await;
    place.leave().await;
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_told() {
    let Some((place, service)) = with_service("secret").await else {
        return;
    };
    let run = place.run_line(&["--token-secret=vault/token"]);
    let ended = place.room.run(&run).await;
    ended.assert_error(4, &["cannot be configured", "secret \"vault\" not found"]);
    assert!(
        ended.stderr.contains("hint: are the Secrets of"),
        "{}",
        ended.stderr
    );
    place.assert_clean().await;
    service.stop().await;
    place.leave().await;
}
