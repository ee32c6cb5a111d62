//! What indexes cost while rows come in.

use common::assess::{Effort, Priority, Recommendation};
use common::render::figure;
use common::report::Cell;

use super::{Evidence, performance};

/// Below this share of the bare table's rate a large load should build its indexes afterwards.
const DEAR_SHARE: f64 = 0.5;

/// Reports loads that are held up by their indexes.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let Some(test) = evidence.test("bulk_insert") else {
        return Vec::new();
    };
    let Some(table) = test
        .tables
        .iter()
        .find(|it| it.title.contains("indexes and validation"))
    else {
        return Vec::new();
    };
    let rate = |name: &str| {
        table.rows.iter().find_map(|row| match row.as_slice() {
            [Cell::Text(kind), Cell::Number(rate), ..] if kind == name => Some(*rate),
            _ => None,
        })
    };
    let (Some(bare), Some(served)) = (rate("no index"), rate("primary key + GiST geography"))
    else {
        return Vec::new();
    };
    if served > DEAR_SHARE * bare {
        return Vec::new();
    }
    vec![Recommendation {
        issue: format!(
            "with primary key and GiST index {} rows/s come in, without any index {} rows/s",
            figure(served),
            figure(bare)
        ),
        recommendation:
            "For a first load or a large release: load into a new table without indexes, \
             build them afterwards with a large `maintenance_work_mem`, then attach or rename it."
                .to_owned(),
        expected_impact: format!(
            "Indexes take {:.0} % of the loading time now; building them at the end costs less",
            100.0 * (1.0 - served / bare)
        ),
        ..performance("database/bulk_insert", Priority::Low, Effort::Medium)
    }]
}
