//! The generators: how each is called and how its answer is read.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Context as _;
use common::units::count_f64;
use serde_json::Value;

use super::measured::measure;
use super::{Arena, Round, USERS, environment};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Through the runner, with everything recorded.
    Ours,
    /// The client in a bare loop, which shows what the runner and recording cost.
    OursBare,
    Wrk,
    Oha,
    K6,
}

impl Tool {
    pub(crate) const ALL: [Self; 5] = [Self::Wrk, Self::Ours, Self::OursBare, Self::Oha, Self::K6];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "this client, runner and full recording",
            Self::OursBare => "this client, bare loop",
            Self::Wrk => "wrk",
            Self::Oha => "oha",
            Self::K6 => "k6",
        }
    }

    fn program(self) -> anyhow::Result<PathBuf> {
        match self {
            Self::Ours | Self::OursBare => Ok(std::env::current_exe()?),
            Self::Wrk | Self::Oha | Self::K6 => {
                let folders = format!(
                    "{}:{}",
                    environment("PEERS").unwrap_or_default(),
                    environment("PATH").unwrap_or_default()
                );
                std::env::split_paths(&folders)
                    .map(|folder| folder.join(self.name()))
                    .find(|path| path.is_file())
                    .with_context(|| format!("{} is not installed", self.name()))
            }
        }
    }

    pub(crate) fn is_present(self) -> bool {
        self.program().is_ok()
    }

    /// One round.
    pub(crate) fn run(self, arena: &Arena) -> anyhow::Result<Round> {
        let mut command = Command::new(self.program()?);
        let (users, seconds) = (USERS.to_string(), arena.seconds.to_string());
        let time = format!("{seconds}s");
        let report = arena.folder.join("k6.json");
        match self {
            Self::Ours => command.args(["--ours", "recorded", &arena.url, &seconds]),
            Self::OursBare => command.args(["--ours", "bare", &arena.url, &seconds]),
            Self::Wrk => command.args(["-t", "1", "-c", &users, "-d", &time, &arena.url]),
            Self::Oha => command
                .args(["--no-tui", "--output-format", "json"])
                .args(["-c", &users, "-z", &time, &arena.url]),
            Self::K6 => {
                let script = arena.folder.join("script.js");
                let text = k6_script(&arena.url, &report.display().to_string());
                common::files::write_whole(&script, text.as_bytes())?;
                command
                    .args(["run", "--quiet", "--vus", &users, "--duration", &time])
                    .arg(script)
            }
        };
        let measured = measure(&command)?;
        let (requests, seconds) = match self {
            Self::Wrk => of_wrk(&measured.output),
            Self::Ours | Self::OursBare => of_ours(&measured.output),
            Self::Oha => of_oha(&measured.output),
            Self::K6 => of_k6(&common::files::read(&report)?),
        }
        .with_context(|| format!("the answer of {}: {}", self.name(), measured.output))?;
        Ok(Round::of(requests, seconds, &measured))
    }
}

/// Requests and seconds of `6213 requests in 2.00s, …`.
fn of_wrk(output: &str) -> Option<(f64, f64)> {
    without_errors(output.contains("Non-2xx") || output.contains("Socket errors"))?;
    let line = output.lines().find(|line| line.contains(" requests in "))?;
    let (requests, rest) = line.trim().split_once(" requests in ")?;
    let seconds = rest.split_once("s,")?.0;
    Some((requests.parse().ok()?, seconds.parse().ok()?))
}

/// `None` where a tool reports errors, since its figure then means nothing.
fn without_errors(has_errors: bool) -> Option<()> {
    (!has_errors).then_some(())
}

fn of_ours(output: &str) -> Option<(f64, f64)> {
    let report: Value = serde_json::from_str(output).ok()?;
    without_errors(report["failed"].as_u64()? > 0)?;
    Some((
        count_f64(report["requests"].as_u64()?),
        report["seconds"].as_f64()?,
    ))
}

fn of_oha(output: &str) -> Option<(f64, f64)> {
    let report: Value = serde_json::from_str(output).ok()?;
    let requests = count_f64(report["statusCodeDistribution"]["200"].as_u64()?);
    Some((requests, report["summary"]["total"].as_f64()?))
}

fn of_k6(report: &str) -> Option<(f64, f64)> {
    let report: Value = serde_json::from_str(report).ok()?;
    let metrics = &report["metrics"];
    without_errors(metrics["http_req_failed"]["values"]["rate"].as_f64()? > 0.0)?;
    let requests = &metrics["http_reqs"]["values"];
    let count = requests["count"].as_f64()?;
    Some((count, count / requests["rate"].as_f64()?))
}

/// The least that k6 can be asked for: bodies are not kept.
fn k6_script(url: &str, report: &str) -> String {
    format!(
        "import http from 'k6/http';
         export const options = {{ discardResponseBodies: true }};
         export default function () {{ http.get('{url}'); }}
         export function handleSummary(data) {{ return {{ '{report}': JSON.stringify(data) }}; }}"
    )
}
