//! What will be done: the command line, checked as a whole.

mod sizes;

use std::path::PathBuf;
use std::time::Duration;

use common::assess::Threshold;
use common::cli::{Mistake, parse_duration};
use common::redact::Secret;
use common::render::Format;
use common::report::Mode;
use common::sky::{Mix, Radii, SkyConfig};
use serde::Serialize;

use crate::args::{Catalogue, Connection, Load, Measure, Output, TestName};
use crate::catalog::{CsvFile, Origin};
use crate::target::ConnectionFlags;

pub use sizes::Sizes;

/// Everything that decides a run. Serialised into the report.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The size of the run.
    pub mode: Mode,
    /// Seed of everything random.
    pub seed: u64,
    /// What is measured.
    pub subject: Subject,
    /// The tests in the order they run.
    pub tests: Vec<TestName>,
    /// Radii of cones.
    pub radii: Radii,
    /// Numbers of iterations, users and rows.
    pub sizes: Sizes,
    /// Arrivals per second instead of users that wait for answers.
    pub rate_per_sec: Option<f64>,
    /// Statements are cancelled after this many seconds.
    #[serde(serialize_with = "as_seconds", rename = "statement_timeout_s")]
    pub statement_timeout: Duration,
    /// Limits that decide the exit status.
    #[serde(serialize_with = "as_text")]
    pub thresholds: Vec<Threshold>,
    /// What is left behind on purpose.
    pub keep: bool,
    /// Where the result document goes.
    #[serde(skip)]
    pub output: PathBuf,
    /// The format on standard output.
    #[serde(skip)]
    pub format: Format,
    /// What was said about the connection; never in a report.
    #[serde(skip)]
    pub connection: ConnectionFlags,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    /// A catalogue that is loaded into a schema of our own.
    Loaded {
        /// Where the rows come from.
        catalogue: Origin,
    },
    /// A table of the user's, read-only.
    Table(UserTable),
}

/// A table of the user's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserTable {
    /// The schema; the search path decides when absent.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
    /// Column of right ascensions in degrees.
    pub ra: String,
    /// Column of declinations in degrees.
    pub dec: String,
    /// Column of magnitudes.
    pub mag: Option<String>,
}

impl Plan {
    /// Checks a command line; all mistakes are told at once.
    pub fn new(measure: Measure) -> Result<Self, Vec<Mistake>> {
        let Measure {
            quick,
            connection,
            catalogue,
            load,
            output,
        } = measure;
        let mode = if quick { Mode::Quick } else { Mode::Full };
        let mut mistakes = Vec::new();
        let seed = catalogue.seed;
        let radii = check_radii(&catalogue.radii, &mut mistakes);
        let subject = check_subject(mode, catalogue, &mut mistakes);
        let Load {
            tests,
            users,
            duration,
            rate,
            statement_timeout,
        } = load;
        let mut sizes = Sizes::of(mode);
        if let Some(users) = users {
            if (1..=10_000).contains(&users) {
                sizes.cone_users = users;
                sizes.concurrent_users = users;
            } else {
                mistakes.push(Mistake::of_flag("--users", "between 1 and 10000", &users));
            }
        }
        if let Some(text) = duration {
            match parse_duration(&text).filter(|it| !it.is_zero()) {
                Some(length) => sizes.concurrent_seconds = length.as_secs_f64(),
                None => mistakes.push(Mistake::of_flag(
                    "--duration",
                    "a time such as 30s or 5m",
                    &text,
                )),
            }
        }
        if let Some(rate) = rate.filter(|rate| !(rate.is_finite() && *rate > 0.0 && *rate <= 1e6)) {
            mistakes.push(Mistake::of_flag(
                "--rate",
                "above 0 and at most 1000000",
                &rate,
            ));
        }
        let limit = parse_duration(&statement_timeout).filter(|it| it.as_millis() > 0);
        if limit.is_none() {
            let rule = "a time such as 10s or 500ms";
            mistakes.push(Mistake::of_flag(
                "--statement-timeout",
                rule,
                &statement_timeout,
            ));
        }
        let tests = check_tests(tests, &subject, &mut mistakes);
        let Output {
            output,
            format,
            threshold,
            keep,
        } = output;
        let thresholds = check_thresholds(&threshold, &tests, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self {
            mode,
            seed,
            subject,
            tests,
            radii,
            sizes,
            rate_per_sec: rate,
            statement_timeout: limit.unwrap_or_default(),
            thresholds,
            keep,
            output,
            format,
            connection: flags(connection),
        })
    }
}

/// The flags of a connection as the target room takes them.
pub fn flags(connection: Connection) -> ConnectionFlags {
    let Connection {
        host,
        port,
        database,
        user,
        password,
        url,
        sslmode,
        sslrootcert,
    } = connection;
    let password: Option<Secret> = password;
    ConnectionFlags {
        url,
        host,
        port,
        database,
        user,
        password,
        sslmode,
        sslrootcert,
    }
}

