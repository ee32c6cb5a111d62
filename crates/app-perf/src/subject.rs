//! Makes ready what is measured: a given service that answers, or a reference service of our own; the
//! targets with their right answers; the images. Takes everything down again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::cli::{Progress, run_shown};
use common::load::{Closed, Open, RunOptions, Schedule, Stop, Think, WarmUp};
use common::record::Tally;
use common::report::{Limitation, RunClock, TestResult, limitations_of};
use common::units::{count_usize, round_u64, seconds, size_u64};
use serde_json::Value;
use service::client::Endpoint;
use service::reference::{Reference, ReferenceOptions};
use service::session::{Scene, Session};
use service::setting::{self, SceneOptions, Stage};
use tokio_util::sync::CancellationToken;

use crate::plan::{Plan, Size};
use crate::trouble::Trouble;
use crate::workloads::{Asking, Measured, What, labels};

/// What is under way at the end of a test may take this long.
const DRAIN: Duration = Duration::from_secs(10);

/// The service, the data and the plan of a run.
pub(crate) struct Bench {
    pub(crate) plan: Plan,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) scene: Arc<Scene>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stop: CancellationToken,
}

/// Everything that is ready to be measured.
pub(crate) struct Ready {
    pub(crate) bench: Bench,
    /// One line for people.
    pub(crate) description: String,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) limitations: Vec<Limitation>,
}

/// What has to be taken down at the end.
#[derive(Default)]
pub(crate) struct Holdings {
    reference: Option<Reference>,
}

impl Holdings {
    /// Makes everything ready. What was begun is in `self` and must be taken down whatever the outcome.
    pub(crate) async fn prepare(
        &mut self,
        plan: &Plan,
        clock: &RunClock,
        progress: &Arc<Progress>,
        stop: &CancellationToken,
    ) -> Result<Ready, Trouble> {
        let mut limitations = Vec::new();
        let base = match (&plan.connection.base, &plan.reference) {
            (Some(base), _) => base.clone(),
            (None, Some(reference)) => {
                progress.start("start");
                let options = |catalogue| ReferenceOptions {
                    catalogue,
                    seed: plan.seed,
                    workers: reference.workers,
                    queue: reference.queue,
                    image_size_px: reference.image_size,
                    stop: stop.clone(),
                    ..ReferenceOptions::default()
                };
                let say = |line: &str| progress.say(line);
                let started = setting::start_reference(reference.objects, options, say).await?;
                let url = started.url();
                self.reference = Some(started);
                url.parse().map_err(|error| {
                    Trouble::Mistakes(vec![common::cli::Mistake::new(format!("{error}"))])
                })?
            }
            (None, None) => return Err(Trouble::Interrupted),
        };
        let endpoint = Arc::new(Endpoint::new(plan.client_options(base))?);
        if self.reference.is_none() {
            let contact = setting::first_contact(&plan.profile, &endpoint, plan.timeout, stop);
            limitations.extend(contact.await?);
        }
        let options = SceneOptions {
            run: clock.id().to_owned(),
            seed: plan.seed,
            radii: plan.radii,
            targets: plan.sizes.targets,
            catalog: plan.catalog.clone(),
            fits: plan.fits.clone(),
            image_size: plan.reference.as_ref().map_or(512, |it| it.image_size),
            timeout: plan.timeout,
            job_timeout: plan.job_timeout,
        };
        let reference = self.reference.as_ref();
        let scene = setting::scene(&plan.profile, reference, &options, stop).await?;
        limitations.extend(scene.1);
        let scene = scene.0;
        let (description, mut facts) = match &self.reference {
            Some(reference) => (
                format!("reference service: {}", reference.description()),
                reference.facts(),
            ),
            None => (endpoint.to_string(), BTreeMap::new()),
        };
        facts.insert("url".to_owned(), endpoint.to_string().into());
        Ok(Ready {
            bench: Bench {
                plan: plan.clone(),
                endpoint,
                scene: Arc::new(scene),
                progress: Arc::clone(progress),
                stop: stop.clone(),
            },
            description,
            facts,
            limitations,
        })
    }

