//! A run on workers, which this process leads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use common::cli;
use service::setting::Stage;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::collector::SecondOf;
use super::engine::settings;
use super::local::Played;
use super::monitor::Monitor;
use super::show::Show;
use super::subject::{IMAGE_PX, TARGETS};
use crate::crowd::{Program, Tape};
use crate::distributed::{Job, Led, Master, MasterError, MasterOptions, Merged};
use crate::live::{Order, State};
use crate::outputs::Ending;
use crate::plan::Plan;
use crate::trouble::Trouble;

/// Workers need so much longer than what is under way to tell the last.
const LAST_WORDS: Duration = Duration::from_secs(15);

impl From<MasterError> for Trouble {
    fn from(error: MasterError) -> Self {
        match error {
            MasterError::Stopped => Self::Interrupted,
            other => Self::Distributed(other.to_string()),
        }
    }
}

/// Waits for the workers that the plan expects.
pub(crate) async fn gather(
    options: &MasterOptions,
    stop: &CancellationToken,
) -> Result<Master, Trouble> {
    let mut master = Master::bind(options).await?;
    cli::narrate(&format!(
        "waiting at {} for {} workers",
        master.address(),
        options.expect
    ));
    let count = master.gather(stop).await?;
    if count < options.expect {
        cli::narrate(&format!(
            "warning: {count} of {} workers came in time: they have the whole load",
            options.expect
        ));
    }
    Ok(master)
}

/// Plays a program with the workers of a master.
pub(crate) async fn play(
    plan: &Plan,
    program: Program,
    (master, stage): (Master, &Stage),
    show: &mut Show,
    stop: &CancellationToken,
) -> Result<Played, Trouble> {
    let job = job(plan, program.clone(), stage)?;
    let began = jiff::Timestamp::now();
    let led = master.run(job, plan.scenario.replay.clone()).await?;
    cli::narrate(&format!("{} workers begin", led.workers));
    let mut lead = Lead {
        program,
        is_paused: false,
        ending: None,
        monitor: Monitor::new(0),
    };
    let outcome = lead.follow(plan, led, show, stop).await;
    Ok(Played {
        ending: lead.ending.unwrap_or(outcome.ending),
        audit: lead.monitor.finish(),
        began,
        workers: outcome.workers,
    })
}

/// Everything that workers need.
fn job(plan: &Plan, program: Program, stage: &Stage) -> Result<Job, Trouble> {
    let asking = plan
        .asking
        .clone()
        .ok_or_else(|| Trouble::Distributed("there is no service to ask".to_owned()))?;
    let base = &stage.endpoint.options().base;
    let mut settings = BTreeMap::from([
        (settings::RUN.to_owned(), stage.scene.run.clone()),
        (settings::RADII.to_owned(), plan.radii.to_string()),
        (settings::TARGETS.to_owned(), TARGETS.to_string()),
        (settings::IMAGE_PX.to_owned(), IMAGE_PX.to_string()),
        (settings::KEYS.to_owned(), stage.scene.keys.join("\n")),
    ]);
    for (name, path) in [
        (settings::FITS, &plan.fits),
        (settings::CATALOG, &plan.catalog),
    ] {
        if let Some(path) = path {
            settings.insert(name.to_owned(), path.display().to_string());
        }
    }
    Ok(Job {
        source: plan.source.clone(),
        host: base.to_string(),
        asking,
        program,
        warm_up: plan.warm_up,
        graceful_stop: plan.graceful_stop,
        seed: plan.seed,
        settings,
    })
}

struct Lead {
    program: Program,
    is_paused: bool,
    /// Why it was ended from here.
    ending: Option<Ending>,
    monitor: Monitor,
}

impl Lead {
    /// Shows second after second until the run is over.
    async fn follow(
        &mut self,
        plan: &Plan,
        mut led: Led,
        show: &mut Show,
        stop: &CancellationToken,
    ) -> crate::distributed::Outcome {
        let mut stopped = false;
        loop {
            tokio::select! {
                merged = led.seconds.recv() => match merged {
                    Some(merged) => {
                        if let Some(ending) = self.second(plan, merged, show)
                            && self.ending.is_none()
                        {
                            self.ending = Some(ending);
                            // A hub that is over needs no orders.
                            let _ = led.orders.send(Order::Stop);
                        }
                    }
                    None => break,
                },
                order = show.collector.desk.orders.recv() => if let Some(order) = order {
                    self.note(&order, show.collector.until());
                    let _ = led.orders.send(order);
                },
                () = stop.cancelled(), if !stopped => {
                    stopped = true;
                    self.ending.get_or_insert(Ending::Stopped);
                    let _ = led.orders.send(Order::Stop);
                }
            }
        }
        let limit = plan.graceful_stop + LAST_WORDS;
        let outcome = timeout(limit, led.outcome()).await.ok().flatten();
        outcome.unwrap_or_else(|| crate::distributed::Outcome {
            ending: Ending::NoWorkers,
            workers: Vec::new(),
            notes: vec!["the workers did not tell how they ended".to_owned()],
        })
    }

    /// What an order changes of what is wanted.
    fn note(&mut self, order: &Order, now: Duration) {
        match (order, &self.program) {
            (Order::Pause, _) => self.is_paused = true,
            (Order::Resume, _) => self.is_paused = false,
            (Order::Users { users, spawn_rate }, Program::Users(program)) => {
                self.program = Program::Users(program.redirected(now, *users, *spawn_rate));
            }
            (Order::Rate(rate), Program::Arrivals(program)) => {
                self.program = Program::Arrivals(program.redirected(now, *rate));
            }
            (Order::Stop, _) => self.ending = Some(Ending::Stopped),
            (Order::Start { .. } | Order::Users { .. } | Order::Rate(_), _) => {}
        }
    }

    fn second(&mut self, plan: &Plan, merged: Merged, show: &mut Show) -> Option<Ending> {
        let roster = Arc::clone(&show.roster);
        let tape = merged
            .tape
            .unwrap_or_else(|| Tape::new(&roster.labels, roster.tasks.len()));
        for note in merged.notes {
            cli::narrate(&note);
            show.collector.notes.push(note);
        }
        // The figures of the workers are theirs; this process is looked at for its own audit.
        self.monitor.second(0.0, None);
        let now = Duration::from_secs(merged.second + 1);
        let is_over = self.program.length().is_some_and(|length| now > length);
        let state = if is_over || self.ending.is_some() {
            State::Stopping
        } else if self.is_paused {
            State::Paused
        } else if now <= plan.warm_up {
            State::WarmingUp
        } else {
            State::Running
        };
        let second = SecondOf {
            tape,
            users: merged.users,
            under_way: merged.under_way,
            generator: merged.generator,
            workers: merged.workers,
        };
        show.second(now, &second, (state, &self.program))
    }
}
