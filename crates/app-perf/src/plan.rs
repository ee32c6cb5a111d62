//! What will be done: the command line, checked as a whole.

mod inputs;
mod sizes;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum as _;
use common::assess::Threshold;
use common::cli::{Mistake, check_seconds, check_time};
use common::render::Format;
use common::report::Mode;
use common::sky::Radii;
use serde::Serialize;
use service::client::ClientOptions;
use service::connection::Connection;
use service::profile::{Group, Profile};

use crate::args::{Api, Load, Measure, Output, Reference, TestName};

pub(crate) use inputs::profile;
pub use sizes::{Size, Sizes};

/// Everything that decides a run. Serialised into the report.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The size of the run.
    pub mode: Mode,
    /// Seed of everything random.
    pub seed: u64,
    /// The API profile.
    #[serde(serialize_with = "by_name", rename = "api")]
    pub profile: Arc<Profile>,
    /// Variables of the profile that were given.
    pub variables: BTreeMap<String, String>,
    /// The tests in the order they run.
    pub tests: Vec<TestName>,
    /// Radii of cones.
    pub radii: Radii,
    /// Numbers of iterations, users and seconds.
    pub sizes: Sizes,
    /// Arrivals per second instead of users that wait for answers.
    pub rate_per_sec: Option<f64>,
    /// Whether the highest rate that holds is looked for.
    pub find_limit: bool,
    /// The limit of one exchange.
    #[serde(serialize_with = "as_seconds", rename = "timeout_s")]
    pub timeout: Duration,
    /// The limit of one job.
    #[serde(serialize_with = "as_seconds", rename = "job_timeout_s")]
    pub job_timeout: Duration,
    /// Limits that decide the exit status.
    #[serde(serialize_with = "as_text")]
    pub thresholds: Vec<Threshold>,
    /// The reference service, where it is what is measured.
    pub reference: Option<ReferencePlan>,
    /// How the service is asked; the base URL is that of the reference service where there is none.
    #[serde(skip)]
    pub connection: Connection,
    /// FITS files of the user's.
    #[serde(skip)]
    pub fits: Option<PathBuf>,
    /// The catalogue behind the service.
    #[serde(skip)]
    pub catalog: Option<PathBuf>,
    /// Where the result document goes.
    #[serde(skip)]
    pub output: PathBuf,
    /// The format on standard output.
    #[serde(skip)]
    pub format: Format,
}

/// The reference service that is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReferencePlan {
    /// Sources in its catalogue.
    pub objects: u64,
    /// Images that it works on at once.
    pub workers: usize,
    /// Images that may wait.
    pub queue: usize,
    /// Width and height of its images in pixels.
    pub image_size: u32,
}

/// A cone that is larger than half of the sky is not a search.
const MOST_RADIUS_DEG: f64 = 90.0;

impl Plan {
    /// Checks a command line; all mistakes are told at once.
    pub fn new(measure: Measure) -> Result<Self, Vec<Mistake>> {
        let Measure {
            url,
            quick,
            http,
            api,
            load,
            reference,
            output,
        } = measure;
        let mode = if quick { Mode::Quick } else { Mode::Full };
        let mut mistakes = Vec::new();
        let Api {
            api,
            set,
            fits,
            catalog,
            radii,
            seed,
        } = api;
        let variables = service::profile::given_variables(&set, &mut mistakes);
        let profile = inputs::profile(&api, &variables, &mut mistakes);
        let radii = check_radii(&radii, &mut mistakes);
        let reference = match &url {
            Some(_) => {
                refuse_reference_flags(&reference, &mut mistakes);
                None
            }
            None => Some(check_reference(&reference, mode, &mut mistakes)),
        };
        if url.is_none()
            && profile
                .as_ref()
                .is_some_and(|it| it.name != "astro-pipeline")
        {
            let message = "the reference service speaks the profile `astro-pipeline`: give the service with `--url`";
            mistakes.push(Mistake::new(message));
        }
        let timeout = check_seconds("--timeout", http.timeout, &mut mistakes);
        let job_timeout = check_time("--job-timeout", &http.job_timeout, &mut mistakes);
        let connection = Connection::check(url.as_deref(), http, &mut mistakes);
        let Load {
            tests,
            users,
            duration,
            rate,
            find_limit,
        } = load;
        let sizes = check_sizes(mode, users, duration.as_deref(), &mut mistakes);
        if let Some(rate) = rate.filter(|rate| !(rate.is_finite() && *rate > 0.0 && *rate <= 1e6)) {
            mistakes.push(Mistake::of_flag(
                "--rate",
                "above 0 and at most 1000000",
                &rate,
            ));
        }
        let tests = check_tests(
            tests,
            profile.as_deref(),
            reference.is_some(),
            &mut mistakes,
        );
        let Output {
            output,
            format,
            threshold,
        } = output;
        let mut names: Vec<String> = tests.iter().map(|test| name_of(*test)).collect();
        if find_limit {
            names.push("find_limit".to_owned());
        }
        let thresholds = Threshold::parse_all(&threshold, &names).unwrap_or_else(|wrong| {
            mistakes.extend(wrong.into_iter().map(Mistake::new));
            Vec::new()
        });
        let (Some(profile), Some(connection), true) = (profile, connection, mistakes.is_empty())
        else {
            return Err(mistakes);
        };
        Ok(Self {
            mode,
            seed,
            profile,
            variables,
            tests,
            radii,
            sizes,
            rate_per_sec: rate,
            find_limit,
            timeout,
            job_timeout,
            thresholds,
            reference,
            connection,
            fits,
            catalog,
            output,
            format,
        })
    }

