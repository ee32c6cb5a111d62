//! Rules about single flags of `load-gen kubernetes run`; each mistake is noted, none ends the checking.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Parser as _;
use common::cli::parse_duration;

use crate::args as load;

use super::super::egress::Destination;
use super::super::pod_env;
use super::SecretKey;

/// More pods than this in one Job are a mistake rather than a wish.
const MOST_WORKERS: u32 = 5000;

/// The environment variable from which `load-gen` takes the bearer token of the service.
const SERVICE_TOKEN: &str = "ASTRO_PERF_TOKEN";

/// Variables that hold secrets; a Job shows its variables to everybody who may read it.
const SECRET_VARIABLES: [&str; 2] = [SERVICE_TOKEN, "ASTRO_PERF_PASSWORD"];

/// The mistakes so far.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) mistakes: Vec<String>,
}

impl Checks {
    pub(super) fn workers(&mut self, workers: u32) {
        if workers == 0 || workers > MOST_WORKERS {
            self.wrong(format!(
                "`--workers` must be from 1 to {MOST_WORKERS}, got `{workers}`"
            ));
        }
    }

    pub(super) fn image(&mut self, image: &str) {
        if image.is_empty() || image.contains(char::is_whitespace) {
            self.wrong(format!("`--image` must name an image, got `{image}`"));
        }
    }

    pub(super) fn wrong(&mut self, mistake: String) {
        self.mistakes.push(mistake);
    }

