//! Objects of others, and what `clean` finds.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Service;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams, ResourceExt as _};
use nix::sys::signal::Signal;
use serde_json::json;

use super::cluster::{LONG, SHORT, ends_with, place};

#[tokio::test]
async fn objects_of_others_are_never_touched() {
    let Some(place) = place("others", ends_with(0, SHORT)).await else {
        return;
    };
    let theirs = json!({ "metadata": { "name": "night" }, "spec": { "ports": [{ "port": 80 }] } });
    let theirs: Service = serde_json::from_value(theirs).unwrap();
    let services = place.api::<Service>();
    let made = services
        .create(&PostParams::default(), &theirs)
        .await
        .unwrap();
    let ended = place.room.run(&place.run_line(&[])).await;
    ended.assert_error(
        4,
        &[
            "failed to create Service `night`",
            "there is one of this name",
        ],
    );
    ended.assert_hint("give another `--name`");
    assert_eq!(services.get("night").await.unwrap().metadata, made.metadata);
    place.assert_clean().await;

    let theirs = json!({
        "metadata": { "name": "dawn" },
        "spec": { "suspend": true, "template": { "spec": {
            "restartPolicy": "Never", "containers": [{ "name": "a", "image": "a" }],
        } } },
    });
    let theirs: Job = serde_json::from_value(theirs).unwrap();
    let made = place
        .api::<Job>()
        .create(&PostParams::default(), &theirs)
        .await
        .unwrap();
    let ended = place
        .room
        .run(&place.line(
            "run",
            &["--image=a", "--name=dawn", "--", "--host=http://a"],
        ))
        .await;
    ended.assert_error(
        4,
        &["failed to create Job `dawn`", "there is one of this name"],
    );
    assert_eq!(
        place.api::<Job>().get("dawn").await.unwrap().uid(),
        made.uid()
    );
    place.leave().await;
}

#[tokio::test]
async fn what_a_killed_run_left_is_listed_and_removed() {
    let Some(place) = place("killed", ends_with(0, LONG)).await else {
        return;
    };
    let mut running = place.room.start(&place.run_line(&[]));
    running.until("3 of 3 pods").await;
    running.signal(Signal::SIGKILL);
    drop(running.end().await);
    let before = place.ours().await;
    assert!(before.len() >= 8, "{before:?}");

    let other = place.room.run(&place.line("clean", &["--name=dusk"])).await;
    other.assert_exit(0);
    assert!(
        other
            .stderr
            .contains("nothing of `load-gen` is in namespace"),
        "{}",
        other.stderr
    );
    let dry = place.room.run(&place.line("clean", &["--dry-run"])).await;
    dry.assert_exit(0);
    assert_eq!(dry.stdout, "would remove Job night\n");
    assert_eq!(place.ours().await, before);
    let clean = place.room.run(&place.line("clean", &[])).await;
    clean.assert_exit(0);
    assert_eq!(clean.stdout, "removes Job night\n");
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn manifests_that_were_applied_by_hand_are_removed_whole() {
    let Some(place) = place("hand", ends_with(0, LONG)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(&["--render"])).await;
    let documents: Vec<DynamicObject> = serde_saphyr::from_multiple(&ended.stdout).unwrap();
    for document in &documents {
        let hand = PatchParams::apply("hand");
        let api = place.api_of(document);
        api.patch(&document.name_any(), &hand, &Patch::Apply(document))
            .await
            .unwrap();
    }
    let clean = place.room.run(&place.line("clean", &[])).await;
    clean.assert_exit(0);
    assert_eq!(
        clean.stdout,
        "removes Job night\nremoves Service night\nremoves Secret night\nremoves ServiceAccount night\n\
         removes NetworkPolicy night\n"
    );
    place.assert_clean().await;
    place.leave().await;
}
