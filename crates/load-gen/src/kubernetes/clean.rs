//! `load-gen kubernetes clean`: what a killed run left, and manifests that were applied by hand.

use std::time::Duration;

use common::cli::{self, Exit};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::Resource;
use kube::api::{DeleteParams, ListParams, PartialObjectMeta, ResourceExt as _};
use serde::de::DeserializeOwned;

use super::args::Clean;
use super::cluster::{Cluster, within_limit};
use super::manifests;
use super::trouble::Trouble;

/// How long pods may take to go away.
const REMOVAL_LIMIT: Duration = Duration::from_mins(2);

/// Lists and removes runs by their label.
pub(super) async fn clean(clean: Clean) -> Result<Exit, Trouble> {
    let cluster = Cluster::connect(&clean.cluster).await?;
    let selector = match &clean.name {
        Some(name) => manifests::of_run(name),
        None => manifests::all_runs(),
    };
    let mut found = 0;
    for job in cluster.list::<Job>(&selector).await? {
        let (name, uid) = (job.name_any(), job.uid().unwrap_or_default());
        found += 1;
        tell("Job", &name, clean.dry_run)?;
        if !clean.dry_run {
            cluster.remove(&name, &uid, REMOVAL_LIMIT).await?;
        }
    }
    found += without_job::<Service>(&cluster, &selector, clean.dry_run).await?;
    found += without_job::<Secret>(&cluster, &selector, clean.dry_run).await?;
    found += without_job::<ConfigMap>(&cluster, &selector, clean.dry_run).await?;
    found += without_job::<ServiceAccount>(&cluster, &selector, clean.dry_run).await?;
    found += without_job::<NetworkPolicy>(&cluster, &selector, clean.dry_run).await?;
    if found == 0 {
        cli::narrate(&format!(
            "nothing of `load-gen` is in namespace `{}`",
            cluster.namespace
        ));
    }
    Ok(Exit::Success)
}

/// Objects that no Job owns were applied by hand. An account that may only do what `run` does cannot see
/// them, and a run leaves none.
async fn without_job<K>(cluster: &Cluster, selector: &str, dry_run: bool) -> Result<usize, Trouble>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned,
{
    let objects = match cluster.list::<K>(selector).await {
        Ok(objects) => objects,
        Err(trouble) if trouble.is_refusal() => {
            tracing::info!("{trouble}");
            return Ok(0);
        }
        Err(trouble) => return Err(trouble),
    };
    let mut found = 0;
    for object in objects.iter().filter(|it| it.owner_references().is_empty()) {
        let (kind, name) = (K::kind(&()), object.name_any());
        found += 1;
        tell(&kind, &name, dry_run)?;
        if !dry_run {
            let (api, parameters) = (cluster.api::<K>(), DeleteParams::default());
            let removed = within_limit(api.delete(&name, &parameters)).await;
            removed.map_err(|it| Trouble::of(format!("failed to remove {kind} `{name}`"), it))?;
        }
    }
    Ok(found)
}

fn tell(kind: &str, name: &str, dry_run: bool) -> Result<(), Trouble> {
    let what = if dry_run { "would remove" } else { "removes" };
    cli::print(&format!("{what} {kind} {name}\n")).map_err(Trouble::Output)
}

impl Cluster {
    /// What is told of objects with these labels, without their contents.
    async fn list<K>(&self, selector: &str) -> Result<Vec<PartialObjectMeta<K>>, Trouble>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + std::fmt::Debug
            + DeserializeOwned,
    {
        let parameters = ListParams::default().labels(selector);
        let found = within_limit(self.api::<K>().list_metadata(&parameters)).await;
        let found =
            found.map_err(|it| Trouble::of(format!("failed to list {}", K::plural(&())), it))?;
        Ok(found.items)
    }
}
