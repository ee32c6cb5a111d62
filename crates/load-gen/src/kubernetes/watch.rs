//! The pods of a run as they change: a list first, then what is watched, and again after an interruption.

use std::time::Duration;

use futures::TryStreamExt as _;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use tokio::sync::mpsc;

use super::state::View;

/// How many pods a page of a list has.
const PAGE: u32 = 500;

/// After which time a watch is begun anew, in seconds; API servers refuse 300 and more from some clients.
const WATCH_SECS: u32 = 280;

/// The pause before a new attempt.
const PAUSE: Duration = Duration::from_secs(1);

/// What is seen of the pods.
#[derive(Debug)]
pub(super) enum Seen {
    /// All that there are.
    All(Vec<View>),
    /// One, new or changed.
    One(View),
    /// One that was removed, as it was at last.
    Gone(View),
    /// The API server refuses or does not answer; it is asked again.
    Failed(kube::Error),
}

/// Sends what is seen until the receiver is gone.
pub(super) async fn watch(pods: Api<Pod>, selector: String, seen: mpsc::Sender<Seen>) {
    while !seen.is_closed() {
        let result = match list(&pods, &selector).await {
            Ok((views, version)) => {
                if seen.send(Seen::All(views)).await.is_err() {
                    return;
                }
                changes(&pods, &selector, version, &seen).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result
            && seen.send(Seen::Failed(error)).await.is_err()
        {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn list(pods: &Api<Pod>, selector: &str) -> kube::Result<(Vec<View>, String)> {
    let mut views = Vec::new();
    let mut parameters = ListParams::default().labels(selector).limit(PAGE);
    loop {
        let page = pods.list(&parameters).await?;
        views.extend(page.items.iter().map(View::of));
        match page.metadata.continue_.filter(|it| !it.is_empty()) {
            Some(token) => parameters = parameters.continue_token(&token),
            None => return Ok((views, page.metadata.resource_version.unwrap_or_default())),
        }
    }
}

/// Sends changes until the API server ends the watch.
async fn changes(
    pods: &Api<Pod>,
    selector: &str,
    mut version: String,
    seen: &mpsc::Sender<Seen>,
) -> kube::Result<()> {
    let parameters = WatchParams::default().labels(selector).timeout(WATCH_SECS);
    loop {
        let events = pods.watch(&parameters, &version).await?;
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.try_next().await? {
            let (pod, wrap): (_, fn(View) -> Seen) = match event {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => (pod, Seen::One),
                WatchEvent::Deleted(pod) => (pod, Seen::Gone),
                WatchEvent::Bookmark(mark) => {
                    version = mark.metadata.resource_version;
                    continue;
                }
                // The version is too old to go on from; the list is taken again.
                WatchEvent::Error(status) if status.code == 410 => return Ok(()),
                WatchEvent::Error(status) => return Err(kube::Error::Api(status)),
            };
            if let Some(newer) = &pod.metadata.resource_version {
                version.clone_from(newer);
            }
            if seen.send(wrap(View::of(&pod))).await.is_err() {
                return Ok(());
            }
        }
        if seen.is_closed() {
            return Ok(());
        }
    }
}
