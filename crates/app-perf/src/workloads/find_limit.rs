//! The highest arrival rate that holds: raised step by step until a threshold breaks, then narrowed down.

use common::assess::{Threshold, Verdict};
use common::load::{Open, Schedule, WarmUp};
use common::record::Tally;
use common::render::figure;
use common::report::{Limitation, Table, TestResult};
use common::units::count_f64;
use service::profile::Group;

use super::Measured;
use super::asking::What;
use crate::subject::Bench;

/// The first rate, unless `--rate` gives one.
const FIRST_PER_SEC: f64 = 10.0;
/// Beyond this the machine of the tool is what is measured.
const MOST_PER_SEC: f64 = 200_000.0;
/// A lower rate than one with this many requests in a step tells nothing of percentiles.
const LEAST_SAMPLES: f64 = 60.0;
/// Steps by this factor until one breaks …
const FACTOR: f64 = 2.0;
/// … and between the last that held and the first that broke until they are this near.
const NEAR: f64 = 1.1;
/// The share of the offered rate that must be answered.
const LEAST_ACHIEVED: f64 = 0.95;
/// What must hold where the user says nothing.
const USUAL: [&str; 2] = ["find_limit.p95_time_ms<500", "find_limit.success_rate>=99"];

/// One step of the search.
struct Step {
    rate: f64,
    test: TestResult,
    tally: Tally,
    /// Why it broke.
    broken: Option<String>,
}

/// Looks for the limit; what was measured is in `measured`.
pub(crate) async fn find_limit(bench: &Bench, measured: &mut Measured) {
    let own = bench
        .plan
        .thresholds
        .iter()
        .filter(|it| it.test_name == "find_limit");
    let mut rules: Vec<Threshold> = own.cloned().collect();
    if rules.is_empty() {
        rules = USUAL.iter().filter_map(|it| it.parse().ok()).collect();
    }
    let mut steps = Vec::new();
    let mut rate = bench.plan.rate_per_sec.unwrap_or(FIRST_PER_SEC);
    let (mut held, mut broke) = (None, None);
    while rate <= MOST_PER_SEC && !bench.stop.is_cancelled() {
        let step = try_rate(bench, rate, &rules, measured).await;
        if step.broken.is_none() {
            held = Some(rate);
        } else {
            broke = Some(rate);
        }
        steps.push(step);
        rate = match (held, broke) {
            (Some(held), None) => held * FACTOR,
            (Some(held), Some(broke)) if broke / held > NEAR => (held * broke).sqrt(),
            (None, Some(broke)) if broke * bench.plan.sizes.step_seconds >= LEAST_SAMPLES => {
                broke / FACTOR
            }
            _ => break,
        };
    }
    let table = curve(&steps);
    let best = steps.into_iter().max_by(|a, b| {
        let key = |it: &Step| (it.broken.is_none(), it.rate);
        let ((a_held, a_rate), (b_held, b_rate)) = (key(a), key(b));
        a_held.cmp(&b_held).then(a_rate.total_cmp(&b_rate))
    });
    let Some(best) = best else { return };
    if held.is_some() && broke.is_none() {
        let message = "no rate broke the thresholds before the search ended: the limit is higher";
        measured.limitations.push(Limitation::of_test(
            "limit_not_reached",
            "find_limit",
            message,
        ));
    }
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    let mut test = best
        .test
        .with("highest_rate_per_sec", held)
        .with("rules", rules);
    test.tables.push(table);
    measured.tests.push(test);
}

async fn try_rate(bench: &Bench, rate: f64, rules: &[Threshold], measured: &mut Measured) -> Step {
    let seconds = bench.plan.sizes.step_seconds;
    let warm_up = 0.2 * seconds;
    let schedule = Schedule::Open(Open::constant(
        rate,
        seconds + warm_up,
        Bench::open_workers(rate),
    ));
    let what = What::Questions(Group::Catalog);
    let limit = 1.5 * seconds + warm_up + 1.0;
    let stage = format!("find_limit at {rate:.0}/s");
    let tally = bench
        .measure_within(
            &stage,
            what,
            &schedule,
            WarmUp::Seconds(warm_up),
            Some(limit),
            measured,
        )
        .await;
    let description =
        "Questions to the catalogue at the highest arrival rate that kept the thresholds.";
    let test = bench.result("find_limit", description, ("request", "rows"), &tally);
    let late = tally.accounting.not_started + tally.accounting.interrupted;
    let broken = rules
        .iter()
        .map(|it| it.judge_tests(std::slice::from_ref(&test)))
        .find(|it| it.verdict != Verdict::Pass)
        .map(|it| format!("{}: {}", it.threshold, it.reason))
        .or_else(|| (late > 0).then(|| format!("{late} requests could not be sent in time")))
        .or_else(|| falls_behind(rate, &tally));
    Step {
        rate,
        test,
        tally,
        broken,
    }
}

/// A service that answers fewer requests than arrive only looks well for as long as its queue is short.
fn falls_behind(rate: f64, tally: &Tally) -> Option<String> {
    let achieved = tally.throughput_per_sec()?;
    (achieved < LEAST_ACHIEVED * rate).then(|| {
        format!(
            "a growing queue: only {} requests/s were answered",
            figure(achieved)
        )
    })
}

/// The curve of all steps by their rate.
fn curve(steps: &[Step]) -> Table {
    let columns = [
        "offered/s",
        "achieved/s",
        "median ms",
        "p95 ms",
        "p99 ms",
        "failed",
        "not sent",
        "verdict",
    ];
    let mut table = Table::new("find_limit: response time over the arrival rate", &columns);
    let mut sorted: Vec<&Step> = steps.iter().collect();
    sorted.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    for step in sorted {
        let accounting = &step.tally.accounting;
        table.rows.push(vec![
            step.rate.into(),
            step.tally.throughput_per_sec().into(),
            step.test.median_time_ms.into(),
            step.test.p95_time_ms.into(),
            step.test.p99_time_ms.into(),
            count_f64(accounting.failed).into(),
            count_f64(accounting.not_started + accounting.interrupted).into(),
            step.broken
                .clone()
                .unwrap_or_else(|| "held".to_owned())
                .into(),
        ]);
    }
    table
}
