//! The command line, unchecked.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use common::render::Format;
use service::connection::ConnectionFlags;

/// Measures how an image-processing and catalogue service performs over HTTP.
///
/// Without --url a reference service of our own is started on 127.0.0.1, with a throwaway PostgreSQL +
/// PostGIS where that is installed, measured and removed.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    disable_help_flag = true
)]
#[command(
    after_help = "Exit status: 0 every threshold held · 1 a threshold failed · 2 bad usage or file \
· 3 a threshold has no data · 4 the service failed · 130 interrupted before there was a result"
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
    /// Keep the reference service in the foreground and print its URL.
    Serve(Serve),
    /// List the API profiles, print one, or begin one from an OpenAPI document.
    Apis(Apis),
    /// Write FITS files as real instruments make them.
    Fits(Fits),
    /// Find out how far this machine's own figures can be trusted.
    Calibrate(Calibrate),
}

/// Flags of `app-perf serve`.
#[derive(Debug, ClapArgs)]
pub struct Serve {
    /// Listen here.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub addr: SocketAddr,
    /// A PostgreSQL with PostGIS for the catalogue, in a schema of our own that is dropped at the end;
    /// without one a throwaway server. Password from PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "URL")]
    pub db: Option<String>,
    /// Keep the catalogue in memory, without PostgreSQL.
    #[arg(long, conflicts_with = "db")]
    pub memory: bool,
    /// The catalogue and the images.
    #[command(flatten)]
    pub reference: Reference,
    /// A fault on demand, such as `latency=lognormal:20ms:0.5`, `stall=2s/20s`, `error=1/100`; repeatable.
    #[arg(long, value_name = "FAULT")]
    pub fault: Vec<String>,
}

/// Flags about the reference service.
#[derive(Debug, ClapArgs)]
pub struct Reference {
    /// Sources in the catalogue of the reference service [default: 100000].
    #[arg(long, value_name = "N")]
    pub objects: Option<u64>,
    /// Images that the reference service works on at once [default: the number of cores].
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Images that may wait; more are refused with status 429.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub queue: usize,
    /// Width and height of the generated images in pixels [default: 512 quick, 2048 full].
    #[arg(long, value_name = "PIXELS")]
    pub image_size: Option<u32>,
}

/// Flags of `app-perf apis`.
#[derive(Debug, ClapArgs)]
pub struct Apis {
    /// Print this built-in profile, or check this file.
    pub name: Option<String>,
    /// Write a profile to edit from an OpenAPI 3 document (JSON or YAML).
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub from_openapi: Option<PathBuf>,
}

/// Flags of `app-perf fits`.
#[derive(Debug, ClapArgs)]
pub struct Fits {
    /// The instrument: wfc3-uvis, wfc3-ir, miri, fors2, niri, gmos or deimos; `all` for one after the other.
    #[arg(long, default_value = "all")]
    pub instrument: String,
    /// The folder for the files; it is made where it is missing.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// How many files.
    #[arg(long, default_value_t = 1)]
    pub count: u32,
    /// The filter; one of the instrument's by default.
    #[arg(long)]
    pub filter: Option<String>,
    /// As the detector delivers it, or calibrated.
    #[arg(long, value_enum, default_value_t)]
    pub product: ProductName,
    /// Right ascension and declination in degrees, such as `83.82,-5.39`; a known object by default.
    #[arg(long, value_name = "RA,DEC", allow_hyphen_values = true)]
    pub pointing: Option<String>,
    /// Exposure time in seconds [default: 300].
    #[arg(long, value_name = "S")]
    pub exposure: Option<f64>,
    /// Seed of stars and noise.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Only this many pixels in width and height of each detector.
    #[arg(long, value_name = "PIXELS")]
    pub cutout: Option<u32>,
    /// Compress the images by tiles (Rice).
    #[arg(long)]
    pub compress: bool,
}

