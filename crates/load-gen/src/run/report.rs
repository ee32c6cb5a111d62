//! From what a run brought to the result document.

use std::collections::BTreeMap;
use std::time::Duration;

use common::assess::{Assessment, ThresholdVerdict};
use common::load::Labels;
use common::record::{Accounting, Ending as RunEnding, Errors, Recorder, Tally};
use common::render::figure;
use common::report::{
    Cell, Limitation, Report, RunClock, SCHEMA_VERSION, Summary, Table, TestResult, Tool,
    busy_machine, limitations_of, to_map,
};
use common::units::count_f64;
use serde_json::Value;

use super::bands;
use crate::outputs::{Ending, Harvest};
use crate::plan::Plan;

/// The name of the test that counts requests.
pub(crate) const LOAD_TEST: &str = "load_test";

/// What stands beside the harvest.
pub(crate) struct Beside {
    pub(crate) description: String,
    pub(crate) facts: BTreeMap<String, Value>,
    pub(crate) limitations: Vec<Limitation>,
    pub(crate) thresholds: Vec<ThresholdVerdict>,
    pub(crate) tables: Vec<Table>,
}

/// The result document.
pub(crate) fn report(plan: &Plan, clock: &RunClock, harvest: &Harvest, beside: Beside) -> Report {
    let tally = requests(harvest);
    let mut limitations = beside.limitations;
    limitations.extend(limitations_of(LOAD_TEST, &tally));
    limitations.extend(of_harvest(harvest));
    let mut tests = vec![load_test(plan, harvest, &tally), iterations(plan, harvest)];
    tests[0].tables.extend(beside.tables);
    tests.retain(|it| it.iterations > 0 || it.test_name == LOAD_TEST);
    let run = clock.finish();
    limitations.extend(busy_machine(&run.host));
    let mut target = beside.facts;
    target.insert("description".to_owned(), beside.description.into());
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "load-gen".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        run,
        target,
        plan: to_map(plan),
        summary: Summary::of(&tests, harvest.ending == Ending::Stopped),
        assessment: Assessment {
            bands: bands::rate(&tests),
            thresholds: beside.thresholds,
        },
        tests,
        recommendations: Vec::new(),
        limitations,
    }
}

fn load_test(plan: &Plan, harvest: &Harvest, tally: &Tally) -> TestResult {
    let program = crate::words::program(&plan.program);
    let description = format!("Scenario {}: {program}.", plan.scenario_name);
    let mut test = TestResult::new(LOAD_TEST, &description, "request", "rows", tally)
        .with_http_figures(tally)
        .with("scenario", plan.scenario_name.clone())
        .with("dropped_iterations", harvest.tape.iterations.dropped())
        .with("connection_reuse", plan.connection.reuses())
        .with(
            "generator",
            serde_json::to_value(&harvest.audit).unwrap_or_default(),
        )
        .with(
            "sky",
            serde_json::to_value(&harvest.last.sky).unwrap_or_default(),
        );
    if !harvest.workers.is_empty() {
        let workers = serde_json::to_value(&harvest.workers).unwrap_or_default();
        test = test.with("workers", workers);
    }
    if !test.groups.is_empty() {
        test.tables.push(Table::of_groups(&test, &tally.labels));
    }
    let dropped = &harvest.tape.iterations.dropped;
    if !dropped.is_empty() {
        test.tables.push(Table {
            title: "Iterations that could not start".to_owned(),
            columns: vec!["reason".to_owned(), "iterations".to_owned()],
            rows: dropped
                .iter()
                .map(|(reason, count)| {
                    vec![
                        Cell::Text(reason.as_str().to_owned()),
                        Cell::Number(count_f64(*count)),
                    ]
                })
                .collect(),
        });
    }
    test
}

fn ending(harvest: &Harvest) -> RunEnding {
    match harvest.ending {
        Ending::Finished | Ending::Aborted(_) | Ending::NoWorkers => RunEnding::Finished,
        Ending::Stopped => RunEnding::Stopped,
        Ending::GaveUp => RunEnding::GaveUp,
    }
}

