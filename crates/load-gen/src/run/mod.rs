//! A run from the plan to the report.

mod bands;
mod collector;
mod course;
mod engine;
mod lead;
mod local;
mod monitor;
mod report;
mod rows;
mod show;
mod steps;
mod streams;
mod subject;
mod view;

use std::sync::Arc;

use common::cli::{self, Exit, Mistake, stop_on_signals};
use common::files;
use common::render::{figure, render};
use common::report::{Limitation, Mode, Report, RunClock};
use service::setting::{self, Stage};
use tokio_util::sync::CancellationToken;

use self::collector::{Collector, Facts};
use self::engine::CrowdEngine;
use self::local::Played;
use self::report::Beside;
use self::show::Show;
use self::steps::Steps;
use self::streams::Streams;
use self::subject::{Holdings, Ready};
use self::view::Views;
use crate::crowd::{Part, Roster};
use crate::distributed::{WorkerEnd, WorkerOptions};
use crate::limits::Limits;
use crate::live::steering;
use crate::outputs::{Ending, Harvest, csv_stats, page};
use crate::plan::{Kind, Plan, lanes};
use crate::trouble::Trouble;
use crate::visitor::Script;

/// Does a run as the command line says, writes the reports and shows the summary.
pub(crate) async fn load(run: crate::args::Run, kind: Kind) -> Result<Exit, Trouble> {
    let plan = Plan::new(run, kind).map_err(Trouble::Mistakes)?;
    let roster = Arc::new(Roster::of(&plan.scenario));
    let limits = Limits::parse(&plan.limits, &roster).map_err(Trouble::Mistakes)?;
    let clock = RunClock::start(Mode::Full, plan.seed);
    let streams = Streams::open(&plan.output, clock.id()).await?;
    let stop = stop_on_signals();
    let mut holdings = Holdings::default();
    let outcome = match holdings.prepare(&plan, &clock, &stop).await {
        Ok(ready) => offer(&plan, &clock, (ready, roster, limits, streams), &stop).await,
        Err(trouble) => Err(trouble),
    };
    let left = holdings.take_down().await;
    for message in &left {
        let hint = "`db-perf clean` removes what a reference service left";
        cli::complain(message, Some(hint));
    }
    let (mut report, harvest, views) = outcome?;
    let left_behind = left.into_iter();
    report
        .limitations
        .extend(left_behind.map(|it| Limitation::of_run("left_behind", it)));
    finish(&plan, &report, &harvest, views, &stop).await
}

/// Offers what a master says, until it has no more to say.
pub(crate) async fn work(run: crate::args::Run) -> Result<Exit, Trouble> {
    let mut mistakes = Vec::new();
    if run.host.is_some() {
        mistakes.push(Mistake::new(
            "`--host` is for the master, which tells its workers what to ask",
        ));
    }
    let options = WorkerOptions::of(&run.distributed, &mut mistakes);
    let (Some(options), true) = (options, mistakes.is_empty()) else {
        return Err(Trouble::Mistakes(mistakes));
    };
    let lanes = lanes(run.load.threads);
    let stop = stop_on_signals();
    match crate::distributed::work(&options, move || CrowdEngine::new(lanes), &stop).await {
        Ok(WorkerEnd::Dismissed | WorkerEnd::Stopped) => Ok(Exit::Success),
        Err(error) => Err(Trouble::Distributed(error.to_string())),
    }
}

