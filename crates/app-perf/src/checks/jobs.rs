//! Jobs that were accepted and did not end well.

use common::assess::{Category, Effort, Priority, Recommendation};

use super::{Evidence, advice, failures};

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let (count, example) =
            failures(test, |kind| kind == "job_failed" || kind == "job_timeout")?;
        Some(advice(
            format!("service/{}", test.test_name),
            (Priority::High, Category::Reliability, Effort::Medium),
            format!(
                "{count} of {} jobs were accepted and did not end well: {example}",
                test.iterations
            ),
            "Look at the log of the workers for these jobs; refuse inputs that cannot be processed when they are \
             submitted; give jobs a time limit of their own.",
            "Accepted images are processed, or refused at once.".to_owned(),
        ))
    };
    evidence.tests.iter().filter_map(find).collect()
}
