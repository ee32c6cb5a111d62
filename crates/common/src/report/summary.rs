//! The totals of a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TestResult;
use crate::units::{count_f64, size_u64};

/// The totals of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Entries of `tests`.
    pub total_tests: u64,
    /// Entries in which every planned iteration succeeded.
    pub clean_tests: u64,
    /// Iterations that ended, over all tests.
    pub total_iterations: u64,
    /// Iterations that failed, over all tests.
    pub total_errors: u64,
    /// Share of the iterations that succeeded, percent (0–100); null without any.
    pub success_rate: Option<f64>,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

impl Summary {
    /// The totals of these tests.
    pub fn of(tests: &[TestResult], interrupted: bool) -> Self {
        let total_iterations: u64 = tests.iter().map(|test| test.iterations).sum();
        let total_errors: u64 = tests.iter().map(|test| test.error_count).sum();
        Self {
            total_tests: size_u64(tests.len()),
            clean_tests: size_u64(tests.iter().filter(|test| test.is_clean()).count()),
            total_iterations,
            total_errors,
            success_rate: (total_iterations > 0).then(|| {
                100.0 * count_f64(total_iterations - total_errors) / count_f64(total_iterations)
            }),
            interrupted,
        }
    }
}
