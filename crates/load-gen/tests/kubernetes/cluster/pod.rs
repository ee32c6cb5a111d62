//! The life of one pod on the stand-in: what its container is given, what it does, how it ends.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Container, EnvVar, Pod, Secret};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, Preconditions, ResourceExt as _,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::kubelet::{Act, Stage, on_this_machine};
use super::logs::Log;

/// How long a pod waits for the name of another, as a program would that tries again.
const DNS_LIMIT: Duration = Duration::from_mins(1);

/// Lives from the moment when the pod has a node to the one when it is gone.
pub(crate) async fn live(
    stage: Arc<Stage>,
    pod: Pod,
    number: usize,
    mut ends: watch::Receiver<bool>,
) {
    let (namespace, name) = (pod.namespace().unwrap(), pod.name_any());
    let index = pod.annotations()["batch.kubernetes.io/job-completion-index"]
        .parse()
        .unwrap();
    let life = Life {
        pods: Api::namespaced(stage.client.clone(), &namespace),
        log: stage.logs.open(&namespace, &name),
        ip: format!("10.244.{}.{}", number / 250, number % 250 + 1),
        pod,
    };
    match stage.act(&namespace, index) {
        Act::Waiting(reason, message) => {
            life.waits(reason, message).await;
            asked(&mut ends).await;
        }
        Act::Plays {
            lines,
            lasts,
            last_lines,
            code,
            reason,
            cut_after,
        } => {
            life.log.cut_after(cut_after);
            life.runs().await;
            for line in lines {
                life.log.push(&line);
            }
            drop(timeout(lasts, asked(&mut ends)).await);
            for line in last_lines {
                life.log.push(&line);
            }
            life.log.close();
            life.ended(code, reason).await;
        }
        Act::Process => life.process(&stage, &mut ends).await,
    }
    asked(&mut ends).await;
    life.goes().await;
}

/// Waits until the pod is to end.
async fn asked(ends: &mut watch::Receiver<bool>) {
    drop(ends.wait_for(|it| *it).await);
}

struct Life {
    pods: Api<Pod>,
    pod: Pod,
    log: Arc<Log>,
    ip: String,
}

impl Life {
    fn container(&self) -> &Container {
        &self.pod.spec.as_ref().unwrap().containers[0]
    }

    async fn report(&self, phase: &str, state: Value) {
        let container = self.container();
        let running = phase == "Running";
        let status = json!({ "status": {
            "phase": phase,
            "hostIP": "127.0.0.1",
            "podIP": self.ip,
            "podIPs": [{ "ip": self.ip }],
            "conditions": [{ "type": "Ready", "status": if running { "True" } else { "False" } }],
            "containerStatuses": [{
                "name": container.name, "image": container.image, "imageID": "", "restartCount": 0,
                "ready": running, "started": running, "state": state,
            }],
        } });
        let parameters = PatchParams::default();
        // A pod that is gone already has no state.
        drop(
            self.pods
                .patch_status(&self.pod.name_any(), &parameters, &Patch::Strategic(status))
                .await,
        );
    }

    async fn waits(&self, reason: &str, message: &str) {
        let state = json!({ "waiting": { "reason": reason, "message": message } });
        self.report("Pending", state).await;
    }

    async fn runs(&self) {
        self.report("Running", json!({ "running": {} })).await;
    }

    async fn ended(&self, code: i32, reason: &str) {
        let phase = if code == 0 { "Succeeded" } else { "Failed" };
        let state = json!({ "terminated": { "exitCode": code, "reason": reason } });
        self.report(phase, state).await;
    }

    /// The last that a kubelet does for a pod that was to end: now the API server forgets it.
    async fn goes(&self) {
        let parameters = DeleteParams {
            preconditions: Some(Preconditions {
                uid: self.pod.uid(),
                resource_version: None,
            }),
            ..DeleteParams::default().grace_period(0)
        };
        drop(self.pods.delete(&self.pod.name_any(), &parameters).await);
    }

