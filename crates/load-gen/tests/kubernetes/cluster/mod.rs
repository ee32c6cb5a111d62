//! A real API server (`scripts/kubernetes`) with a stand-in for a kubelet, and namespaces of their own for
//! tests.

pub(crate) mod kubelet;
mod logs;
mod pod;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::assess::Assessment;
use common::report::{Mode, Report, RunClock, SCHEMA_VERSION, Summary, Tool};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, ObjectMeta,
    PostParams, ResourceExt as _, TypeMeta,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Resource};
use serde::de::DeserializeOwned;
use testkit::Room;
use tokio::time::{Instant, sleep};

use kubelet::{Act, Director, Stage};

/// A load that is soon over.
pub(crate) const SHORT: Duration = Duration::from_secs(2);

/// A load that ends only when it is ended.
pub(crate) const LONG: Duration = Duration::from_mins(10);

/// How long the cluster may take to remove what is left to it.
const REMOVAL_LIMIT: Duration = Duration::from_secs(30);

/// A namespace of a real API server for one test.
pub(crate) struct Place {
    pub(crate) client: Client,
    pub(crate) namespace: String,
    pub(crate) kubeconfig: PathBuf,
    /// Where the API server writes what it was asked.
    pub(crate) audit_log: PathBuf,
    pub(crate) room: Room,
    pub(crate) stage: Arc<Stage>,
}

/// A place for a test whose pods do what the director says; `None`, said aloud, without an API server.
pub(crate) async fn place(test: &str, director: Director) -> Option<Place> {
    let Some(kubeconfig) = std::env::var_os("ASTRO_PERF_KUBECONFIG").map(PathBuf::from) else {
        println!("NOT RUN: {test} needs ASTRO_PERF_KUBECONFIG (`make test-kubernetes`)");
        return None;
    };
    let read = Kubeconfig::read_from(&kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
        .await
        .unwrap();
    let stage = kubelet::stage(&config);
    let client = Client::try_from(config).unwrap();
    let namespace = format!("{test}-{}", std::process::id());
    kubelet::direct(&stage, &namespace, director);
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let labels = BTreeMap::from([(
        "pod-security.kubernetes.io/enforce".to_owned(),
        "restricted".to_owned(),
    )]);
    let object = Namespace {
        metadata: ObjectMeta {
            name: Some(namespace.clone()),
            labels: Some(labels),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    namespaces
        .create(&PostParams::default(), &object)
        .await
        .unwrap();
    Some(Place {
        client,
        namespace,
        audit_log: kubeconfig.with_file_name("audit.log"),
        kubeconfig,
        room: Room::new(env!("CARGO_BIN_EXE_load-gen"), "load_test_results.json"),
        stage,
    })
}

impl Place {
    /// The API of a kind of objects in the namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The API of an object's kind.
    pub(crate) fn api_of(&self, object: &DynamicObject) -> Api<DynamicObject> {
        let TypeMeta { api_version, kind } = object.types.clone().unwrap();
        let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &kind));
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// A command line of `load-gen kubernetes` for this namespace; `flags` may end with `--` and more.
    pub(crate) fn line<'a>(&'a self, verb: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
        let kubeconfig = self.kubeconfig.to_str().unwrap();
        let mut line = vec!["kubernetes", verb, "--kubeconfig", kubeconfig];
        line.extend(["--namespace", &self.namespace]);
        line.extend(flags);
        line
    }

    /// A command line of a run with two workers; the flags come before `--`.
    pub(crate) fn run_line<'a>(&'a self, flags: &[&'a str]) -> Vec<&'a str> {
        self.load_line(flags, &["--host", "http://127.0.0.1:9"])
    }

    /// The same with flags behind `--`.
    pub(crate) fn load_line<'a>(&'a self, flags: &[&'a str], load: &[&'a str]) -> Vec<&'a str> {
        let mut all = vec!["--image=load-gen:test", "--workers=2", "--name=night"];
        all.extend(flags);
        all.push("--");
        all.extend(load);
        self.line("run", &all)
    }

    /// Nothing with our label is left, or will be in a moment.
    pub(crate) async fn assert_clean(&self) {
        let deadline = Instant::now() + REMOVAL_LIMIT;
        loop {
            let left = self.ours().await;
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left: {left:?}");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// What has our label.
    pub(crate) async fn ours(&self) -> Vec<String> {
        let mut found = self.names::<Job>().await;
        found.extend(self.names::<Pod>().await);
        found.extend(self.names::<Service>().await);
        found.extend(self.names::<Secret>().await);
        found.extend(self.names::<ConfigMap>().await);
        found.extend(self.names::<ServiceAccount>().await);
        found.extend(self.names::<NetworkPolicy>().await);
        found
    }

    async fn names<K>(&self) -> Vec<String>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + Debug
            + DeserializeOwned,
    {
        let ours = ListParams::default().labels("app.kubernetes.io/managed-by=load-gen");
        let list = self.api::<K>().list(&ours).await.unwrap();
        let kind = K::kind(&());
        list.iter()
            .map(|it| format!("{kind} {}", it.name_any()))
            .collect()
    }

    /// Removes the namespace; what is in it goes in the background.
    pub(crate) async fn leave(self) {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        namespaces
            .delete(&self.namespace, &DeleteParams::background())
            .await
            .unwrap();
    }
}

/// A master that prints a result document after a while, and workers that run as long as they may.
pub(crate) fn ends_with(code: i32, lasts: Duration) -> Director {
    Arc::new(move |index| match index {
        0 => Act::Plays {
            lines: vec!["users 10".to_owned(), "users 20".to_owned()],
            lasts,
            last_lines: result_lines(),
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            cut_after: None,
        },
        _ => worker(),
    })
}

/// A worker that runs as long as it may.
pub(crate) fn worker() -> Act {
    Act::Plays {
        lines: vec!["connected".to_owned()],
        lasts: Duration::from_mins(10),
        last_lines: Vec::new(),
        code: 0,
        reason: "Completed",
        cut_after: None,
    }
}

/// The lines with which a master hands over its results, made here a second time after the description in
/// `kubernetes/parcel.rs`.
pub(crate) fn result_lines() -> Vec<String> {
    let document = serde_json::to_vec(&document()).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&document).unwrap();
    let body = STANDARD.encode(gzip.finish().unwrap());
    let sum = ring::digest::digest(&ring::digest::SHA256, &document);
    let sum: Vec<String> = sum.as_ref().iter().map(|it| format!("{it:02x}")).collect();
    let sum = sum.concat();
    let mut lines = vec![format!("load-gen-file: begin {sum} result.json")];
    for chunk in body.as_bytes().chunks(100) {
        lines.push(format!(
            "load-gen-file: + {}",
            str::from_utf8(chunk).unwrap()
        ));
    }
    lines.push("load-gen-file: end result.json".to_owned());
    lines.push("load-gen-file: done 1".to_owned());
    lines
}

fn document() -> Report {
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "load-gen".into(),
            version: "0".into(),
        },
        run: RunClock::start(Mode::Full, 42).finish(),
        target: BTreeMap::new(),
        plan: BTreeMap::new(),
        summary: Summary::of(&[], false),
        tests: Vec::new(),
        assessment: Assessment::default(),
        recommendations: Vec::new(),
        limitations: Vec::new(),
    }
}
