//! The command line, unchecked.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use common::redact::Secret;
use common::render::Format;

/// Measures how an astronomical catalogue performs on PostgreSQL + PostGIS.
///
/// Without a connection (no flag, no PG* variable) a throwaway server of the installed PostgreSQL is
/// started, used and removed. With one, everything happens in a schema of our own that is dropped at
/// the end; no other object is touched.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    disable_help_flag = true
)]
#[command(
    after_help = "Exit status: 0 every threshold held · 1 a threshold failed · 2 bad usage or file \
· 3 a threshold has no data · 4 the server failed · 130 interrupted before there was a result"
)]
pub struct Args {
    /// What to do instead of measuring.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to measure.
    #[command(flatten)]
    pub measure: Measure,
    /// Print help.
    // One page for both: the long form parts each flag by an empty line.
    #[arg(short, long, action = ArgAction::HelpShort, global = true)]
    help: Option<bool>,
}

/// What to do instead of measuring.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep a throwaway server with PostGIS in the foreground and print its URL.
    Server(Server),
    /// List and remove what crashed runs left: schemas of ours and throwaway servers.
    Clean(Clean),
}

/// Flags of `db-perf server`.
#[derive(Debug, ClapArgs)]
pub struct Server {
    /// Listen on this port of 127.0.0.1; a free one by default.
    #[arg(long)]
    pub port: Option<u16>,
}

/// Flags of `db-perf clean`.
#[derive(Debug, ClapArgs)]
pub struct Clean {
    /// Only list, remove nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The server to look at; without one only throwaway servers are looked for.
    #[command(flatten)]
    pub connection: Connection,
}

/// Which server.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Connection (else PG* variables, else a throwaway server)")]
pub struct Connection {
    /// Host name, address or socket folder.
    #[arg(long)]
    pub host: Option<String>,
    /// Port.
    #[arg(long)]
    pub port: Option<u16>,
    /// Database.
    #[arg(long)]
    pub database: Option<String>,
    /// User.
    #[arg(long)]
    pub user: Option<String>,
    /// Password; other people on this machine may see it, so prefer PGPASSWORD or ~/.pgpass.
    #[arg(long)]
    pub password: Option<Secret>,
    /// All of it as `postgres://user@host:port/database?sslmode=…` or `host=… dbname=…`.
    #[arg(long)]
    pub url: Option<String>,
    /// disable, allow, prefer, require, verify-ca or verify-full.
    #[arg(long)]
    pub sslmode: Option<String>,
    /// File with the certificates of the authorities to trust.
    #[arg(long)]
    pub sslrootcert: Option<PathBuf>,
}

/// Flags of a measurement.
#[derive(Debug, ClapArgs)]
pub struct Measure {
    /// A first look: everything small, within a minute.
    #[arg(long)]
    pub quick: bool,
    /// Which server.
    #[command(flatten)]
    pub connection: Connection,
    /// What is in the catalogue.
    #[command(flatten)]
    pub catalogue: Catalogue,
    /// How much is done.
    #[command(flatten)]
    pub load: Load,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

/// What is in the catalogue.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Catalogue")]
pub struct Catalogue {
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Sources of the generated sky [default: 200000 quick, 1000000 full].
    #[arg(long, value_name = "N")]
    pub objects: Option<u64>,
    /// Kinds of objects: `physical` as many as the sky has, `seed` 70 % stars, 20 % galaxies …
    #[arg(long, default_value = "physical")]
    pub mix: String,
    /// Magnitude in G at which half of the sources are detected.
    #[arg(long, value_name = "MAG", default_value_t = 20.7)]
    pub depth: f64,
    /// Load this catalogue (CSV, plain or .gz) instead of the generated one.
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Measure this existing table read-only: `schema.name`; needs --ra and --dec.
    #[arg(long, value_name = "TABLE", conflicts_with = "catalog")]
    pub table: Option<String>,
    /// Column of right ascensions in degrees, for --table or --catalog.
    #[arg(long, value_name = "COL")]
    pub ra: Option<String>,
    /// Column of declinations in degrees, for --table or --catalog.
    #[arg(long, value_name = "COL")]
    pub dec: Option<String>,
    /// Column of magnitudes, for --table or --catalog.
    #[arg(long, value_name = "COL")]
    pub mag: Option<String>,
    /// Radii of cones: `log-uniform` from 1″ to 1° with a thin tail, `seed` 0.1 to 5°, or degrees.
    #[arg(long, default_value = "log-uniform")]
    pub radii: String,
}

/// A test by the name that reports use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum TestName {
    /// Cones by many users at once.
    ConeSearch,
    /// The same cones through every kind of index.
    IndexStrategies,
    /// Ways to load rows.
    BulkInsert,
    /// Joins, aggregations, temporal queries, cross-match.
    ComplexQueries,
    /// A mix by many users through a pool.
    ConcurrentLoad,
}

/// How much is done.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Load")]
pub struct Load {
    /// Only these tests, parted by commas.
    #[arg(long, value_delimiter = ',', value_name = "TEST,…")]
    pub tests: Vec<TestName>,
    /// Users of `cone_search` and `concurrent_load` [default: 10 and 20 quick, 20 and 50 full].
    #[arg(long, value_name = "N")]
    pub users: Option<usize>,
    /// Length of `concurrent_load`, and of `cone_search` with --rate: `30`, `30s`, `5m`
    /// [default: 8s quick, 300s full].
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Requests per second that arrive whether the server keeps up or not, for `cone_search` and
    /// `concurrent_load`.
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// Cancel a statement after this time: `10s`, `500ms`.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub statement_timeout: String,
}

/// What comes out.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// File for the result document.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "db_performance_results.json"
    )]
    pub output: PathBuf,
    /// Format on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// A limit that decides the exit status, such as `cone_search.p95_time_ms<100`; repeatable.
    #[arg(long, value_name = "LIMIT")]
    pub threshold: Vec<String>,
    /// Keep our schema on the given server for a look afterwards; `clean` removes it.
    #[arg(long)]
    pub keep: bool,
}