    /// Takes everything down; says what could not be.
    pub(crate) async fn take_down(&mut self) -> Vec<String> {
        match self.reference.take() {
            Some(reference) => reference.stop().await,
            None => Vec::new(),
        }
    }
}

impl Bench {
    /// A number of iterations by a number of users, or arrivals where the plan has a rate.
    pub(crate) fn schedule(&self, size: Size) -> (Schedule, WarmUp) {
        if let Some(rate) = self.plan.rate_per_sec {
            let length = self.plan.sizes.seconds;
            let warm_up = (0.1 * length).min(2.0);
            let open = Open::constant(rate, length + warm_up, Self::open_workers(rate));
            return (Schedule::Open(open), WarmUp::Seconds(warm_up));
        }
        Self::closed(size)
    }

    /// A number of iterations by a number of users without think time, whatever the plan's rate.
    pub(crate) fn closed(size: Size) -> (Schedule, WarmUp) {
        let closed = Closed {
            users: size.users,
            think: Think::None,
            ramp_up_seconds: 0.0,
            stop: Stop::Iterations(size.iterations),
        };
        (Schedule::Closed(closed), WarmUp::Iterations(size.warm_up))
    }

    /// Connections for an arrival rate: two seconds' worth of requests may be under way at once, so that a
    /// short stall delays answers and not questions. More wait, and count from when they were due.
    pub(crate) fn open_workers(rate: f64) -> usize {
        count_usize(round_u64(2.0 * rate)).clamp(10, 1000)
    }

    /// Runs a test while the progress line follows it.
    pub(crate) async fn measure(
        &self,
        name: &str,
        what: What,
        schedule: &Schedule,
        warm_up: WarmUp,
        measured: &mut Measured,
    ) -> Tally {
        self.progress.start(name);
        self.measure_within(name, what, schedule, warm_up, None, measured)
            .await
    }

    /// The same without a stage of its own and with a limit in seconds.
    pub(crate) async fn measure_within(
        &self,
        name: &str,
        what: What,
        schedule: &Schedule,
        warm_up: WarmUp,
        limit_seconds: Option<f64>,
        measured: &mut Measured,
    ) -> Tally {
        let options = RunOptions {
            warm_up,
            drain: self.plan.timeout.min(DRAIN),
            time_limit: limit_seconds.map(seconds),
            timeline_interval: Duration::from_millis(500),
            seed: self.plan.seed,
            ..RunOptions::default()
        };
        // Users of different tests draw from streams of their own.
        let first = name.bytes().fold(0_u64, |sum, it| {
            sum.wrapping_mul(31).wrapping_add(u64::from(it))
        }) << 20;
        let users = (0..schedule.workers())
            .map(|number| Asking {
                session: Session::new(
                    Arc::clone(&self.endpoint),
                    Arc::clone(&self.plan.profile),
                    Arc::clone(&self.scene),
                    first | size_u64(number),
                ),
                what,
            })
            .collect();
        let labels = labels(&self.plan.profile);
        let shown = (name, &*self.progress);
        let tally = run_shown(shown, schedule, &options, &labels, users, &self.stop).await;
        if limit_seconds.is_none() {
            measured.limitations.extend(limitations_of(name, &tally));
        }
        tally
    }

    /// The entry of a test in the report. `counted` names what the throughput counts and what an
    /// iteration brings.
    pub(crate) fn result(
        &self,
        name: &str,
        description: &str,
        counted: (&str, &str),
        tally: &Tally,
    ) -> TestResult {
        let mut test = TestResult::new(name, description, counted.0, counted.1, tally)
            .with_http_figures(tally)
            .with("rate_per_sec", self.plan.rate_per_sec)
            .with("connection_reuse", self.plan.connection.reuses());
        if !test.groups.is_empty() {
            test.tables
                .push(common::report::Table::of_groups(&test, &tally.labels));
        }
        test
    }

    /// Removes the jobs that this run made on the service; says what could not be.
    pub(crate) async fn clean_up(&self) -> Option<Limitation> {
        let stage = Stage {
            endpoint: Arc::clone(&self.endpoint),
            profile: Arc::clone(&self.plan.profile),
            scene: Arc::clone(&self.scene),
        };
        setting::clean_up(&stage).await
    }
}