    pub(super) fn keep<T>(&mut self, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|mistake| self.wrong(mistake)).ok()
    }

    /// The Job's name is also that of a Service, and with the number of a pod it is a host name.
    pub(super) fn job_name(&mut self, name: &str, workers: u32) {
        let longest = 63 - 1 - workers.to_string().len();
        let starts_with_letter = name.starts_with(|it: char| it.is_ascii_lowercase());
        if !is_label(name) || !starts_with_letter || name.len() > longest {
            self.wrong(format!(
                "`--name` must be up to {longest} of a–z, 0–9 and `-`, first a letter, last no `-`, got `{name}`"
            ));
        }
    }

    pub(super) fn subdomain(&mut self, flag: &str, name: &str) {
        if name.len() > 253 || !name.split('.').all(is_label) {
            self.wrong(format!(
                "`{flag}` must be the name of a Kubernetes object, got `{name}`"
            ));
        }
    }

    pub(super) fn time(&mut self, flag: &str, text: &str) -> Duration {
        let time = parse_duration(text).filter(|it| it.as_secs() > 0 && it.as_secs() <= 7 * 86400);
        time.unwrap_or_else(|| {
            self.wrong(format!(
                "`{flag}` must be a time from 1s to 168h, got `{text}`"
            ));
            Duration::ZERO
        })
    }

    pub(super) fn env_secrets(
        &mut self,
        given: &[String],
        token: Option<&str>,
    ) -> BTreeMap<String, SecretKey> {
        let token = token.map(|it| ("--token-secret", SERVICE_TOKEN.to_owned(), it));
        let mut found = BTreeMap::new();
        let named = given.iter().map(|text| {
            let (name, key) = text.split_once('=').unwrap_or(("", text));
            ("--env-secret", name.to_owned(), key)
        });
        for (flag, name, key) in named.chain(token) {
            self.variable(flag, &name);
            let parts = key.split_once('/').filter(|(secret, key)| {
                !secret.is_empty() && !key.is_empty() && !key.contains('/')
            });
            let Some((secret, key)) = parts else {
                self.wrong(format!("`{flag}` must end with SECRET/KEY, got `{key}`"));
                continue;
            };
            self.subdomain(flag, secret);
            let key = SecretKey {
                secret: secret.to_owned(),
                key: key.to_owned(),
            };
            if found.insert(name.clone(), key).is_some() {
                self.wrong(format!("`{flag}` sets `{name}` a second time"));
            }
        }
        found
    }

    pub(super) fn env(
        &mut self,
        given: &[String],
        secrets: &BTreeMap<String, SecretKey>,
    ) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for text in given {
            // The text may hold a secret, so a mistake does not repeat it.
            let Some((name, value)) = text.split_once('=') else {
                self.wrong("`--env` must be NAME=VALUE, and one has no `=`".to_owned());
                continue;
            };
            self.variable("--env", name);
            if SECRET_VARIABLES.contains(&name) {
                self.wrong(format!(
                    "`--env` must not set `{name}`, which everybody could read: `--env-secret` takes it from a Secret"
                ));
            }
            let twice = found.insert(name.to_owned(), value.to_owned()).is_some();
            if twice || secrets.contains_key(name) {
                self.wrong(format!("`--env` sets `{name}` a second time"));
            }
        }
        found
    }

    fn variable(&mut self, flag: &str, name: &str) {
        let ours =
            ["TMPDIR", "JOB_COMPLETION_INDEX"].contains(&name) || pod_env::NAMES.contains(&name);
        let plain = name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
            && name
                .chars()
                .all(|it| it.is_ascii_alphanumeric() || it == '_');
        if ours {
            self.wrong(format!(
                "`{flag}` must not set `{name}`, which the run sets"
            ));
        } else if !plain {
            self.wrong(format!(
                "`{flag}` must begin with a variable's name of letters, digits and `_`, got `{name}`"
            ));
        }
    }

    /// Where pods with these flags send requests.
    pub(super) fn destinations(&mut self, flags: &[String]) -> Vec<Destination> {
        let words = std::iter::once("load-gen").chain(flags.iter().map(String::as_str));
        let args = match load::Args::try_parse_from(words) {
            Ok(args) => args,
            Err(error) => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                let cause = first.trim_start_matches("error: ");
                self.wrong(format!("the flags behind `--`: {cause}"));
                return Vec::new();
            }
        };
        let Some(run) = load_of(args) else {
            self.wrong("behind `--` must be a load, got another command".to_owned());
            return Vec::new();
        };
        let Some(host) = run.host else {
            self.wrong("`--host` is missing behind `--`: which service gets the load?".to_owned());
            return Vec::new();
        };
        let urls = std::iter::once(("--host", host))
            .chain(run.output.remote_write.map(|it| ("--remote-write", it)));
        urls.filter_map(|(flag, url)| {
            let found = Destination::of_url(&url);
            self.keep(found.ok_or_else(|| format!("`{flag}` must be a URL, got `{url}`")))
        })
        .collect()
    }

    /// What the run decides itself has no place behind `--`.
    pub(super) fn flags(&mut self, flags: &[String]) {
        const OURS: [(&str, &str); 14] = [
            ("--master", "the run sets it"),
            ("--worker", "the run sets it"),
            ("--expect-workers", "`--workers` before `--` says how many"),
            ("--master-host", "the run sets it"),
            ("--master-port", "the run sets it"),
            ("--bind", "the run sets it"),
            ("--output", "it goes before `--`"),
            ("--html", "it goes before `--`"),
            ("--csv", "it goes before `--`"),
            ("--hlog", "it goes before `--`"),
            ("--format", "it goes before `--`"),
            (
                "--prometheus",
                "nothing outside reaches the pods, `--remote-write` sends metrics instead",
            ),
            ("--web", "pods have nobody to look at it"),
            ("--headless", "pods are always headless"),
        ];
        let mut seen = BTreeSet::new();
        for flag in flags {
            let name = flag.split('=').next().unwrap_or_default();
            let row = OURS.iter().find(|(ours, _)| *ours == name);
            if let Some((ours, why)) = row.filter(|(ours, _)| seen.insert(*ours)) {
                self.wrong(format!("`{ours}` must not be behind `--`: {why}"));
            }
        }
    }
}

/// The flags of the load, wherever the subcommand put them.
fn load_of(args: load::Args) -> Option<load::Run> {
    match args.command {
        None => Some(args.run),
        Some(
            load::Command::Stress(run)
            | load::Command::Endurance(run)
            | load::Command::Spike(run)
            | load::Command::Breakpoint(run),
        ) => Some(*run),
        Some(load::Command::Scenario(_) | load::Command::Kubernetes(_)) => None,
    }
}

/// Whether it is a DNS label (RFC 1123), of which most names in Kubernetes are made.
fn is_label(text: &str) -> bool {
    let inner = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}
