//! What the state of a pod means, in words, and what to do about it.

use k8s_openapi::api::core::v1::{
    ContainerStateTerminated, ContainerStateWaiting, ContainerStatus, Pod,
};

use super::manifests::CONTAINER;

/// The annotation in which the Job writes a pod's number.
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The longest part of a message of the cluster that is repeated.
const LONGEST_MESSAGE: usize = 300;

/// A pod as far as a run has to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// Its name.
    pub(super) name: String,
    /// Its number in the Job, where the Job has written it.
    pub(super) index: Option<u32>,
    /// What it does.
    pub(super) phase: Phase,
    /// What is wrong with it.
    pub(super) hitch: Option<Hitch>,
}

/// What a pod does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It does not run yet.
    Waiting,
    /// Its container runs.
    Running,
    /// Its container has ended with this exit code.
    Ended(i32),
    /// It is gone without an exit code.
    Lost,
}

/// What is wrong with a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hitch {
    /// A sentence without the pod's name, which goes before it.
    pub(super) what: String,
    /// What to do.
    pub(super) hint: &'static str,
    /// Whether waiting can help.
    pub(super) outlook: Outlook,
}

/// Whether waiting can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The cluster may get over it: nodes are added, registries answer again.
    MayPass,
    /// It was tried more than once, and a fault that passes would have passed.
    Stubborn,
    /// Only another command line or image helps.
    Final,
}

impl View {
    /// Of a pod as the API server tells it.
    pub(super) fn of(pod: &Pod) -> Self {
        let annotations = pod.metadata.annotations.as_ref();
        let container = container_of(pod);
        let state = container.and_then(|it| it.state.as_ref());
        let pod_phase = pod.status.as_ref().and_then(|it| it.phase.as_deref());
        let phase = if let Some(ended) = state.and_then(|it| it.terminated.as_ref()) {
            Phase::Ended(ended.exit_code)
        } else if matches!(pod_phase, Some("Failed" | "Succeeded")) {
            Phase::Lost
        } else if state.is_some_and(|it| it.running.is_some()) {
            Phase::Running
        } else {
            Phase::Waiting
        };
        Self {
            name: pod.metadata.name.clone().unwrap_or_default(),
            index: annotations
                .and_then(|it| it.get(INDEX))
                .and_then(|it| it.parse().ok()),
            phase,
            hitch: hitch(pod, container),
        }
    }

    /// Whether it is the master.
    pub(super) fn is_master(&self) -> bool {
        self.index == Some(0)
    }

    /// What people call it.
    pub(super) fn title(&self) -> String {
        match self.index {
            Some(0) => format!("the master ({})", self.name),
            Some(index) => format!("worker {index} ({})", self.name),
            None => format!("pod {}", self.name),
        }
    }
}

fn container_of(pod: &Pod) -> Option<&ContainerStatus> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    statuses.iter().find(|it| it.name == CONTAINER)
}

fn hitch(pod: &Pod, container: Option<&ContainerStatus>) -> Option<Hitch> {
    let state = container.and_then(|it| it.state.as_ref());
    disrupted(pod)
        .or_else(|| state?.terminated.as_ref().and_then(terminated))
        .or_else(|| state?.waiting.as_ref().and_then(waiting))
        .or_else(|| unschedulable(pod))
}

/// Taken away by the cluster: the node ran out of something, was drained or lost, or others went first.
fn disrupted(pod: &Pod) -> Option<Hitch> {
    let status = pod.status.as_ref()?;
    let condition = status
        .conditions
        .iter()
        .flatten()
        .find(|it| it.type_ == "DisruptionTarget" && it.status == "True");
    let reason = status
        .reason
        .as_deref()
        .filter(|it| {
            [
                "Evicted",
                "NodeLost",
                "NodeShutdown",
                "Preempting",
                "Terminated",
            ]
            .contains(it)
        })
        .or(condition.and_then(|it| it.reason.as_deref()))?;
    let message = status
        .message
        .as_deref()
        .or(condition.and_then(|it| it.message.as_deref()));
    let hint = match reason {
        "PreemptionByScheduler" | "Preempting" => {
            "pods of higher priority took its place: run when the cluster is less busy, or add nodes"
        }
        "Evicted" | "TerminationByKubelet" => {
            "its node ran out of memory or disk: raise `--memory`, or use nodes with more of it"
        }
        _ => "its node was drained or lost: run again when the cluster is calm",
    };
    Some(Hitch {
        what: format!("was evicted by the cluster ({reason}){}", tail(message)),
        hint,
        outlook: Outlook::MayPass,
    })
}

