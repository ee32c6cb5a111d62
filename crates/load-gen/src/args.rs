//! The command line, unchecked.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, Parser, Subcommand};
use common::redact::Secret;
use common::render::Format;
use service::connection::ConnectionFlags;

use crate::scenario::args::ScenarioCommand;

/// Simulates astronomers and pipelines that use a service.
///
/// Without --host a reference service of our own is started on 127.0.0.1 and removed at the end.
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
    /// What to do instead of a run as the flags say.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The run.
    #[command(flatten)]
    pub run: Run,
    /// Print help.
    #[arg(short, long, action = ArgAction::HelpShort, global = true)]
    help: Option<bool>,
}

/// What to do instead of a run as the flags say.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Steps of more and more users, each held, up to five times --users: where does it give way?
    Stress(Box<Run>),
    /// A moderate load for a long time: does it leak, slow down, fill up?
    #[command(visible_alias = "soak")]
    Endurance(Box<Run>),
    /// A calm load, a sudden crowd of ten times as many, calm again: does it recover?
    Spike(Box<Run>),
    /// Raise the arrival rate until a threshold breaks, and tell the highest that held.
    Breakpoint(Box<Run>),
    /// Run from many pods of a Kubernetes cluster.
    #[command(subcommand)]
    Kubernetes(crate::kubernetes::args::Command),
    /// Show, check and import scenarios.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
}

/// Flags of a run.
#[derive(Debug, ClapArgs)]
pub struct Run {
    /// What users do: a built-in scenario or a file (`load-gen scenario list` tells the names).
    #[arg(
        short = 'f',
        long,
        value_name = "NAME|FILE",
        default_value = "observatory"
    )]
    pub scenario: String,
    /// The service, such as `http://localhost:8080` or the path of a service behind `kubectl proxy`.
    #[arg(short = 'H', long, visible_alias = "url")]
    pub host: Option<String>,
    /// How much is offered.
    #[command(flatten)]
    pub load: Load,
    /// What is watched and written.
    #[command(flatten)]
    pub output: Output,
    /// Several machines.
    #[command(flatten)]
    pub distributed: Distributed,
    /// How the service is asked.
    #[command(flatten)]
    pub connection: ConnectionFlags,
    /// What is asked.
    #[command(flatten)]
    pub subject: Subject,
}

/// How much is offered.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Load")]
pub struct Load {
    /// Users that wait for their answers and think [default: the scenario's].
    #[arg(short, long, value_name = "N")]
    pub users: Option<u64>,
    /// Users that start in a second [default: all at once].
    #[arg(short = 'r', long, value_name = "PER_SECOND")]
    pub spawn_rate: Option<f64>,
    /// How long the load is offered: `300s`, `1h30m` [default: the scenario's; without end with --web].
    #[arg(short = 't', long, value_name = "TIME")]
    pub run_time: Option<String>,
    /// Iterations per second that arrive whether the service keeps up or not.
    #[arg(long, value_name = "PER_SECOND", conflicts_with_all = ["users", "spawn_rate"])]
    pub rate: Option<f64>,
    /// Arrivals come at random, as independent people do, instead of evenly.
    #[arg(long)]
    pub poisson: bool,
    /// Users that an arrival rate may need at once [default: 10 s worth of iterations, 50 to 20000].
    #[arg(long, value_name = "N")]
    pub max_users: Option<u64>,
    /// Stretches of load as `LEVEL@TIME,…`, each reached linearly: `100@1m,100@10m,0@30s` users, or with a
    /// unit `50/s@1m` arrivals.
    #[arg(long, value_name = "STAGES", conflicts_with_all = ["users", "rate", "run_time", "spawn_rate"])]
    pub stages: Option<String>,
    /// End after so many iterations.
    #[arg(short = 'i', long, value_name = "N")]
    pub iterations: Option<u64>,
    /// Leave out of the figures what is due in the first time.
    #[arg(long, value_name = "TIME")]
    pub warm_up: Option<String>,
    /// How long what is under way at the end may take [default: 30s].
    #[arg(long, value_name = "TIME", visible_alias = "stop-timeout")]
    pub graceful_stop: Option<String>,
    /// Threads that offer load [default: the number of cores].
    #[arg(long, value_name = "N")]
    pub threads: Option<u64>,
    /// Addresses of this machine to ask from, for more connections than one address has ports.
    #[arg(long, value_name = "IP,…", value_delimiter = ',')]
    pub source_address: Vec<IpAddr>,
}

