//! Errors that the status of HTTP hides.

use common::assess::{Category, Effort, Priority, Recommendation};

use super::{Evidence, advice, failures};

const HIDDEN: [&str; 3] = ["query_error", "truncated", "wrong_content"];

pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let find = |test: &common::report::TestResult| {
        let (count, example) = failures(test, |kind| HIDDEN.contains(&kind))?;
        Some(advice(
            format!("service/{}", test.test_name),
            (Priority::High, Category::Reliability, Effort::Medium),
            format!(
                "{count} of {} answers were errors behind status 200, which monitoring by status does not see: {example}",
                test.iterations
            ),
            "Answer errors with a 4xx or 5xx status, send a length or a proper last chunk, and watch the content and \
             not only the status.",
            "Failures become visible to clients, proxies and alerts.".to_owned(),
        ))
    };
    evidence.tests.iter().filter_map(find).collect()
}
