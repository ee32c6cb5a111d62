//! The command line of `load-gen kubernetes`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use common::redact::Secret;
use common::render::Format;

/// What is done with a cluster.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs a load test from many pods: a master and its workers, as one Job that is removed at the end.
    Run(Box<Run>),
    /// Is what the container of such a pod runs.
    #[command(hide = true)]
    Pod(Pod),
    /// Lists and removes what a killed `run` left in a namespace.
    Clean(Clean),
    /// Prints the Role with just the rights that `run` and `clean` need.
    Rbac(Rbac),
}

/// Which cluster, as which account.
#[derive(Debug, Clone, Args)]
pub struct Cluster {
    /// The kubeconfig; by default that of `kubectl`, inside of a pod its service account.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// The context of the kubeconfig, instead of the current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The namespace, instead of the context's.
    #[arg(short = 'n', long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// Flags of `load-gen kubernetes run`.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// Which cluster, as which account.
    #[command(flatten)]
    pub cluster: Cluster,

    /// How many workers make the load; a pod for the master is added.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub workers: u32,

    /// The container image, with `load-gen` on its PATH.
    #[arg(long, value_name = "IMAGE")]
    pub image: String,

    /// The name of the Job and of all that belongs to it, instead of `load-gen-` and a random ending.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Processor time of each pod, reserved and at most (`1`, `500m`).
    #[arg(long, value_name = "CORES", default_value = "1")]
    pub cpu: String,

    /// Memory of each pod, reserved and at most (`512Mi`, `2Gi`).
    #[arg(long, value_name = "SIZE", default_value = "512Mi")]
    pub memory: String,

    /// After which time the cluster removes a finished run that nobody follows any more.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub ttl: String,

    /// The limit for the whole, from the first object made to the end of the load.
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub timeout: String,

    /// The limit until every pod runs: for nodes to be found and images to be pulled.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    pub start_timeout: String,

    /// An existing service account for the pods, for example one with pull secrets, instead of one without rights.
    #[arg(long, value_name = "NAME")]
    pub service_account: Option<String>,

    /// An environment variable of the pods (repeatable).
    #[arg(long, value_name = "NAME=VALUE")]
    pub env: Vec<String>,

    /// An environment variable of the pods from a key of an existing Secret (repeatable).
    #[arg(long, value_name = "NAME=SECRET/KEY")]
    pub env_secret: Vec<String>,

    /// The key of an existing Secret that holds the bearer token of the service.
    #[arg(long, value_name = "SECRET/KEY")]
    pub token_secret: Option<String>,

    /// A file that the scenario reads, beside those that the flags name (repeatable; together up to 1 MiB).
    #[arg(long, value_name = "FILE")]
    pub file: Vec<PathBuf>,

    /// Prints the manifests instead of running; the token in their Secret is a placeholder to be replaced.
    #[arg(long)]
    pub render: bool,

    /// Where the result document is written.
    #[arg(long, value_name = "FILE", default_value = "load_test_results.json")]
    pub output: PathBuf,

    /// Where the HTML report is written.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// The beginning of the names of CSV files in Locust's layout.
    #[arg(long, value_name = "PREFIX")]
    pub csv: Option<String>,

    /// Where the `HdrHistogram` log is written.
    #[arg(long, value_name = "FILE")]
    pub hlog: Option<PathBuf>,

    /// The format of the summary on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,

    /// The flags of `load-gen` itself, behind `--`: what load, on which service.
    #[arg(last = true, required = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

/// Flags of `load-gen kubernetes pod`; the manifests set all of them.
#[derive(Debug, Clone, Args)]
pub struct Pod {
    /// Which pod of the Job this is: 0 is the master.
    #[arg(long, env = "JOB_COMPLETION_INDEX")]
    pub index: u32,

    /// How many workers the master waits for.
    #[arg(long, env = "LOAD_GEN_WORKERS")]
    pub workers: u32,

    /// The host name of the master.
    #[arg(long, env = "LOAD_GEN_MASTER_HOST")]
    pub master_host: String,

    /// The port of the master.
    #[arg(long, env = "LOAD_GEN_MASTER_PORT", default_value_t = 5557)]
    pub master_port: u16,

    /// The address of this pod.
    #[arg(long, env = "LOAD_GEN_POD_IP")]
    pub pod_ip: IpAddr,

    /// The folder of the results.
    #[arg(long, env = "LOAD_GEN_RESULTS")]
    pub results: PathBuf,

    /// The token that master and workers share.
    #[arg(long, env = "LOAD_GEN_TOKEN", hide_env_values = true)]
    pub token: Secret,

    /// Writes an HTML report as well.
    #[arg(long)]
    pub html: bool,

    /// Writes CSV files as well.
    #[arg(long)]
    pub csv: bool,

    /// Writes an `HdrHistogram` log as well.
    #[arg(long)]
    pub hlog: bool,

    /// How long the master waits for its workers.
    #[arg(long, env = "LOAD_GEN_MAX_WAIT", default_value = "5m")]
    pub max_wait: String,

    /// The flags of `load-gen` itself.
    #[arg(last = true, value_name = "FLAGS")]
    pub flags: Vec<String>,
}

/// Flags of `load-gen kubernetes clean`.
#[derive(Debug, Clone, Args)]
pub struct Clean {
    /// Which cluster, as which account.
    #[command(flatten)]
    pub cluster: Cluster,

    /// Only the run of this name, instead of all.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Lists what is there and removes nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// Flags of `load-gen kubernetes rbac`.
#[derive(Debug, Clone, Args)]
pub struct Rbac {
    /// The namespace of the runs.
    #[arg(short = 'n', long, value_name = "NAME", default_value = "default")]
    pub namespace: String,
}
