//! A workflow of a pipeline from end to end: an image is calibrated, then its brightest sources are looked
//! up in the catalogue.

use std::sync::Arc;
use std::time::Duration;

use common::sky::{Cone, Target, TargetClass};
use common::units::{count_f64, size_u64};
use tokio::time::Instant;

use super::capture::Keep;
use super::draws::Occasion;
use super::scene::Asked;
use super::{JobAnswer, Problem, Session, job, kinds};
use crate::profile::Workflow;

/// A workflow that ended well.
#[derive(Debug, Clone)]
pub struct WorkflowAnswer {
    /// The calibration.
    pub job: JobAnswer,
    /// Fetching the list of measured sources.
    pub list: Duration,
    /// Looking up all of the sources, one after the other.
    pub lookups: Duration,
    /// Sources that were looked up.
    pub looked_up: u64,
    /// Those of them that the catalogue has.
    pub found: u64,
}

pub(super) async fn run(session: &mut Session) -> Result<WorkflowAnswer, Problem> {
    let profile = Arc::clone(&session.profile);
    let nothing = || Problem::new(kinds::BAD_REQUEST, "the profile has no workflow");
    let workflow: &Workflow = profile.workflow.as_ref().ok_or_else(nothing)?;
    let operation = |name: &str| profile.operation(name).ok_or_else(nothing);
    let submitted = job::follow(session, operation(&workflow.submit)?).await?;
    let mut occasion = Occasion {
        job: Some(submitted.name.clone()),
        ..Occasion::default()
    };
    let begin = Instant::now();
    let list = session
        .call(
            &operation(&workflow.sources)?.call,
            &occasion,
            Keep::default(),
        )
        .await?;
    let list_time = begin.elapsed();
    let sources: Vec<_> = list
        .positions
        .iter()
        .take(workflow.brightest)
        .copied()
        .collect();
    if sources.is_empty() {
        return Err(Problem::new(
            kinds::WRONG_COUNT,
            "no source was measured in the image",
        ));
    }
    let lookup = operation(&workflow.lookup)?;
    let begin = Instant::now();
    let mut found = 0;
    for center in &sources {
        let cone = Cone {
            center: *center,
            radius_deg: workflow.radius_deg,
        };
        let target = Target {
            class: TargetClass::Density,
            name: None,
            cone,
        };
        occasion.asked = Some(Asked {
            target,
            expected: None,
        });
        let answer = session
            .call(&lookup.call, &occasion, Keep::default())
            .await?;
        found += u64::from(answer.rows.is_some_and(|it| it > 0));
    }
    let looked_up = size_u64(sources.len());
    if count_f64(found) < workflow.least_found * count_f64(looked_up) {
        let message = format!(
            "the catalogue has only {found} of the {looked_up} brightest sources of the image"
        );
        return Err(Problem::new(kinds::WRONG_COUNT, message));
    }
    Ok(WorkflowAnswer {
        job: submitted,
        list: list_time,
        lookups: begin.elapsed(),
        looked_up,
        found,
    })
}
