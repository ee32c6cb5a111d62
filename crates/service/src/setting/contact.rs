//! The first word to a service, and the last: is it there, and what is left on it?

use std::sync::Arc;
use std::time::Duration;

use common::cli;
use common::report::Limitation;
use tokio_util::sync::CancellationToken;

use super::{SettingError, Stage};
use crate::client::{Client, Discard, Endpoint, Redirects, TransportKind};
use crate::profile::{Operation, Profile};
use crate::request::Request;

/// All jobs together must be removed within this time at the end.
const CLEAN_UP_LIMIT: Duration = Duration::from_secs(30);

/// Asks the service once before anything is measured: a wrong address must not become a thousand errors.
///
/// # Errors
/// When it cannot be reached, or `stop` is cancelled.
pub async fn first_contact(
    profile: &Profile,
    endpoint: &Arc<Endpoint>,
    limit: Duration,
    stop: &CancellationToken,
) -> Result<Option<Limitation>, SettingError> {
    let plain = |it: &&Operation| it.call.request.path.as_plain().is_some();
    let operation = profile.operations.iter().find(plain);
    let path = operation
        .and_then(|it| it.call.request.path.as_plain())
        .unwrap_or("/");
    let mut client = Client::new(Arc::clone(endpoint));
    let request = Request::get(path, limit);
    let mut body = Discard;
    let exchange = client.exchange(&request, Redirects::Follow { at_most: 5 }, &mut body);
    let outcome = tokio::select! {
        outcome = exchange => outcome,
        () = stop.cancelled() => return Err(SettingError::Stopped),
    };
    match outcome {
        Ok(answer) if answer.status.is_success() => Ok(None),
        Ok(answer) => {
            let message = format!(
                "before the run `{path}` answered with status {}",
                answer.status
            );
            cli::narrate(&format!(
                "warning: {message}: is this the service of the profile `{}`?",
                profile.name
            ));
            Ok(Some(Limitation::of_run("unexpected_status", message)))
        }
        // Whoever sends too much or in circles is there all the same.
        Err(error)
            if matches!(
                error.kind,
                TransportKind::TooLarge | TransportKind::RedirectLoop
            ) =>
        {
            Ok(Some(Limitation::of_run(
                "unexpected_answer",
                format!("before the run: {error}"),
            )))
        }
        Err(error) => Err(SettingError::Unreachable(error)),
    }
}

/// Removes the jobs that this run made on the service; says what could not be.
pub async fn clean_up(stage: &Stage) -> Option<Limitation> {
    let jobs = stage.scene.litter.take();
    if jobs.is_empty() {
        return None;
    }
    let mut session = stage.user(u64::MAX);
    let total = jobs.len();
    let mut removed = 0;
    let mut example = None;
    let all = async {
        for (operation, job) in &jobs {
            match session.clean_up(operation, job).await {
                Ok(()) => removed += 1,
                Err(problem) => example = Some(problem.message),
            }
        }
    };
    let in_time = tokio::time::timeout(CLEAN_UP_LIMIT, all).await.is_ok();
    (removed < total).then(|| {
        let why = match (in_time, example) {
            (_, Some(example)) => example,
            (false, None) => {
                format!("the service took more than {} s", CLEAN_UP_LIMIT.as_secs())
            }
            (true, None) => String::new(),
        };
        let left = total - removed;
        Limitation::of_run(
            "jobs_left",
            format!("{left} of {total} jobs are left on the service: {why}"),
        )
    })
}
