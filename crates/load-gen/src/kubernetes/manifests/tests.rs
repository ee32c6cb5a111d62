use common::redact::Secret;

use super::super::carried::CarriedFile;
use super::super::plan::Plan;
use super::super::tests::run_of;
use super::*;

fn plan(flags: &[&str]) -> Plan {
    let mut all = vec!["--name", "night", "--workers", "50"];
    all.extend(flags);
    Plan::new(run_of(&all)).unwrap()
}

fn rendered(plan: &Plan) -> String {
    render(&Objects::of(plan, &Secret::new(PLACEHOLDER))).unwrap()
}

#[test]
fn the_manifests_of_a_plain_run() {
    insta::assert_snapshot!(rendered(&plan(&[])));
}

#[test]
fn the_manifests_of_a_run_with_everything() {
    let mut plan = plan(&[
        "--service-account=puller",
        "--env=REGION=south $(HOME)",
        "--env=TEXTS=on",
        "--env=YES=yes",
        "--env=OCTAL=012",
        "--env=NOTHING=~",
        "--env=EMPTY=",
        "--env=SIGNED=+1",
        "--env=LINES=a\nb: # c",
        "--env-secret=API_KEY=keys/archive",
        "--token-secret=vo/token",
        "--cpu=500m",
        "--memory=2Gi",
    ]);
    plan.files = vec![
        CarriedFile {
            name: "night.toml".to_owned(),
            bytes: b"[[persona]]\nname = \"researcher\"\n".to_vec(),
        },
        CarriedFile {
            name: "targets.csv.gz".to_owned(),
            bytes: vec![0x1f, 0x8b, 0xff],
        },
    ];
    insta::assert_snapshot!(rendered(&plan));
}

#[test]
fn the_placeholder_is_said_to_be_one() {
    let text = rendered(&plan(&[]));
    let wanted = format!("token: {PLACEHOLDER} # pods refuse to start with this one");
    assert!(text.contains(&wanted), "{text}");
}

#[test]
fn everything_but_the_job_belongs_to_it() {
    let mut plan = plan(&[]);
    plan.files = vec![CarriedFile {
        name: "night.toml".to_owned(),
        bytes: Vec::new(),
    }];
    let mut objects = Objects::of(&plan, &Secret::new("x"));
    objects.belong_to(&owner("night", "1-2-3", true));
    let texts = [
        serde_json::to_value(&objects.service),
        serde_json::to_value(&objects.secret),
        serde_json::to_value(&objects.policy),
        serde_json::to_value(objects.config_map.as_ref().unwrap()),
        serde_json::to_value(objects.account.as_ref().unwrap()),
    ];
    for object in texts {
        let object = object.unwrap();
        let owner = &object["metadata"]["ownerReferences"][0];
        assert_eq!(owner["uid"], "1-2-3", "{object}");
    }
    assert_eq!(objects.job.metadata.owner_references, None);
}
