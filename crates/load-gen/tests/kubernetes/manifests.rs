//! What `--render` prints, as the API server and `kubectl` see it.

use std::process::Stdio;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams, ResourceExt as _};

use super::cluster::{Place, SHORT, ends_with, place};

#[tokio::test]
async fn the_api_server_accepts_the_rendered_manifests() {
    let Some(place) = place("renders", ends_with(0, SHORT)).await else {
        return;
    };
    let scenario = place.room.file("night.toml", b"[[persona]]\n");
    let lines = [
        place.run_line(&["--render"]),
        place.line(
            "run",
            &[
                "--image=load-gen:1",
                "--name=full",
                "--workers=50",
                "--cpu=500m",
                "--render",
                "--html=x",
                "--csv=x",
                "--hlog=x",
                "--env=REGION=$(south)",
                "--env-secret=A=b/c",
                "--token-secret=vo/token",
                "--",
                "spike",
                "--host=https://archive.prod",
                "--scenario",
                &scenario,
            ],
        ),
    ];
    for line in lines {
        let ended = place.room.run(&line).await;
        ended.assert_exit(0);
        let documents: Vec<DynamicObject> = serde_saphyr::from_multiple(&ended.stdout).unwrap();
        assert!(documents.len() >= 5, "{}", ended.stdout);
        for document in documents {
            accept(&place, &document).await;
        }
        kubectl_accepts(&place, &ended.stdout).await;
    }
    place.leave().await;
}

/// The API server takes it, with every field it has, and the pods of a Job as well.
async fn accept(place: &Place, document: &DynamicObject) {
    let kind = &document.types.as_ref().unwrap().kind;
    let strict = PatchParams::apply("test").dry_run().validation_strict();
    let taken = place
        .api_of(document)
        .patch(&document.name_any(), &strict, &Patch::Apply(document))
        .await;
    taken.unwrap_or_else(|error| panic!("{kind}: {error}"));
    if kind != "Job" {
        return;
    }
    // The namespace admits restricted pods only. Their account is not made in a dry run.
    let mut pod = document.data["spec"]["template"].clone();
    pod["metadata"]["name"] = "one".into();
    pod["spec"]["serviceAccountName"] = "default".into();
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let pod: Pod = serde_json::from_value(pod).unwrap();
    let account = place.api::<ServiceAccount>();
    while account.get_opt("default").await.unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    place.api::<Pod>().create(&dry, &pod).await.unwrap();
}

async fn kubectl_accepts(place: &Place, manifests: &str) {
    let file = place.room.file("manifests.yaml", manifests.as_bytes());
    let kubectl = tokio::process::Command::new("kubectl")
        .args([
            "apply",
            "--dry-run=server",
            "--validate=strict",
            "-f",
            &file,
        ])
        .args(["--namespace", &place.namespace, "--kubeconfig"])
        .arg(&place.kubeconfig)
        .stdin(Stdio::null())
        .output()
        .await;
    let Ok(output) = kubectl else {
        println!("NOT RUN: kubectl is not on this machine");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !said.contains("Warning"),
        "{said}"
    );
}
