//! Starting and stopping the reference service.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::sky::{Cone, Position, SkyConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::catalogue::Catalogue;
use super::error::ReferenceError;
use super::faults::Faults;
use super::fields::{DeepField, Planted, plant};
use super::folder::{make, remove_leftovers};
use super::ground::{Ground, Ready, Truth};
use super::http::App;
use super::jobs::{Crew, InputStore, Jobs, Kitchen, Masters};
use super::metrics::Metrics;
use super::options::ReferenceOptions;
use super::server::serve;
use super::vitals::{Vitals, watch};

/// How long answers that go on may take when the service stops.
const DRAIN: Duration = Duration::from_secs(5);

/// How long calibrations that go on may take when the service stops.
const WORK_LIMIT: Duration = Duration::from_secs(15);

/// The same when it is dropped.
const DROP_LIMIT: Duration = Duration::from_secs(2);

/// The running service. [`Reference::stop`] ends it and removes all it made; dropping it does so too,
/// except for the schema in a given database, which `db-perf clean` removes.
pub struct Reference {
    addr: SocketAddr,
    description: String,
    facts: BTreeMap<String, Value>,
    sample: Vec<Position>,
    fields: Vec<DeepField>,
    app: Arc<App>,
    truth: Truth,
    stop: CancellationToken,
    server: Option<JoinHandle<usize>>,
    watcher: JoinHandle<()>,
    crew: Option<Crew>,
    ground: Ground,
    folder: Option<TempDir>,
}

impl Reference {
    /// Makes everything ready and listens. `narrate` is told what is going on, in lines for people.
    ///
    /// [`ReferenceError::NoPostgres`] says that a throwaway server is not possible on this machine,
    /// where a catalogue in memory is. Whatever fails, nothing is left behind.
    pub async fn start(
        options: ReferenceOptions,
        narrate: impl Fn(&str),
    ) -> Result<Self, ReferenceError> {
        check(&options)?;
        let addr = options.addr;
        let listen = |source| ReferenceError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let mut ground = Ground::default();
        let started = tokio::select! {
            started = prepare(&mut ground, &options, &narrate) => started,
            () = options.stop.cancelled() => Err(ReferenceError::Stopped),
        };
        let begun = started.and_then(|(kitchen, ready)| begin(&options, listener, kitchen, ready));
        match begun {
            Ok(begun) => Ok(begun.with(ground)),
            Err(error) => {
                for message in ground.take_down().await {
                    narrate(&message);
                }
                Err(error)
            }
        }
    }

    /// The address of the service, `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// What it is, in a line.
    pub fn description(&self) -> String {
        self.description.clone()
    }

    /// What a report should say of it.
    pub fn facts(&self) -> BTreeMap<String, Value> {
        self.facts.clone()
    }

    /// Positions of a fair sample of the rows of the catalogue.
    pub fn sample(&self) -> Vec<Position> {
        self.sample.clone()
    }

    /// The exact number of rows in each cone, rims included, by comparing every row.
    pub async fn expected(&self, cones: Vec<Cone>) -> Vec<u64> {
        let (app, truth) = (Arc::clone(&self.app), self.truth.clone());
        let counting = tokio::task::spawn_blocking(move || match (&truth, &app.catalogue) {
            (Truth::Loaded { rows, extra }, _) => Truth::count(rows, extra, &cones),
            (Truth::Memory, Catalogue::Memory(memory)) => memory.count(&cones),
            (Truth::Memory, Catalogue::Postgres(_)) => Vec::new(),
        });
        counting.await.unwrap_or_default()
    }

    /// The keys of the raw images.
    pub fn input_keys(&self) -> Vec<String> {
        self.app.inputs.keys()
    }

    /// The fields that the catalogue holds completely, each with a raw image.
    pub fn fields(&self) -> Vec<DeepField> {
        self.fields.clone()
    }

    /// Faults injected so far, by kind.
    pub fn injected(&self) -> BTreeMap<String, u64> {
        self.app.faults.injected()
    }

