use serde_json::{Value, json};

use super::*;

fn view(index: u32, status: impl Into<Value>) -> View {
    let pod = json!({
        "metadata": {
            "name": format!("night-{index}-x7k2p"),
            "annotations": { "batch.kubernetes.io/job-completion-index": index.to_string() },
        },
        "status": status.into(),
    });
    View::of(&serde_json::from_value(pod).unwrap())
}

fn container(state: impl Into<Value>) -> Value {
    json!({
        "phase": "Pending",
        "containerStatuses": [{
            "name": "load-gen", "image": "load-gen:1", "imageID": "", "ready": false, "restartCount": 0,
            "state": state.into(),
        }],
    })
}

fn waiting_for(reason: &str, message: &str) -> Value {
    container(json!({ "waiting": { "reason": reason, "message": message } }))
}

fn ended(code: i32, reason: &str, message: &str) -> Value {
    container(json!({ "terminated": { "exitCode": code, "reason": reason, "message": message } }))
}

fn disrupted_by(reason: &str, message: &str) -> Value {
    json!({
        "phase": "Failed",
        "conditions": [{ "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message }],
    })
}

#[test]
fn every_hitch_is_a_sentence_with_what_to_do() {
    let no_node = json!({
        "phase": "Pending",
        "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
        }],
    });
    let evicted = json!({
        "phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. ",
    });
    let states = [
        no_node,
        evicted,
        waiting_for(
            "ErrImagePull",
            "rpc error: code = NotFound desc = failed to pull\n and unpack image",
        ),
        waiting_for("ImagePullBackOff", "Back-off pulling image \"x:1\""),
        waiting_for("InvalidImageName", "couldn't parse image name \"X Y\""),
        waiting_for("ErrImageNeverPull", ""),
        waiting_for("CreateContainerConfigError", "secret \"vo\" not found"),
        waiting_for("CreateContainerError", "context deadline exceeded"),
        ended(
            128,
            "StartError",
            "exec: \"load-gen\": executable file not found in $PATH",
        ),
        ended(137, "OOMKilled", ""),
        ended(137, "Error", ""),
        disrupted_by(
            "PreemptionByScheduler",
            "default-scheduler: preempting to accommodate a higher priority pod",
        ),
        disrupted_by(
            "DeletionByTaintManager",
            "Taint manager: deleting due to NoExecute taint",
        ),
        disrupted_by(
            "TerminationByKubelet",
            "The node was low on resource: ephemeral-storage",
        ),
    ];
    let mut text = String::new();
    for state in states {
        let view = view(3, state);
        let title = view.title();
        let Hitch {
            what,
            hint,
            outlook,
        } = view.hitch.unwrap();
        let told = format!("{title} {what}\n  hint: {hint} [{outlook:?}]\n");
        text.push_str(&told);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_pod_that_starts_as_it_should_has_no_hitch() {
    for (status, phase) in [
        (json!({}), Phase::Waiting),
        (json!({ "phase": "Pending" }), Phase::Waiting),
        (waiting_for("ContainerCreating", ""), Phase::Waiting),
        (container(json!({ "running": {} })), Phase::Running),
        (ended(0, "Completed", ""), Phase::Ended(0)),
        (ended(1, "Error", ""), Phase::Ended(1)),
        (json!({ "phase": "Failed" }), Phase::Lost),
    ] {
        let view = view(1, status);
        assert_eq!((view.phase, view.hitch), (phase, None));
    }
}

#[test]
fn a_long_message_is_cut_between_characters() {
    let view = view(1, waiting_for("ErrImagePull", &"é".repeat(500)));
    let what = view.hitch.unwrap().what;
    assert!(
        what.ends_with("éé…") && what.chars().count() < 400,
        "{what}"
    );
}

#[test]
fn pods_are_called_by_what_they_do() {
    assert_eq!(view(0, json!({})).title(), "the master (night-0-x7k2p)");
    assert!(view(0, json!({})).is_master());
    assert_eq!(view(12, json!({})).title(), "worker 12 (night-12-x7k2p)");
    assert_eq!(View::of(&Pod::default()).title(), "pod ");
}
