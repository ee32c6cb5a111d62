//! The HTTP client beside wrk, oha and k6 against one nginx, in turn, as ratios.
//!
//! `cargo bench -p service --bench http` prints a table. nginx answers 1 KB of JSON on one core, the
//! generators ask on another, with 50 connections that stay open. The rounds alternate, and the medians
//! are what counts on a noisy machine.
//!
//! Needs Linux, `nginx`, `taskset`, and `wrk` as the yardstick. `oha` and `k6` are looked for on the
//! path and in the folder of `PEERS`; who is absent is named. `HTTP_ROUNDS` and `HTTP_SECONDS` change
//! the length.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark shows its figures"
)]

mod peers;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` only wants to know that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return ExitCode::SUCCESS;
    }
    let outcome = match arguments.iter().position(|argument| argument == "--ours") {
        Some(at) => peers::ours::generate(&arguments[at + 1..]),
        None => peers::compare(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(4)
        }
    }
}
