//! Think times fitted to pauses that were seen.

use common::units::count_f64;

/// Limits of the spread: below, every pause is the same; above, a scenario does not take it.
const SIGMAS: (f64, f64) = (0.05, 3.0);
/// With fewer pauses than this one distribution cannot be told from the other: people's is taken.
const FEW: f64 = 20.0;
/// The longest think time, seconds.
const LONGEST: f64 = 86_400.0;

/// A fitted think time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// As a scenario writes it.
    pub(super) think: String,
    /// The mean of the pauses, seconds.
    pub(super) mean_s: f64,
    /// The median of the pauses, seconds.
    pub(super) median_s: f64,
    /// The largest distance between the distribution of the pauses and the fitted one (0–1).
    pub(super) distance: f64,
}

/// Fits a log-normal and an exponential distribution to pauses (seconds in rising order, and how often), and
/// takes what lies nearer. Both keep the mean, so that a closed load comes to the rate that was seen.
/// `half_step` is half of the resolution of the pauses, seconds. `None` where there are none.
pub(super) fn fit(pauses: &[(f64, u64)], half_step: f64) -> Option<Fit> {
    let total = count_f64(pauses.iter().map(|it| it.1).sum());
    if total <= 0.0 {
        return None;
    }
    let mean = pauses.iter().map(|it| it.0 * count_f64(it.1)).sum::<f64>() / total;
    let mean = mean.clamp(1e-3, LONGEST);
    let median = median(pauses, total, half_step).clamp(1e-3, LONGEST);
    let sigma = if mean > median * 1.02 {
        // The log-normal with this median and this mean.
        (2.0 * libm::log(mean / median)).sqrt()
    } else {
        spread(pauses, total)
    };
    let sigma = sigma.clamp(SIGMAS.0, SIGMAS.1);
    let log_normal = |it: f64| {
        let deviate = libm::log(it / median) / (sigma * std::f64::consts::SQRT_2);
        f64::midpoint(1.0, libm::erf(deviate))
    };
    let exponential = |it: f64| 1.0 - libm::exp(-it / mean);
    let of_log_normal = distance(pauses, total, half_step, log_normal);
    let of_exponential = distance(pauses, total, half_step, exponential);
    let (think, distance) = if total >= FEW && of_exponential < of_log_normal {
        (
            format!("{{ exponential = \"{mean:.3}s\" }}"),
            of_exponential,
        )
    } else {
        let shown =
            format!("{{ log_normal = {{ median = \"{median:.3}s\", sigma = {sigma:.2} }} }}");
        (shown, of_log_normal)
    };
    Some(Fit {
        think,
        mean_s: mean,
        median_s: median,
        distance,
    })
}

/// The pause that half of them are below, between the limits of its step.
fn median(pauses: &[(f64, u64)], total: f64, half_step: f64) -> f64 {
    let mut below = 0.0;
    for &(pause, count) in pauses {
        let count = count_f64(count);
        if below + count >= total / 2.0 {
            let (low, high) = edges(pause, half_step);
            return low + (high - low) * (total / 2.0 - below) / count;
        }
        below += count;
    }
    0.0
}

fn edges(pause: f64, half_step: f64) -> (f64, f64) {
    if pause < half_step {
        return (0.0, half_step);
    }
    (pause - half_step, pause + half_step)
}

/// The standard deviation of the logarithm.
fn spread(pauses: &[(f64, u64)], total: f64) -> f64 {
    let log = |it: &(f64, u64)| libm::log(it.0.max(1e-3));
    let mean = pauses
        .iter()
        .map(|it| log(it) * count_f64(it.1))
        .sum::<f64>()
        / total;
    let square = |it: &(f64, u64)| (log(it) - mean) * (log(it) - mean) * count_f64(it.1);
    (pauses.iter().map(square).sum::<f64>() / total).sqrt()
}

fn distance(pauses: &[(f64, u64)], total: f64, half_step: f64, share: impl Fn(f64) -> f64) -> f64 {
    let mut below = 0.0;
    let mut largest = 0.0_f64;
    for &(pause, count) in pauses {
        let (low, high) = edges(pause.max(1e-3), half_step);
        if low > 0.0 {
            largest = largest.max((share(low) - below / total).abs());
        }
        below += count_f64(count);
        largest = largest.max((share(high) - below / total).abs());
    }
    largest
}
