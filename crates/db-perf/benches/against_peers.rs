//! `db-perf` beside psql and pgbench on one throwaway server, in turn, as ratios.
//!
//! `cargo bench -p db-perf --bench against_peers` prints a table. Each pair is run several times,
//! A B A B …, and the median of the ratios is what counts on a noisy machine.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark shows its figures"
)]

mod peers;

use std::process::ExitCode;

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it starts.
    if std::env::args().any(|arg| arg == "--test") {
        return ExitCode::SUCCESS;
    }
    let runtime = db_perf::runtime().expect("the runtime starts");
    match runtime.block_on(peers::run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(4)
        }
    }
}
