//! `/actuator`: health, build, metrics.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::ACCEPT;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::super::catalogue::Catalogue;
use super::{App, Problem};

/// Below this much free space the service is down, as Spring's default is: 10 MiB.
const LEAST_FREE_BYTES: u64 = 10 * 1024 * 1024;

pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    let vitals = app.vitals.now();
    let word = |up: bool| if up { "UP" } else { "DOWN" };
    let has_space = vitals.free_bytes.is_none_or(|it| it >= LEAST_FREE_BYTES);
    let up = vitals.database_up && has_space;
    let database = match &app.catalogue {
        Catalogue::Memory(_) => "memory",
        Catalogue::Postgres(_) => "PostgreSQL",
    };
    let body = json!({
        "status": word(up),
        "components": {
            "db": {"status": word(vitals.database_up), "details": {"database": database}},
            "diskSpace": {
                "status": word(has_space),
                "details": {
                    "total": vitals.total_bytes,
                    "free": vitals.free_bytes,
                    "threshold": LEAST_FREE_BYTES,
                },
            },
            "ping": {"status": "UP"},
        },
    });
    let status = if up {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    super::json(status, &body)
}

pub(super) async fn info(State(app): State<Arc<App>>) -> Response {
    let rows = match &app.catalogue {
        Catalogue::Memory(memory) => Some(memory.rows()),
        Catalogue::Postgres(_) => None,
    };
    let body = json!({
        "app": {
            "name": "astro-perf reference service",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "catalogue": {"objectsInMemory": rows},
        "faults": app.faults.injected().keys().collect::<Vec<_>>(),
    });
    super::json(StatusCode::OK, &body)
}

pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    super::json(StatusCode::OK, &json!({"names": app.metrics.names()}))
}

pub(super) async fn metric(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    refresh(&app);
    let document = app.metrics.one(&name);
    let document =
        document.ok_or_else(|| Problem::not_found(format!("there is no metric `{name}`")))?;
    Ok(super::json(StatusCode::OK, &document))
}

pub(super) async fn prometheus(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    refresh(&app);
    let open_metrics = headers
        .get_all(ACCEPT)
        .iter()
        .any(|it| it.as_bytes().windows(11).any(|part| part == b"openmetrics"));
    let content_type = if open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    super::with_type(StatusCode::OK, content_type, Body::from(app.metrics.text()))
}

/// Sets what is not counted as it happens.
fn refresh(app: &App) {
    use common::units::{count_f64, size_f64};
    let levels = &app.metrics.levels;
    let vitals = app.vitals.now();
    levels.process_cpu_usage.set(vitals.process_cpu_ratio);
    levels
        .process_resident_memory_bytes
        .set(count_f64(vitals.resident_bytes));
    levels
        .process_uptime_seconds
        .set(app.vitals.uptime().as_secs_f64());
    levels.system_cpu_usage.set(vitals.system_cpu_ratio);
    levels.system_cpu_count.set(size_f64(vitals.cpus));
    let jobs = app.jobs.counts();
    levels.jobs_queue_size.set(size_f64(jobs.waiting));
    levels.jobs_queue_capacity.set(size_f64(jobs.capacity));
    levels.jobs_active.set(size_f64(jobs.active));
    if let Catalogue::Postgres(postgres) = &app.catalogue {
        let pool = postgres.status();
        let idle = pool.available;
        levels.pool_idle.set(size_f64(idle));
        levels
            .pool_active
            .set(size_f64(pool.size.saturating_sub(idle)));
        levels.pool_pending.set(size_f64(pool.waiting));
        levels.pool_max.set(size_f64(pool.max_size));
    }
}