fn terminated(ended: &ContainerStateTerminated) -> Option<Hitch> {
    let reason = ended.reason.as_deref().unwrap_or_default();
    let message = ended.message.as_deref();
    let hitch = |what: String, hint, outlook| {
        Some(Hitch {
            what,
            hint,
            outlook,
        })
    };
    match reason {
        "OOMKilled" => hitch(
            "was killed because it used more memory than it may".to_owned(),
            "raise `--memory`, or spread the users over more `--workers`",
            Outlook::MayPass,
        ),
        "StartError" | "ContainerCannotRun" => hitch(
            format!("could not start its program{}", tail(message)),
            "the image must have `load-gen` on its PATH, for this architecture",
            Outlook::Final,
        ),
        "DeadlineExceeded" => hitch(
            "was ended at the Job's deadline".to_owned(),
            "raise `--timeout`",
            Outlook::Final,
        ),
        _ if ended.exit_code == 137 => hitch(
            "was killed (exit code 137)".to_owned(),
            "mostly the node ran out of memory: raise `--memory`",
            Outlook::MayPass,
        ),
        _ => None,
    }
}

fn waiting(waiting: &ContainerStateWaiting) -> Option<Hitch> {
    let reason = waiting.reason.as_deref()?;
    let message = waiting.message.as_deref();
    let (what, hint, outlook) = match reason {
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" => (
            "its image cannot be pulled",
            "look at `--image`; for a private registry `--service-account` names one with pull secrets",
            if reason == "ImagePullBackOff" {
                Outlook::Stubborn
            } else {
                Outlook::MayPass
            },
        ),
        "InvalidImageName" => (
            "its image has a name that is none",
            "look at `--image`",
            Outlook::Final,
        ),
        "ErrImageNeverPull" => (
            "its image is not on the node",
            "load the image onto the nodes, or give one of a registry",
            Outlook::Stubborn,
        ),
        "CreateContainerConfigError" => (
            "its container cannot be configured",
            "are the Secrets of `--env-secret` and `--token-secret` in this namespace, with these keys?",
            Outlook::Stubborn,
        ),
        "CreateContainerError" | "RunContainerError" => (
            "its container cannot be started",
            "the image must have `load-gen` on its PATH, for this architecture",
            Outlook::Stubborn,
        ),
        _ => return None,
    };
    Some(Hitch {
        what: format!("does not start, {what} ({reason}){}", tail(message)),
        hint,
        outlook,
    })
}

fn unschedulable(pod: &Pod) -> Option<Hitch> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let condition = conditions
        .iter()
        .find(|it| it.type_ == "PodScheduled" && it.status == "False")?;
    let what = match condition.reason.as_deref() {
        Some("SchedulingGated") => "is held back by a scheduling gate",
        _ => "finds no node",
    };
    Some(Hitch {
        what: format!("{what}{}", tail(condition.message.as_deref())),
        hint: "lower `--cpu`, `--memory` or `--workers`, or add nodes",
        outlook: Outlook::MayPass,
    })
}

/// A message of the cluster behind a sentence: on one line, not endless.
fn tail(message: Option<&str>) -> String {
    let words: Vec<&str> = message.unwrap_or_default().split_whitespace().collect();
    if words.is_empty() {
        return String::new();
    }
    let text = words.join(" ");
    let text = text.trim_end_matches('.');
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!(": {}…", &text[..end]),
        None => format!(": {text}"),
    }
}

#[cfg(test)]
mod tests;
