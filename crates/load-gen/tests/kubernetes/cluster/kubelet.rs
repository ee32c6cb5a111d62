//! A stand-in for a kubelet: a node whose pods are real processes on this machine, or play what a namespace
//! was told they do. It reports their state and serves their logs as a kubelet does. It plays the cluster's
//! DNS as well, from the `EndpointSlices` that the controllers make.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use futures::TryStreamExt as _;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, ListParams, Patch, PatchParams, ResourceExt as _, WatchEvent, WatchParams};
use kube::{Client, Config};
use serde_json::json;
use tokio::sync::watch;

use super::logs::{self, Logs};
use super::pod;

/// The name of the node.
pub(crate) const NODE: &str = "stand-in";

/// What a pod does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// It runs its command as a process, with its files, variables and addresses.
    Process,
    /// It waits for ever, for a reason and with a message.
    Waiting(&'static str, &'static str),
    /// It prints lines, runs for a time or until it is asked to end, and ends with code and reason.
    Plays {
        lines: Vec<String>,
        lasts: Duration,
        /// What it prints at the end.
        last_lines: Vec<String>,
        code: i32,
        reason: &'static str,
        /// The first who reads its log loses the connection after so many lines.
        cut_after: Option<usize>,
    },
}

/// Says what a pod of a number does.
pub(crate) type Director = Arc<dyn Fn(u32) -> Act + Send + Sync>;

/// What the tasks of the node share.
pub(crate) struct Stage {
    pub(crate) client: Client,
    pub(crate) logs: Logs,
    directors: Mutex<HashMap<String, Director>>,
}

impl Stage {
    /// What a pod does: a process, where nobody says otherwise.
    pub(crate) fn act(&self, namespace: &str, index: u32) -> Act {
        let director = self.directors.lock().unwrap().get(namespace).cloned();
        director.map_or(Act::Process, |it| it(index))
    }
}

/// The one node of the tests of this process, started by the first who asks.
pub(crate) fn stage(config: &Config) -> Arc<Stage> {
    static STAGE: OnceLock<Arc<Stage>> = OnceLock::new();
    let config = config.clone();
    Arc::clone(STAGE.get_or_init(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        // A runtime of its own, since the runtime of a test ends with it.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let stage = Arc::new(Stage {
                    client: Client::try_from(config).unwrap(),
                    logs: Logs::default(),
                    directors: Mutex::default(),
                });
                let port = serve(&stage).await;
                register(&stage.client, port).await;
                sender.send(Arc::clone(&stage)).unwrap();
                play(stage).await;
            });
        });
        receiver.recv().unwrap()
    }))
}

/// From now on pods of this namespace do what the director says.
pub(crate) fn direct(stage: &Stage, namespace: &str, director: Director) {
    let mut directors = stage.directors.lock().unwrap();
    directors.insert(namespace.to_owned(), director);
}

async fn serve(stage: &Stage) -> u16 {
    let listener = logs::TlsListener::bind().await;
    let port = listener.port();
    let routes: Router = logs::routes(stage.logs.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    port
}

/// Makes the node known, ready for many pods, and keeps it alive.
async fn register(client: &Client, port: u16) {
    let nodes: Api<Node> = Api::all(client.clone());
    let labels = BTreeMap::from([("kubernetes.io/hostname", NODE)]);
    let node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": NODE, "labels": labels },
    });
    let status = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": NODE },
        "status": {
            "capacity": { "cpu": "100", "memory": "100Gi", "pods": "500" },
            "allocatable": { "cpu": "100", "memory": "100Gi", "pods": "500" },
            "conditions": [{ "type": "Ready", "status": "True", "reason": "KubeletReady" }],
            "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
        },
    });
    let parameters = PatchParams::apply("kubelet").force();
    nodes
        .patch(NODE, &parameters, &Patch::Apply(node))
        .await
        .unwrap();
    nodes
        .patch_status(NODE, &parameters, &Patch::Apply(status))
        .await
        .unwrap();
    let leases: Api<Lease> = Api::namespaced(client.clone(), "kube-node-lease");
    tokio::spawn(async move {
        loop {
            let lease = json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": { "name": NODE },
                "spec": {
                    "holderIdentity": NODE, "leaseDurationSeconds": 40,
                    "renewTime": k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime(
                        k8s_openapi::jiff::Timestamp::now()
                    ),
                },
            });
            // One that fails is made good by the next.
            drop(leases.patch(NODE, &parameters, &Patch::Apply(lease)).await);
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    });
}

/// Gives each pod of the node a task of its own, which hears when it is to end.
async fn play(stage: Arc<Stage>) {
    let pods: Api<Pod> = Api::all(stage.client.clone());
    let selector = format!("spec.nodeName={NODE}");
    let mut known: HashMap<String, watch::Sender<bool>> = HashMap::new();
    loop {
        let list = pods
            .list(&ListParams::default().fields(&selector))
            .await
            .unwrap();
        let version = list.metadata.resource_version.clone().unwrap_or_default();
        for pod in list.items {
            notice(&stage, &mut known, pod);
        }
        let parameters = WatchParams::default().fields(&selector);
        let mut events = std::pin::pin!(pods.watch(&parameters, &version).await.unwrap());
        while let Ok(Some(event)) = events.try_next().await {
            if let WatchEvent::Added(pod) | WatchEvent::Modified(pod) = event {
                notice(&stage, &mut known, pod);
            }
        }
    }
}

fn notice(stage: &Arc<Stage>, known: &mut HashMap<String, watch::Sender<bool>>, pod: Pod) {
    let ends = pod.metadata.deletion_timestamp.is_some();
    let number = known.len() + 1;
    let sender = known.entry(pod.uid().unwrap()).or_insert_with(|| {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(pod::live(Arc::clone(stage), pod, number, receiver));
        sender
    });
    if ends {
        sender.send_replace(true);
    }
}

/// The address on this machine for a pod's address in the cluster, `10.244.x.y`.
pub(crate) fn on_this_machine(pod_ip: &str) -> String {
    pod_ip.replacen("10.244.", "127.1.", 1)
}

/// Where the API server finds the stand-in.
pub(crate) fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}
