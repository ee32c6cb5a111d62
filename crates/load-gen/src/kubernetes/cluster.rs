//! Requests to the API server, with names of things in their errors.

use std::fmt::Debug;
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{
    Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions, ResourceExt as _,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;

use super::args;
use super::manifests::{self, MANAGER, Objects};
use super::trouble::Trouble;

/// The limit for a connection to the API server.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);

/// The limit for an answer of it.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// How often it is asked whether what was removed is gone.
const POLL: Duration = Duration::from_millis(300);

/// A namespace of a cluster.
#[derive(Clone)]
pub(super) struct Cluster {
    pub(super) client: Client,
    pub(super) namespace: String,
}

impl Cluster {
    /// The cluster of the flags: a kubeconfig, or inside of a pod its own cluster.
    pub(super) async fn connect(flags: &args::Cluster) -> Result<Self, Trouble> {
        let options = KubeConfigOptions {
            context: flags.context.clone(),
            ..KubeConfigOptions::default()
        };
        let wrong = |error: &dyn std::error::Error| Trouble::Config(error.to_string());
        let mut config = match (&flags.kubeconfig, &flags.context) {
            (Some(file), _) => {
                let kubeconfig = Kubeconfig::read_from(file).map_err(|it| wrong(&it))?;
                Config::from_custom_kubeconfig(kubeconfig, &options)
                    .await
                    .map_err(|it| wrong(&it))?
            }
            (None, Some(_)) => Config::from_kubeconfig(&options)
                .await
                .map_err(|it| wrong(&it))?,
            (None, None) => Config::infer().await.map_err(|it| wrong(&it))?,
        };
        config.connect_timeout = Some(CONNECT_LIMIT);
        let namespace = flags
            .namespace
            .clone()
            .unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(|it| wrong(&it))?;
        Ok(Self { client, namespace })
    }

    /// The API of a kind of objects in the namespace.
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Makes an object. One of the same name is never touched, whoever owns it.
    async fn create<K>(&self, object: &K) -> Result<K, Trouble>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Serialize
            + DeserializeOwned
            + Clone
            + Debug,
    {
        let parameters = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PostParams::default()
        };
        let (kind, name) = (K::kind(&()).into_owned(), object.name_any());
        let namespace = self.namespace.clone();
        let api = self.api::<K>();
        let created = within_limit(api.create(&parameters, object)).await;
        created.map_err(|error| match error {
            kube::Error::Api(status) if status.is_already_exists() => Trouble::Taken {
                kind,
                name,
                namespace,
            },
            other => Trouble::of(
                format!("failed to create {kind} `{name}` in namespace `{namespace}`"),
                other,
            ),
        })
    }

    /// Makes the Job, which does not start yet; what it is called by the cluster.
    pub(super) async fn create_job(&self, objects: &Objects) -> Result<String, Trouble> {
        let mut job = objects.job.clone();
        if let Some(spec) = &mut job.spec {
            spec.suspend = Some(true);
        }
        Ok(self.create(&job).await?.uid().unwrap_or_default())
    }

    /// Makes what belongs to the Job and lets it start.
    pub(super) async fn complete(&self, objects: &mut Objects, uid: &str) -> Result<(), Trouble> {
        let name = objects.job.name_any();
        objects.belong_to(&manifests::owner(&name, uid, true));
        match self.create(&objects.policy).await {
            // Some clusters take another right for that. Then what belongs to the Job goes soon after it.
            Err(trouble) if trouble.is_about("blockOwnerDeletion") => {
                objects.belong_to(&manifests::owner(&name, uid, false));
                self.create(&objects.policy).await?;
            }
            created => drop(created?),
        }
        self.create(&objects.service).await?;
        self.create(&objects.secret).await?;
        if let Some(account) = &objects.account {
            self.create(account).await?;
        }
        if let Some(config_map) = &objects.config_map {
            self.create(config_map).await?;
        }
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let start = json!({ "metadata": { "uid": uid }, "spec": { "suspend": false } });
        let jobs = self.api::<Job>();
        let start = Patch::Merge(start);
        let started = within_limit(jobs.patch(&name, &parameters, &start)).await;
        started.map_err(|error| Trouble::of(format!("failed to start Job `{name}`"), error))?;
        Ok(())
    }

    /// Begins to remove a Job with all that belongs to it. The Job stays until its pods are gone.
    pub(super) async fn begin_removal(&self, name: &str, uid: &str) -> Result<(), Trouble> {
        let parameters = DeleteParams::foreground().preconditions(Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        match within_limit(self.api::<Job>().delete(name, &parameters)).await {
            Ok(_) => Ok(()),
            // Gone, or another Job of the name, which is not ours.
            Err(kube::Error::Api(status)) if [404, 409].contains(&status.code) => Ok(()),
            Err(error) => Err(Trouble::of(format!("failed to remove Job `{name}`"), error)),
        }
    }

    /// Removes a Job with all that belongs to it and waits until it is gone. An API server that does not
    /// answer is asked again, up to the limit.
    pub(super) async fn remove(
        &self,
        name: &str,
        uid: &str,
        limit: Duration,
    ) -> Result<(), Trouble> {
        let deadline = Instant::now() + limit;
        loop {
            let last = match self.is_gone(name, uid).await {
                Ok(true) => return Ok(()),
                Ok(false) => Trouble::Failed {
                    what: format!(
                        "Job `{name}` in namespace `{}` is still being removed after {} s",
                        self.namespace,
                        limit.as_secs()
                    ),
                    hint: Some("its pods do not end: are their nodes alive?".to_owned()),
                },
                Err(trouble) => trouble,
            };
            if Instant::now() > deadline || last.is_refusal() {
                return Err(last);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Whether a Job is gone; one that is not yet being removed is from now on.
    async fn is_gone(&self, name: &str, uid: &str) -> Result<bool, Trouble> {
        let Some(job) = self.job(name).await? else {
            return Ok(true);
        };
        if job.metadata.uid.as_deref() != Some(uid) {
            return Ok(true);
        }
        if job.metadata.deletion_timestamp.is_none() {
            self.begin_removal(name, uid).await?;
        }
        Ok(false)
    }

    /// A Job, if it is there.
    pub(super) async fn job(&self, name: &str) -> Result<Option<Job>, Trouble> {
        let found = within_limit(self.api::<Job>().get_opt(name)).await;
        found.map_err(|error| Trouble::of(format!("failed to get Job `{name}`"), error))
    }

    /// Why the cluster refuses to make pods of a Job, the latest word on it.
    pub(super) async fn refusal(&self, job_uid: &str) -> Result<Option<String>, Trouble> {
        let selector = format!("involvedObject.uid={job_uid},reason=FailedCreate");
        let (events, parameters) = (self.api::<Event>(), ListParams::default().fields(&selector));
        let found = within_limit(events.list(&parameters))
            .await
            .map_err(|error| Trouble::of("failed to list events", error))?;
        Ok(found
            .items
            .into_iter()
            .filter_map(|it| it.message)
            .next_back())
    }

    /// The pods of the namespace.
    pub(super) fn pods(&self) -> Api<Pod> {
        self.api()
    }
}

/// An answer that does not come in time is a failure like others.
pub(super) async fn within_limit<T>(
    request: impl Future<Output = kube::Result<T>>,
) -> kube::Result<T> {
    let late = || {
        let text = format!("no answer within {} s", ANSWER_LIMIT.as_secs());
        kube::Error::Service(std::io::Error::new(std::io::ErrorKind::TimedOut, text).into())
    };
    match tokio::time::timeout(ANSWER_LIMIT, request).await {
        Ok(answer) => answer,
        Err(_) => Err(late()),
    }
}