/// Offers the load and puts together what it brought.
async fn offer(
    plan: &Plan,
    clock: &RunClock,
    (ready, roster, limits, streams): (Ready, Arc<Roster>, Limits, Streams),
    stop: &CancellationToken,
) -> Result<(Report, Harvest, Views), Trouble> {
    let Ready {
        stage,
        description,
        facts,
        mut limitations,
    } = ready;
    let its_facts = Facts {
        scenario: Arc::clone(&plan.scenario),
        roster: Arc::clone(&roster),
        target: description.clone(),
        warm_up: plan.warm_up,
    };
    let (desk, view) = steering(view::first(plan, &description));
    let views = Views::open(plan, view, stop).await?;
    let mut show = Show {
        collector: Collector::new(its_facts, desk, limits),
        streams,
        steps: (plan.kind == Kind::Breakpoint).then(|| Steps::new(plan.step, &roster)),
        roster,
    };
    let script = Arc::new(Script::new(
        Arc::clone(&plan.scenario),
        stage.clone(),
        &[Part::WHOLE],
    ));
    let master = match &plan.master {
        Some(options) => Some(lead::gather(options, stop).await?),
        None => None,
    };
    let program = view::wait_for_start(plan, &mut show.collector.desk, stop).await?;
    let played = match master {
        Some(master) => lead::play(plan, program, (master, &stage), &mut show, stop).await?,
        None => local::play(plan, program, script, &mut show, stop).await?,
    };
    limitations.extend(clean_up(&stage).await);
    let steps = show.steps.take().map(Steps::finish);
    let (harvest, mut thresholds, more) = harvest(show, played).await;
    limitations.extend(more);
    let mut tables = Vec::new();
    if let Some((held, verdicts, table)) = steps {
        cli::narrate(&match held {
            Some(rate) => format!("the highest rate that held: {} iterations/s", figure(rate)),
            None => "no rate held: the first step was broken".to_owned(),
        });
        thresholds = verdicts;
        tables.push(table);
    }
    if harvest.tape.requests.total.response.is_empty()
        && harvest.tape.requests.total.failed == 0
        && stop.is_cancelled()
    {
        return Err(Trouble::Interrupted);
    }
    let beside = Beside {
        description,
        facts,
        limitations,
        thresholds,
        tables,
    };
    let report = report::report(plan, clock, &harvest, beside);
    Ok((report, harvest, views))
}

/// Removes the jobs that users made on the service.
async fn clean_up(stage: &Stage) -> Option<Limitation> {
    setting::clean_up(stage).await
}

async fn harvest(
    show: Show,
    played: Played,
) -> (
    Harvest,
    Vec<common::assess::ThresholdVerdict>,
    Vec<Limitation>,
) {
    let Show {
        collector,
        streams,
        roster,
        steps: _,
    } = show;
    let last = Arc::clone(&collector.desk.now.borrow());
    let elapsed = std::time::Duration::from_secs_f64(last.elapsed_s.max(0.0));
    let measured = collector.measured(elapsed);
    let thresholds = collector.limits.judge(&collector.total, measured);
    let (tape, course, _) = collector.finish();
    let wall = tape
        .requests
        .last
        .saturating_sub(tape.requests.first.unwrap_or_default());
    let harvest = Harvest {
        roster: (*roster).clone(),
        tape,
        course,
        last: (*last).clone(),
        began: played.began,
        measured_s: wall.as_secs_f64(),
        ending: played.ending,
        audit: played.audit,
        workers: played.workers,
    };
    let limitations = streams.finish(&harvest).await;
    (harvest, thresholds, limitations)
}

/// Writes the files, shows the summary, keeps the live page where there is one.
async fn finish(
    plan: &Plan,
    report: &Report,
    harvest: &Harvest,
    views: Views,
    stop: &CancellationToken,
) -> Result<Exit, Trouble> {
    let document = common::render::json(report);
    files::write_whole(&plan.output.document, document.as_bytes())?;
    let html = (plan.output.html.is_some() || views.has_page()).then(|| page(report, harvest));
    if let (Some(path), Some(html)) = (&plan.output.html, &html) {
        files::write_whole(path, html.as_bytes())?;
    }
    let stats = views.has_page().then(|| csv_stats(harvest));
    let kept = views.offer(document, html, stats).await;
    cli::print(&render(report, plan.output.format, cli::wants_colour()))?;
    cli::narrate(&format!(
        "result document: {}",
        plan.output.document.display()
    ));
    if let Some(path) = &plan.output.html {
        cli::narrate(&format!("report: {}", path.display()));
    }
    kept.until(stop).await;
    let nothing_succeeded = harvest.tape.requests.total.response.is_empty();
    let aborted = matches!(harvest.ending, Ending::Aborted(_));
    let exit = report.assessment.exit(!nothing_succeeded);
    Ok(if aborted && exit == Exit::Success {
        Exit::Failed
    } else {
        exit
    })
}