/// What is watched and written.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub struct Output {
    /// No live view: a line now and then, and the summary.
    #[arg(long)]
    pub headless: bool,
    /// A live page in the browser that starts, steers and stops the run [default address: 127.0.0.1:8089].
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:8089")]
    pub web: Option<String>,
    /// With --web: begin at once instead of when somebody presses start.
    #[arg(long, requires = "web")]
    pub autostart: bool,
    /// File for the report as a page.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Files `PREFIX_stats.csv`, `_stats_history.csv`, `_failures.csv`, `_exceptions.csv` in Locust's columns.
    #[arg(long, value_name = "PREFIX")]
    pub csv: Option<PathBuf>,
    /// File for the result document.
    #[arg(long, value_name = "FILE", default_value = "load_test_results.json")]
    pub output: PathBuf,
    /// File for an HdrHistogram log with a line a second.
    #[arg(long, value_name = "FILE")]
    pub hlog: Option<PathBuf>,
    /// Live metrics for Prometheus at this address, such as 127.0.0.1:9646.
    #[arg(long, value_name = "ADDR")]
    pub prometheus: Option<String>,
    /// Send live metrics by Prometheus remote write to this URL.
    #[arg(long, value_name = "URL")]
    pub remote_write: Option<String>,
    /// File with a bearer token for --remote-write.
    #[arg(long, value_name = "FILE", requires = "remote_write")]
    pub remote_write_token_file: Option<PathBuf>,
    /// Format of the summary on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// A limit that decides the exit status: `cone_search.p95 < 500ms`, `errors < 1%`, `rate > 100/s`; repeatable.
    #[arg(long, value_name = "LIMIT")]
    pub threshold: Vec<String>,
    /// End the run as soon as a threshold is broken.
    #[arg(long)]
    pub abort_on_fail: bool,
    /// For how long --abort-on-fail looks away, from the start.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub abort_delay: String,
}

/// Several machines.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Distributed")]
pub struct Distributed {
    /// Lead workers on this and other machines instead of offering load oneself.
    #[arg(long, conflicts_with = "worker")]
    pub master: bool,
    /// Offer what a master says.
    #[arg(long)]
    pub worker: bool,
    /// With --master: begin when so many workers are there.
    #[arg(long, value_name = "N", requires = "master")]
    pub expect_workers: Option<u64>,
    /// With --master: wait so long for them.
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub expect_workers_max_wait: String,
    /// With --master: listen here for workers.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:5557",
        requires = "master"
    )]
    pub bind: String,
    /// With --worker: the master's machine.
    #[arg(long, value_name = "HOST", requires = "worker")]
    pub master_host: Option<String>,
    /// With --worker: its port.
    #[arg(long, value_name = "PORT", default_value_t = 5557)]
    pub master_port: u16,
    /// With --worker: the name in reports [default: host name and process].
    #[arg(long, value_name = "NAME", requires = "worker")]
    pub worker_name: Option<String>,
    /// File with the token that master and workers share; or the variable `LOAD_GEN_TOKEN`.
    #[arg(long, value_name = "FILE")]
    pub worker_token_file: Option<PathBuf>,
    /// The token, from the environment only, since others may see a command line.
    #[arg(long, env = "LOAD_GEN_TOKEN", hide = true, hide_env_values = true)]
    pub worker_token: Option<Secret>,
    /// With --master: certificate (PEM) for workers that connect by TLS. With --worker: the authority to trust.
    #[arg(long, value_name = "FILE")]
    pub worker_tls_cert: Option<PathBuf>,
    /// With --master: its key (PEM).
    #[arg(long, value_name = "FILE", requires = "worker_tls_cert")]
    pub worker_tls_key: Option<PathBuf>,
}

/// What is asked.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Subject")]
pub struct Subject {
    /// A variable of the scenario or its API, such as `table=gaia.source`; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Upload the FITS files of this folder, or name their keys to the service.
    #[arg(long, value_name = "DIR")]
    pub fits: Option<PathBuf>,
    /// The catalogue behind the service (CSV, plain or .gz with ra and dec), so that targets follow it.
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Radii of cones: `log-uniform` from 1″ to 1° with a thin tail, `seed` 0.1 to 5°, or degrees.
    #[arg(long, default_value = "log-uniform")]
    pub radii: String,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Sources in the catalogue of the reference service (without --host).
    #[arg(long, value_name = "N")]
    pub objects: Option<u64>,
    /// A fault of the reference service (without --host), such as `stall=2s/20s`; repeatable.
    #[arg(long, value_name = "FAULT", conflicts_with = "host")]
    pub fault: Vec<String>,
}
