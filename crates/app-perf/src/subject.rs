//! Makes ready what is measured: a given service that answers, or a reference service of our own; the
//! targets with their right answers; the images. Takes everything down again.

mod inputs;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::cli::{self, Progress, run_shown};
use common::load::{Closed, Open, RunOptions, Schedule, Stop, Think, WarmUp};
use common::record::Tally;
use common::report::{Limitation, RunClock, TestResult, limitations_of};
use common::units::{count_usize, round_u64, seconds, size_u64};
use serde_json::Value;
use service::client::{Client, Discard, Endpoint, Redirects, TransportKind};
use service::reference::{CatalogueSource, Reference, ReferenceError, ReferenceOptions};
use service::request::Request;
use service::session::{Litter, Polling, Scene, Session};
use tokio_util::sync::CancellationToken;

use crate::plan::{Plan, ReferencePlan, Size};
use crate::trouble::Trouble;
use crate::workloads::{Asking, Measured, What, labels};

/// All jobs together must be removed within this time at the end.
const CLEAN_UP_LIMIT: Duration = Duration::from_secs(30);
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
                let started = start_reference(reference, plan.seed, progress, stop).await?;
                let url = started.url();
                self.reference = Some(started);
                url.parse().map_err(|error| {
                    Trouble::Mistakes(vec![crate::plan::Mistake::new(format!("{error}"))])
                })?
            }
            (None, None) => return Err(Trouble::Interrupted),
        };
        let endpoint = Arc::new(Endpoint::new(plan.client_options(base))?);
        if self.reference.is_none() {
            limitations.extend(first_contact(plan, &endpoint, stop).await?);
        }
        let asked = inputs::targets(plan, self.reference.as_ref(), stop, &mut limitations).await?;
        let images = inputs::images(plan, self.reference.as_ref())?;
        let scene = Scene {
            run: clock.id().to_owned(),
            seed: plan.seed,
            targets: asked,
            keys: images.keys,
            files: images.files,
            timeout: plan.timeout,
            job_timeout: plan.job_timeout,
            polling: Polling::default(),
            litter: Litter::default(),
        };
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

async fn start_reference(
    plan: &ReferencePlan,
    seed: u64,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<Reference, Trouble> {
    let options = |catalogue| ReferenceOptions {
        catalogue,
        seed,
        workers: plan.workers,
        queue: plan.queue,
        image_size_px: plan.image_size,
        stop: stop.clone(),
        ..ReferenceOptions::default()
    };
    let say = |line: &str| progress.say(line);
    let objects = plan.objects;
    let started = match Reference::start(options(CatalogueSource::Throwaway { objects }), say).await
    {
        Err(ReferenceError::NoPostgres(reason)) => {
            progress.say(&format!("note: the catalogue is kept in memory: {reason}"));
            Reference::start(options(CatalogueSource::Memory { objects }), say).await
        }
        other => other,
    };
    match started {
        Err(ReferenceError::Stopped) => Err(Trouble::Interrupted),
        other => Ok(other?),
    }
}

/// Asks the service once before anything is measured: a wrong address must not become a thousand errors.
async fn first_contact(
    plan: &Plan,
    endpoint: &Arc<Endpoint>,
    stop: &CancellationToken,
) -> Result<Option<Limitation>, Trouble> {
    let plain = |it: &&service::profile::Operation| it.call.request.path.as_plain().is_some();
    let operation = plan.profile.operations.iter().find(plain);
    let path = operation
        .and_then(|it| it.call.request.path.as_plain())
        .unwrap_or("/");
    let mut client = Client::new(Arc::clone(endpoint));
    let request = Request::get(path, plan.timeout);
    let mut body = Discard;
    let exchange = client.exchange(&request, Redirects::Follow { at_most: 5 }, &mut body);
    let outcome = tokio::select! {
        outcome = exchange => outcome,
        () = stop.cancelled() => return Err(Trouble::Interrupted),
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
                plan.profile.name
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
        Err(error) => Err(Trouble::Unreachable(error)),
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
        let jobs = self.scene.litter.take();
        if jobs.is_empty() {
            return None;
        }
        let mut session = Session::new(
            Arc::clone(&self.endpoint),
            Arc::clone(&self.plan.profile),
            Arc::clone(&self.scene),
            u64::MAX,
        );
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
}