/// A cone that is larger than half of the sky is not a search.
const MOST_RADIUS_DEG: f64 = 90.0;

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

fn check_subject(mode: Mode, catalogue: Catalogue, mistakes: &mut Vec<Mistake>) -> Subject {
    let Catalogue {
        seed,
        objects,
        mix,
        depth,
        catalog,
        table,
        ra,
        dec,
        mag,
        radii: _,
    } = catalogue;
    let is_generated = catalog.is_none() && table.is_none();
    if !is_generated && objects.is_some() {
        let message = "`--objects` is for the generated sky and not for `--catalog` or `--table`";
        mistakes.push(Mistake::new(message));
    }
    if is_generated && (ra.is_some() || dec.is_some() || mag.is_some()) {
        let message = "`--ra`, `--dec` and `--mag` name columns of `--table` or `--catalog`";
        mistakes.push(Mistake::new(message));
    }
    if let Some(table) = table {
        return check_table(&table, ra, dec, mag, mistakes);
    }
    if let Some(path) = catalog {
        let catalogue = Origin::File(CsvFile { path, ra, dec, mag });
        return Subject::Loaded { catalogue };
    }
    let mix: Mix = mix.parse().unwrap_or_else(|_| {
        mistakes.push(Mistake::of_flag("--mix", "`physical` or `seed`", &mix));
        Mix::Physical
    });
    if !(10.0..=24.0).contains(&depth) {
        mistakes.push(Mistake::of_flag("--depth", "between 10 and 24", &depth));
    }
    let objects = objects.unwrap_or(match mode {
        Mode::Quick => 200_000,
        Mode::Full => 1_000_000,
    });
    if !(1_000..=1_000_000_000).contains(&objects) {
        mistakes.push(Mistake::of_flag(
            "--objects",
            "between 1000 and 1000000000",
            &objects,
        ));
    }
    let sky = SkyConfig {
        seed,
        mix,
        g_limit: depth,
        ..SkyConfig::default()
    };
    Subject::Loaded {
        catalogue: Origin::Generated { sky, objects },
    }
}

fn check_table(
    table: &str,
    ra: Option<String>,
    dec: Option<String>,
    mag: Option<String>,
    mistakes: &mut Vec<Mistake>,
) -> Subject {
    let (schema, name) = match table.split_once('.') {
        Some((schema, name)) => (Some(schema.to_owned()), name),
        None => (None, table),
    };
    if name.is_empty() || schema.as_ref().is_some_and(String::is_empty) {
        mistakes.push(Mistake::of_flag(
            "--table",
            "`name` or `schema.name`",
            &table,
        ));
    }
    if ra.is_none() || dec.is_none() {
        let message =
            "`--table` needs `--ra` and `--dec`, the columns with the coordinates in degrees";
        mistakes.push(Mistake::new(message));
    }
    Subject::Table(UserTable {
        schema,
        name: name.to_owned(),
        ra: ra.unwrap_or_default(),
        dec: dec.unwrap_or_default(),
        mag,
    })
}

fn check_tests(
    mut tests: Vec<TestName>,
    subject: &Subject,
    mistakes: &mut Vec<Mistake>,
) -> Vec<TestName> {
    let possible: &[TestName] = match subject {
        Subject::Table(_) => &[TestName::ConeSearch],
        Subject::Loaded { .. } => &[
            TestName::ConeSearch,
            TestName::IndexStrategies,
            TestName::BulkInsert,
            TestName::ComplexQueries,
            TestName::ConcurrentLoad,
        ],
    };
    if tests.is_empty() {
        return possible.to_vec();
    }
    if tests.iter().any(|test| !possible.contains(test)) {
        let message = "`--table` is measured read-only: only the test `cone_search` is possible";
        mistakes.push(Mistake::new(message));
    }
    tests.sort_unstable();
    tests.dedup();
    tests
}

fn check_thresholds(
    texts: &[String],
    tests: &[TestName],
    mistakes: &mut Vec<Mistake>,
) -> Vec<Threshold> {
    let names: Vec<String> = tests.iter().map(|test| name_of(*test)).collect();
    Threshold::parse_all(texts, &names).unwrap_or_else(|wrong| {
        mistakes.extend(wrong.into_iter().map(Mistake::new));
        Vec::new()
    })
}

/// The name of a test as in reports.
pub fn name_of(test: TestName) -> String {
    use clap::ValueEnum as _;
    test.to_possible_value()
        .map(|it| it.get_name().to_owned())
        .unwrap_or_default()
}

fn as_seconds<S: serde::Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

fn as_text<S: serde::Serializer>(list: &[Threshold], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(list.iter().map(ToString::to_string))
}

#[cfg(test)]
mod tests;
