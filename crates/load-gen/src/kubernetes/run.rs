//! `load-gen kubernetes run`: makes the objects of a run, follows it, fetches its results, removes it.

use std::time::Duration;

use common::cli::{self, Exit, stop_on_signals};
use common::redact::Secret;
use rand::TryRng as _;
use tokio_util::sync::CancellationToken;

use super::args::Run;
use super::cluster::Cluster;
use super::follow::{Ended, follow};
use super::hand_over::hand_over;
use super::manifests::{self, Objects, PLACEHOLDER};
use super::parcel::hex;
use super::plan::Plan;
use super::rights;
use super::trouble::Trouble;

/// How long pods may take to go away: they have 60 s to end.
const REMOVAL_LIMIT: Duration = Duration::from_mins(2);

/// Bytes of the token that master and workers share.
const TOKEN_BYTES: usize = 32;

/// Runs a load test in a cluster, or prints its manifests.
pub(super) async fn run(run: Run) -> Result<Exit, Trouble> {
    let flags = run.cluster.clone();
    let renders = run.render;
    let plan = Plan::new(run).map_err(Trouble::Mistakes)?;
    if renders {
        let objects = Objects::of(&plan, &Secret::new(PLACEHOLDER));
        let text = manifests::render(&objects).map_err(Trouble::Yaml)?;
        cli::print(&text).map_err(Trouble::Output)?;
        return Ok(Exit::Success);
    }
    plan.outputs.check_writable()?;
    let stop = stop_on_signals();
    let cluster = Cluster::connect(&flags).await?;
    tokio::select! {
        () = stop.cancelled() => return Err(Trouble::Interrupted),
        checked = rights::check(&cluster, &plan) => checked?,
    }
    let mut objects = Objects::of(&plan, &random_token()?);
    let uid = cluster.create_job(&objects).await?;
    cli::narrate(&format!(
        "Job `{}` with 1 master and {} workers in namespace `{}`",
        plan.name, plan.workers, cluster.namespace
    ));
    let ended = carry_out(&cluster, &plan, &mut objects, &uid, &stop).await;
    // Whatever happened, nothing stays.
    let removed = cluster.remove(&plan.name, &uid, REMOVAL_LIMIT).await;
    let exit = ended.and_then(|it| hand_over(&plan.outputs, it));
    match (exit, removed) {
        (exit, Ok(())) => exit,
        (Ok(_), Err(trouble)) => Err(trouble),
        (Err(first), Err(second)) => {
            cli::complain(
                &second.to_string(),
                Some("`load-gen kubernetes clean` removes what is left"),
            );
            Err(first)
        }
    }
}

async fn carry_out(
    cluster: &Cluster,
    plan: &Plan,
    objects: &mut Objects,
    uid: &str,
    stop: &CancellationToken,
) -> Result<Ended, Trouble> {
    cluster.complete(objects, uid).await?;
    follow(cluster, plan, uid, stop).await
}

fn random_token() -> Result<Secret, Trouble> {
    let mut bytes = [0; TOKEN_BYTES];
    let drawn = rand::rngs::SysRng.try_fill_bytes(&mut bytes);
    drawn.map_err(|error| Trouble::Failed {
        what: format!("failed to draw a random token: {error}"),
        hint: None,
    })?;
    Ok(Secret::new(hex(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_and_never_the_same() {
        let [one, other] = [random_token().unwrap(), random_token().unwrap()];
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 2 * TOKEN_BYTES);
    }
}
