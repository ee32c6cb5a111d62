//! Everything at once, by users with think time; with a rate, as arrivals.

use common::load::{Closed, Open, Schedule, Stop, Think, WarmUp};

use super::Measured;
use super::asking::What;
use crate::subject::Bench;

/// The pause of a user between two requests, seconds.
const THINK_SECONDS: (f64, f64) = (0.5, 2.0);

/// Requests that are due in the first seconds are warm-up.
const WARM_UP_SECONDS: f64 = 1.0;

/// Runs `mixed_workload`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) {
    let sizes = &bench.plan.sizes;
    let seconds = sizes.seconds + WARM_UP_SECONDS;
    let schedule = match bench.plan.rate_per_sec {
        Some(rate) => Schedule::Open(Open::constant(rate, seconds, Bench::open_workers(rate))),
        None => Schedule::Closed(Closed {
            users: sizes.mixed_users,
            think: Think::Uniform {
                min_seconds: THINK_SECONDS.0,
                max_seconds: THINK_SECONDS.1,
            },
            ramp_up_seconds: sizes.ramp_up_seconds,
            stop: Stop::AfterSeconds(seconds),
        }),
    };
    let warm_up = WarmUp::Seconds(WARM_UP_SECONDS);
    let tally = bench
        .measure("mixed_workload", What::Mixed, &schedule, warm_up, measured)
        .await;
    let shares: Vec<String> = bench
        .plan
        .profile
        .mixed
        .iter()
        .map(|(group, share)| format!("{} {share}", group.as_str()))
        .collect();
    let description = format!(
        "Users with think time: {}; jobs are submitted and not followed.",
        shares.join(", ")
    );
    let test = bench.result("mixed_workload", &description, ("request", "rows"), &tally);
    measured.tests.push(test);
}
