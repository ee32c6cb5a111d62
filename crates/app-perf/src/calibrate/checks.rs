//! The checks of a calibration.

use std::sync::Arc;

use common::load::{
    Closed, Labels, Monitor, Null, Open, RunOptions, Schedule, Stop, Think, WarmUp, run,
};
use common::report::{Limitation, TestResult};
use common::units::{count_f64, size_u64};
use service::profile::Group;

use super::truth::{log_normal, stalled_quantile};
use super::{Found, Laboratory, Row};
use crate::subject::Bench;
use crate::trouble::Trouble;
use crate::workloads::{Measured, What};

const HEALTH: What = What::Questions(Group::Health);

/// A latency is right within this share …
const SHARE: f64 = 0.02;
/// … or within this, ms.
const LEAST_MS: f64 = 1.0;

/// Normal deviates of the median, the 95th and the 99th percentile.
const QUANTILES: [(f64, f64); 3] = [(0.5, 0.0), (0.95, 1.644_854), (0.99, 2.326_348)];

pub(super) async fn all(laboratory: &Laboratory<'_>) -> Result<Found, Trouble> {
    let mut found = Found::default();
    null(laboratory, &mut found).await;
    Box::pin(latency(laboratory, &mut found)).await?;
    Box::pin(stall(laboratory, &mut found)).await?;
    Box::pin(errors(laboratory, &mut found)).await?;
    Box::pin(rates(laboratory, &mut found)).await?;
    Ok(found)
}

fn compare_ms(check: String, truth: f64, measured: Option<f64>) -> Row {
    Row {
        check,
        truth,
        measured,
        tolerance: (SHARE * truth).max(LEAST_MS),
        unit: "ms",
    }
}

/// A workload that does nothing: what the tool adds to every figure.
async fn null(laboratory: &Laboratory<'_>, found: &mut Found) {
    laboratory.progress.start("null workload");
    let schedule = closed(8, if laboratory.quick { 200_000 } else { 2_000_000 });
    let labels = Labels::default();
    let monitor = Arc::new(Monitor::default());
    let workers = vec![Null; 8];
    let options = RunOptions::default();
    let tally = run(
        &schedule,
        &options,
        &labels,
        workers,
        &monitor,
        laboratory.stop,
    )
    .await;
    let test = TestResult::new(
        "null",
        "A workload that does nothing.",
        "iteration",
        "nothing",
        &tally,
    );
    found.rows.push(Row {
        check: "null workload, p99".to_owned(),
        truth: 0.0,
        measured: test.p99_time_ms,
        tolerance: 0.1,
        unit: "ms",
    });
    found.tests.push(test);
}

fn closed(users: usize, iterations: u64) -> Schedule {
    Schedule::Closed(Closed {
        users,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::Iterations(iterations),
    })
}

/// Latencies of a known distribution come out at their quantiles.
async fn latency(laboratory: &Laboratory<'_>, found: &mut Found) -> Result<(), Trouble> {
    laboratory.progress.start("known latency");
    let iterations = if laboratory.quick { 10_000 } else { 40_000 };
    let (reference, bench) = laboratory.service(&["latency=lognormal:5ms:0.5"]).await?;
    let mut measured = Measured::default();
    let warm_up = WarmUp::Iterations(200);
    let tally = bench
        .measure_within(
            "known_latency",
            HEALTH,
            &closed(16, iterations),
            warm_up,
            None,
            &mut measured,
        )
        .await;
    let test = bench.result(
        "known_latency",
        "Log-normal latency, median 5 ms, sigma 0.5.",
        ("request", "answers"),
        &tally,
    );
    for (quantile, deviate) in QUANTILES {
        let measured = tally.recorded.total.response.quantile_ms(quantile);
        let check = format!("log-normal latency, p{:.0}", 100.0 * quantile);
        found
            .rows
            .push(compare_ms(check, log_normal(5.0, 0.5, deviate), measured));
    }
    found.tests.push(test);
    found.limitations.extend(measured.limitations);
    reference.stop().await;
    Ok(())
}

