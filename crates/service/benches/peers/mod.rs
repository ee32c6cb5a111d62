//! The rounds and the table.

mod measured;
mod nginx;
pub(crate) mod ours;
mod tools;

use std::path::PathBuf;

use common::render::figure;
use common::report::Host;

use measured::Measured;
use nginx::Nginx;
use tools::Tool;

/// Connections of each generator.
pub(crate) const USERS: usize = 50;

/// What a comparison needs to know.
pub(crate) struct Arena {
    url: String,
    folder: PathBuf,
    seconds: u64,
}

/// The figures of one tool in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    per_second: f64,
    cpu_seconds_per_million: f64,
    peak_mib: f64,
}

impl Round {
    fn of(requests: f64, seconds: f64, measured: &Measured) -> Self {
        Self {
            per_second: requests / seconds,
            cpu_seconds_per_million: measured.cpu_seconds / requests * 1e6,
            peak_mib: measured.peak_mib,
        }
    }
}

pub(crate) fn compare() -> anyhow::Result<()> {
    let rounds = number_of("HTTP_ROUNDS", 5);
    let nginx = Nginx::start()?;
    let arena = Arena {
        url: nginx.url(),
        folder: nginx.folder().to_owned(),
        seconds: number_of("HTTP_SECONDS", 5),
    };
    let (present, absent): (Vec<Tool>, Vec<Tool>) =
        Tool::ALL.into_iter().partition(|tool| tool.is_present());
    anyhow::ensure!(present.contains(&Tool::Wrk), "wrk is not installed");
    let host = Host::observe();
    println!(
        "{}, {} cores, load {}; {rounds} rounds of {} s, {USERS} connections, medians",
        host.cpu_model.unwrap_or_default(),
        host.cores,
        figure(host.load_before.unwrap_or_default()),
        arena.seconds
    );
    let mut figures: Vec<Vec<Round>> = vec![Vec::new(); present.len()];
    for _ in 0..rounds {
        for (tool, rounds) in present.iter().zip(&mut figures) {
            rounds.push(tool.run(&arena)?);
        }
    }
    show(&present, &figures);
    for tool in absent {
        println!("absent: {}", tool.name());
    }
    Ok(())
}

fn show(tools: &[Tool], figures: &[Vec<Round>]) {
    let yardstick = tools.iter().position(|tool| *tool == Tool::Wrk);
    let of_wrk = &figures[yardstick.unwrap_or_default()];
    println!("| generator | requests/s | ratio to wrk | CPU s per million | peak RSS MiB |");
    println!("|---|---|---|---|---|");
    for (tool, rounds) in tools.iter().zip(figures) {
        let ratio = median(
            rounds
                .iter()
                .zip(of_wrk)
                .map(|(own, wrk)| own.per_second / wrk.per_second),
        );
        println!(
            "| {} | {:.0} | {ratio:.2} | {:.1} | {:.0} |",
            tool.name(),
            median(rounds.iter().map(|round| round.per_second)),
            median(rounds.iter().map(|round| round.cpu_seconds_per_million)),
            median(rounds.iter().map(|round| round.peak_mib)),
        );
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A whole number from the environment.
fn number_of(name: &str, usual: u64) -> u64 {
    environment(name)
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

#[expect(
    clippy::disallowed_methods,
    reason = "cargo bench hands its own flags to a benchmark, so that the environment is what is left"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
