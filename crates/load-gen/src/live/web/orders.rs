//! What the page may ask of a run.

use std::sync::Arc;

use axum::Json;
use axum::extract::State as Shared;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Order, State, Wanted};
use super::Site;
use super::api::Refused;

/// More is a slip of the finger.
const MOST_USERS: u64 = 1_000_000;

/// Iterations, or users, per second; more is a slip of the finger.
const MOST_PER_SEC: f64 = 1_000_000.0;

/// What an order is answered with: it reaches the run within a second.
type Answer = Result<(StatusCode, Json<Value>), Refused>;

/// How a run begins; what is left out is as planned.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    users: Option<u64>,
    spawn_rate: Option<f64>,
}

/// Another number of users; without a rate all change at once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Users {
    users: u64,
    spawn_rate: Option<f64>,
}

/// Another rate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rate {
    rate: f64,
}

pub(super) async fn start(
    Shared(site): Shared<Arc<Site>>,
    body: Result<Json<Start>, JsonRejection>,
) -> Answer {
    let Start { users, spawn_rate } = read(body)?;
    if site.view.now().state != State::Waiting {
        return Err(conflict("the run has begun already"));
    }
    if users.is_some() {
        require_users(&site)?;
    }
    check_users(users.unwrap_or(1))?;
    check_spawn_rate(spawn_rate)?;
    Ok(send(&site, Order::Start { users, spawn_rate }))
}

pub(super) async fn users(
    Shared(site): Shared<Arc<Site>>,
    body: Result<Json<Users>, JsonRejection>,
) -> Answer {
    let Users { users, spawn_rate } = read(body)?;
    require_on(&site)?;
    require_users(&site)?;
    check_users(users)?;
    check_spawn_rate(spawn_rate)?;
    let spawn_rate = spawn_rate.unwrap_or(f64::INFINITY);
    Ok(send(&site, Order::Users { users, spawn_rate }))
}

pub(super) async fn rate(
    Shared(site): Shared<Arc<Site>>,
    body: Result<Json<Rate>, JsonRejection>,
) -> Answer {
    let Rate { rate } = read(body)?;
    require_on(&site)?;
    if matches!(site.view.now().wanted, Wanted::Users(_)) {
        return Err(conflict("this load is a number of users, not a rate"));
    }
    if !(0.0..=MOST_PER_SEC).contains(&rate) {
        return Err(invalid(&format!(
            "`rate` must be between 0 and {MOST_PER_SEC}, got `{rate}`"
        )));
    }
    Ok(send(&site, Order::Rate(rate)))
}

pub(super) async fn pause(Shared(site): Shared<Arc<Site>>) -> Answer {
    require_on(&site)?;
    Ok(send(&site, Order::Pause))
}

pub(super) async fn resume(Shared(site): Shared<Arc<Site>>) -> Answer {
    if site.view.now().state != State::Paused {
        return Err(conflict("the run is not paused"));
    }
    Ok(send(&site, Order::Resume))
}

pub(super) async fn stop(Shared(site): Shared<Arc<Site>>) -> Answer {
    if site.view.now().state == State::Finished {
        return Err(conflict("the run is over"));
    }
    Ok(send(&site, Order::Stop))
}

fn send(site: &Site, order: Order) -> (StatusCode, Json<Value>) {
    site.view.ask(order);
    (StatusCode::ACCEPTED, Json(json!({ "accepted": true })))
}

fn read<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Refused> {
    body.map(|Json(it)| it)
        .map_err(|rejection| Refused::new(rejection.status(), rejection.body_text()))
}

fn conflict(message: &str) -> Refused {
    Refused::new(StatusCode::CONFLICT, message)
}

fn invalid(message: &str) -> Refused {
    Refused::new(StatusCode::UNPROCESSABLE_ENTITY, message)
}

fn require_on(site: &Site) -> Result<(), Refused> {
    match site.view.now().state {
        State::WarmingUp | State::Running | State::Paused => Ok(()),
        State::Waiting => Err(conflict("the run has not begun")),
        State::Stopping | State::Finished => Err(conflict("the run is over")),
    }
}

fn require_users(site: &Site) -> Result<(), Refused> {
    match site.view.now().wanted {
        Wanted::Users(_) => Ok(()),
        Wanted::Rate(_) => Err(conflict("this load is a rate, not a number of users")),
    }
}

fn check_users(users: u64) -> Result<(), Refused> {
    if users > MOST_USERS {
        return Err(invalid(&format!(
            "`users` must be at most {MOST_USERS}, got `{users}`"
        )));
    }
    Ok(())
}

fn check_spawn_rate(rate: Option<f64>) -> Result<(), Refused> {
    match rate {
        Some(rate) if !(rate > 0.0 && rate <= MOST_PER_SEC) => Err(invalid(&format!(
            "`spawn_rate` must be above 0 and at most {MOST_PER_SEC}, got `{rate}`"
        ))),
        _ => Ok(()),
    }
}