/// A stall shows in the response times of all who should have been served during it.
async fn stall(laboratory: &Laboratory<'_>, found: &mut Found) -> Result<(), Trouble> {
    laboratory.progress.start("known stall");
    let (fault, stall, period) = if laboratory.quick {
        ("stall=1s/5s", 1.0, 5.0)
    } else {
        ("stall=2s/20s", 2.0, 20.0)
    };
    let rate = 200.0;
    let (reference, bench) = laboratory.service(&[fault]).await?;
    let schedule = Schedule::Open(Open::constant(rate, period, Bench::open_workers(rate)));
    let mut measured = Measured::default();
    let tally = bench
        .measure_within(
            "known_stall",
            HEALTH,
            &schedule,
            WarmUp::None,
            None,
            &mut measured,
        )
        .await;
    let description =
        format!("All answers freeze for {stall} s; {rate} requests arrive each second.");
    let test = bench.result("known_stall", &description, ("request", "answers"), &tally);
    for quantile in [0.5, 0.95, 0.99] {
        let truth = 1000.0 * stalled_quantile(quantile, stall, period);
        let measured = tally.recorded.total.response.quantile_ms(quantile);
        // Requests come every 5 ms, so that a quantile is known as finely.
        let row = compare_ms(
            format!("stall of {stall} s, p{:.0}", 100.0 * quantile),
            truth,
            measured,
        );
        found.rows.push(Row {
            tolerance: row.tolerance + 1000.0 / rate,
            ..row
        });
    }
    found.rows.push(Row {
        check: "stall: requests that are accounted for".to_owned(),
        truth: rate * period,
        measured: Some(count_f64(
            tally.accounting.succeeded + tally.accounting.failed,
        )),
        tolerance: 0.0,
        unit: "requests",
    });
    found.tests.push(test);
    found.limitations.extend(measured.limitations);
    reference.stop().await;
    Ok(())
}

/// Errors are counted exactly, and a body that ends too early is never a success.
async fn errors(laboratory: &Laboratory<'_>, found: &mut Found) -> Result<(), Trouble> {
    laboratory.progress.start("known errors");
    let iterations = if laboratory.quick { 2000 } else { 20_000 };
    let faults = [
        "error=1/100",
        "truncate=1/50",
        "drop=1/200",
        "error-page=1/70",
        "garbage=1/90",
    ];
    for fault in faults {
        let (reference, bench) = laboratory.service(&[fault]).await?;
        let before: u64 = reference.injected().values().sum();
        let mut measured = Measured::default();
        let tally = bench
            .measure_within(
                "known_errors",
                HEALTH,
                &closed(4, iterations),
                WarmUp::None,
                None,
                &mut measured,
            )
            .await;
        let injected: u64 = reference.injected().values().sum::<u64>() - before;
        found.rows.push(Row {
            check: format!("failures with `{fault}` in {iterations} requests"),
            truth: count_f64(injected),
            measured: Some(count_f64(tally.accounting.failed)),
            tolerance: 0.0,
            unit: "failures",
        });
        if injected < iterations / 250 {
            let message = format!("the service injected only {injected} faults with `{fault}`");
            found
                .limitations
                .push(Limitation::of_run("few_faults", message));
        }
        let description = format!("The reference service with the fault `{fault}`.");
        let name = format!(
            "known_errors.{}",
            fault.split('=').next().unwrap_or_default()
        );
        found
            .tests
            .push(bench.result(&name, &description, ("request", "answers"), &tally));
        reference.stop().await;
    }
    Ok(())
}

/// The highest arrival rate at which requests are sent when they are due.
async fn rates(laboratory: &Laboratory<'_>, found: &mut Found) -> Result<(), Trouble> {
    laboratory.progress.start("arrival rates");
    let (reference, bench) = laboratory.service(&[]).await?;
    let seconds = if laboratory.quick { 1.5 } else { 5.0 };
    for rate in [100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0] {
        if laboratory.stop.is_cancelled() {
            break;
        }
        let schedule = Schedule::Open(Open::constant(rate, seconds, Bench::open_workers(rate)));
        let mut measured = Measured::default();
        let limit = Some(2.0 * seconds);
        let stage = format!("{rate:.0}/s");
        let tally = bench
            .measure_within(
                &stage,
                HEALTH,
                &schedule,
                WarmUp::Seconds(0.2),
                limit,
                &mut measured,
            )
            .await;
        let description = "Health asked at an arrival rate; server and tool share the machine.";
        let name = format!("arrival_rate.{rate:.0}");
        let test = bench.result(&name, description, ("request", "answers"), &tally);
        let achieved = tally.throughput_per_sec();
        let lag = tally.recorded.timer_lag.quantile_ms(0.99);
        let is_offered = achieved.is_some_and(|it| (it / rate - 1.0).abs() < 0.01);
        // A worker that was never idle was late: there is no lag to look at then.
        let idle = tally.recorded.timer_lag.count();
        let mostly_idle =
            10 * idle >= 9 * size_u64(common::units::count_usize(tally.accounting.succeeded));
        if !(is_offered && mostly_idle && lag.is_some_and(|it| it < 5.0)) {
            found.tests.push(test);
            break;
        }
        found.trusted_per_sec = Some(rate);
        found.tests.push(test);
    }
    reference.stop().await;
    Ok(())
}
