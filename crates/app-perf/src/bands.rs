//! The field's bands for health, image processing and catalogue queries.

use common::assess::{Band, BandVerdict, Better};
use common::report::TestResult;

const fn band(name: &'static str, excellent: f64, good: f64, success: [f64; 2]) -> Band {
    Band {
        name,
        metric: "avg_response_time_ms",
        unit: "ms",
        better: Better::Lower,
        target: good,
        excellent,
        good,
        success,
    }
}

const BANDS: [Band; 3] = [
    band("health_check", 10.0, 50.0, [99.0, 95.0]),
    band("fits_processing", 5000.0, 15_000.0, [95.0, 90.0]),
    band("catalog_queries", 100.0, 500.0, [99.0, 95.0]),
];

/// The verdicts on the kinds of work. What was not measured is not assessed.
pub(crate) fn rate(tests: &[TestResult]) -> Vec<BandVerdict> {
    BANDS.iter().map(|band| rate_one(band, tests)).collect()
}

fn rate_one(band: &Band, tests: &[TestResult]) -> BandVerdict {
    let Some(test) = tests.iter().find(|it| it.test_name == band.name) else {
        return band.rate(None, None, "the test was not run");
    };
    let sample = format!(
        "{} iterations, {} failed",
        test.iterations, test.error_count
    );
    band.rate(test.avg_time_ms, test.success_rate, &sample)
}

#[cfg(test)]
mod tests {
    use common::assess::Rating;

    use super::*;

    #[test]
    fn limits_are_those_of_the_table() {
        let rating =
            |band: usize, ms, percent| BANDS[band].rate(Some(ms), Some(percent), "").rating;
        assert_eq!(rating(0, 9.9, 99.1), Rating::Excellent);
        assert_eq!(rating(0, 9.9, 99.0), Rating::Good);
        assert_eq!(rating(0, 51.0, 100.0), Rating::NeedsImprovement);
        assert_eq!(rating(1, 4999.0, 96.0), Rating::Excellent);
        assert_eq!(rating(1, 14_999.0, 91.0), Rating::Good);
        assert_eq!(rating(2, 99.0, 100.0), Rating::Excellent);
        assert_eq!(rating(2, 10.0, 94.0), Rating::NeedsImprovement);
    }

    #[test]
    fn what_was_not_run_is_not_assessed() {
        assert!(rate(&[]).iter().all(|it| it.rating == Rating::NotAssessed));
    }
}
