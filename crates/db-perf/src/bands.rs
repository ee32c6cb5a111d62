//! The field's bands for the four kinds of work.

use common::assess::{Band, BandVerdict, Better};
use common::report::TestResult;

const CONE_SEARCH: Band = Band {
    name: "cone_search",
    metric: "avg_time_ms",
    unit: "ms",
    better: Better::Lower,
    target: 50.0,
    excellent: 25.0,
    good: 100.0,
    // The table of the field names no share for these kinds of work but the last one, where it is the figure.
    success: [95.0, 95.0],
};

const BULK_INSERT: Band = Band {
    name: "bulk_insert",
    metric: "throughput_ops_per_sec",
    unit: "rows/s",
    better: Better::Higher,
    target: 5000.0,
    excellent: 10_000.0,
    good: 1000.0,
    // The table of the field names no share for these kinds of work but the last one, where it is the figure.
    success: [95.0, 95.0],
};

const COMPLEX_QUERIES: Band = Band {
    name: "complex_queries",
    metric: "avg_time_ms",
    unit: "ms",
    better: Better::Lower,
    target: 500.0,
    excellent: 200.0,
    good: 1000.0,
    // The table of the field names no share for these kinds of work but the last one, where it is the figure.
    success: [95.0, 95.0],
};

const CONCURRENT_LOAD: Band = Band {
    name: "concurrent_load",
    metric: "success_rate",
    unit: "%",
    better: Better::Higher,
    target: 95.0,
    excellent: 99.0,
    good: 95.0,
    // The table of the field names no share for these kinds of work but the last one, where it is the figure.
    success: [95.0, 95.0],
};

/// The verdicts on the four kinds of work. What was not measured is not assessed.
pub fn rate(tests: &[TestResult]) -> Vec<BandVerdict> {
    let find = |name: &str| tests.iter().find(|test| test.test_name == name);
    let one = |band: Band, figure: fn(&TestResult) -> Option<f64>| match find(band.name) {
        None => band.rate(None, None, "the test was not run"),
        Some(test) => {
            let sample = format!("{} iterations", test.iterations);
            band.rate(figure(test), test.success_rate, &sample)
        }
    };
    vec![
        one(CONE_SEARCH, |test| test.avg_time_ms),
        one(BULK_INSERT, |test| test.throughput_ops_per_sec),
        worst_complex_query(tests),
        // The share of successes is the figure itself here.
        match find(CONCURRENT_LOAD.name) {
            None => CONCURRENT_LOAD.rate(None, None, "the test was not run"),
            Some(test) => {
                let sample = format!(
                    "{} of {} iterations failed",
                    test.error_count, test.iterations
                );
                CONCURRENT_LOAD.rate(test.success_rate, None, &sample)
            }
        },
    ]
}

/// The queries are different things: the slowest one, or one that fails, decides.
fn worst_complex_query(tests: &[TestResult]) -> BandVerdict {
    let badness = |test: &&TestResult| match (test.success_rate, test.avg_time_ms) {
        (Some(percent), Some(ms)) if percent >= 95.0 => ms,
        _ => f64::INFINITY,
    };
    let worst = tests
        .iter()
        .filter(|test| test.test_name.starts_with("complex_queries."))
        .max_by(|a, b| badness(a).total_cmp(&badness(b)));
    match worst {
        None => COMPLEX_QUERIES.rate(None, None, "the test was not run"),
        Some(test) => {
            let query = test.test_name.trim_start_matches("complex_queries.");
            let sample = format!("{query}, the slowest; {} iterations", test.iterations);
            COMPLEX_QUERIES.rate(test.avg_time_ms, test.success_rate, &sample)
        }
    }
}