    async fn process(&self, stage: &Stage, ends: &mut watch::Receiver<bool>) {
        let folder = tempfile::tempdir().unwrap();
        let prepared = tokio::select! {
            prepared = self.command(stage, folder.path()) => prepared,
            () = asked(ends) => return,
        };
        let mut command = match prepared {
            Ok(command) => command,
            Err(message) => return self.waits("CreateContainerConfigError", &message).await,
        };
        let mut child = command.spawn().unwrap();
        self.runs().await;
        let out = copy_lines(child.stdout.take().unwrap(), Arc::clone(&self.log));
        let err = copy_lines(child.stderr.take().unwrap(), Arc::clone(&self.log));
        let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap());
        let status = tokio::select! {
            status = child.wait() => status.unwrap(),
            () = asked(ends) => {
                kill(pid, Signal::SIGTERM).unwrap();
                if let Ok(status) = timeout(Duration::from_mins(1), child.wait()).await {
                    status.unwrap()
                } else {
                    child.kill().await.unwrap();
                    child.wait().await.unwrap()
                }
            }
        };
        tokio::join!(out, err);
        self.log.close();
        let code = status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap());
        self.ended(code, if code == 0 { "Completed" } else { "Error" })
            .await;
    }

    /// The container's command, as it would see its folders, variables and addresses.
    async fn command(&self, stage: &Stage, folder: &Path) -> Result<Command, String> {
        let container = self.container();
        let mut folders = BTreeMap::new();
        for mount in container.volume_mounts.iter().flatten() {
            let here = folder.join(&mount.name);
            std::fs::create_dir(&here).unwrap();
            self.fill(stage, &mount.name, &here).await?;
            folders.insert(mount.mount_path.clone(), here.display().to_string());
        }
        let here = |text: &str| match folders.iter().find(|(path, _)| text.contains(*path)) {
            Some((path, here)) => text.replacen(path, here, 1),
            None => text.to_owned(),
        };
        let words = container.command.as_ref().unwrap();
        assert_eq!(words[0], "load-gen");
        // It ends with the test, also with one that was killed.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", env!("CARGO_BIN_EXE_load-gen")])
            .args(words[1..].iter().map(|it| here(&it.replace("$$(", "$("))))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOSTNAME", self.pod.name_any())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for variable in container.env.iter().flatten() {
            let value = self.value(stage, variable).await?;
            let value = here(&value.replace("$$(", "$("));
            let value = self.resolved(stage, variable, value).await;
            command.env(&variable.name, value);
        }
        Ok(command)
    }

    async fn fill(&self, stage: &Stage, volume: &str, folder: &Path) -> Result<(), String> {
        let spec = self.pod.spec.as_ref().unwrap();
        let volumes = spec.volumes.as_ref().unwrap();
        let source = volumes.iter().find(|it| it.name == volume).unwrap();
        let Some(source) = &source.config_map else {
            return Ok(());
        };
        let maps: Api<ConfigMap> =
            Api::namespaced(stage.client.clone(), &self.pod.namespace().unwrap());
        let map = maps.get(&source.name).await.map_err(|it| it.to_string())?;
        for (name, text) in map.data.into_iter().flatten() {
            common::files::write_whole(&folder.join(name), text.as_bytes()).unwrap();
        }
        for (name, bytes) in map.binary_data.into_iter().flatten() {
            common::files::write_whole(&folder.join(name), &bytes.0).unwrap();
        }
        Ok(())
    }

    async fn value(&self, stage: &Stage, variable: &EnvVar) -> Result<String, String> {
        let Some(from) = &variable.value_from else {
            return Ok(variable.value.clone().unwrap_or_default());
        };
        if let Some(field) = &from.field_ref {
            return Ok(match field.field_path.as_str() {
                "status.podIP" => on_this_machine(&self.ip),
                // The Job adds this variable itself.
                "metadata.labels['batch.kubernetes.io/job-completion-index']" => {
                    self.pod.labels()["batch.kubernetes.io/job-completion-index"].clone()
                }
                other => panic!("the stand-in does not know {other}"),
            });
        }
        let key = from.secret_key_ref.as_ref().unwrap();
        let secrets: Api<Secret> =
            Api::namespaced(stage.client.clone(), &self.pod.namespace().unwrap());
        let secret = secrets
            .get_opt(&key.name)
            .await
            .unwrap()
            .ok_or_else(|| format!("secret \"{}\" not found", key.name))?;
        let data = secret.data.unwrap_or_default();
        let value = data
            .get(&key.key)
            .ok_or_else(|| format!("couldn't find key {} in Secret {}", key.key, key.name))?;
        Ok(String::from_utf8(value.0.clone()).unwrap())
    }

    /// Host names of pods, which only the cluster's name server knows.
    async fn resolved(&self, stage: &Stage, variable: &EnvVar, value: String) -> String {
        if variable.name != "LOAD_GEN_MASTER_HOST" {
            return value;
        }
        let (host, service) = value.split_once('.').unwrap();
        let slices: Api<EndpointSlice> =
            Api::namespaced(stage.client.clone(), &self.pod.namespace().unwrap());
        let selector = format!("kubernetes.io/service-name={service}");
        let found = timeout(DNS_LIMIT, async {
            loop {
                let list = slices
                    .list(&ListParams::default().labels(&selector))
                    .await
                    .unwrap();
                let mut endpoints = list.items.into_iter().flat_map(|it| it.endpoints);
                if let Some(found) = endpoints.find(|it| it.hostname.as_deref() == Some(host)) {
                    return on_this_machine(&found.addresses[0]);
                }
                if *host == self.own_host_name() {
                    return on_this_machine(&self.ip);
                }
                sleep(Duration::from_millis(200)).await;
            }
        });
        found.await.expect("the master has no name")
    }

    fn own_host_name(&self) -> String {
        self.pod
            .spec
            .as_ref()
            .unwrap()
            .hostname
            .clone()
            .unwrap_or_default()
    }
}

async fn copy_lines(stream: impl AsyncRead + Unpin, log: Arc<Log>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.push(&line);
    }
}
