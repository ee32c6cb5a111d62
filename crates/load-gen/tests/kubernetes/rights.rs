//! The Role that `rbac` prints: a run can do with it, cannot do with less, and does not leave any of it unused.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::authorization::v1::LocalSubjectAccessReview;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding};
use kube::api::{Patch, PatchParams, PostParams};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::cluster::{LONG, Place, SHORT, ends_with, place};

/// The name of the account, its role and its binding.
const ACCOUNT: &str = "observer";

/// From now on the command lines are those of an account with the role that `rbac` prints.
async fn observer(place: &mut Place) -> Role {
    let printed = place
        .room
        .run(&["kubernetes", "rbac", "--namespace", &place.namespace])
        .await;
    printed.assert_exit(0);
    let role: Role = serde_saphyr::from_str(&printed.stdout).unwrap();
    let name = json!({ "name": ACCOUNT });
    let account: ServiceAccount = serde_json::from_value(json!({ "metadata": name })).unwrap();
    let binding: RoleBinding = serde_json::from_value(json!({
        "metadata": name,
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT },
        "subjects": [{ "kind": "ServiceAccount", "name": ACCOUNT, "namespace": place.namespace }],
    }))
    .unwrap();
    let parameters = PostParams::default();
    let accounts = place.api::<ServiceAccount>();
    accounts.create(&parameters, &account).await.unwrap();
    place
        .api::<RoleBinding>()
        .create(&parameters, &binding)
        .await
        .unwrap();
    grant(place, role.rules.clone().unwrap()).await;
    let request = TokenRequest {
        spec: TokenRequestSpec {
            audiences: Vec::new(),
            bound_object_ref: None,
            expiration_seconds: Some(3600),
        },
        ..TokenRequest::default()
    };
    let answer = accounts
        .create_token_request(ACCOUNT, &parameters, &request)
        .await
        .unwrap();
    let config = common::files::read(&place.kubeconfig).unwrap();
    let token = config
        .split("token: ")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    let own = config.replace(token, &answer.status.unwrap().token);
    place.kubeconfig = place.room.file("observer", own.as_bytes()).into();
    role
}

/// Gives the account just these rules, and waits until the API server goes by them.
async fn grant(place: &Place, mut rules: Vec<PolicyRule>) {
    static GRANTS: AtomicU32 = AtomicU32::new(0);
    // An object that is nowhere, by which these rules are told from the ones before.
    let mark = format!("mark-{}", GRANTS.fetch_add(1, Ordering::Relaxed));
    rules.push(PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec!["endpoints".to_owned()]),
        resource_names: Some(vec![mark.clone()]),
        verbs: vec!["get".to_owned()],
        ..PolicyRule::default()
    });
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": ACCOUNT }, "rules": rules,
    });
    let parameters = PatchParams::apply("test").force();
    place
        .api::<Role>()
        .patch(ACCOUNT, &parameters, &Patch::Apply(role))
        .await
        .unwrap();
    let question: LocalSubjectAccessReview = serde_json::from_value(json!({
        "metadata": { "namespace": place.namespace },
        "spec": {
            "user": format!("system:serviceaccount:{}:{ACCOUNT}", place.namespace),
            "resourceAttributes": {
                "namespace": place.namespace, "verb": "get", "resource": "endpoints", "name": mark,
            },
        },
    }))
    .unwrap();
    let reviews = place.api::<LocalSubjectAccessReview>();
    let parameters = PostParams::default();
    while !reviews
        .create(&parameters, &question)
        .await
        .unwrap()
        .status
        .unwrap()
        .allowed
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// `verb resource` for each right of some rules.
fn rights(rules: &[PolicyRule]) -> BTreeSet<String> {
    rules
        .iter()
        .flat_map(|rule| {
            let resource = &rule.resources.as_ref().unwrap()[0];
            rule.verbs
                .iter()
                .map(move |verb| format!("{verb} {resource}"))
        })
        .collect()
}

/// What the account did in the namespace, from the API server's audit log.
fn done_by(place: &Place) -> BTreeSet<String> {
    let user = format!("system:serviceaccount:{}:{ACCOUNT}", place.namespace);
    let text = common::files::read(&place.audit_log).unwrap();
    text.lines()
        .filter(|it| it.contains(&user))
        .filter_map(|it| serde_json::from_str::<Value>(it).ok())
        .filter(|it| {
            it["user"]["username"] == user && it["objectRef"]["namespace"] == place.namespace
        })
        .map(|it| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (verb, reference) = (text(&it["verb"]), &it["objectRef"]);
            match text(&reference["subresource"]) {
                none if none.is_empty() => format!("{verb} {}", text(&reference["resource"])),
                subresource => format!("{verb} {}/{subresource}", text(&reference["resource"])),
            }
        })
        .collect()
}

#[tokio::test]
async fn the_role_that_is_printed_suffices_and_all_of_it_is_used() {
    let Some(mut place) = place("rights", ends_with(0, SHORT)).await else {
        return;
    };
    let role = observer(&mut place).await;
    let scenario = place.room.file("night.toml", b"[[persona]]\n");
    let run = place.run_line(&["--file", &scenario]);
    place.room.run(&run).await.assert_exit(0);
    assert!(place.room.has_report());
    place.assert_clean().await;

    // A killed run is cleaned up with the same rights.
    super::cluster::kubelet::direct(&place.stage, &place.namespace, ends_with(0, LONG));
    let mut running = place.room.start(&run);
    running.until("3 of 3 pods").await;
    running.signal(Signal::SIGKILL);
    drop(running.end().await);
    let ended = place.room.run(&place.line("clean", &[])).await;
    ended.assert_exit(0);
    assert_eq!(ended.stdout, "removes Job night\n");
    place.assert_clean().await;

    let granted = rights(role.rules.as_ref().unwrap());
    let done = done_by(&place);
    let unused: Vec<_> = granted.difference(&done).collect();
    // Events are asked for only when pods are missing for some seconds.
    assert!(unused.iter().all(|it| *it == "list events"), "{unused:?}");
    // `clean` tries to list what it may not, and goes on.
    let beyond: Vec<_> = done
        .difference(&granted)
        .filter(|it| !it.starts_with("list "))
        .collect();
    assert_eq!(beyond, [""; 0]);
    place.leave().await;
}

#[tokio::test]
async fn nothing_less_suffices_and_what_is_missing_is_named() {
    let Some(mut place) = place("less", ends_with(0, SHORT)).await else {
        return;
    };
    let role = observer(&mut place).await;
    let scenario = place.room.file("night.toml", b"[[persona]]\n");
    let run = place.run_line(&["--file", &scenario]);
    let all = role.rules.unwrap();
    for missing in rights(&all) {
        let (verb, resource) = missing.split_once(' ').unwrap();
        let fewer: Vec<_> = all
            .iter()
            .cloned()
            .map(|mut rule| {
                if rule.resources.as_ref().unwrap()[0] == resource {
                    rule.verbs.retain(|it| it != verb);
                }
                rule
            })
            .filter(|it| !it.verbs.is_empty())
            .collect();
        grant(&place, fewer).await;
        let ended = place.room.run(&run).await;
        ended.assert_error(4, &["this account may not do", &missing]);
        ended.assert_hint("`load-gen kubernetes rbac` prints a Role");
        assert_eq!(place.ours().await, [""; 0], "without {missing}");
    }
    place.leave().await;
}
