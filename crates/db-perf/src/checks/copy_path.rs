//! What the fastest way to load brings over the usual ones.

use common::assess::{Effort, Priority, Recommendation};
use common::render::figure;

use super::{Evidence, performance, times};

/// A way must be this much faster to be worth a change.
const WORTH: f64 = 2.0;

/// Reports how far row-by-row and multi-row inserts are behind COPY.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let rate = |method: &str| {
        let test = evidence.test(&format!("bulk_insert.{method}"))?;
        test.throughput_ops_per_sec.filter(|it| *it > 0.0)
    };
    let (Some(best), Some(rows)) = (rate("copy_binary"), rate("row_by_row")) else {
        return Vec::new();
    };
    if best < WORTH * rows {
        return Vec::new();
    }
    let multi = rate("multi_row_insert").map_or_else(String::new, |it| {
        format!(", {} with multi-row INSERT", figure(it))
    });
    let batch = evidence
        .parameter("bulk_insert.copy_binary", "batch_rows")
        .unwrap_or(0.0);
    vec![Recommendation {
        issue: format!(
            "row-by-row INSERT brings {} rows/s into a table with primary key and spatial index{multi}, \
             binary COPY {} rows/s",
            figure(rows),
            figure(best)
        ),
        recommendation: format!(
            "Load with `COPY … FROM STDIN BINARY` in batches of {batch} rows, one transaction each."
        ),
        expected_impact: format!("{} faster loading than row by row", times(best, rows)),
        ..performance("database/bulk_insert", Priority::Medium, Effort::Medium)
    }]
}
