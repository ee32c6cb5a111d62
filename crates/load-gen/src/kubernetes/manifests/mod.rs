//! The objects of a run, as values: one Job and what belongs to it.

mod job;
mod network;
mod yaml;

use std::collections::BTreeMap;

use common::redact::Secret as Hidden;
use k8s_openapi::ByteString;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};

use super::plan::Plan;

pub(super) use job::CONTAINER;
pub(super) use yaml::render;

/// Whose objects these are; also the field manager.
pub(super) const MANAGER: &str = "load-gen";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const INSTANCE: &str = "app.kubernetes.io/instance";
const NAME: &str = "app.kubernetes.io/name";

/// What stands in rendered manifests for the token; pods refuse to start with it.
pub(super) const PLACEHOLDER: &str = "replace-me-with-a-random-token";

/// The key of the run's Secret that holds the token.
const TOKEN_KEY: &str = "token";

/// Selects the objects of all runs.
pub(super) fn all_runs() -> String {
    format!("{MANAGED_BY}={MANAGER}")
}

/// Selects the objects of one run.
pub(super) fn of_run(name: &str) -> String {
    format!("{},{INSTANCE}={name}", all_runs())
}

/// The objects of a run; all but the Job belong to it and go with it.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    pub(super) job: Job,
    pub(super) service: Service,
    pub(super) secret: Secret,
    pub(super) config_map: Option<ConfigMap>,
    pub(super) account: Option<ServiceAccount>,
    pub(super) policy: NetworkPolicy,
}

impl Objects {
    /// Those of a plan.
    pub(super) fn of(plan: &Plan, token: &Hidden) -> Self {
        Self {
            job: job::job(plan),
            service: network::service(plan),
            secret: Secret {
                metadata: meta(plan),
                type_: Some("Opaque".to_owned()),
                string_data: Some([(TOKEN_KEY.to_owned(), token.expose().to_owned())].into()),
                ..Secret::default()
            },
            config_map: (!plan.files.is_empty()).then(|| config_map(plan)),
            account: plan.service_account.is_none().then(|| ServiceAccount {
                metadata: meta(plan),
                automount_service_account_token: Some(false),
                ..ServiceAccount::default()
            }),
            policy: network::policy(plan),
        }
    }

    /// Makes them all but the Job belong to it, so that the cluster removes them with it.
    pub(super) fn belong_to(&mut self, owner: &OwnerReference) {
        let Self {
            job: _,
            service,
            secret,
            config_map,
            account,
            policy,
        } = self;
        let metas = [
            Some(&mut service.metadata),
            Some(&mut secret.metadata),
            Some(&mut policy.metadata),
            config_map.as_mut().map(|it| &mut it.metadata),
            account.as_mut().map(|it| &mut it.metadata),
        ];
        for meta in metas.into_iter().flatten() {
            meta.owner_references = Some(vec![owner.clone()]);
        }
    }
}

/// The Job as the owner of an object, which waits for its end or leaves it to the cluster.
pub(super) fn owner(name: &str, uid: &str, waits: bool) -> OwnerReference {
    OwnerReference {
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        name: name.to_owned(),
        uid: uid.to_owned(),
        controller: None,
        block_owner_deletion: waits.then_some(true),
    }
}

/// Texts stay readable, other files are encoded.
fn config_map(plan: &Plan) -> ConfigMap {
    let mut texts = BTreeMap::new();
    let mut others = BTreeMap::new();
    for file in &plan.files {
        match String::from_utf8(file.bytes.clone()) {
            Ok(text) => drop(texts.insert(file.name.clone(), text)),
            Err(error) => drop(others.insert(file.name.clone(), ByteString(error.into_bytes()))),
        }
    }
    ConfigMap {
        metadata: meta(plan),
        data: Some(texts),
        binary_data: (!others.is_empty()).then_some(others),
        immutable: Some(true),
    }
}

fn meta(plan: &Plan) -> ObjectMeta {
    ObjectMeta {
        name: Some(plan.name.clone()),
        labels: Some(labels(plan)),
        ..ObjectMeta::default()
    }
}

fn labels(plan: &Plan) -> BTreeMap<String, String> {
    [
        (NAME, MANAGER),
        (MANAGED_BY, MANAGER),
        (INSTANCE, plan.name.as_str()),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into()
}

#[cfg(test)]
mod tests;
