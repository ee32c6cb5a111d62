//! Makes ready what users ask for, and takes it down again.

use std::collections::BTreeMap;
use std::sync::Arc;

use common::cli;
use common::report::{Limitation, RunClock};
use serde_json::Value;
use service::client::{BaseUrl, Endpoint};
use service::reference::{CatalogueSource, Reference, ReferenceOptions};
use service::setting::{self, SceneOptions, Stage};
use tokio_util::sync::CancellationToken;

use crate::plan::Plan;
use crate::trouble::Trouble;

/// Targets that users draw from.
pub(crate) const TARGETS: usize = 4096;
/// Width and height of images that are made, pixels.
pub(crate) const IMAGE_PX: u32 = 512;

/// What has to be taken down at the end.
#[derive(Default)]
pub(crate) struct Holdings {
    reference: Option<Reference>,
}

/// What users ask for, ready.
pub(crate) struct Ready {
    pub(crate) stage: Stage,
    /// One line for people.
    pub(crate) description: String,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) limitations: Vec<Limitation>,
}

impl Holdings {
    /// Makes everything ready. What was begun is in `self` and must be taken down whatever the outcome.
    pub(crate) async fn prepare(
        &mut self,
        plan: &Plan,
        clock: &RunClock,
        stop: &CancellationToken,
    ) -> Result<Ready, Trouble> {
        let base = match &plan.connection.base {
            Some(base) => base.clone(),
            None => self.start_reference(plan, stop).await?,
        };
        let endpoint = Arc::new(endpoint(plan, base)?);
        let mut limitations = Vec::new();
        if self.reference.is_none() {
            let contact =
                setting::first_contact(&plan.scenario.profile, &endpoint, plan.timeout, stop);
            limitations.extend(contact.await?);
        } else {
            let message =
                "the reference service runs on the machine of the tool: both share its cores";
            limitations.push(Limitation::of_run("same_machine", message));
        }
        let reference = self.reference.as_ref();
        let scene = scene_options(plan, clock.id());
        let scene = setting::scene(&plan.scenario.profile, reference, &scene, stop).await?;
        limitations.extend(scene.1);
        let (description, mut facts) = match reference {
            Some(reference) => (
                format!("reference service: {}", reference.description()),
                reference.facts(),
            ),
            None => (endpoint.to_string(), BTreeMap::new()),
        };
        facts.insert("url".to_owned(), endpoint.to_string().into());
        Ok(Ready {
            stage: Stage {
                endpoint,
                profile: Arc::clone(&plan.scenario.profile),
                scene: Arc::new(scene.0),
            },
            description,
            facts,
            limitations,
        })
    }

    async fn start_reference(
        &mut self,
        plan: &Plan,
        stop: &CancellationToken,
    ) -> Result<BaseUrl, Trouble> {
        let options = |catalogue: CatalogueSource| ReferenceOptions {
            catalogue,
            seed: plan.seed,
            image_size_px: IMAGE_PX,
            faults: plan.faults.clone(),
            stop: stop.clone(),
            ..ReferenceOptions::default()
        };
        let objects = plan.reference_objects.unwrap_or_default();
        let started = setting::start_reference(objects, options, cli::narrate).await?;
        let url = started.url();
        self.reference = Some(started);
        url.parse()
            .map_err(|error| Trouble::Machine(format!("`{url}`: {error}")))
    }

    /// Takes everything down; says what could not be.
    pub(crate) async fn take_down(&mut self) -> Vec<String> {
        match self.reference.take() {
            Some(reference) => reference.stop().await,
            None => Vec::new(),
        }
    }
}

/// How the service is asked.
fn endpoint(plan: &Plan, base: BaseUrl) -> Result<Endpoint, Trouble> {
    let mut options = plan.connection.options(base);
    options.cookies = true;
    options.source_addresses.clone_from(&plan.source_addresses);
    Ok(Endpoint::new(options)?)
}

fn scene_options(plan: &Plan, run: &str) -> SceneOptions {
    SceneOptions {
        run: run.to_owned(),
        seed: plan.seed,
        radii: plan.radii,
        targets: TARGETS,
        catalog: plan.catalog.clone(),
        fits: plan.fits.clone(),
        image_size: IMAGE_PX,
        timeout: plan.timeout,
        job_timeout: plan.job_timeout,
    }
}
