//! What a worker of a distributed run does: the lanes of its process, led by a master.

use std::sync::Arc;
use std::time::Duration;

use common::sky::Radii;
use common::units::count_f64;
use service::client::Endpoint;
use service::connection::Connection;
use service::setting::{self, SceneOptions, Stage};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::monitor::Monitor;
use crate::crowd::{Casting, LocalCrowd, Part, Play, Program, Roster};
use crate::distributed::{Engine, Job, Last, Second, Share};
use crate::live::Order;
use crate::scenario::Scenario;
use crate::visitor::{Script, Visitors};

/// The names of what travels beside the scenario.
pub(super) mod settings {
    pub(in crate::run) const RUN: &str = "run";
    pub(in crate::run) const RADII: &str = "radii";
    pub(in crate::run) const KEYS: &str = "keys";
    pub(in crate::run) const TARGETS: &str = "targets";
    pub(in crate::run) const IMAGE_PX: &str = "image_px";
    pub(in crate::run) const FITS: &str = "fits";
    pub(in crate::run) const CATALOG: &str = "catalog";
}

/// The lanes of this process, led by a master.
pub(crate) struct CrowdEngine {
    lanes: usize,
    ready: Option<Ready>,
    epoch: Option<Instant>,
    crowd: Option<LocalCrowd>,
    monitor: Monitor,
    shares: Vec<Share>,
    /// Certificates that came with the job, as files that only this user may read.
    folder: Option<tempfile::TempDir>,
}

struct Ready {
    job: Job,
    scenario: Arc<Scenario>,
    stage: Stage,
    roster: Arc<Roster>,
}

impl CrowdEngine {
    /// An engine with so many threads.
    pub(crate) fn new(lanes: usize) -> Self {
        Self {
            lanes,
            ready: None,
            epoch: None,
            crowd: None,
            monitor: Monitor::new(common::units::size_u64(lanes)),
            shares: Vec::new(),
            folder: None,
        }
    }

    async fn stage(&self, job: &Job, scenario: &Scenario) -> Result<Stage, String> {
        let folder = self.folder.as_ref().map(tempfile::TempDir::path);
        let flags = job.asking.flags(folder.unwrap_or(std::path::Path::new("")));
        let flags = flags.map_err(|error| error.to_string())?;
        let mut mistakes = Vec::new();
        let connection = Connection::check(Some(&job.host), flags, &mut mistakes);
        let Some((connection, base)) = connection.and_then(|it| Some((it.clone(), it.base?)))
        else {
            let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
            return Err(mistakes.join("; "));
        };
        let mut options = connection.options(base);
        options.cookies = true;
        let endpoint = Endpoint::new(options).map_err(|error| error.to_string())?;
        let endpoint = Arc::new(endpoint);
        let never = CancellationToken::new();
        let scene = scene_options(job)?;
        setting::first_contact(&scenario.profile, &endpoint, scene.timeout, &never)
            .await
            .map_err(|error| error.to_string())?;
        let (mut scene, _) = setting::scene(&scenario.profile, None, &scene, &never)
            .await
            .map_err(|error| error.to_string())?;
        if let Some(keys) = job.settings.get(settings::KEYS) {
            scene.keys = keys.lines().map(str::to_owned).collect();
        }
        Ok(Stage {
            endpoint,
            profile: Arc::clone(&scenario.profile),
            scene: Arc::new(scene),
        })
    }

    /// Starts the lanes when the first parts are known, and with them into how many the load is cut.
    fn begin(&mut self, shares: &[Share]) {
        let (Some(ready), Some(epoch), Some(first)) = (&self.ready, self.epoch, shares.first())
        else {
            return;
        };
        let parts: Vec<Part> = shares.iter().map(|it| it.part).collect();
        let script = Script::new(Arc::clone(&ready.scenario), ready.stage.clone(), &parts);
        let crowd = LocalCrowd::start(Play {
            cast: Arc::new(Visitors(Arc::new(script))),
            roster: Arc::clone(&ready.roster),
            casting: Arc::new(Casting::of(&ready.scenario.personas)),
            program: ready.job.program.clone(),
            replay: ready.scenario.replay.clone(),
            warm_up: ready.job.warm_up,
            seed: ready.job.seed,
            epoch,
            parts: Vec::new(),
            of: first.part.of,
            lanes: self.lanes,
        });
        match crowd {
            Ok(crowd) => self.crowd = Some(crowd),
            Err(error) => tracing::error!("failed to start {} threads: {error}", self.lanes),
        }
    }

    fn progress(&self) -> Vec<(Part, u64)> {
        let Some(crowd) = &self.crowd else {
            return Vec::new();
        };
        let begun = |share: &Share| Some((share.part, crowd.begun(share.part)?));
        self.shares.iter().filter_map(begun).collect()
    }
}

