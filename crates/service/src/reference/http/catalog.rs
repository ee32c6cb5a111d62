//! `/api/v1/catalog`: searches.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use super::super::catalogue::{
    ConeQuery, CrossMatchQuery, Found, MagnitudeQuery, Parameters, TypeQuery, VariabilityQuery,
};
use super::{App, Problem};

type Answer = Result<Response, Problem>;

#[derive(Serialize)]
struct Rows<T> {
    objects: Vec<T>,
    count: usize,
    truncated: bool,
}

fn objects<T: Serialize>(found: Found<T>) -> Response {
    let body = Rows {
        count: found.items.len(),
        objects: found.items,
        truncated: found.truncated,
    };
    super::json(StatusCode::OK, &body)
}

/// Reads a question with one of the `read` functions.
fn question<Q>(
    query: Option<&str>,
    read: fn(&Parameters) -> Result<Q, String>,
) -> Result<Q, Problem> {
    read(&Parameters::of(query)).map_err(Problem::bad_request)
}

pub(super) async fn cone_search(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Answer {
    let question = question(query.as_deref(), ConeQuery::read)?;
    app.metrics.catalog_query("cone-search");
    let begin = Instant::now();
    let found = app.catalogue.cone(&question).await?;
    app.metrics.cone_search(begin.elapsed());
    Ok(objects(found))
}

pub(super) async fn magnitude_search(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let question = question(query.as_deref(), MagnitudeQuery::read)?;
    app.metrics.catalog_query("magnitude-search");
    Ok(objects(app.catalogue.by_magnitude(&question).await?))
}

pub(super) async fn object_type_search(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let question = question(query.as_deref(), TypeQuery::read)?;
    app.metrics.catalog_query("object-type-search");
    Ok(objects(app.catalogue.by_type(&question).await?))
}

/// There is one second catalogue, which stands for whichever was asked for.
pub(super) async fn cross_match(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Answer {
    let question = question(query.as_deref(), CrossMatchQuery::read)?;
    app.metrics.catalog_query("cross-match");
    let found = app.catalogue.cross_match(&question).await?;
    let body = json!({
        "matches": found.items,
        "count": found.items.len(),
        "truncated": found.truncated,
        "externalCatalog": question.external_catalog,
    });
    Ok(super::json(StatusCode::OK, &body))
}

pub(super) async fn variability_search(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
) -> Answer {
    let question = question(query.as_deref(), VariabilityQuery::read)?;
    app.metrics.catalog_query("variability-search");
    Ok(objects(app.catalogue.variables(&question).await?))
}
