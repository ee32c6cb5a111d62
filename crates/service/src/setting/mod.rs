//! Makes ready what users ask for: the reference service where none is given, targets with their right
//! answers, images; and takes away what they leave.

mod contact;
mod images;
mod targets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::fits::FitsError;
use common::report::Limitation;
use common::sky::Radii;
use db_perf::catalog::CsvError;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub use contact::{clean_up, first_contact};

use crate::client::TransportError;
use crate::profile::Profile;
use crate::reference::{CatalogueSource, Reference, ReferenceError, ReferenceOptions};
use crate::session::{Litter, Polling, Scene};

/// What users ask for, as a command line says it.
#[derive(Debug, Clone)]
pub struct SceneOptions {
    /// The name of the run.
    pub run: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Radii of cones.
    pub radii: Radii,
    /// How many targets are drawn.
    pub targets: usize,
    /// The catalogue behind the service, where it is known.
    pub catalog: Option<PathBuf>,
    /// A folder of FITS files to upload, or to name to the service.
    pub fits: Option<PathBuf>,
    /// Width and height of images that are made for uploads, pixels.
    pub image_size: u32,
    /// The limit of an exchange where the profile gives none.
    pub timeout: Duration,
    /// The limit of a job where the profile gives none.
    pub job_timeout: Duration,
}

/// Why it cannot be made ready.
#[derive(Debug, Error)]
pub enum SettingError {
    /// The catalogue's file cannot be used.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A FITS file cannot be made.
    #[error(transparent)]
    Fits(#[from] FitsError),
    /// A folder of FITS files cannot be used.
    #[error("`--fits`: {0}")]
    Folder(String),
    /// The service cannot be reached.
    #[error("{0}")]
    Unreachable(TransportError),
    /// The reference service could not be started.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Somebody stopped it.
    #[error("interrupted")]
    Stopped,
}

/// Draws targets, counts what the catalogue has there, reads or makes images.
///
/// # Errors
/// When a file cannot be used, or `stop` is cancelled.
pub async fn scene(
    profile: &Profile,
    reference: Option<&Reference>,
    options: &SceneOptions,
    stop: &CancellationToken,
) -> Result<(Scene, Vec<Limitation>), SettingError> {
    let mut limitations = Vec::new();
    let targets = targets::targets(profile, reference, options, stop, &mut limitations).await?;
    let images = images::images(profile, reference, options)?;
    let scene = Scene {
        run: options.run.clone(),
        seed: options.seed,
        targets,
        keys: images.keys,
        files: images.files,
        timeout: options.timeout,
        job_timeout: options.job_timeout,
        polling: Polling::default(),
        litter: Litter::default(),
    };
    Ok((scene, limitations))
}

/// Starts the reference service with its catalogue in a throwaway PostgreSQL where there is one, else in
/// memory; `say` tells people what goes on.
///
/// # Errors
/// When it cannot be started, or its `stop` is cancelled.
pub async fn start_reference(
    objects: u64,
    options: impl Fn(CatalogueSource) -> ReferenceOptions,
    say: impl Fn(&str),
) -> Result<Reference, SettingError> {
    let throwaway = options(CatalogueSource::Throwaway { objects });
    let started = match Reference::start(throwaway, &say).await {
        Err(ReferenceError::NoPostgres(reason)) => {
            say(&format!("note: the catalogue is kept in memory: {reason}"));
            Reference::start(options(CatalogueSource::Memory { objects }), &say).await
        }
        other => other,
    };
    match started {
        Err(ReferenceError::Stopped) => Err(SettingError::Stopped),
        other => Ok(other?),
    }
}

/// Everything that a user of the run needs.
#[derive(Clone)]
pub struct Stage {
    /// How the service is asked.
    pub endpoint: Arc<crate::client::Endpoint>,
    /// What is asked.
    pub profile: Arc<Profile>,
    /// What it is asked about.
    pub scene: Arc<Scene>,
}

impl Stage {
    /// User `number`.
    pub fn user(&self, number: u64) -> crate::session::Session {
        crate::session::Session::new(
            Arc::clone(&self.endpoint),
            Arc::clone(&self.profile),
            Arc::clone(&self.scene),
            number,
        )
    }
}
