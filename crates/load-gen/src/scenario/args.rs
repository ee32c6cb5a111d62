//! Flags of `load-gen scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Show, check and import scenarios.
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// List the built-in scenarios.
    List,
    /// Print a built-in scenario as a file to edit.
    Show {
        /// Its name.
        name: String,
    },
    /// Say what is wrong with a scenario, or what would run, in sentences and as a plot.
    Check(Check),
    /// Begin a scenario from a recording of a browser (HAR).
    FromHar(FromHar),
    /// Begin a scenario from an OpenAPI 3 document (JSON or YAML).
    FromOpenapi(FromOpenapi),
    /// Fit a scenario to a web server's log (common or combined format, plain or .gz).
    FromAccessLog(FromAccessLog),
}

/// Flags of `load-gen scenario check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The file, or the name of a built-in scenario.
    pub file: String,
    /// A variable, such as `table=gaia.source`; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
}

/// Flags of `load-gen scenario from-har`.
#[derive(Debug, Args)]
pub struct FromHar {
    /// The recording.
    pub file: PathBuf,
    /// Only requests to this host [default: that of the first page].
    #[arg(long)]
    pub host: Option<String>,
    /// Keep images, fonts, styles and scripts too.
    #[arg(long)]
    pub with_assets: bool,
}

/// Flags of `load-gen scenario from-openapi`.
#[derive(Debug, Args)]
pub struct FromOpenapi {
    /// The document.
    pub file: PathBuf,
}

/// Flags of `load-gen scenario from-access-log`.
#[derive(Debug, Args)]
pub struct FromAccessLog {
    /// The log.
    pub file: PathBuf,
    /// A pause of a client that ends its visit.
    #[arg(long, value_name = "TIME", default_value = "30m")]
    pub visit_gap: String,
    /// Keep the requests of crawlers and monitoring.
    #[arg(long)]
    pub with_robots: bool,
    /// At most so many different requests; the rarest are left out, and told.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub most_requests: usize,
    /// Write a scenario that replays the log with its own times instead.
    #[arg(long)]
    pub replay: bool,
    /// With --replay: how much faster than the log.
    #[arg(
        long,
        value_name = "FACTOR",
        default_value_t = 1.0,
        requires = "replay"
    )]
    pub speed: f64,
}