    /// Ends the service: answers that go on may finish within 5 s, jobs are cancelled, everything
    /// that was made is removed. Says what could not be.
    pub async fn stop(mut self) -> Vec<String> {
        let mut left = Vec::new();
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            // Connections that were cut leave nothing behind.
            let _ = server.await;
        }
        self.app.jobs.stop();
        if let Some(crew) = self.crew.take() {
            let joined = tokio::task::spawn_blocking(move || crew.join(WORK_LIMIT)).await;
            let working = joined.unwrap_or_default();
            if working > 0 {
                left.push(format!("{working} calibrations still go on"));
            }
        }
        self.watcher.abort();
        if let Catalogue::Postgres(postgres) = &self.app.catalogue {
            postgres.close();
        }
        left.extend(std::mem::take(&mut self.ground).take_down().await);
        if let Some(folder) = self.folder.take() {
            let path = folder.path().display().to_string();
            if let Err(error) = folder.close() {
                left.push(format!("folder `{path}` is left behind: {error}"));
            }
        }
        left
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take() {
            server.abort();
        }
        self.watcher.abort();
        self.app.jobs.stop();
        if let Some(crew) = self.crew.take() {
            crew.join(DROP_LIMIT);
        }
    }
}

fn check(options: &ReferenceOptions) -> Result<(), ReferenceError> {
    let rules = [
        (options.workers >= 1, "workers must be at least 1"),
        (options.queue >= 1, "the queue must be at least 1 long"),
        (options.connections >= 1, "connections must be at least 1"),
        (
            (64..=4096).contains(&options.image_size_px),
            "the image size must be from 64 to 4096 pixels",
        ),
    ];
    let broken: Vec<&str> = rules
        .iter()
        .filter_map(|(holds, rule)| (!holds).then_some(*rule))
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(ReferenceError::Options(broken.join("; ")))
}

/// The folders and images of a service.
struct Workshop {
    folder: TempDir,
    inputs: InputStore,
    fields: Vec<DeepField>,
    kitchen: Arc<Kitchen>,
}

async fn prepare(
    ground: &mut Ground,
    options: &ReferenceOptions,
    narrate: &impl Fn(&str),
) -> Result<(Workshop, Ready), ReferenceError> {
    remove_leftovers(narrate);
    let folder = make()?;
    let masters = Masters::new(
        folder.path().join("masters"),
        options.seed,
        options.image_size_px,
    );
    let kitchen = Arc::new(Kitchen::new(folder.path().join("results"), masters));
    let (inputs, planted) = if let Some(path) = &options.objects_dir {
        (open_objects(path)?, Planted::default())
    } else {
        let count = options.images;
        narrate(&format!(
            "making {count} raw images and their master frames"
        ));
        let objects = folder.path().join("objects");
        let planted = make_images(options, objects.clone(), Arc::clone(&kitchen)).await?;
        (open_objects(&objects)?, planted)
    };
    let ready = ground.prepare(options, planted.sources, narrate).await?;
    let workshop = Workshop {
        folder,
        inputs,
        fields: planted.fields,
        kitchen,
    };
    Ok((workshop, ready))
}

fn open_objects(path: &Path) -> Result<InputStore, ReferenceError> {
    InputStore::new(path).map_err(|source| ReferenceError::Objects {
        path: path.to_owned(),
        source,
    })
}

/// Makes raw images, and the master frames for them, so that the first job is as fast as the others.
async fn make_images(
    options: &ReferenceOptions,
    folder: PathBuf,
    kitchen: Arc<Kitchen>,
) -> Result<Planted, ReferenceError> {
    let (count, size) = (options.images, options.image_size_px);
    let sky = SkyConfig {
        seed: options.seed,
        ..SkyConfig::default()
    };
    let stop = options.stop.clone();
    let making = tokio::task::spawn_blocking(move || {
        let failed = |error: &dyn std::fmt::Display| ReferenceError::Images(error.to_string());
        let planted = plant(&folder, count, size, sky).map_err(|it| failed(&it))?;
        for field in &planted.fields {
            if stop.is_cancelled() {
                return Err(ReferenceError::Stopped);
            }
            let image = folder.join(&field.input_key);
            kitchen.warm(&image).map_err(|it| failed(&it))?;
        }
        Ok(planted)
    });
    let made = making.await;
    made.map_err(|error| ReferenceError::System(error.into()))?
}

