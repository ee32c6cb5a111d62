//! What is true of a service with a known stall.

/// The quantile (0–1) of the response times when all answers of a service that answers at once freeze for
/// `stall` seconds once in every `period` seconds, and requests arrive evenly: whoever arrives during the
/// stall waits for its end.
pub(super) fn stalled_quantile(quantile: f64, stall: f64, period: f64) -> f64 {
    let waiting = stall / period;
    ((quantile - (1.0 - waiting)) / waiting).clamp(0.0, 1.0) * stall
}

/// The quantile of a log-normal distribution by the quantile's normal deviate.
pub(super) fn log_normal(median: f64, sigma: f64, deviate: f64) -> f64 {
    median * (sigma * deviate).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_of_a_tenth_shows_in_the_last_tenth() {
        let quantile = |it| stalled_quantile(it, 2.0, 20.0);
        assert!(quantile(0.5).abs() < 1e-12);
        assert!((quantile(0.99) - 1.8).abs() < 1e-9);
        assert!((quantile(0.999) - 1.98).abs() < 1e-9);
    }

    #[test]
    fn a_log_normal_distribution_has_its_median() {
        assert!((log_normal(5.0, 0.5, 0.0) - 5.0).abs() < 1e-12);
        assert!((log_normal(5.0, 0.5, 2.326_35) - 16.0).abs() < 0.1);
    }
}
