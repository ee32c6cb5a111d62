//! What `load-gen kubernetes run` is to do, checked: names, sizes, limits, files; all mistakes at once.

mod checks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::files;
use common::render::Format;
use rand::RngExt as _;

use super::args::Run;
use super::carried::{self, CarriedFile};
use super::egress::Destination;
use super::quantity;
use checks::Checks;

/// The port on which the master waits for its workers.
pub(super) const MASTER_PORT: u16 = 5557;

/// A run of a load test in a cluster.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// The name of the Job and of all that belongs to it.
    pub(super) name: String,
    /// The image of the pods.
    pub(super) image: String,
    /// Pods that make load.
    pub(super) workers: u32,
    /// Processor time of a pod, as a Kubernetes quantity.
    pub(super) cpu: String,
    /// Memory of a pod, as a Kubernetes quantity.
    pub(super) memory: String,
    /// After which time the cluster removes a finished run.
    pub(super) ttl: Duration,
    /// The limit for the whole.
    pub(super) timeout: Duration,
    /// The limit until every pod runs.
    pub(super) start_timeout: Duration,
    /// An existing service account, instead of one of our own.
    pub(super) service_account: Option<String>,
    /// Environment variables of the pods.
    pub(super) env: BTreeMap<String, String>,
    /// Environment variables of the pods from existing Secrets.
    pub(super) env_secrets: BTreeMap<String, SecretKey>,
    /// Files that go along, at most 1 MiB together.
    pub(super) files: Vec<CarriedFile>,
    /// The flags of `load-gen` in the pods, with the paths of files as they are there.
    pub(super) flags: Vec<String>,
    /// Where the load goes, and live metrics.
    pub(super) destinations: Vec<Destination>,
    /// Where results are written.
    pub(super) outputs: Outputs,
}

/// A key of a Secret in the namespace of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecretKey {
    /// The Secret's name.
    pub(super) secret: String,
    /// The key in it.
    pub(super) key: String,
}

/// Where results are written on this machine.
#[derive(Debug, Clone)]
pub(super) struct Outputs {
    /// The result document.
    pub(super) document: PathBuf,
    /// The HTML report.
    pub(super) html: Option<PathBuf>,
    /// The beginning of the names of CSV files.
    pub(super) csv: Option<String>,
    /// The `HdrHistogram` log.
    pub(super) hlog: Option<PathBuf>,
    /// The format of the summary on standard output.
    pub(super) format: Format,
}

impl Plan {
    /// Checks the command line; all that is wrong with it at once.
    pub(super) fn new(run: Run) -> Result<Self, Vec<String>> {
        let Run {
            cluster: _,
            workers,
            image,
            name,
            cpu,
            memory,
            ttl,
            timeout,
            start_timeout,
            service_account,
            env,
            env_secret,
            token_secret,
            file,
            render: _,
            output,
            html,
            csv,
            hlog,
            format,
            flags,
        } = run;
        let mut checks = Checks::default();
        checks.workers(workers);
        let name = name.unwrap_or_else(random_name);
        checks.job_name(&name, workers);
        if let Some(account) = &service_account {
            checks.subdomain("--service-account", account);
        }
        checks.image(&image);
        for (flag, text) in [("--cpu", &cpu), ("--memory", &memory)] {
            checks.keep(quantity::check(flag, text));
        }
        let env_secrets = checks.env_secrets(&env_secret, token_secret.as_deref());
        let env = checks.env(&env, &env_secrets);
        checks.flags(&flags);
        let destinations = checks.destinations(&flags);
        let carried = checks
            .keep(carried::carry(&flags, &file))
            .unwrap_or_default();
        let plan = Self {
            image,
            workers,
            cpu,
            memory,
            ttl: checks.time("--ttl", &ttl),
            timeout: checks.time("--timeout", &timeout),
            start_timeout: checks.time("--start-timeout", &start_timeout),
            service_account,
            env,
            env_secrets,
            destinations,
            files: carried.files,
            flags: carried.flags,
            outputs: Outputs {
                document: output,
                html,
                csv,
                hlog,
                format,
            },
            name,
        };
        if checks.mistakes.is_empty() {
            Ok(plan)
        } else {
            Err(checks.mistakes)
        }
    }

    /// Pods of the Job: the workers and the master.
    pub(super) fn pods(&self) -> u32 {
        self.workers + 1
    }
}

impl Outputs {
    /// Fails when a file could not be written at the end.
    pub(super) fn check_writable(&self) -> Result<(), files::FileError> {
        files::check_writable(&self.document)?;
        for path in [&self.html, &self.hlog].into_iter().flatten() {
            files::check_writable(path)?;
        }
        match &self.csv {
            Some(prefix) => files::check_writable(Path::new(&format!("{prefix}_stats.csv"))),
            None => Ok(()),
        }
    }
}

fn random_name() -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut random = rand::rng();
    let ending: String = (0..6)
        .map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())]))
        .collect();
    format!("load-gen-{ending}")
}

#[cfg(test)]
mod tests;
