//! What must hold for every result document, whatever happened in the run.

use std::path::Path;

use common::record::Series;
use common::report::{Report, TestResult};

/// Reads a result document: it follows the schema, every iteration is accounted for, and the
/// histograms agree with the figures.
pub fn read(path: &Path) -> Report {
    check(&common::files::read(path).unwrap())
}

/// As [`read`], for the text of a document.
pub fn check(text: &str) -> Report {
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/result.schema.json");
    let committed = serde_json::from_str(&common::files::read(&committed).unwrap()).unwrap();
    for schema in [common::report::json_schema(), committed] {
        let validator = jsonschema::validator_for(&schema).unwrap();
        let faults: Vec<_> = validator
            .iter_errors(&document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert_eq!(faults, Vec::<String>::new());
    }
    let report: Report = serde_json::from_value(document).unwrap();
    for test in &report.tests {
        check_test(test);
    }
    let total: u64 = report.tests.iter().map(|test| test.iterations).sum();
    assert_eq!(report.summary.total_iterations, total);
    report
}

fn check_test(test: &TestResult) {
    let name = &test.test_name;
    let accounting = &test.accounting;
    assert!(accounting.balances(), "{name}: {accounting:?}");
    assert_eq!(test.iterations, accounting.succeeded + accounting.failed);
    assert_eq!(test.error_count, accounting.failed, "{name}");
    let by_kind: u64 = test.errors.values().map(|errors| errors.count).sum();
    assert_eq!(by_kind, accounting.failed, "{name}: {:?}", test.errors);
    for histogram in [
        &test.histograms.response_time_ns,
        &test.histograms.service_time_ns,
    ] {
        let series = Series::from_base64(histogram).unwrap();
        assert_eq!(series.count(), accounting.succeeded, "{name}");
    }
    let response = Series::from_base64(&test.histograms.response_time_ns).unwrap();
    let close = |ours: Option<f64>, figure: Option<f64>| match (ours, figure) {
        (Some(ours), Some(figure)) => (ours / figure - 1.0).abs() < 0.01,
        (None, None) => true,
        _ => false,
    };
    assert!(close(response.mean_ms(), test.avg_time_ms), "{name}");
    assert!(close(response.max_ms(), test.max_time_ms), "{name}");
    assert!(
        close(response.quantile_ms(0.95), test.p95_time_ms),
        "{name}"
    );
    let on_timeline: u64 = test.timeline.iter().map(|it| it.succeeded).sum();
    assert_eq!(on_timeline, accounting.succeeded, "{name}");
}

/// The codes of the limitations, in their order.
pub fn limitations(report: &Report) -> Vec<&str> {
    report
        .limitations
        .iter()
        .map(|it| it.code.as_str())
        .collect()
}