/// A service that listens, without the ground it stands on.
struct Begun(Reference);

impl Begun {
    fn with(self, ground: Ground) -> Reference {
        let Self(mut reference) = self;
        reference.ground = ground;
        reference
    }
}

fn begin(
    options: &ReferenceOptions,
    listener: TcpListener,
    workshop: Workshop,
    ready: Ready,
) -> Result<Begun, ReferenceError> {
    let addr = listener.local_addr()?;
    let faults = Arc::new(Faults::new(&options.faults, options.seed)?);
    let has_pool = matches!(ready.catalogue, Catalogue::Postgres(_));
    let metrics = Arc::new(Metrics::new(&faults, has_pool));
    let jobs = Jobs::new(
        options.queue,
        options.most_result_bytes,
        options.seed,
        &faults,
    );
    let jobs = Arc::new(jobs);
    let crew = start_crew(options, &workshop.kitchen, &jobs, &faults, &metrics)?;
    let app = Arc::new(App {
        catalogue: ready.catalogue,
        jobs,
        inputs: workshop.inputs,
        uploads: workshop.folder.path().join("uploads"),
        metrics,
        faults: Arc::clone(&faults),
        vitals: Vitals::new(),
    });
    let stop = CancellationToken::new();
    faults.begin(Instant::now());
    let serving = serve(listener, Arc::clone(&app), stop.clone(), DRAIN);
    let watching = watch(Arc::downgrade(&app), workshop.folder.path().to_owned());
    let mut facts = ready.facts;
    facts.extend(own_facts(options));
    Ok(Begun(Reference {
        addr,
        description: describe(options, &ready.place),
        facts,
        sample: ready.sample,
        fields: workshop.fields,
        app,
        truth: ready.truth,
        stop,
        server: Some(tokio::spawn(serving)),
        watcher: tokio::spawn(watching),
        crew: Some(crew),
        ground: Ground::default(),
        folder: Some(workshop.folder),
    }))
}

fn start_crew(
    options: &ReferenceOptions,
    kitchen: &Arc<Kitchen>,
    jobs: &Arc<Jobs>,
    faults: &Arc<Faults>,
    metrics: &Arc<Metrics>,
) -> std::io::Result<Crew> {
    let metrics = Arc::clone(metrics);
    let finished: super::jobs::Finished =
        Arc::new(move |status, ms| metrics.job_ended(status.as_str(), ms));
    Crew::start(options.workers, jobs, kitchen, faults, &finished)
}

fn own_facts(options: &ReferenceOptions) -> BTreeMap<String, Value> {
    let faults: Vec<String> = options.faults.iter().map(ToString::to_string).collect();
    let facts = json!({
        "service": "astro-perf reference service",
        "service_version": env!("CARGO_PKG_VERSION"),
        "seed": options.seed,
        "workers": options.workers,
        "queue": options.queue,
        "connections": options.connections,
        "images": options.images,
        "image_size_px": options.image_size_px,
        "faults": faults,
    });
    match facts {
        Value::Object(facts) => facts.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}

fn describe(options: &ReferenceOptions, place: &str) -> String {
    let faults = match options.faults.len() {
        0 => String::new(),
        1 => ", 1 fault on demand".to_owned(),
        count => format!(", {count} faults on demand"),
    };
    format!(
        "astro-perf reference service {}: {} sources in {place}, {} workers, queue of {}{faults}",
        env!("CARGO_PKG_VERSION"),
        options.catalogue.objects(),
        options.workers,
        options.queue,
    )
}
