//! What the flags of a distributed run mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::cli::{Mistake, check_time};
use common::files;
use common::redact::Secret;

use crate::args::Distributed;

use super::proof::Token;

/// How a master finds its workers.
#[derive(Debug, Clone)]
pub struct MasterOptions {
    /// Where it listens, as `HOST:PORT`.
    pub bind: String,
    /// Workers it waits for; at least one.
    pub expect: u64,
    /// How long it waits for them.
    pub max_wait: Duration,
    pub(super) token: Option<Token>,
    /// Certificate and key, for TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// How a worker finds its master.
#[derive(Debug, Clone)]
pub struct WorkerOptions {
    /// The master's machine.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name in reports.
    pub name: String,
    pub(super) token: Option<Token>,
    /// The authorities to trust, for TLS.
    pub authorities: Option<PathBuf>,
}

impl MasterOptions {
    /// Checks the flags of `--master`; `None` where something is wrong.
    pub fn of(flags: &Distributed, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let before = mistakes.len();
        let expect = flags.expect_workers.unwrap_or(1);
        if expect == 0 {
            mistakes.push(Mistake::of_flag("--expect-workers", "at least 1", &expect));
        }
        let max_wait = check_time(
            "--expect-workers-max-wait",
            &flags.expect_workers_max_wait,
            mistakes,
        );
        if flags.worker_tls_cert.is_some() != flags.worker_tls_key.is_some() {
            let message = "`--worker-tls-cert` of a master needs `--worker-tls-key`";
            mistakes.push(Mistake::new(message));
        }
        let token = token(flags, mistakes);
        (mistakes.len() == before).then(|| Self {
            bind: flags.bind.clone(),
            expect,
            max_wait,
            token,
            tls: flags
                .worker_tls_cert
                .clone()
                .zip(flags.worker_tls_key.clone()),
        })
    }
}

impl WorkerOptions {
    /// Checks the flags of `--worker`; `None` where something is wrong.
    pub fn of(flags: &Distributed, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let before = mistakes.len();
        let name = flags.worker_name.clone().unwrap_or_else(own_name);
        let fits = (1..=100).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            let rule = "1 to 100 printable characters";
            mistakes.push(Mistake::of_flag("--worker-name", rule, &name));
        }
        if flags.worker_tls_key.is_some() {
            let message =
                "`--worker-tls-key` is for a master; a worker needs `--worker-tls-cert` only";
            mistakes.push(Mistake::new(message));
        }
        let token = token(flags, mistakes);
        (mistakes.len() == before).then(|| Self {
            host: flags
                .master_host
                .clone()
                .unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: flags.master_port,
            name,
            token,
            authorities: flags.worker_tls_cert.clone(),
        })
    }
}

/// Host name and process, which tell workers of one machine apart.
fn own_name() -> String {
    let host = nix::unistd::gethostname().ok();
    let host = host.and_then(|it| it.into_string().ok());
    format!(
        "{}-{}",
        host.as_deref().unwrap_or("worker"),
        std::process::id()
    )
}

fn token(flags: &Distributed, mistakes: &mut Vec<Mistake>) -> Option<Token> {
    let (from, secret) = match &flags.worker_token_file {
        Some(path) => ("--worker-token-file", read(path, mistakes)?),
        None => ("LOAD_GEN_TOKEN", flags.worker_token.clone()?),
    };
    Token::new(secret)
        .map_err(|rule| mistakes.push(Mistake::new(format!("`{from}`: {rule}"))))
        .ok()
}

fn read(path: &Path, mistakes: &mut Vec<Mistake>) -> Option<Secret> {
    match files::read(path) {
        Ok(text) => Some(Secret::new(text.lines().next().unwrap_or_default().trim())),
        Err(error) => {
            mistakes.push(Mistake::new(format!("`--worker-token-file`: {error}")));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: Distributed,
    }

    fn flags(words: &[&str]) -> Distributed {
        Line::parse_from([&["load-gen"], words].concat()).flags
    }

    fn mistakes(words: &[&str]) -> Vec<String> {
        let flags = flags(words);
        let mut mistakes = Vec::new();
        if flags.worker {
            assert!(WorkerOptions::of(&flags, &mut mistakes).is_none());
        } else {
            assert!(MasterOptions::of(&flags, &mut mistakes).is_none());
        }
        mistakes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn wrong_flags_are_told_all_at_once() {
        let words = [
            "--master",
            "--expect-workers=0",
            "--expect-workers-max-wait=soon",
            "--worker-token-file=/no/such/token",
            "--worker-tls-cert=cert.pem",
        ];
        let told = mistakes(&words);
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].contains("`--expect-workers` must be at least 1, got `0`"));
        assert!(told[1].contains("--expect-workers-max-wait"));
        assert!(told[2].contains("--worker-tls-key"));
        assert!(told[3].contains("/no/such/token"));
        let told = mistakes(&["--worker", "--worker-name="]);
        assert!(told[0].contains("--worker-name"), "{told:?}");
    }

    #[test]
    fn a_worker_has_a_name_and_a_master_a_limit() {
        let mut none = Vec::new();
        let worker = WorkerOptions::of(&flags(&["--worker", "--master-host=m"]), &mut none);
        assert!(
            worker
                .unwrap()
                .name
                .ends_with(&std::process::id().to_string())
        );
        let master = MasterOptions::of(&flags(&["--master"]), &mut none).unwrap();
        assert_eq!((master.expect, master.max_wait.as_secs()), (1, 60));
        assert!(none.is_empty());
    }
}
