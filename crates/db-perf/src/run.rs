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
use common::units::seconds;
use tokio_util::sync::CancellationToken;

use crate::args::{Measure, TestName};
use crate::checks::{Evidence, recommend};
use crate::plan::{Plan, Subject, name_of};
use crate::server::Server;
use crate::subject::{Ground, Holdings, Ready};
use crate::target::{ConnectFailure, ConnectSpec, LibpqEnv};
use crate::trouble::Trouble;
use crate::workloads::{self, Bench, Measured, TestError};
use crate::{bands, catalog};

/// Measures as the command line says, writes the report and shows it.
pub async fn measure(measure: Measure) -> Result<Exit, Trouble> {
    let plan = Plan::new(measure).map_err(Trouble::Mistakes)?;
    files::check_writable(&plan.output)?;
    if let Subject::Loaded {
        catalogue: catalog::Origin::File(file),
    } = &plan.subject
    {
        file.open()?;
    }
    let given = ConnectSpec::resolve(&plan.connection, &LibpqEnv::from_process())?;
    check_connection(&plan, given.as_ref())?;
    let stop = stop_on_signals();
    let (report, all_ran) = run(&plan, given, &stop).await?;
    files::write_whole(&plan.output, common::render::json(&report).as_bytes())?;
    cli::print(&render(&report, plan.format, cli::wants_colour()))?;
    cli::narrate(&format!("result document: {}", plan.output.display()));
    Ok(report.assessment.exit(all_ran))
}

/// What a plan needs of a connection.
fn check_connection(plan: &Plan, given: Option<&ConnectSpec>) -> Result<(), Trouble> {
    if given.is_some() {
        return Ok(());
    }
    let message = match (&plan.subject, plan.keep) {
        (Subject::Table(_), _) => "`--table` needs a connection: --host, --url or PG* variables",
        (_, true) => {
            "`--keep` needs a connection: a throwaway server goes with its run (`db-perf server` keeps one)"
        }
        _ => return Ok(()),
    };
    Err(Trouble::Mistakes(vec![common::cli::Mistake::new(message)]))
}

/// Measures and takes everything down again; false when a test could not be run.
pub async fn run(
    plan: &Plan,
    given: Option<ConnectSpec>,
    stop: &CancellationToken,
) -> Result<(Report, bool), Trouble> {
    let clock = RunClock::start(plan.mode, plan.seed);
    let progress = Arc::new(Progress::new(stages(plan, given.is_none())));
    let mut holdings = Holdings::new(plan.keep);
    let ground = Ground {
        plan,
        clock: &clock,
        progress: &progress,
        stop,
    };
    let outcome = match holdings.prepare(&ground, given).await {
        Ok(ready) => Ok(run_tests(ready).await),
        Err(trouble) => {
            if trouble.is_lost_session() {
                holdings.tell_last_words(&progress);
            }
            Err(trouble)
        }
    };
    let left = holdings.take_down(&progress).await;
    progress.finish();
    for message in &left {
        cli::complain(
            message,
            Some("`db-perf clean` with the same connection removes it"),
        );
    }
    let outcome = outcome?;
    if outcome.measured.tests.is_empty() && stop.is_cancelled() {
        return Err(Trouble::Interrupted);
    }
    let all_ran = outcome.all_ran && left.is_empty();
    Ok((
        report(plan, &clock, outcome, left, stop.is_cancelled()),
        all_ran,
    ))
}

/// What the tests brought together.
struct Outcome {
    bench: Bench,
    server: Server,
    measured: Measured,
    all_ran: bool,
}

