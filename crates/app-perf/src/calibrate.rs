//! `app-perf calibrate`: how far this machine's own figures can be trusted. Known latencies, a known stall
//! and known errors are put into the reference service, and what is measured is compared with the truth.

mod checks;
mod truth;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use common::cli::{self, Exit, Progress, Stage, stop_on_signals};
use common::files;
use common::render::render;
use common::report::{
    Limitation, Mode, Report, RunClock, SCHEMA_VERSION, Summary, Table, TestResult, Tool,
    busy_machine,
};
use service::reference::{CatalogueSource, Fault, Reference, ReferenceOptions};
use tokio_util::sync::CancellationToken;

use crate::args::{Args, Calibrate};
use crate::plan::Plan;
use crate::subject::{Bench, Holdings};
use crate::trouble::Trouble;

/// One comparison of a figure with what is known to be true.
pub(crate) struct Row {
    check: String,
    truth: f64,
    measured: Option<f64>,
    /// How far off it may be.
    tolerance: f64,
    unit: &'static str,
}

impl Row {
    fn holds(&self) -> bool {
        self.measured
            .is_some_and(|it| (it - self.truth).abs() <= self.tolerance)
    }
}

/// What the checks brought.
#[derive(Default)]
pub(crate) struct Found {
    rows: Vec<Row>,
    tests: Vec<TestResult>,
    limitations: Vec<Limitation>,
    /// The highest arrival rate that was offered as planned.
    trusted_per_sec: Option<f64>,
}

pub(crate) async fn calibrate(args: Calibrate) -> Result<Exit, Trouble> {
    files::check_writable(&args.output)?;
    let stop = stop_on_signals();
    let mode = if args.quick { Mode::Quick } else { Mode::Full };
    let clock = RunClock::start(mode, args.seed);
    let names = [
        "null workload",
        "known latency",
        "known stall",
        "known errors",
        "arrival rates",
    ];
    let length = if args.quick { 3 } else { 12 };
    let stages = names.iter().map(|name| Stage {
        name: (*name).to_owned(),
        expected: Duration::from_secs(length),
    });
    let progress = Arc::new(Progress::new(stages.collect()));
    let laboratory = Laboratory {
        seed: args.seed,
        quick: args.quick,
        clock: &clock,
        progress: &progress,
        stop: &stop,
    };
    let outcome = Box::pin(checks::all(&laboratory)).await;
    progress.finish();
    let found = outcome?;
    if stop.is_cancelled() {
        return Err(Trouble::Interrupted);
    }
    let all_hold = found.rows.iter().all(Row::holds);
    let report = report(&clock, found);
    files::write_whole(&args.output, common::render::json(&report).as_bytes())?;
    cli::print(&render(&report, args.format, cli::wants_colour()))?;
    cli::narrate(&format!("result document: {}", args.output.display()));
    Ok(if all_hold {
        Exit::Success
    } else {
        Exit::Failed
    })
}

/// What the checks share.
pub(crate) struct Laboratory<'a> {
    seed: u64,
    quick: bool,
    clock: &'a RunClock,
    progress: &'a Arc<Progress>,
    stop: &'a CancellationToken,
}

impl Laboratory<'_> {
    /// A small reference service with faults, and a bench that measures it.
    async fn service(&self, faults: &[&str]) -> Result<(Reference, Bench), Trouble> {
        let faults: Vec<Fault> = faults.iter().filter_map(|it| it.parse().ok()).collect();
        let reference = Reference::start(
            ReferenceOptions {
                catalogue: CatalogueSource::Memory { objects: 2000 },
                seed: self.seed,
                images: 0,
                image_size_px: 64,
                faults,
                stop: self.stop.clone(),
                ..ReferenceOptions::default()
            },
            |_| {},
        )
        .await?;
        let url = reference.url();
        let seed = self.seed.to_string();
        let args = [
            "app-perf",
            "--url",
            &url,
            "--seed",
            &seed,
            "--quick",
            "--tests",
            "health_check",
        ];
        let plan = Plan::new(Args::parse_from(args).measure).map_err(Trouble::Mistakes)?;
        let mut holdings = Holdings::default();
        let ready = holdings
            .prepare(&plan, self.clock, self.progress, self.stop)
            .await?;
        Ok((reference, ready.bench))
    }
}

fn report(clock: &RunClock, found: Found) -> Report {
    let columns = [
        "check",
        "truth",
        "measured",
        "may differ by",
        "unit",
        "verdict",
    ];
    let mut table = Table::new(
        "Calibration: what was measured against what is true",
        &columns,
    );
    for row in &found.rows {
        table.rows.push(vec![
            row.check.as_str().into(),
            row.truth.into(),
            row.measured.into(),
            row.tolerance.into(),
            row.unit.into(),
            if row.holds() { "holds" } else { "FAILS" }.into(),
        ]);
    }
    let mut tests = found.tests;
    if let Some(last) = tests.last_mut() {
        last.tables.push(table);
        *last = last
            .clone()
            .with("trusted_rate_per_sec", found.trusted_per_sec);
    }
    let run = clock.finish();
    let mut limitations = found.limitations;
    limitations.extend(busy_machine(&run.host));
    let trusted = found.trusted_per_sec.map_or_else(
        || "no arrival rate was offered as planned".to_owned(),
        |rate| {
            format!(
                "arrival rates up to {}/s are offered as planned",
                common::render::figure(rate)
            )
        },
    );
    let description = format!("reference service in memory, on this machine; {trusted}");
    Report {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool {
            name: "app-perf".into(),
            version: env!("CARGO_PKG_VERSION").into(),
        },
        run,
        target: [("description".to_owned(), description.into())].into(),
        plan: std::collections::BTreeMap::new(),
        summary: Summary::of(&tests, false),
        tests,
        assessment: common::assess::Assessment::default(),
        recommendations: Vec::new(),
        limitations,
    }
}
