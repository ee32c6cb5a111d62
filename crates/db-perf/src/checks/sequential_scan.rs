//! Cone searches that read the whole table.

use common::assess::{Effort, Priority, Recommendation};
use common::render::{amount, figure};

use super::{Evidence, performance};
use crate::cone::Strategy;

/// A table below this is read from end to end for good reason.
const SMALL_ROWS: f64 = 2000.0;

/// Reports sequential scans in the plans of `cone_search`.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let scans: Vec<_> = evidence
        .plans
        .iter()
        .filter(|(test, _)| test == "cone_search")
        .map(|(_, plan)| plan)
        .filter(|plan| {
            !plan.sequential_scans.is_empty() && plan.rows_removed + plan.actual_rows > SMALL_ROWS
        })
        .collect();
    let Some(worst) = scans
        .iter()
        .max_by(|a, b| a.execution_ms.total_cmp(&b.execution_ms))
    else {
        return Vec::new();
    };
    let columns = &evidence.cone_table.columns;
    let index = match &columns.position {
        Some(_) => Strategy::GeographySphere.index_on(columns),
        None if evidence.server.extensions.contains_key("q3c") => Strategy::Q3c.index_on(columns),
        None => format!(
            "USING gist ((ST_SetSRID(ST_MakePoint(CASE WHEN {ra} > 180 THEN {ra} - 360 ELSE {ra} \
             END, {dec}), 4326)::geography))",
            ra = columns.ra,
            dec = columns.dec
        ),
    };
    vec![Recommendation {
        issue: format!(
            "{} of the sampled cone searches read `{}` from end to end: {} for {} rows found and {} \
             thrown away ({} ms)",
            scans.len(),
            worst.sequential_scans.join("`, `"),
            worst.nodes,
            amount(worst.actual_rows),
            amount(worst.rows_removed),
            figure(worst.execution_ms)
        ),
        recommendation: format!(
            "CREATE INDEX CONCURRENTLY ON {} {index};\nand ask with the same expression in the query.",
            columns.table
        ),
        expected_impact: "The time of a cone no longer grows with the table; `--tests \
             index_strategies` without --table measures how much that is."
            .to_owned(),
        ..performance("database/cone_search", Priority::High, Effort::Low)
    }]
}
