//! What `run` and `clean` may do in a namespace: asked for before anything is made, printed by `rbac`.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::rbac::v1::{PolicyRule, Role};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, PostParams};

use super::args::Rbac;
use super::cluster::{Cluster, within_limit};
use super::manifests::MANAGER;
use super::plan::Plan;
use super::trouble::Trouble;

/// What is done with a kind of objects.
#[derive(Debug, Clone, Copy)]
pub(super) struct Right {
    pub(super) group: &'static str,
    /// The resource, with its subresource behind a `/`.
    pub(super) resource: &'static str,
    pub(super) verbs: &'static [&'static str],
    /// Whether a run of this plan does it.
    needed: fn(&Plan) -> bool,
}

/// All that `run` and `clean` do. `list` of Jobs is for `clean`; events say why a Job makes no pods.
pub(super) const RIGHTS: [Right; 9] = [
    right(
        "batch",
        "jobs",
        &["create", "get", "list", "patch", "delete"],
    ),
    right("", "services", &["create"]),
    right("", "secrets", &["create"]),
    Right {
        needed: |plan| !plan.files.is_empty(),
        ..right("", "configmaps", &["create"])
    },
    Right {
        needed: |plan| plan.service_account.is_none(),
        ..right("", "serviceaccounts", &["create"])
    },
    right("networking.k8s.io", "networkpolicies", &["create"]),
    right("", "pods", &["list", "watch"]),
    right("", "pods/log", &["get"]),
    right("", "events", &["list"]),
];

const fn right(
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> Right {
    Right {
        group,
        resource,
        verbs,
        needed: |_| true,
    }
}

/// The Role with all of them.
pub(super) fn role(namespace: &str) -> Role {
    Role {
        metadata: ObjectMeta {
            name: Some(MANAGER.to_owned()),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        },
        rules: Some(RIGHTS.iter().map(rule).collect()),
    }
}

fn rule(right: &Right) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![right.group.to_owned()]),
        resources: Some(vec![right.resource.to_owned()]),
        verbs: right.verbs.iter().map(|it| (*it).to_owned()).collect(),
        ..PolicyRule::default()
    }
}

/// The Role as YAML, and how an account gets it.
pub(super) fn printed(rbac: &Rbac) -> Result<String, Trouble> {
    let namespace = &rbac.namespace;
    let value =
        serde_json::to_value(role(namespace)).map_err(|it| Trouble::Yaml(it.to_string()))?;
    let yaml = serde_saphyr::to_string(&value).map_err(|it| Trouble::Yaml(it.to_string()))?;
    Ok(format!(
        "# The least with which `load-gen kubernetes run` and `clean` work in the namespace `{namespace}`.\n\
         # kubectl apply -f FILE; then for a person, or `--serviceaccount={namespace}:NAME` for a pipeline:\n\
         # kubectl -n {namespace} create rolebinding {MANAGER} --role={MANAGER} --user=NAME\n{yaml}"
    ))
}

/// Fails with all rights that the account lacks for this plan.
pub(super) async fn check(cluster: &Cluster, plan: &Plan) -> Result<(), Trouble> {
    let mut missing = Vec::new();
    for right in RIGHTS.iter().filter(|it| (it.needed)(plan)) {
        for verb in right.verbs {
            if !may(cluster, right, verb).await? {
                missing.push(format!("{verb} {}", right.resource));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Trouble::Denied {
        namespace: cluster.namespace.clone(),
        missing,
    })
}

async fn may(cluster: &Cluster, right: &Right, verb: &str) -> Result<bool, Trouble> {
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (right.resource, None),
    };
    let question = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                namespace: Some(cluster.namespace.clone()),
                group: Some(right.group.to_owned()),
                resource: Some(resource.to_owned()),
                subresource,
                verb: Some(verb.to_owned()),
                ..ResourceAttributes::default()
            }),
            non_resource_attributes: None,
        },
        ..SelfSubjectAccessReview::default()
    };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let parameters = PostParams::default();
    match within_limit(reviews.create(&parameters, &question)).await {
        Ok(answer) => Ok(answer.status.is_some_and(|it| it.allowed)),
        // An account that may not even ask finds out by trying.
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(true),
        Err(error) => Err(Trouble::of("failed to ask what this account may do", error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_role_reads() {
        let rbac = Rbac {
            namespace: "night".to_owned(),
        };
        insta::assert_snapshot!(printed(&rbac).unwrap());
    }
}
