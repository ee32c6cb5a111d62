//! The right answers for cones: one pass over the rows, or a plain scan of the user's table.

use std::sync::Arc;

use common::sky::{Cone, Position};

use crate::catalog::{Catalog, CsvError};
use crate::cone::{Expected, Oracle};
use crate::plan::Subject;
use crate::workloads::{Bench, TestError};

/// Right answers, where they could be had, and why they could not.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// One for each cone.
    pub(crate) expected: Vec<Option<Expected>>,
    /// Why some or all are missing.
    pub(crate) reason: Option<String>,
}

/// Cones of a user's table that are checked, and the largest of them: the check reads the whole
/// belt of declination without an index.
const TABLE_CHECKS: usize = 5;
const TABLE_CHECK_RADIUS_DEG: f64 = 0.5;

/// The right answers for `cones`.
pub(crate) async fn expected_answers(
    bench: &Bench,
    cones: Vec<Cone>,
) -> Result<Answers, TestError> {
    match (&bench.catalog, &bench.plan.subject) {
        (Some(catalog), _) => {
            let catalog = Arc::clone(catalog);
            let pass = tokio::task::spawn_blocking(move || pass(&catalog, cones));
            let expected = tokio::select! {
                joined = pass => joined.expect("the pass does not panic")?,
                () = bench.stop.cancelled() => return Err(TestError::Stopped),
            };
            Ok(Answers {
                expected: expected.into_iter().map(Some).collect(),
                reason: None,
            })
        }
        (None, Subject::Table(_)) => Ok(scan(bench, &cones).await),
        (None, Subject::Loaded { .. }) => Ok(Answers::default()),
    }
}

fn pass(catalog: &Catalog, cones: Vec<Cone>) -> Result<Vec<Expected>, CsvError> {
    let mut oracle = Oracle::new(cones);
    catalog.for_each(|row, _| {
        oracle.observe(row.position);
        true
    })?;
    Ok(oracle.finish())
}

/// Reads the belt of declination around each cone by a plain condition that needs neither PostGIS
/// nor a spatial index, and judges the rows here.
async fn scan(bench: &Bench, cones: &[Cone]) -> Answers {
    let columns = &bench.cone_table.columns;
    let sql = format!(
        "SELECT {ra}::float8, {dec}::float8 FROM {table} \
         WHERE {dec} BETWEEN $1::float8 AND $2::float8 AND {ra} IS NOT NULL",
        ra = columns.ra,
        dec = columns.dec,
        table = columns.table,
    );
    let mut answers = Answers {
        expected: vec![None; cones.len()],
        reason: None,
    };
    let mut checked = 0;
    let connection = match bench.spec.connect().await {
        Ok(connection) => connection,
        Err(error) => {
            answers.reason = Some(format!("answers were not checked: {error}"));
            return answers;
        }
    };
    for (cone, answer) in cones.iter().zip(&mut answers.expected) {
        if checked == TABLE_CHECKS || bench.stop.is_cancelled() {
            break;
        }
        if cone.radius_deg > TABLE_CHECK_RADIUS_DEG {
            continue;
        }
        let margin = cone.radius_deg + 1e-6;
        let (south, north) = (cone.center.dec_deg - margin, cone.center.dec_deg + margin);
        match connection.query(&sql, &[&south, &north]).await {
            Ok(rows) => {
                let mut oracle = Oracle::new([*cone]);
                for row in rows {
                    oracle.observe(Position {
                        ra_deg: row.get(0),
                        dec_deg: row.get(1),
                    });
                }
                *answer = oracle.finish().pop();
                checked += 1;
            }
            Err(error) => {
                let cause = crate::failure::describe(&error);
                answers.reason = Some(format!("the check of answers ended early: {cause}"));
                return answers;
            }
        }
    }
    answers.reason = Some(format!(
        "answers of {checked} cones up to {TABLE_CHECK_RADIUS_DEG}° were checked by a plain scan of \
         the table, the others were not"
    ));
    answers
}
