//! A measurement from the plan to the report.

use std::sync::Arc;
use std::time::Duration;

use common::assess::Assessment;
use common::cli::{self, Exit, Progress, Stage, stop_on_signals};
use common::files;
use common::render::render;
use common::report::{
    Limitation, Report, RunClock, SCHEMA_VERSION, Summary, Tool, busy_machine, to_map,
};
use common::units::{count_f64, seconds};
use service::client::{Client, Discard, Redirects};
use service::request::Request;
use tokio_util::sync::CancellationToken;

use crate::args::{Measure, TestName};
use crate::bands;
use crate::checks::{Evidence, recommend};
use crate::plan::{Plan, name_of};
use crate::subject::{Bench, Holdings, Ready};
use crate::trouble::Trouble;
use crate::workloads::{self, Measured, TestError};

/// Measures as the command line says, writes the report and shows it.
pub(crate) async fn measure(measure: Measure) -> Result<Exit, Trouble> {
    let plan = Plan::new(measure).map_err(Trouble::Mistakes)?;
    files::check_writable(&plan.output)?;
    let stop = stop_on_signals();
    let (report, all_ran) = run(&plan, &stop).await?;
    files::write_whole(&plan.output, common::render::json(&report).as_bytes())?;
    cli::print(&render(&report, plan.format, cli::wants_colour()))?;
    cli::narrate(&format!("result document: {}", plan.output.display()));
    let nothing_succeeded = report
        .tests
        .iter()
        .all(|it| it.iterations == it.error_count);
    Ok(report.assessment.exit(all_ran && !nothing_succeeded))
}

/// Measures and takes everything down again; false when a test could not be run.
async fn run(plan: &Plan, stop: &CancellationToken) -> Result<(Report, bool), Trouble> {
    let clock = RunClock::start(plan.mode, plan.seed);
    let progress = Arc::new(Progress::new(stages(plan)));
    let mut holdings = Holdings::default();
    let outcome = match holdings.prepare(plan, &clock, &progress, stop).await {
        Ok(ready) => Ok(run_tests(ready).await),
        Err(trouble) => Err(trouble),
    };
    let left = holdings.take_down().await;
    progress.finish();
    for message in &left {
        cli::complain(
            message,
            Some("`db-perf clean` removes what a reference service left"),
        );
    }
    let mut outcome = outcome?;
    if outcome.measured.tests.is_empty() && stop.is_cancelled() {
        return Err(Trouble::Interrupted);
    }
    outcome.all_ran &= left.is_empty();
    let all_ran = outcome.all_ran;
    Ok((
        report(plan, &clock, outcome, left, stop.is_cancelled()),
        all_ran,
    ))
}

/// What the tests brought together.
struct Outcome {
    description: String,
    facts: std::collections::BTreeMap<String, serde_json::Value>,
    measured: Measured,
    all_ran: bool,
}

async fn run_tests(ready: Ready) -> Outcome {
    let Ready {
        bench,
        description,
        facts,
        limitations,
    } = ready;
    let mut measured = Measured {
        limitations,
        ..Measured::default()
    };
    let mut all_ran = true;
    for test in bench.plan.tests.clone() {
        let name = name_of(test);
        match workloads::run(test, &bench, &mut measured).await {
            Ok(()) => {}
            Err(TestError::Stopped) => {
                let reason = "interrupted before this test";
                measured
                    .limitations
                    .push(Limitation::of_test("not_run", &name, reason));
            }
            Err(TestError::NotPossible(reason)) => {
                bench
                    .progress
                    .say(&format!("note: test {name} was left out: {reason}"));
                measured
                    .limitations
                    .push(Limitation::of_test("not_run", &name, reason));
            }
        }
    }
    if bench.plan.find_limit && !bench.stop.is_cancelled() {
        bench.progress.start("find_limit");
        workloads::find_limit(&bench, &mut measured).await;
    }
    measured.limitations.extend(bench.clean_up().await);
    if let Some(lost) = service_lost(&bench).await {
        all_ran = false;
        measured.limitations.push(lost);
    }
    Outcome {
        description,
        facts,
        measured,
        all_ran,
    }
}

/// A service that has gone away fails the run, also where its tests only count errors.
async fn service_lost(bench: &Bench) -> Option<Limitation> {
    if bench.stop.is_cancelled() {
        return None;
    }
    let mut client = Client::new(Arc::clone(&bench.endpoint));
    let request = Request::get("/", bench.plan.timeout.min(Duration::from_secs(10)));
    let error = client
        .exchange(&request, Redirects::Return, &mut Discard)
        .await
        .err()?;
    let message = format!("the service was lost during the run: {error}");
    bench.progress.say(&format!("error: {message}"));
    Some(Limitation::of_run("service_lost", message))
}

fn report(
    plan: &Plan,
    clock: &RunClock,
    outcome: Outcome,
    left: Vec<String>,
    interrupted: bool,
) -> Report {
    let Outcome {
        description,
        facts,
        measured,
        all_ran: _,
    } = outcome;
    let run = clock.finish();
    let recommendations = recommend(&Evidence {
        tests: &measured.tests,
        reuses: plan.connection.reuses(),
    });
    let assessment = Assessment {
        bands: bands::rate(&measured.tests),
        thresholds: plan
            .thresholds
            .iter()
            .map(|it| it.judge_tests(&measured.tests))
            .collect(),
    };
    let mut limitations = measured.limitations;
    limitations.extend(
        left.into_iter()
            .map(|message| Limitation::of_run("left_behind", message)),
    );
    limitations.extend(busy_machine(&run.host));
    if plan.reference.is_some() {
        let message = "the reference service runs on the machine of the tool: both share its cores";
        limitations.push(Limitation::of_run("same_machine", message));
    }
    let mut target = facts;
    target.insert("description".to_owned(), description.into());
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "app-perf".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        run,
        target,
        plan: to_map(plan),
        summary: Summary::of(&measured.tests, interrupted),
        tests: measured.tests,
        assessment,
        recommendations,
        limitations,
    }
}

/// The parts of a run with a guess of their length, for the time left.
fn stages(plan: &Plan) -> Vec<Stage> {
    let stage = |name: &str, expected: f64| Stage {
        name: name.to_owned(),
        expected: seconds(expected),
    };
    let sizes = &plan.sizes;
    let by_rate = |guess: f64| plan.rate_per_sec.map_or(guess, |_| sizes.seconds);
    let mut stages = Vec::new();
    if let Some(reference) = &plan.reference {
        stages.push(stage(
            "start",
            6.0 + count_f64(reference.objects) / 50_000.0,
        ));
    }
    for test in &plan.tests {
        let expected = match test {
            TestName::HealthCheck => by_rate(count_f64(sizes.health.iterations) / 2000.0),
            TestName::FitsProcessing => count_f64(sizes.fits.iterations) / 5.0,
            TestName::CatalogQueries => by_rate(count_f64(sizes.catalog.iterations) / 200.0),
            TestName::AsyncQueries => count_f64(sizes.jobs.iterations) * 2.0,
            TestName::MixedWorkload => sizes.seconds + 1.0,
            TestName::Workflow => 3.0,
        };
        stages.push(stage(&name_of(*test), expected));
    }
    if plan.find_limit {
        stages.push(stage("find_limit", 15.0 * sizes.step_seconds));
    }
    stages
}
