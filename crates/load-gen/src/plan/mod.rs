//! What will be done: the command line and the scenario, checked as a whole.

mod load;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::cli::{Mistake, check_seconds, check_time};
use common::render::Format;
use common::sky::Radii;
use common::units::count_usize;
use serde::Serialize;
use service::connection::{Connection, ConnectionFlags};
use service::profile::given_variables;
use service::reference::Fault;

use crate::args::{Distributed, Output, Run, Subject};
use crate::crowd::{Program, replayed};
use crate::distributed::{Asking, MasterOptions};
use crate::scenario::{LimitSpec, Scenario, Source};

pub(crate) use load::{Offer, offer};

/// What kind of load it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// As the scenario and the flags say.
    Plain,
    /// More and more users.
    Stress,
    /// A long time.
    Endurance,
    /// A sudden crowd.
    Spike,
    /// A rate that rises until a threshold breaks.
    Breakpoint,
}

/// Everything that decides a run. Serialised into the report.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// What kind of load it is.
    pub kind: Kind,
    /// Seed of everything random.
    pub seed: u64,
    /// The scenario's name.
    #[serde(rename = "scenario")]
    pub scenario_name: String,
    /// Where it is from.
    pub origin: String,
    /// Its words for the report.
    pub tags: BTreeMap<String, String>,
    /// Variables that were given.
    pub variables: BTreeMap<String, String>,
    /// How much is offered.
    pub program: Program,
    /// What is left out of the figures at the start, seconds.
    #[serde(serialize_with = "as_seconds", rename = "warm_up_s")]
    pub warm_up: Duration,
    /// How long what is under way at the end may take, seconds.
    #[serde(serialize_with = "as_seconds", rename = "graceful_stop_s")]
    pub graceful_stop: Duration,
    /// How long each step of a search for the limit is, seconds.
    #[serde(serialize_with = "as_seconds", rename = "step_s")]
    pub step: Duration,
    /// Threads that offer load.
    pub lanes: usize,
    /// Radii of cones.
    pub radii: Radii,
    /// The limit of one exchange, seconds.
    #[serde(serialize_with = "as_seconds", rename = "timeout_s")]
    pub timeout: Duration,
    /// The limit of one job, seconds.
    #[serde(serialize_with = "as_seconds", rename = "job_timeout_s")]
    pub job_timeout: Duration,
    /// Sources in the catalogue of the reference service, where it is what is asked.
    pub reference_objects: Option<u64>,
    /// The scenario.
    #[serde(skip)]
    pub scenario: Arc<Scenario>,
    /// As it was given.
    #[serde(skip)]
    pub source: Source,
    /// How the service is asked.
    #[serde(skip)]
    pub connection: Connection,
    /// Addresses to ask from.
    #[serde(skip)]
    pub source_addresses: Vec<std::net::IpAddr>,
    /// Limits that decide the exit status.
    #[serde(skip)]
    pub limits: Vec<LimitSpec>,
    /// Faults of the reference service.
    #[serde(skip)]
    pub faults: Vec<Fault>,
    /// FITS files of the user's.
    #[serde(skip)]
    pub fits: Option<PathBuf>,
    /// The catalogue behind the service.
    #[serde(skip)]
    pub catalog: Option<PathBuf>,
    /// What is watched and written.
    #[serde(skip)]
    pub output: OutputPlan,
    /// Several machines.
    #[serde(skip)]
    pub master: Option<MasterOptions>,
    /// How the service is asked, for workers.
    #[serde(skip)]
    pub asking: Option<Asking>,
}

/// What is watched and written.
#[derive(Debug)]
pub struct OutputPlan {
    /// No live view.
    pub headless: bool,
    /// The address of the live page.
    pub web: Option<String>,
    /// Whether the run begins without somebody who presses start.
    pub autostart: bool,
    /// File for the report as a page.
    pub html: Option<PathBuf>,
    /// Prefix of the CSV files.
    pub csv: Option<PathBuf>,
    /// File for the result document.
    pub document: PathBuf,
    /// File for the histogram log.
    pub hlog: Option<PathBuf>,
    /// Address of live metrics.
    pub prometheus: Option<String>,
    /// URL that live metrics are sent to.
    pub remote_write: Option<String>,
    /// File with the token for that.
    pub remote_write_token_file: Option<PathBuf>,
    /// The format on standard output.
    pub format: Format,
}

/// Clients of a log that may be there at once.
const REPLAY_USERS: u64 = 10_000;
/// A cone that is larger than half of the sky is not a search.
const MOST_RADIUS_DEG: f64 = 90.0;
/// Sources in the catalogue of the reference service.
const OBJECTS: u64 = 20_000;