/// The requests. An iteration that was interrupted had one under way; one that was dropped would have begun
/// with one.
fn requests(harvest: &Harvest) -> Tally {
    let recorded = harvest.tape.requests.clone();
    let iterations = &harvest.tape.iterations;
    let (succeeded, failed) = (recorded.total.response.count(), recorded.total.failed);
    let (interrupted, not_started) = (iterations.interrupted, iterations.dropped());
    Tally {
        labels: harvest.roster.labels.clone(),
        accounting: Accounting {
            planned: succeeded + failed + interrupted + not_started,
            succeeded,
            failed,
            interrupted,
            not_started,
            warm_up: recorded.warm_up,
        },
        recorded,
        ending: ending(harvest),
    }
}

/// The iterations of users, as a test of their own.
fn iterations(plan: &Plan, harvest: &Harvest) -> TestResult {
    let of = &harvest.tape.iterations;
    let requests = &harvest.tape.requests;
    // Their course is that of the requests: one interval has them all.
    let whole = Duration::from_secs_f64(harvest.last.elapsed_s.max(1.0));
    let mut recorded = Recorder::new(&Labels::default(), whole);
    recorded
        .timeline
        .add_series(Duration::ZERO, &of.response, of.failed);
    recorded.total.response = of.response.clone();
    recorded.total.failed = of.failed;
    recorded.service = of.service.clone();
    if of.failed > 0 {
        let failed = Errors {
            count: of.failed,
            example: "a request of the iteration failed, see `load_test`".to_owned(),
        };
        recorded.errors.insert("request_failed".to_owned(), failed);
    }
    recorded.first = requests.first;
    recorded.last = requests.last;
    let tally = Tally {
        labels: Labels::default(),
        accounting: Accounting {
            planned: of.planned(),
            succeeded: of.succeeded(),
            failed: of.failed,
            interrupted: of.interrupted,
            not_started: of.dropped(),
            warm_up: of.warm_up,
        },
        recorded,
        ending: ending(harvest),
    };
    let description = "Whole iterations of users, from when they were due to their last answer.";
    let mut test = TestResult::new("iterations", description, "iteration", "rows", &tally)
        .with("idle", of.idle)
        .with("scenario", plan.scenario_name.clone());
    test.items = None;
    let tasks = harvest.roster.tasks.iter().zip(&of.by_task);
    test.tables.push(Table {
        title: "Tasks".to_owned(),
        columns: vec!["task".to_owned(), "iterations".to_owned()],
        rows: tasks
            .map(|(task, count)| vec![Cell::Text(task.clone()), Cell::Number(count_f64(*count))])
            .collect(),
    });
    test
}

/// What the run itself says of its figures.
fn of_harvest(harvest: &Harvest) -> Vec<Limitation> {
    let of_test = |kind: &str, message: String| Limitation::of_test(kind, LOAD_TEST, message);
    let mut limitations = Vec::new();
    for (from, to) in &harvest.audit.limited {
        let message = format!(
            "the generator was the bottleneck from {} to {}: figures of that time are its own and not the \
             service's; `--threads`, a larger machine or workers help",
            from.strftime("%H:%M:%S"),
            to.strftime("%H:%M:%S")
        );
        limitations.push(of_test("generator_limited", message));
    }
    let dropped = harvest.tape.iterations.dropped();
    if dropped > 0 {
        let reasons: Vec<String> = harvest
            .tape
            .iterations
            .dropped
            .iter()
            .map(|(reason, count)| format!("{count} {}", reason.as_str()))
            .collect();
        let planned = harvest.tape.iterations.planned();
        let share = 100.0 * count_f64(dropped) / count_f64(planned.max(1));
        let message = format!(
            "{dropped} of {planned} iterations ({} %) could not start: {}",
            figure(share),
            reasons.join(", ")
        );
        limitations.push(of_test("dropped_iterations", message));
    }
    match &harvest.ending {
        Ending::Aborted(limit) => {
            let message =
                format!("it was ended before its time, since a threshold was broken: {limit}");
            limitations.push(of_test("aborted", message));
        }
        Ending::NoWorkers => {
            let message = "it was ended before its time, since no worker was left".to_owned();
            limitations.push(of_test("no_workers", message));
        }
        Ending::Finished | Ending::Stopped | Ending::GaveUp => {}
    }
    for worker in &harvest.workers {
        for absence in &worker.absences {
            let message = format!(
                "worker {} was missing from {} s to {} s: {} % of the load",
                worker.row.name,
                figure(absence.from_s),
                figure(absence.until_s),
                figure(100.0 * absence.share)
            );
            limitations.push(of_test("worker_missing", message));
        }
    }
    limitations
}
