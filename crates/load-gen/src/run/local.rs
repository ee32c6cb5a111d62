//! A run on the lanes of this process.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

use super::collector::SecondOf;
use super::monitor::Monitor;
use super::show::Show;
use crate::crowd::{Casting, LocalCrowd, Part, Play, Program};
use crate::live::{Order, State};
use crate::outputs::{Audit, Ending, WorkerAudit};
use crate::plan::Plan;
use crate::trouble::Trouble;
use crate::visitor::{Script, Visitors};

/// Lanes need this long to be there when the load begins.
const LEAD: Duration = Duration::from_millis(50);
/// How often it is looked at whether the load is over.
const GLANCE: Duration = Duration::from_millis(20);

/// How a run ended, and what the generator saw of itself.
pub(crate) struct Played {
    pub(crate) ending: Ending,
    pub(crate) audit: Audit,
    pub(crate) began: jiff::Timestamp,
    pub(crate) workers: Vec<WorkerAudit>,
}

/// Plays the program of a plan to its end.
pub(crate) async fn play(
    plan: &Plan,
    program: Program,
    script: Arc<Script>,
    show: &mut Show,
    stop: &CancellationToken,
) -> Result<Played, Trouble> {
    let mut run = LocalRun::start(plan, program, script, show)?;
    let ending = run.offer(plan, show, stop).await;
    run.drain(plan, show).await;
    Ok(Played {
        ending,
        audit: run.monitor.finish(),
        began: run.began,
        workers: Vec::new(),
    })
}

struct LocalRun {
    crowd: LocalCrowd,
    monitor: Monitor,
    epoch: Instant,
    began: jiff::Timestamp,
    is_paused: bool,
}

impl LocalRun {
    fn start(
        plan: &Plan,
        program: Program,
        script: Arc<Script>,
        show: &Show,
    ) -> Result<Self, Trouble> {
        let epoch = Instant::now() + LEAD;
        let crowd = LocalCrowd::start(Play {
            cast: Arc::new(Visitors(script)),
            roster: Arc::clone(&show.roster),
            casting: Arc::new(Casting::of(&plan.scenario.personas)),
            program,
            replay: plan.scenario.replay.clone(),
            warm_up: plan.warm_up,
            seed: plan.seed,
            epoch,
            parts: vec![Part::WHOLE],
            of: 1,
            lanes: plan.lanes,
        });
        let crowd = crowd.map_err(|error| {
            Trouble::Machine(format!("failed to start {} threads: {error}", plan.lanes))
        })?;
        Ok(Self {
            monitor: Monitor::new(crowd.lanes()),
            crowd,
            epoch,
            began: jiff::Timestamp::now(),
            is_paused: false,
        })
    }

    /// Until there is nothing more to offer, or somebody or something ends it.
    async fn offer(&mut self, plan: &Plan, show: &mut Show, stop: &CancellationToken) -> Ending {
        let second = Duration::from_secs(1);
        let mut tick = interval_at(self.epoch + second, second);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut glance = interval(GLANCE);
        glance.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = tick.tick() => {
                    let state = self.state(plan);
                    if let Some(ending) = self.second(show, state) {
                        return ending;
                    }
                }
                _ = glance.tick() => if self.crowd.is_over() {
                    return Ending::Finished;
                },
                order = show.collector.desk.orders.recv() => match order {
                    Some(Order::Stop) => return Ending::Stopped,
                    Some(order) => self.obey(&order),
                    None => {}
                },
                () = stop.cancelled() => return Ending::Stopped,
            }
        }
    }

    fn state(&self, plan: &Plan) -> State {
        if self.is_paused {
            State::Paused
        } else if self.crowd.now() < plan.warm_up {
            State::WarmingUp
        } else {
            State::Running
        }
    }

    fn obey(&mut self, order: &Order) {
        match order {
            Order::Pause | Order::Resume => {
                self.is_paused = *order == Order::Pause;
                self.crowd.pause(self.is_paused, Duration::ZERO);
            }
            Order::Users { users, spawn_rate } => {
                if matches!(self.crowd.program(), Program::Users(_)) {
                    let now = self.crowd.now();
                    self.crowd
                        .redirect(common::units::count_f64(*users), *spawn_rate, now);
                }
            }
            Order::Rate(rate) => {
                if matches!(self.crowd.program(), Program::Arrivals(_)) {
                    let now = self.crowd.now();
                    self.crowd.redirect(*rate, f64::INFINITY, now);
                }
            }
            Order::Start { .. } | Order::Stop => {}
        }
    }

    fn second(&mut self, show: &mut Show, state: State) -> Option<Ending> {
        let taken = self.crowd.take();
        let lag = taken.tape.requests.timer_lag.quantile_ms(0.99);
        let second = SecondOf {
            generator: self.monitor.second(taken.busiest, lag),
            tape: taken.tape,
            users: taken.users,
            under_way: taken.under_way,
            workers: Vec::new(),
        };
        let now = self.crowd.now();
        show.second(now, &second, (state, self.crowd.program()))
    }

    /// Nothing new begins; what is under way may finish.
    async fn drain(&mut self, plan: &Plan, show: &mut Show) {
        let mut finish = std::pin::pin!(self.crowd.finish(plan.graceful_stop));
        let mut tick = interval(Duration::from_secs(1));
        tick.tick().await;
        loop {
            tokio::select! {
                () = &mut finish => break,
                _ = tick.tick() => {
                    // It ends anyway.
                    let _ = self.second(show, State::Stopping);
                }
            }
        }
        let _ = self.second(show, State::Finished);
    }
}
