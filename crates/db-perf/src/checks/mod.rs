//! From what was seen to what to change: one file a check, each a pure function.

mod copy_path;
mod index_maintenance;
mod index_strategy;
mod pool_size;
mod sequential_scan;
mod settings;
mod spheroid;
mod wrong_results;

use common::assess::{Category, Effort, Priority, Recommendation};
use common::report::TestResult;
use serde_json::Value;

use crate::plans::PlanShape;
use crate::server::Server;
use crate::workloads::ConeTable;

/// Everything the checks may look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The measurements.
    pub(crate) tests: &'a [TestResult],
    /// Plans with the test they belong to.
    pub(crate) plans: &'a [(String, PlanShape)],
    /// The server.
    pub(crate) server: &'a Server,
    /// The table that cones were searched in.
    pub(crate) cone_table: &'a ConeTable,
    /// Memory of this machine in bytes.
    pub(crate) memory_bytes: u64,
}

/// All checks.
const CHECKS: &[fn(&Evidence<'_>) -> Vec<Recommendation>] = &[
    wrong_results::check,
    sequential_scan::check,
    index_strategy::check,
    spheroid::check,
    copy_path::check,
    index_maintenance::check,
    pool_size::check,
    settings::check,
];

/// What to change, the most urgent first.
pub(crate) fn recommend(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let mut found: Vec<Recommendation> = CHECKS.iter().flat_map(|check| check(evidence)).collect();
    Recommendation::sort(&mut found);
    found
}

impl<'a> Evidence<'a> {
    fn test(&self, name: &str) -> Option<&'a TestResult> {
        self.tests.iter().find(|test| test.test_name == name)
    }

    /// A parameter of a test as a number.
    fn parameter(&self, test: &str, name: &str) -> Option<f64> {
        self.test(test)?
            .parameters
            .get(name)
            .and_then(Value::as_f64)
    }

    /// The median of a class of a test, in milliseconds.
    fn median_of(&self, test: &str, group: &str) -> Option<f64> {
        self.test(test)?.groups.get(group)?.time.median_ms
    }
}

/// A recommendation about performance without a price.
fn performance(component: &str, priority: Priority, effort: Effort) -> Recommendation {
    Recommendation {
        component: component.to_owned(),
        priority,
        category: Category::Performance,
        issue: String::new(),
        recommendation: String::new(),
        expected_impact: String::new(),
        implementation_effort: effort,
        estimated_cost_savings: None,
    }
}

/// How many times faster, for people.
fn times(slow: f64, fast: f64) -> String {
    format!("{} times", common::render::figure(slow / fast.max(1e-6)))
}

#[cfg(test)]
mod tests;
