//! Round values along an axis.

use super::axis::{Axis, Scale};
use crate::render::number;
use crate::units::{count_f64, round_u64};

/// About so many labels are on an axis.
const LABELS: f64 = 5.0;
/// Steps of an axis of time in seconds.
const TIME_STEPS: [f64; 17] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    14_400.0, 21_600.0, 43_200.0,
];

pub(super) fn of(axis: Axis) -> Vec<(f64, String)> {
    match axis.scale {
        Scale::Linear => {
            let step = step(axis.high - axis.low);
            steps(axis.low, axis.high, step)
                .map(|it| (it, number::amount(it)))
                .collect()
        }
        Scale::Time => {
            let wanted = (axis.high - axis.low) / (1.6 * LABELS);
            let fit = TIME_STEPS.into_iter().find(|it| *it >= wanted);
            let step = fit.unwrap_or_else(|| 86_400.0 * (wanted / 86_400.0).ceil());
            steps(axis.low, axis.high, step)
                .map(|it| (it, clock(it, axis.high)))
                .collect()
        }
        Scale::Log => log(axis),
        Scale::Nines => nines(axis.high),
    }
}

fn steps(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let count = round_u64(((high - low) / step + 1e-9).floor());
    (0..=count).map(move |it| low + step * count_f64(it))
}

/// A step of 1, 2 or 5 times a power of ten that parts a length into about five.
fn step(length: f64) -> f64 {
    let rough = length / LABELS;
    if !(rough > 0.0 && rough.is_finite()) {
        return 1.0;
    }
    let power = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let fit = [1.0, 2.0, 5.0].into_iter().find(|it| it * power >= rough);
    fit.unwrap_or(10.0) * power
}

/// The next whole step above a value.
pub(super) fn round_above(highest: f64) -> f64 {
    if !(highest > 0.0 && highest.is_finite()) {
        return 1.0;
    }
    let step = step(highest);
    (highest / step - 1e-9).ceil() * step
}

/// 1, 2 or 5 times powers of ten around two values, apart from each other.
pub(super) fn round_around(lowest: f64, highest: f64) -> (f64, f64) {
    let around = |value: f64| {
        let power = libm::pow(10.0, libm::floor(libm::log10(value)));
        (power, value / power)
    };
    let (power, share) = around(lowest);
    let low = [5.0, 2.0]
        .into_iter()
        .find(|it| *it <= share)
        .unwrap_or(1.0);
    let (high_power, high_share) = around(highest);
    let high = [1.0, 2.0, 5.0].into_iter().find(|it| *it > high_share);
    let high = high.unwrap_or(10.0) * high_power;
    let low = low * power;
    (low, high.max(low * 2.0))
}

/// Powers of ten; with 2 and 5 times them where there are few.
fn log(axis: Axis) -> Vec<(f64, String)> {
    let decades = libm::log10(axis.high / axis.low);
    let factors: &[f64] = match decades {
        it if it > 3.2 => &[1.0],
        it if it > 1.6 => &[1.0, 3.0],
        _ => &[1.0, 2.0, 5.0],
    };
    let mut power = libm::pow(10.0, libm::floor(libm::log10(axis.low)));
    let mut ticks = Vec::new();
    while power <= axis.high * 1.000_1 {
        let values = factors.iter().map(|it| it * power);
        let inside = values.filter(|it| (axis.low * 0.999_9..=axis.high * 1.000_1).contains(it));
        ticks.extend(inside.map(|it| (it, short(it))));
        power *= 10.0;
    }
    ticks
}

/// A round value without needless zeros.
fn short(value: f64) -> String {
    if value >= 1.0 {
        number::amount(value.round())
    } else {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').to_owned()
    }
}

/// 0, 50 %, 90 %, 99 % and so on.
fn nines(high: f64) -> Vec<(f64, String)> {
    let mut ticks = vec![(0.0, "0 %".to_owned()), (0.5, "50 %".to_owned())];
    for nines in 1..=9_i32 {
        let quantile = 1.0 - libm::pow(10.0, -f64::from(nines));
        if quantile > high + 1e-12 {
            break;
        }
        let decimals = usize::try_from((nines - 2).max(0)).unwrap_or_default();
        ticks.push((quantile, format!("{:.decimals$} %", quantile * 100.0)));
    }
    ticks
}

/// `45 s`, `2:30` or `1:30 h`, by how long the whole is.
fn clock(seconds: f64, whole: f64) -> String {
    let seconds = round_u64(seconds);
    if whole < 120.0 {
        format!("{seconds} s")
    } else if whole < 7200.0 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60)
    }
}