impl Plan {
    /// Checks a command line; all mistakes are told at once.
    pub fn new(run: Run, kind: Kind) -> Result<Self, Vec<Mistake>> {
        let Run {
            scenario,
            host,
            load,
            output,
            distributed,
            connection,
            subject,
        } = run;
        let Subject {
            set,
            fits,
            catalog,
            radii,
            seed,
            objects,
            fault,
        } = subject;
        let mut mistakes = Vec::new();
        let variables = given_variables(&set, &mut mistakes);
        let loaded = read_scenario(&scenario, kind, variables.clone(), &mut mistakes);
        let radii = check_radii(&radii, &mut mistakes);
        let timeout = check_seconds("--timeout", connection.timeout, &mut mistakes);
        let job_timeout = check_time("--job-timeout", &connection.job_timeout, &mut mistakes);
        let (master, asking) = check_master(&distributed, &connection, &mut mistakes);
        let connection = Connection::check(host.as_deref(), connection, &mut mistakes);
        let faults = faults(&fault, &mut mistakes);
        let (output, limits) = check_output(output, &mut mistakes);
        let endless = output.web.is_some();
        let offer = loaded.as_ref().and_then(|(_, scenario)| {
            let spec = load::merge(scenario.load.clone(), &load, &mut mistakes);
            load::offer(&spec, kind, endless, &mut mistakes)
        });
        let (Some((source, scenario)), Some(connection), Some(offer), true) =
            (loaded, connection, offer, mistakes.is_empty())
        else {
            return Err(mistakes);
        };
        let Offer {
            program,
            warm_up,
            graceful_stop,
            step,
        } = offer;
        let program = match &scenario.replay {
            Some(replay) => replayed(replay, load.max_users.unwrap_or(REPLAY_USERS)),
            None => program,
        };
        Ok(Self {
            kind,
            seed,
            scenario_name: scenario.name.clone(),
            origin: source.origin.clone(),
            tags: scenario.tags.clone(),
            variables,
            program,
            warm_up,
            graceful_stop,
            step,
            lanes: lanes(load.threads),
            radii,
            timeout,
            job_timeout,
            reference_objects: host.is_none().then(|| objects.unwrap_or(OBJECTS)),
            limits: all_limits(kind, &scenario, limits),
            scenario: Arc::new(scenario),
            source,
            connection,
            source_addresses: load.source_address,
            faults,
            fits,
            catalog,
            output,
            master,
            asking,
        })
    }
}

/// What a search for the limit asks of a service, unless somebody says otherwise.
const BREAKPOINT_LIMITS: [&str; 2] = ["p95 < 500ms", "errors < 1%"];

fn all_limits(kind: Kind, scenario: &Scenario, given: Vec<LimitSpec>) -> Vec<LimitSpec> {
    let mut limits: Vec<LimitSpec> = scenario.limits.iter().cloned().chain(given).collect();
    if kind == Kind::Breakpoint {
        if limits.is_empty() {
            limits.extend(BREAKPOINT_LIMITS.map(|text| LimitSpec {
                text: text.to_owned(),
                abort: false,
                after: Duration::ZERO,
            }));
        }
        // That a limit breaks is what is looked for, step by step.
        for limit in &mut limits {
            limit.abort = false;
        }
    }
    limits
}

/// What a master needs, where this is one.
fn check_master(
    flags: &Distributed,
    connection: &ConnectionFlags,
    mistakes: &mut Vec<Mistake>,
) -> (Option<MasterOptions>, Option<Asking>) {
    if !flags.master {
        return (None, None);
    }
    let asking = Asking::of(connection).map_err(|error| {
        mistakes.push(Mistake::new(error.to_string()));
    });
    (MasterOptions::of(flags, mistakes), asking.ok())
}

/// How many threads a run or a worker has.
pub(crate) fn lanes(threads: Option<u64>) -> usize {
    threads.map_or_else(cores, count_usize).max(1)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn faults(given: &[String], mistakes: &mut Vec<Mistake>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for text in given {
        match text.parse() {
            Ok(fault) => faults.push(fault),
            Err(error) => mistakes.push(Mistake::new(format!("`--fault` `{text}`: {error}"))),
        }
    }
    faults
}

/// The named loads have users of their own, unless another scenario is named.
fn read_scenario(
    name: &str,
    kind: Kind,
    variables: BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(Source, Scenario)> {
    let name = match (name, kind) {
        ("observatory", Kind::Stress) => "stress_users",
        (name, _) => name,
    };
    let loaded = Source::read(name, variables).and_then(|source| {
        let scenario = Scenario::load(&source)?;
        Ok((source, scenario))
    });
    match loaded {
        Ok(loaded) => Some(loaded),
        Err(errors) => {
            mistakes.extend(errors.0.iter().map(|it| Mistake::new(it.to_string())));
            None
        }
    }
}

fn check_radii(text: &str, mistakes: &mut Vec<Mistake>) -> Radii {
    match text.parse() {
        Ok(radii) if !matches!(radii, Radii::Fixed(degrees) if degrees > MOST_RADIUS_DEG) => radii,
        _ => {
            let rule = "`log-uniform`, `seed` or a radius in degrees above 0 and up to 90";
            mistakes.push(Mistake::of_flag("--radii", rule, &text));
            Radii::LogUniform
        }
    }
}

fn check_output(output: Output, mistakes: &mut Vec<Mistake>) -> (OutputPlan, Vec<LimitSpec>) {
    let Output {
        headless,
        web,
        autostart,
        html,
        csv,
        output,
        hlog,
        prometheus,
        remote_write,
        remote_write_token_file,
        format,
        threshold,
        abort_on_fail,
        abort_delay,
    } = output;
    let after = check_time("--abort-delay", &abort_delay, mistakes);
    let limits = threshold.into_iter().map(|text| LimitSpec {
        text,
        abort: abort_on_fail,
        after,
    });
    let limits = limits.collect();
    let plan = OutputPlan {
        headless,
        web,
        autostart,
        html,
        csv,
        document: output,
        hlog,
        prometheus,
        remote_write,
        remote_write_token_file,
        format,
    };
    (plan, limits)
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