/// How far an image is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProductName {
    /// As the detector delivers it.
    #[default]
    Raw,
    /// Calibrated.
    Calibrated,
}

/// Flags of `app-perf calibrate`.
#[derive(Debug, ClapArgs)]
pub struct Calibrate {
    /// A first look: everything short.
    #[arg(long)]
    pub quick: bool,
    /// Format on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// File for the result document.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "app_calibration_results.json"
    )]
    pub output: PathBuf,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
}

/// Flags of a measurement.
#[derive(Debug, ClapArgs)]
pub struct Measure {
    /// The service, such as `http://localhost:8080` or the path of a service behind `kubectl proxy`.
    #[arg(long)]
    pub url: Option<String>,
    /// A first look: everything small, within a minute.
    #[arg(long)]
    pub quick: bool,
    /// How the service is asked.
    #[command(flatten)]
    pub http: ConnectionFlags,
    /// What is asked.
    #[command(flatten)]
    pub api: Api,
    /// How much is done.
    #[command(flatten)]
    pub load: Load,
    /// The service that is started without --url.
    #[command(flatten, next_help_heading = "Reference service (without --url)")]
    pub reference: Reference,
    /// What comes out.
    #[command(flatten)]
    pub output: Output,
}

/// What is asked.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "API")]
pub struct Api {
    /// The API profile: a built-in name or a file (`app-perf apis` lists and prints them).
    #[arg(long, value_name = "NAME|FILE", default_value = "astro-pipeline")]
    pub api: String,
    /// A variable of the profile, such as `table=gaia.source`; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Upload the FITS files of this folder, or name their keys to the service.
    #[arg(long, value_name = "DIR")]
    pub fits: Option<PathBuf>,
    /// The catalogue behind the service (CSV, plain or .gz with ra and dec), so that answers can be counted.
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Radii of cones: `log-uniform` from 1″ to 1° with a thin tail, `seed` 0.1 to 5°, or degrees.
    #[arg(long, default_value = "log-uniform")]
    pub radii: String,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
}

/// A test by the name that reports use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum TestName {
    /// Whether the service is well, asked as monitoring does.
    HealthCheck,
    /// Image-processing jobs from submission to completion.
    FitsProcessing,
    /// Questions to the catalogue.
    CatalogQueries,
    /// Questions to the catalogue that are jobs.
    AsyncQueries,
    /// Everything at once, by users with think time.
    MixedWorkload,
    /// An image is calibrated and its sources are looked up in the catalogue.
    Workflow,
}

/// How much is done.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Load")]
pub struct Load {
    /// Only these tests, parted by commas.
    #[arg(long, value_delimiter = ',', value_name = "TEST,…")]
    pub tests: Vec<TestName>,
    /// Users of every test [default: 20, 10, 25, 50 by test; fewer with --quick].
    #[arg(long, value_name = "N")]
    pub users: Option<usize>,
    /// Length of `mixed_workload`, and of other tests with --rate: `30`, `30s`, `5m`
    /// [default: 15s quick, 300s full].
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    /// Requests per second that arrive whether the service keeps up or not, for `health_check`,
    /// `catalog_queries` and `mixed_workload`.
    #[arg(long, value_name = "PER_SECOND")]
    pub rate: Option<f64>,
    /// Raise the arrival rate of `catalog_queries` step by step until a threshold on it breaks
    /// [default threshold: p95 below 500 ms, 99 % right], and tell the highest rate that held.
    #[arg(long)]
    pub find_limit: bool,
}

/// What comes out.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// File for the result document.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "app_performance_results.json"
    )]
    pub output: PathBuf,
    /// Format on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// A limit that decides the exit status, such as `catalog_queries.p95_time_ms<500` or, for one kind
    /// of question, `catalog_queries.cone_search.p95_time_ms<100`; repeatable.
    #[arg(long, value_name = "LIMIT")]
    pub threshold: Vec<String>,
}
