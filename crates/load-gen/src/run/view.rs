//! Who watches a run, and how it begins.

use std::io::IsTerminal as _;

use common::cli;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::crowd::Program;
use crate::live::web::{self, Download, Downloads, Served};
use crate::live::{Desk, Order, Row, Snapshot, State, View, Wanted, headless, screen};
use crate::plan::Plan;
use crate::trouble::Trouble;

/// Those who watch a run.
pub(crate) struct Views {
    page: Option<(Served, Downloads)>,
    log: Option<JoinHandle<()>>,
    keeps_page: bool,
}

/// The picture before anything has happened.
pub(crate) fn first(plan: &Plan, target: &str) -> Snapshot {
    let waits = plan.output.web.is_some() && !plan.output.autostart;
    Snapshot {
        state: if waits {
            State::Waiting
        } else {
            State::Running
        },
        at: Timestamp::now(),
        elapsed_s: 0.0,
        planned_s: plan.program.length().map(|it| it.as_secs_f64()),
        scenario: plan.scenario_name.clone(),
        target: target.to_owned(),
        wanted: match &plan.program {
            Program::Users(users) => Wanted::Users(
                users
                    .stretches
                    .iter()
                    .map(|it| common::units::round_u64(it.to))
                    .max()
                    .unwrap_or(0),
            ),
            Program::Arrivals(_) => Wanted::Rate(plan.program.height(std::time::Duration::ZERO)),
        },
        users: plan
            .scenario
            .personas
            .iter()
            .map(|it| (it.name.clone(), 0))
            .collect(),
        total: Row {
            name: "total".to_owned(),
            ..Row::default()
        },
        requests: Vec::new(),
        personas: Vec::new(),
        radii: Vec::new(),
        iterations: crate::live::IterationCounts::default(),
        failures: Vec::new(),
        sky: crate::live::SkyFigures::default(),
        generator: crate::live::Generator::default(),
        workers: Vec::new(),
        limits: Vec::new(),
        notes: Vec::new(),
    }
}

impl Views {
    /// Opens what the plan names: the page, and the terminal view where there is a terminal, else lines.
    pub(crate) async fn open(
        plan: &Plan,
        view: View,
        stop: &CancellationToken,
    ) -> Result<Self, Trouble> {
        let output = &plan.output;
        let page = match &output.web {
            Some(address) => {
                let downloads = Downloads::default();
                let served = web::serve(address, view.clone(), downloads.clone())
                    .await
                    .map_err(|error| Trouble::Machine(format!("{error}: {}", error.hint())))?;
                cli::narrate(&format!("live page: {}", served.url));
                Some((served, downloads))
            }
            None => None,
        };
        let on_screen = !output.headless
            && page.is_none()
            && std::io::stderr().is_terminal()
            && std::io::stdin().is_terminal();
        let log = if on_screen {
            let stop = stop.clone();
            tokio::spawn(async move {
                let lines = view.clone();
                if screen::show(view, stop).await.is_err() {
                    headless::follow(lines).await;
                }
            })
        } else {
            tokio::spawn(headless::follow(view))
        };
        Ok(Self {
            keeps_page: page.is_some() && !output.headless,
            page,
            log: Some(log),
        })
    }

    /// Whether there is a live page.
    pub(crate) fn has_page(&self) -> bool {
        self.page.is_some()
    }

    /// Puts the files of a finished run on the page; the terminal is free again.
    pub(crate) async fn offer(
        mut self,
        document: String,
        html: Option<String>,
        stats: Option<Vec<u8>>,
    ) -> Self {
        if let Some(log) = self.log.take() {
            // The run is over, and with it its pictures: nothing to wait for but the terminal.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(2), log).await;
        }
        if let Some((_, downloads)) = &self.page {
            downloads.offer(Download::ResultsJson, document);
            if let Some(html) = html {
                downloads.offer(Download::ReportHtml, html);
            }
            if let Some(stats) = stats {
                downloads.offer(Download::StatsCsv, stats);
            }
        }
        self
    }

    /// Keeps the page until somebody ends the program, unless it runs by itself.
    pub(crate) async fn until(self, stop: &CancellationToken) {
        let Some((served, _)) = self.page else { return };
        if self.keeps_page && !stop.is_cancelled() {
            cli::narrate(&format!(
                "the page stays at {} with its downloads until Ctrl-C",
                served.url
            ));
            stop.cancelled().await;
        }
        served.close().await;
    }
}

/// Waits for somebody who presses start, where the plan says so: the program, as they want it.
pub(crate) async fn wait_for_start(
    plan: &Plan,
    desk: &mut Desk,
    stop: &CancellationToken,
) -> Result<Program, Trouble> {
    let mut program = plan.program.clone();
    if plan.output.web.is_none() || plan.output.autostart {
        return Ok(program);
    }
    loop {
        let order = tokio::select! {
            order = desk.orders.recv() => order,
            () = stop.cancelled() => return Err(Trouble::Interrupted),
        };
        match order {
            Some(Order::Start { users, spawn_rate }) => {
                if let (Program::Users(planned), Some(users)) = (&program, users) {
                    let length = planned.stretches.iter().map(|it| it.seconds).sum();
                    let rate = spawn_rate.unwrap_or(f64::INFINITY);
                    program = Program::Users(crate::crowd::Users {
                        iterations: planned.iterations,
                        ..crate::crowd::Users::constant(users, rate, length)
                    });
                }
                return Ok(program);
            }
            Some(Order::Stop) | None => return Err(Trouble::Interrupted),
            Some(_) => {}
        }
    }
}
