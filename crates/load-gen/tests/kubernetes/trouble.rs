//! What goes wrong in clusters, and how it is told.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, ResourceQuota};
use kube::api::PostParams;
use serde_json::json;
use testkit::Running;

use super::cluster::kubelet::Act;
use super::cluster::{SHORT, ends_with, place, worker};

/// A run whose pods do something that it cannot come back from.
async fn told(test: &str, act: Act, flags: &[&str], words: &[&str], hint: &str) {
    let director = move |index| match index {
        0 => act.clone(),
        _ => worker(),
    };
    let Some(place) = place(test, Arc::new(director)).await else {
        return;
    };
    let ended = place.room.run(&place.run_line(flags)).await;
    ended.assert_error(4, words);
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn an_image_that_cannot_be_is_told() {
    let act = Act::Waiting("InvalidImageName", "couldn't parse image name");
    let words = [
        "the master (night-0-",
        "image has a name that is none",
        "couldn't parse",
    ];
    told("image", act, &[], &words, "look at `--image`").await;
}

#[tokio::test]
async fn an_image_that_is_nowhere_is_told_after_a_while() {
    let act = Act::Waiting(
        "ImagePullBackOff",
        "Back-off pulling image \"load-gen:test\"",
    );
    let words = ["its image cannot be pulled (ImagePullBackOff): Back-off"];
    told("nowhere", act, &[], &words, "pull secrets").await;
}

#[tokio::test]
async fn a_master_that_used_too_much_memory_is_told() {
    let act = Act::Plays {
        lines: vec!["users 10".to_owned()],
        lasts: SHORT,
        last_lines: Vec::new(),
        code: 137,
        reason: "OOMKilled",
        cut_after: None,
    };
    let words = [
        "the run has no result",
        "the master (night-0-",
        "used more memory than it may",
    ];
    told("memory", act, &[], &words, "raise `--memory`").await;
}

#[tokio::test]
async fn pods_that_find_no_node_are_told_at_once_and_given_up_in_time() {
    let act = Act::Waiting("never", "");
    let words = [
        "0 of 3 pods have started within 6 s",
        "finds no node: 0/1 nodes are available",
    ];
    told(
        "nodes",
        act,
        &["--cpu=2000", "--start-timeout=6s"],
        &words,
        "lower `--cpu`",
    )
    .await;
}

#[tokio::test]
async fn pods_that_a_quota_forbids_are_told() {
    let Some(place) = place("quota", ends_with(0, SHORT)).await else {
        return;
    };
    let quota = json!({ "metadata": { "name": "small" }, "spec": { "hard": { "pods": "0" } } });
    let quota: ResourceQuota = serde_json::from_value(quota).unwrap();
    let parameters = PostParams::default();
    let quotas = place.api::<ResourceQuota>();
    quotas.create(&parameters, &quota).await.unwrap();
    // It holds once the API server has heard of it.
    let harmless = json!({
        "allowPrivilegeEscalation": false, "runAsNonRoot": true, "capabilities": { "drop": ["ALL"] },
        "seccompProfile": { "type": "RuntimeDefault" },
    });
    let pod = json!({
        "metadata": { "name": "one" },
        "spec": { "containers": [{ "name": "a", "image": "a", "securityContext": harmless }] },
    });
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let pods = place.api::<Pod>();
    loop {
        match pods.create(&dry, &pod).await {
            Err(kube::Error::Api(status)) if status.message.contains("exceeded quota") => break,
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    let ended = place.room.run(&place.run_line(&[])).await;
    ended.assert_error(
        4,
        &[
            "the cluster refuses to make the pods",
            "exceeded quota: small",
        ],
    );
    place.assert_clean().await;
    place.leave().await;
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_told() {
    let Some(place) = place("absent", ends_with(0, SHORT)).await else {
        return;
    };
    let config = common::files::read(&place.kubeconfig).unwrap();
    let server = config.find("https://127.0.0.1:").unwrap();
    let end = config[server..].find('"').unwrap();
    let elsewhere = config.replace(&config[server..server + end], "https://127.0.0.1:1");
    let file = place.room.file("elsewhere", elsewhere.as_bytes());
    let line = [
        "kubernetes",
        "run",
        "--kubeconfig",
        &file,
        "--image=a",
        "--",
        "--host=http://a",
    ];
    let ended = Running::start(place.room.command(&line)).end().await;
    ended.assert_error(4, &["Connection refused"]);
    ended.assert_hint("does `kubectl version` work");

    let line = place.run_line(&["--context=none"]);
    let ended = place.room.run(&line).await;
    ended.assert_error(2, &["failed to find a cluster", "none"]);
    place.leave().await;
}