    /// How a service is asked at an address.
    pub fn client_options(&self, base: service::client::BaseUrl) -> ClientOptions {
        self.connection.options(base)
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

fn check_sizes(
    mode: Mode,
    users: Option<usize>,
    duration: Option<&str>,
    mistakes: &mut Vec<Mistake>,
) -> Sizes {
    let mut sizes = Sizes::of(mode);
    if let Some(users) = users {
        if (1..=10_000).contains(&users) {
            sizes.set_users(users);
        } else {
            mistakes.push(Mistake::of_flag("--users", "between 1 and 10000", &users));
        }
    }
    if let Some(text) = duration {
        let length = check_time("--duration", text, mistakes);
        sizes.seconds = length.as_secs_f64();
        sizes.ramp_up_seconds = sizes.ramp_up_seconds.min(0.2 * sizes.seconds);
    }
    sizes
}

/// Checks the flags of the reference service.
pub(crate) fn check_reference(
    reference: &Reference,
    mode: Mode,
    mistakes: &mut Vec<Mistake>,
) -> ReferencePlan {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let plan = ReferencePlan {
        objects: reference.objects.unwrap_or(100_000),
        workers: reference.workers.unwrap_or(cores),
        queue: reference.queue,
        image_size: reference.image_size.unwrap_or(match mode {
            Mode::Quick => 512,
            Mode::Full => 2048,
        }),
    };
    let mut check = |flag: &str, value: u64, low: u64, high: u64| {
        if !(low..=high).contains(&value) {
            mistakes.push(Mistake::of_flag(
                flag,
                &format!("between {low} and {high}"),
                &value,
            ));
        }
    };
    check("--objects", plan.objects, 1000, 100_000_000);
    check("--workers", common::units::size_u64(plan.workers), 1, 1024);
    check("--queue", common::units::size_u64(plan.queue), 1, 1_000_000);
    check("--image-size", u64::from(plan.image_size), 64, 4096);
    plan
}

fn refuse_reference_flags(reference: &Reference, mistakes: &mut Vec<Mistake>) {
    let given = [
        ("--objects", reference.objects.is_some()),
        ("--workers", reference.workers.is_some()),
        ("--image-size", reference.image_size.is_some()),
    ];
    for (flag, _) in given.into_iter().filter(|it| it.1) {
        let message = format!("`{flag}` is for the reference service, which `--url` replaces");
        mistakes.push(Mistake::new(message));
    }
}

/// The tests that a profile can do, in their order.
fn possible_tests(profile: &Profile, has_reference: bool) -> Vec<TestName> {
    let has_job = |group| profile.group(group).any(|it| it.job.is_some());
    let has_plain = |group| profile.group(group).any(|it| it.job.is_none());
    let can = |test: &TestName| match test {
        TestName::HealthCheck => profile.group(Group::Health).next().is_some(),
        TestName::FitsProcessing => has_job(Group::Processing),
        TestName::CatalogQueries => has_plain(Group::Catalog),
        TestName::AsyncQueries => has_job(Group::Catalog),
        TestName::MixedWorkload => profile.mixed.values().any(|it| *it > 0.0),
        TestName::Workflow => {
            has_reference && has_job(Group::Processing) && has_plain(Group::Catalog)
        }
    };
    TestName::value_variants()
        .iter()
        .copied()
        .filter(can)
        .collect()
}

fn check_tests(
    mut tests: Vec<TestName>,
    profile: Option<&Profile>,
    has_reference: bool,
    mistakes: &mut Vec<Mistake>,
) -> Vec<TestName> {
    let Some(profile) = profile else { return tests };
    let possible = possible_tests(profile, has_reference);
    if tests.is_empty() {
        return possible;
    }
    for test in tests.iter().filter(|it| !possible.contains(it)) {
        let names: Vec<String> = possible.iter().map(|it| name_of(*it)).collect();
        let message = format!(
            "`--tests`: the profile `{}` has no operations for `{}`, it can do: {}",
            profile.name,
            name_of(*test),
            names.join(", ")
        );
        mistakes.push(Mistake::new(message));
    }
    tests.sort_unstable();
    tests.dedup();
    tests
}

/// The name of a test as in reports.
pub fn name_of(test: TestName) -> String {
    test.to_possible_value()
        .map(|it| it.get_name().to_owned())
        .unwrap_or_default()
}

fn by_name<S: serde::Serializer>(profile: &Arc<Profile>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&profile.name)
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

fn as_text<S: serde::Serializer>(list: &[Threshold], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(ToString::to_string))
}
