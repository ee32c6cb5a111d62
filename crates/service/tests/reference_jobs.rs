//! Jobs on real FITS files, from submission to the sources in the catalogue.

#![expect(clippy::unwrap_used, reason = "a failure is the end of the test")]

mod reference_common;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use common::fits::read_images;
use common::sky::{Cone, Position};
use reference_common::{Answer, get, get_json, parse, post_json, send, start};
use serde_json::{Value, json};
use service::reference::{CatalogueSource, Reference, ReferenceOptions};

const JOBS: &str = "/api/v1/processing/jobs";

fn options() -> ReferenceOptions {
    ReferenceOptions {
        catalogue: CatalogueSource::Memory { objects: 2000 },
        images: 3,
        image_size_px: 256,
        ..ReferenceOptions::default()
    }
}

fn of_key(key: &str) -> Value {
    json!({
        "inputBucket": "raw-data",
        "inputObjectKey": key,
        "processingType": "FULL_CALIBRATION",
        "userId": "tester",
    })
}

async fn submit(reference: &Reference, key: &str) -> String {
    let answer = post_json(reference, &format!("{JOBS}/s3"), &of_key(key)).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["status"], "QUEUED");
    assert_eq!(body["inputObjectKey"], key);
    body["jobId"].as_str().unwrap().to_owned()
}

