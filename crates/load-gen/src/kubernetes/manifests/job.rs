//! The Job: as many pods as workers and a master, numbered; number 0 is the master.

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    Capabilities, ConfigMapVolumeSource, Container, ContainerPort, EmptyDirVolumeSource, EnvVar,
    EnvVarSource, ObjectFieldSelector, PodSecurityContext, PodSpec, PodTemplateSpec,
    ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext,
    TopologySpreadConstraint, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::super::carried;
use super::super::plan::{MASTER_PORT, Plan, SecretKey};
use super::super::pod_env;
use super::{TOKEN_KEY, labels, meta};

/// The name of the only container of a pod.
pub(in super::super) const CONTAINER: &str = "load-gen";

/// The folder of the results, the only one that can be written.
const RESULTS: &str = "/results";

/// How often a worker is started anew; a master is not, since its run is lost.
const RESTARTS: i32 = 3;

/// Ends of `load-gen` that a new start would repeat: result, usage, no data, interrupted.
const FINAL_EXITS: [i32; 4] = [1, 2, 3, 130];

/// A user that exists nowhere (`nobody` of distroless images).
const USER: i64 = 65532;

/// How long a pod that is to end may take to hand over what it measured, in seconds.
const GRACE_SECS: i64 = 60;

/// How much later than the run itself the cluster ends a run that nobody follows any more, in seconds.
const DEADLINE_SLACK_SECS: u64 = 120;

pub(super) fn job(plan: &Plan) -> Job {
    let deadline = plan.timeout.as_secs() + DEADLINE_SLACK_SECS;
    Job {
        metadata: meta(plan),
        spec: Some(JobSpec {
            completion_mode: Some("Indexed".to_owned()),
            completions: i32::try_from(plan.pods()).ok(),
            parallelism: i32::try_from(plan.pods()).ok(),
            backoff_limit_per_index: Some(RESTARTS),
            pod_failure_policy: Some(failure_policy()),
            active_deadline_seconds: i64::try_from(deadline).ok(),
            ttl_seconds_after_finished: i32::try_from(plan.ttl.as_secs()).ok(),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels(plan)),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(plan)),
            },
            ..JobSpec::default()
        }),
        ..Job::default()
    }
}

fn failure_policy() -> PodFailurePolicy {
    PodFailurePolicy {
        rules: vec![PodFailurePolicyRule {
            action: "FailIndex".to_owned(),
            on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
                container_name: Some(CONTAINER.to_owned()),
                operator: "In".to_owned(),
                values: FINAL_EXITS.to_vec(),
            }),
            ..PodFailurePolicyRule::default()
        }],
    }
}

fn pod(plan: &Plan) -> PodSpec {
    let account = plan.service_account.as_ref().unwrap_or(&plan.name);
    PodSpec {
        restart_policy: Some("Never".to_owned()),
        service_account_name: Some(account.clone()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        // With the Job's name for pods this makes the host names `NAME-0.NAME` and so on.
        subdomain: Some(plan.name.clone()),
        termination_grace_period_seconds: Some(GRACE_SECS),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        topology_spread_constraints: Some(vec![TopologySpreadConstraint {
            max_skew: 1,
            topology_key: "kubernetes.io/hostname".to_owned(),
            when_unsatisfiable: "ScheduleAnyway".to_owned(),
            label_selector: Some(LabelSelector {
                match_labels: Some(labels(plan)),
                ..LabelSelector::default()
            }),
            ..TopologySpreadConstraint::default()
        }]),
        containers: vec![container(plan)],
        volumes: Some(volumes(plan)),
        ..PodSpec::default()
    }
}

fn container(plan: &Plan) -> Container {
    let quantities = [("cpu", &plan.cpu), ("memory", &plan.memory)]
        .map(|(name, text)| (name.to_owned(), Quantity(text.clone())));
    let outputs = &plan.outputs;
    let mut command = vec!["load-gen", "kubernetes", "pod"];
    command.extend(outputs.html.is_some().then_some("--html"));
    command.extend(outputs.csv.is_some().then_some("--csv"));
    command.extend(outputs.hlog.is_some().then_some("--hlog"));
    command.push("--");
    command.extend(plan.flags.iter().map(String::as_str));
    let mut mounts = vec![mount("results", RESULTS, None)];
    if !plan.files.is_empty() {
        mounts.push(mount("files", carried::FOLDER, Some(true)));
    }
    Container {
        name: CONTAINER.to_owned(),
        image: Some(plan.image.clone()),
        command: Some(command.into_iter().map(escaped).collect()),
        env: Some(env(plan)),
        ports: Some(vec![ContainerPort {
            name: Some("master".to_owned()),
            container_port: i32::from(MASTER_PORT),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        resources: Some(ResourceRequirements {
            requests: Some(quantities.clone().into()),
            limits: Some(quantities.into()),
            claims: None,
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities {
                add: None,
                drop: Some(vec!["ALL".to_owned()]),
            }),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(mounts),
        ..Container::default()
    }
}

/// Kubernetes puts the values of variables in the place of `$(NAME)`, unless the dollar is doubled.
fn escaped(text: &str) -> String {
    text.replace("$(", "$$(")
}

fn env(plan: &Plan) -> Vec<EnvVar> {
    let master = format!("{0}-0.{0}", plan.name);
    let token = SecretKey {
        secret: plan.name.clone(),
        key: TOKEN_KEY.to_owned(),
    };
    let mut all = vec![
        value(pod_env::WORKERS, &plan.workers.to_string()),
        value(
            pod_env::MAX_WAIT,
            &format!("{}s", plan.start_timeout.as_secs()),
        ),
        value(pod_env::MASTER_HOST, &master),
        value(pod_env::MASTER_PORT, &MASTER_PORT.to_string()),
        value(pod_env::RESULTS, RESULTS),
        value("TMPDIR", RESULTS),
        EnvVar {
            name: pod_env::POD_IP.to_owned(),
            value: None,
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    api_version: None,
                    field_path: "status.podIP".to_owned(),
                }),
                ..EnvVarSource::default()
            }),
        },
        secret(pod_env::TOKEN, &token),
    ];
    all.extend(
        plan.env
            .iter()
            .map(|(name, text)| value(name, &escaped(text))),
    );
    all.extend(plan.env_secrets.iter().map(|(name, key)| secret(name, key)));
    all
}

fn value(name: &str, text: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(text.to_owned()),
        value_from: None,
    }
}

fn secret(name: &str, from: &SecretKey) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: from.secret.clone(),
                key: from.key.clone(),
                optional: None,
            }),
            ..EnvVarSource::default()
        }),
    }
}

fn mount(name: &str, path: &str, read_only: Option<bool>) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only,
        ..VolumeMount::default()
    }
}

fn volumes(plan: &Plan) -> Vec<Volume> {
    let results = Volume {
        name: "results".to_owned(),
        empty_dir: Some(EmptyDirVolumeSource {
            medium: None,
            size_limit: Some(Quantity("256Mi".to_owned())),
        }),
        ..Volume::default()
    };
    let files = Volume {
        name: "files".to_owned(),
        config_map: Some(ConfigMapVolumeSource {
            name: plan.name.clone(),
            ..ConfigMapVolumeSource::default()
        }),
        ..Volume::default()
    };
    if plan.files.is_empty() {
        vec![results]
    } else {
        vec![results, files]
    }
}
