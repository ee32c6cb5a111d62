//! Joins, aggregations, temporal queries and a cross-match: one statistic a query, never pooled.

mod query;

use std::sync::Arc;

use common::load::{Closed, Done, Failure, Labels, Schedule, Stop, Think, WarmUp, Workload};
use common::report::{Limitation, TestResult};
use tokio_postgres::{Client, Error, Statement};

use self::query::{ALL, Check, ComplexQuery};
use super::cone_search::plan_table;
use super::session::{Prepare, Session};
use super::{Bench, Measured, TestError};
use crate::parameters::borrowed;
use crate::plans::{PlanShape, explain};
use common::report::limitations_of;

struct Recipe(String);

impl Prepare for Recipe {
    type Prepared = Statement;

    async fn prepare(&self, client: &Client) -> Result<Statement, Error> {
        client.prepare(&self.0).await
    }
}

struct Repeated {
    session: Session<Recipe>,
    query: &'static ComplexQuery,
    bench: Arc<query::Facts>,
    number: u64,
}

impl Workload for Repeated {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let parameters = (self.query.parameters)(&self.bench, self.number);
        self.number += 1;
        let (client, statement, attendant) = self.session.get().await?;
        let rows = match attendant
            .attend(client.query(statement, &borrowed(&parameters)))
            .await
        {
            Ok(rows) => rows,
            Err(error) => return Err(self.session.failed(&error)),
        };
        let Check(check) = self.query.check;
        check(&self.bench, &rows).map_err(|message| Failure::new("wrong_result", message))?;
        Ok(Done {
            bytes: 0,
            items: common::units::size_u64(rows.len()),
            ..Done::default()
        })
    }
}

/// Runs `complex_queries`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let facts = Arc::new(query::Facts::of(bench));
    let mut plans = Vec::new();
    let mut outcome = Ok(());
    for query in &ALL {
        outcome = measure(bench, query, &facts, measured, &mut plans).await;
        if outcome.is_err() || bench.stop.is_cancelled() {
            break;
        }
    }
    if let Some(last) = measured.tests.last_mut()
        && !plans.is_empty()
    {
        last.tables
            .push(plan_table("complex_queries: plans", &plans));
    }
    measured.plans.extend(
        plans
            .into_iter()
            .map(|plan| (format!("complex_queries.{}", plan.label), plan)),
    );
    outcome
}

async fn measure(
    bench: &Bench,
    query: &'static ComplexQuery,
    facts: &Arc<query::Facts>,
    measured: &mut Measured,
    plans: &mut Vec<PlanShape>,
) -> Result<(), TestError> {
    let name = format!("complex_queries.{}", query.name);
    if query.needs_light_curves && bench.loaded.detections == 0 {
        let reason = "left out: the catalogue has no light curves";
        measured
            .limitations
            .push(Limitation::of_test("no_data", &name, reason));
        return Ok(());
    }
    let sql = (query.sql)(facts);
    let workload = Repeated {
        session: Session::open(&bench.spec, Recipe(sql.clone())).await?,
        query,
        bench: Arc::clone(facts),
        number: 0,
    };
    let sizes = &bench.plan.sizes;
    let schedule = Schedule::Closed(Closed {
        users: 1,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::Iterations(sizes.complex_iterations),
    });
    let options = bench.options(WarmUp::Iterations(1), Some(sizes.complex_limit_seconds));
    let labels = Labels::default();
    let tally = bench
        .run(query.name, &schedule, &options, &labels, vec![workload])
        .await;
    measured.limitations.extend(limitations_of(&name, &tally));
    measured.tests.push(
        TestResult::new(&name, query.description, "query", "rows", &tally)
            .with("sql", sql.as_str()),
    );
    if bench.stop.is_cancelled() {
        return Ok(());
    }
    let connection = bench.spec.connect().await?;
    let parameters = (query.parameters)(facts, 0);
    plans.extend(explain(&connection, query.name, &sql, &borrowed(&parameters)).await?);
    Ok(())
}