async fn ended(reference: &Reference, id: &str) -> Value {
    for _ in 0..600 {
        let job = get_json(reference, &format!("{JOBS}/{id}/status")).await;
        if !["QUEUED", "PROCESSING"].contains(&job["status"].as_str().unwrap()) {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("job {id} does not end");
}

/// The folder of the service that made an image; seeds of their own tell tests apart.
fn folder_of(key: &str) -> PathBuf {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let mut paths = entries.map(|it| it.unwrap().path());
    paths
        .find(|path| path.join("objects").join(key).exists())
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_calibrated_and_its_sources_are_in_the_catalogue() {
    let reference = start(options()).await;
    let fields = reference.fields();
    let keys: BTreeSet<String> = reference.input_keys().into_iter().collect();
    assert_eq!(keys, fields.iter().map(|it| it.input_key.clone()).collect());
    let mut found_in_all = 0;
    for field in &fields {
        let id = submit(&reference, &field.input_key).await;
        let job = ended(&reference, &id).await;
        assert_eq!(job["status"], "COMPLETED", "{job}");
        let number = |name: &str| job[name].as_f64().unwrap();
        assert!(number("processingMs") > 0.0 && number("queueWaitMs") >= 0.0);
        assert!(job["createdAt"].as_str() <= job["startedAt"].as_str());
        assert!(job["startedAt"].as_str() < job["completedAt"].as_str());
        for step in ["readMs", "reduceMs", "cosmicRaysMs", "measureMs", "writeMs"] {
            assert!(job["steps"][step].as_f64().unwrap() > 0.0, "{step}: {job}");
        }
        let result = get(&reference, &format!("{JOBS}/{id}/result"))
            .await
            .unwrap();
        assert_eq!(result.headers["content-type"], "application/fits");
        assert!(result.complete);
        assert_eq!(job["outputBytes"], result.body.len());
        let planes = read_images(&result.body).unwrap();
        let names: BTreeSet<_> = planes
            .iter()
            .map(|it| it.extname.clone().unwrap())
            .collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["DQ", "ERR", "SCI"]);
        let sources = get_json(&reference, &format!("{JOBS}/{id}/sources")).await;
        assert_eq!(sources["count"], job["sourcesFound"]);
        let center = Position::new(
            sources["ra"].as_f64().unwrap(),
            sources["dec"].as_f64().unwrap(),
        );
        assert!(
            center.separation_deg(field.center) < 1e-6,
            "{center:?} {field:?}"
        );
        let (found, matched) = in_catalogue(&reference, &sources, field.radius_deg).await;
        println!(
            "{}: {found} sources, {matched} in the catalogue",
            field.input_key
        );
        // Two stars that touch are one source whose middle is neither.
        assert!(
            matched * 10 >= found * 8,
            "{found} found, {matched} in the catalogue"
        );
        found_in_all += matched;
    }
    assert!(found_in_all >= 10, "{found_in_all}");
    let list = get_json(
        &reference,
        &format!("{JOBS}?userId=tester&status=COMPLETED&limit=2"),
    )
    .await;
    assert_eq!(
        (
            list["total"].as_u64(),
            list["jobs"].as_array().unwrap().len()
        ),
        (Some(3), 2)
    );
    let cones = fields.iter().map(|field| Cone {
        center: field.center,
        radius_deg: field.radius_deg,
    });
    let counts = reference.expected(cones.collect()).await;
    assert!(counts.iter().sum::<u64>() >= found_in_all, "{counts:?}");
    assert_eq!(reference.stop().await, Vec::<String>::new());
}

/// How many sources there are, and how many of the significant ones the catalogue has within 1″.
async fn in_catalogue(reference: &Reference, sources: &Value, radius_deg: f64) -> (u64, u64) {
    let number = |it: &Value, name: &str| it[name].as_f64().unwrap();
    let (ra, dec) = (number(sources, "ra"), number(sources, "dec"));
    let path = format!(
        "/api/v1/catalog/cone-search?ra={ra}&dec={dec}&radius={}&limit=10000",
        2.0 * radius_deg
    );
    let catalogue = get_json(reference, &path).await;
    let known: Vec<Position> = catalogue["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| Position::new(number(it, "ra"), number(it, "dec")))
        .collect();
    let (mut found, mut matched) = (0, 0);
    for source in sources["sources"].as_array().unwrap() {
        if number(source, "flux") < 10.0 * number(source, "fluxError") {
            continue;
        }
        found += 1;
        let position = Position::new(number(source, "ra"), number(source, "dec"));
        let nearest = known.iter().map(|it| it.separation_deg(position));
        let nearest = nearest.fold(f64::INFINITY, f64::min) * 3600.0;
        matched += u64::from(nearest < 1.0);
    }
    (found, matched)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_and_jobs_can_be_cancelled() {
    let reference = start(ReferenceOptions {
        seed: 71,
        workers: 1,
        queue: 3,
        images: 1,
        image_size_px: 1024,
        ..options()
    })
    .await;
    let key = reference.input_keys().remove(0);
    let (mut taken, mut refused) = (Vec::new(), 0);
    for _ in 0..12 {
        let answer = post_json(&reference, &format!("{JOBS}/s3"), &of_key(&key)).await;
        match answer.status {
            202 => taken.push(answer.json()["jobId"].as_str().unwrap().to_owned()),
            429 => {
                assert_eq!(answer.headers["retry-after"], "1");
                refused += 1;
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    // One is worked on, three wait; a calibration takes longer than twelve submissions.
    assert!(
        (3..=6).contains(&taken.len()) && refused >= 6,
        "{}",
        taken.len()
    );
    let last = taken.pop().unwrap();
    let cancel = |id: String| {
        let reference = &reference;
        async move {
            send(reference, "DELETE", &format!("{JOBS}/{id}"), "", b"")
                .await
                .unwrap()
        }
    };
    let cancelled = cancel(last.clone()).await;
    assert_eq!(
        (cancelled.status, &cancelled.json()["status"]),
        (200, &"CANCELLED".into())
    );
    assert_eq!(cancel(last.clone()).await.status, 409);
    assert_eq!(cancel("no-such-job".to_owned()).await.status, 404);
    assert_eq!(ended(&reference, &last).await["status"], "CANCELLED");
    let result = get(&reference, &format!("{JOBS}/{last}/result"))
        .await
        .unwrap();
    assert_eq!(result.status, 409);
    assert_eq!(ended(&reference, &taken[0]).await["status"], "COMPLETED");
    let text = get(&reference, "/actuator/prometheus")
        .await
        .unwrap()
        .text();
    assert!(
        text.contains("jobs_completed_total{status=\"COMPLETED\"}"),
        "{text}"
    );
    assert!(text.contains("jobs_queue_capacity 3.0"));
    let folder = folder_of(&key);
    assert_eq!(reference.stop().await, Vec::<String>::new());
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_submissions_are_refused() {
    let reference = start(ReferenceOptions {
        images: 1,
        ..options()
    })
    .await;
    let key = reference.input_keys().remove(0);
    for (key, status) in [
        ("no/such.fits", 404),
        ("../../../etc/passwd", 404),
        ("/etc/passwd", 404),
        ("..%2f..%2fetc%2fpasswd", 404),
        ("", 404),
    ] {
        let answer = post_json(&reference, &format!("{JOBS}/s3"), &of_key(key)).await;
        assert_eq!(answer.status, status, "{key}: {}", answer.text());
    }
    let mut unknown = of_key(&key);
    unknown["processingType"] = "MAGIC".into();
    let answer = post_json(&reference, &format!("{JOBS}/s3"), &unknown).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("FULL_CALIBRATION")
    );
    for body in ["", "{", "[]", "{\"inputBucket\": 5}"] {
        let head = "Content-Type: application/json\r\n";
        let answer = send(
            &reference,
            "POST",
            &format!("{JOBS}/s3"),
            head,
            body.as_bytes(),
        )
        .await;
        assert_eq!(answer.unwrap().status, 400, "{body}");
    }
    assert_eq!(
        get(&reference, &format!("{JOBS}/nothing"))
            .await
            .unwrap()
            .status,
        404
    );
    assert_eq!(
        get(&reference, &format!("{JOBS}?status=NEW"))
            .await
            .unwrap()
            .status,
        400
    );
    assert_eq!(
        send(&reference, "PUT", JOBS, "", b"").await.unwrap().status,
        405
    );
    assert_eq!(reference.stop().await, Vec::<String>::new());
}

async fn upload(reference: &Reference, fields: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let file = if *name == "file" {
            "; filename=\"my image.fits\""
        } else {
            ""
        };
        let head =
            format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--line--\r\n");
    let head = "Content-Type: multipart/form-data; boundary=line\r\n";
    send(reference, "POST", JOBS, head, &body).await.unwrap()
}

/// Uploaded files that are still there; no other test uploads any that is taken.
fn uploads() -> usize {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let folders = entries.map(|it| it.unwrap().path().join("uploads"));
    let files = folders.map(|it| std::fs::read_dir(it).map_or(0, Iterator::count));
    files.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_calibrated_as_an_object_is_and_leaves_nothing() {
    let objects = tempfile::tempdir().unwrap();
    let made = start(ReferenceOptions {
        seed: 72,
        images: 1,
        ..options()
    })
    .await;
    let key = made.input_keys().remove(0);
    let image = std::fs::read(folder_of(&key).join("objects").join(&key)).unwrap();
    common::files::write_whole(&objects.path().join(&key), &image).unwrap();
    assert_eq!(made.stop().await, Vec::<String>::new());
    let reference = start(ReferenceOptions {
        objects_dir: Some(objects.path().to_owned()),
        ..options()
    })
    .await;
    assert_eq!(reference.input_keys(), std::slice::from_ref(&key));
    let id = submit(&reference, &key).await;
    let by_key = ended(&reference, &id).await;
    assert_eq!(by_key["status"], "COMPLETED", "{by_key}");
    let fields: [(&str, &[u8]); 4] = [
        ("processingType", b"FULL_CALIBRATION"),
        ("file", &image),
        ("priority", b"HIGH"),
        ("parameters", b"{\"cosmicRayRemoval\": false}"),
    ];
    let answer = upload(&reference, &fields).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let id = answer.json()["jobId"].as_str().unwrap().to_owned();
    let job = ended(&reference, &id).await;
    assert_eq!(job["status"], "COMPLETED", "{job}");
    assert_eq!(job["inputObjectKey"], "my image.fits");
    assert_eq!(
        (&job["inputBytes"], &job["cosmicRayPixels"]),
        (&image.len().into(), &0.into())
    );
    for (fields, part) in [
        (&[("file", b"no FITS at all".as_slice())][..], "no FITS"),
        (&[("userId", b"me".as_slice())], "`file` is missing"),
        (&[("processingType", b"MAGIC".as_slice())], "processingType"),
        (&[("priority", b"SOON".as_slice())], "priority"),
    ] {
        let answer = upload(&reference, fields).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains(part), "{}", answer.text());
    }
    assert_eq!(uploads(), 0);
    assert_eq!(reference.stop().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_fail_and_hang_on_purpose_as_often_as_asked() {
    let reference = start(ReferenceOptions {
        images: 1,
        image_size_px: 64,
        workers: 1,
        faults: parse(&["fail-jobs=1/3", "hang-jobs=1/5"]),
        ..options()
    })
    .await;
    let key = reference.input_keys().remove(0);
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(submit(&reference, &key).await);
    }
    let (mut failed, mut completed) = (0, 0);
    for (number, id) in (1..).zip(&ids) {
        if number % 5 == 0 {
            continue;
        }
        let job = ended(&reference, id).await;
        failed += u64::from(job["status"] == "FAILED" && job["error"].is_string());
        completed += u64::from(job["status"] == "COMPLETED");
    }
    assert_eq!((failed, completed), (3, 5));
    for id in [&ids[4], &ids[9]] {
        let job = get_json(&reference, &format!("{JOBS}/{id}")).await;
        assert_eq!(job["status"], "PROCESSING");
    }
    let path = format!("{JOBS}/{}", ids[4]);
    assert_eq!(
        send(&reference, "DELETE", &path, "", b"")
            .await
            .unwrap()
            .status,
        200
    );
    let injected = reference.injected();
    assert_eq!((injected["fail-jobs"], injected["hang-jobs"]), (3, 2));
    assert_eq!(reference.stop().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_results_make_room_for_new_ones() {
    let reference = start(ReferenceOptions {
        images: 1,
        image_size_px: 128,
        most_result_bytes: 1,
        ..options()
    })
    .await;
    let key = reference.input_keys().remove(0);
    let first = submit(&reference, &key).await;
    ended(&reference, &first).await;
    let second = submit(&reference, &key).await;
    ended(&reference, &second).await;
    // The worker removes the old one after the new job has ended.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let status = |id: &str| {
        let path = format!("{JOBS}/{id}/result");
        let reference = &reference;
        async move { get(reference, &path).await.unwrap().status }
    };
    assert_eq!((status(&first).await, status(&second).await), (410, 200));
    assert_eq!(reference.stop().await, Vec::<String>::new());
}
