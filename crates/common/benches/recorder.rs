//! What recording costs: an iteration of the recorder, and a run that does nothing.

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use common::load::{
    Closed, Done, Labels, Null, RunOptions, Schedule, Stop, Tags, Think, WarmUp, run,
};
use common::record::{Recorder, Times};
use criterion::{Criterion, criterion_group, criterion_main};
use tokio_util::sync::CancellationToken;

/// Response and service time, two classes and the timeline: what `cone_search` records.
fn an_iteration(criterion: &mut Criterion) {
    let labels = Labels::new(["a", "b", "c"], Vec::<String>::new());
    let mut recorder = Recorder::new(&labels, Duration::from_millis(500));
    let done = Ok(Done {
        bytes: 0,
        items: 3,
        tags: Tags::of(&[0, 2]),
        ..Done::default()
    });
    let mut number = 0_u64;
    criterion.bench_function("recorder: one iteration", |bencher| {
        bencher.iter(|| {
            number = number.wrapping_add(7919);
            let start = Duration::from_micros(number % 60_000_000);
            let times = Times {
                due: start,
                start,
                end: start + Duration::from_nanos(60_000 + number % 4096),
                idle: false,
            };
            recorder.record(black_box(&times), black_box(&done));
        });
    });
}

/// The percentiles that a run without any work reports, in closed mode.
fn a_run_that_does_nothing(_: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the runtime starts");
    let schedule = |users| {
        Schedule::Closed(Closed {
            users,
            think: Think::None,
            ramp_up_seconds: 0.0,
            stop: Stop::Iterations(1_000_000),
        })
    };
    let options = RunOptions {
        warm_up: WarmUp::Iterations(10_000),
        ..RunOptions::default()
    };
    for users in [1, 8] {
        let schedule = schedule(users);
        let stop = CancellationToken::new();
        let labels = Labels::default();
        let monitor = Arc::default();
        let tally = runtime.block_on(run(
            &schedule,
            &options,
            &labels,
            vec![Null; users],
            &monitor,
            &stop,
        ));
        let response = &tally.recorded.total.response;
        let micros = |quantile| response.quantile_ms(quantile).unwrap_or_default() * 1e3;
        println!(
            "null workload, {users} users: p50 {:.2} µs, p99 {:.2} µs, p99.9 {:.2} µs, {:.0} ns an iteration",
            micros(0.5),
            micros(0.99),
            micros(0.999),
            tally.wall().as_secs_f64() * 1e9 / 1e6,
        );
    }
}

criterion_group!(benches, an_iteration, a_run_that_does_nothing);
criterion_main!(benches);