async fn run_tests(ready: Ready) -> Outcome {
    let Ready {
        bench,
        server,
        limitations,
    } = ready;
    let mut measured = Measured {
        limitations,
        ..Measured::default()
    };
    let mut all_ran = true;
    for test in bench.plan.tests.clone() {
        let name = name_of(test);
        if bench.stop.is_cancelled() {
            let reason = "interrupted before this test";
            measured
                .limitations
                .push(Limitation::of_test("not_run", &name, reason));
            continue;
        }
        bench.progress.start(&name);
        match workloads::run(test, &bench, &mut measured).await {
            Ok(()) => {}
            Err(TestError::Stopped) => {
                let reason = "interrupted during this test";
                measured
                    .limitations
                    .push(Limitation::of_test("not_run", &name, reason));
            }
            Err(error) => {
                all_ran = false;
                bench
                    .progress
                    .say(&format!("error: test {name} could not be run: {error}"));
                let reason = format!("could not be run: {error}");
                measured
                    .limitations
                    .push(Limitation::of_test("test_failed", &name, reason));
            }
        }
    }
    if let Some(lost) = server_lost(&bench).await {
        all_ran = false;
        measured.limitations.push(lost);
    }
    Outcome {
        bench,
        server,
        measured,
        all_ran,
    }
}

/// A server that has gone away fails the run, also where its tests only count errors.
async fn server_lost(bench: &Bench) -> Option<Limitation> {
    match bench.spec.connect().await {
        Ok(connection) => {
            connection.close().await;
            None
        }
        // Sessions that have just ended may still count; a server that says so is there.
        Err(error) if matches!(error.failure, ConnectFailure::TooManyConnections { .. }) => None,
        Err(error) => {
            let message = format!("the server was lost during the run: {error}");
            bench.progress.say(&format!("error: {message}"));
            Some(Limitation::of_run("server_lost", message))
        }
    }
}

fn report(
    plan: &Plan,
    clock: &RunClock,
    outcome: Outcome,
    left: Vec<String>,
    interrupted: bool,
) -> Report {
    let Outcome {
        bench,
        server,
        measured,
        all_ran: _,
    } = outcome;
    let run = clock.finish();
    let evidence = Evidence {
        tests: &measured.tests,
        plans: &measured.plans,
        server: &server,
        cone_table: &bench.cone_table,
        memory_bytes: run.host.memory_bytes,
    };
    let recommendations = recommend(&evidence);
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
    let mut target = to_map(&server);
    target.insert(
        "catalogue".to_owned(),
        serde_json::to_value(&bench.loaded).unwrap_or_default(),
    );
    target.insert(
        "plans".to_owned(),
        serde_json::to_value(&measured.plans).unwrap_or_default(),
    );
    let rows = common::render::figure(common::units::count_f64(bench.loaded.rows));
    let description = format!("{}, {rows} sources", server.description);
    target.insert("description".to_owned(), description.into());
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "db-perf".into(),
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
fn stages(plan: &Plan, throwaway: bool) -> Vec<Stage> {
    let stage = |name: &str, expected: Duration| Stage {
        name: name.to_owned(),
        expected,
    };
    let sizes = &plan.sizes;
    let mut stages = Vec::new();
    if throwaway {
        stages.push(stage("start", Duration::from_secs(4)));
    }
    match &plan.subject {
        Subject::Table(_) => stages.push(stage("look at the table", Duration::from_secs(1))),
        Subject::Loaded { catalogue } => {
            let rows = match catalogue {
                catalog::Origin::Generated { objects, .. } => common::units::count_f64(*objects),
                catalog::Origin::File(_) => 500_000.0,
            };
            stages.push(stage("load", seconds(1.0 + rows / 40_000.0)));
        }
    }
    for test in &plan.tests {
        let expected = match test {
            TestName::ConeSearch => common::units::count_f64(sizes.cone_iterations) / 300.0,
            TestName::IndexStrategies => 8.0 * (1.0 + sizes.strategy_limit_seconds.min(5.0)),
            TestName::BulkInsert => {
                25.0 * common::units::count_f64(sizes.bulk_batches * sizes.bulk_rows) / 30_000.0
            }
            TestName::ComplexQueries => 7.0 * sizes.complex_limit_seconds.min(20.0) / 2.0,
            TestName::ConcurrentLoad => {
                sizes.concurrent_seconds + 6.0 * sizes.pool_sweep_seconds * 1.3
            }
        };
        stages.push(stage(&name_of(*test), seconds(expected)));
    }
    stages
}