fn scene_options(job: &Job) -> Result<SceneOptions, String> {
    let setting = |name: &str| job.settings.get(name).map(String::as_str);
    let number = |name: &str| {
        let text = setting(name).unwrap_or_default();
        text.parse::<u32>()
            .map_err(|_| format!("the master sent no number as `{name}`: `{text}`"))
    };
    let radii: Radii = setting(settings::RADII)
        .unwrap_or("log-uniform")
        .parse()
        .map_err(|_| "the master sent unknown radii".to_owned())?;
    let mut wrong = Vec::new();
    let timeout = common::cli::check_seconds("--timeout", job.asking.timeout(), &mut wrong);
    let job_timeout =
        common::cli::check_time("--job-timeout", job.asking.job_timeout(), &mut wrong);
    if let Some(wrong) = wrong.first() {
        return Err(wrong.to_string());
    }
    Ok(SceneOptions {
        run: setting(settings::RUN).unwrap_or_default().to_owned(),
        seed: job.seed,
        radii,
        targets: usize::try_from(number(settings::TARGETS)?).unwrap_or(1),
        catalog: setting(settings::CATALOG).map(Into::into),
        fits: setting(settings::FITS).map(Into::into),
        image_size: number(settings::IMAGE_PX)?,
        timeout,
        job_timeout,
    })
}

impl Engine for CrowdEngine {
    async fn prepare(&mut self, job: Job) -> Result<(), String> {
        if job.asking.has_files() {
            let folder = tempfile::Builder::new()
                .prefix("load-gen-worker-")
                .tempdir();
            self.folder = Some(folder.map_err(|error| error.to_string())?);
        }
        let scenario = Scenario::load(&job.source).map_err(|errors| errors.to_string())?;
        let stage = self.stage(&job, &scenario).await?;
        self.ready = Some(Ready {
            roster: Arc::new(Roster::of(&scenario)),
            scenario: Arc::new(scenario),
            stage,
            job,
        });
        Ok(())
    }

    fn start(&mut self, at: Instant) {
        self.epoch = Some(at);
    }

    fn assign(&mut self, shares: Vec<Share>, from: Duration) {
        if self.crowd.is_none() {
            self.begin(&shares);
        }
        if let Some(crowd) = &self.crowd {
            let parts: Vec<(Part, u64)> = shares.iter().map(|it| (it.part, it.done)).collect();
            crowd.assign(&parts, from);
        }
        self.shares = shares;
    }

    fn order(&mut self, order: Order, from: Duration) {
        let Some(crowd) = &mut self.crowd else { return };
        match (order, crowd.program()) {
            (Order::Pause | Order::Stop, _) => crowd.pause(true, from),
            (Order::Resume, _) => crowd.pause(false, from),
            (Order::Users { users, spawn_rate }, Program::Users(_)) => {
                crowd.redirect(count_f64(users), spawn_rate, from);
            }
            (Order::Rate(rate), Program::Arrivals(_)) => {
                crowd.redirect(rate, f64::INFINITY, from);
            }
            (Order::Start { .. } | Order::Users { .. } | Order::Rate(_), _) => {}
        }
    }

    fn lease(&mut self, until: Instant) {
        if let Some(crowd) = &self.crowd {
            crowd.lease(until);
        }
    }

    fn take(&mut self) -> Second {
        let progress = self.progress();
        let Some(crowd) = &mut self.crowd else {
            let roster = self.ready.as_ref().map(|it| Arc::clone(&it.roster));
            return nothing(roster.as_deref());
        };
        let until = crowd.now();
        let taken = crowd.take();
        let lag = taken.tape.requests.timer_lag.quantile_ms(0.99);
        let generator = self.monitor.second(taken.busiest, lag);
        Second {
            until,
            over: crowd.is_over() && taken.under_way == 0,
            tape: taken.tape,
            users: taken.users,
            under_way: taken.under_way,
            generator,
            progress,
        }
    }

    async fn finish(&mut self, graceful: Duration) -> Last {
        if let Some(crowd) = &mut self.crowd {
            crowd.finish(graceful).await;
        }
        if let Some(ready) = &self.ready {
            // Jobs that cannot be removed are told by the service's own list; a worker has no report.
            let left = setting::clean_up(&ready.stage).await;
            if let Some(left) = left {
                tracing::warn!("{}", left.message);
            }
        }
        let second = self.take();
        let lanes = common::units::size_u64(self.lanes);
        let monitor = std::mem::replace(&mut self.monitor, Monitor::new(lanes));
        Last {
            second,
            audit: monitor.finish(),
        }
    }
}

/// A second of somebody who has nothing to do yet.
fn nothing(roster: Option<&Roster>) -> Second {
    let labels = roster.map(|it| it.labels.clone()).unwrap_or_default();
    let tasks = roster.map_or(0, |it| it.tasks.len());
    Second {
        tape: crate::crowd::Tape::new(&labels, tasks),
        users: vec![0; roster.map_or(0, |it| it.personas.len())],
        under_way: 0,
        until: Duration::ZERO,
        generator: crate::live::Generator::default(),
        progress: Vec::new(),
        over: false,
    }
}
