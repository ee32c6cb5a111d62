//! Figures for people.

use crate::units::round_u64;

/// A figure with about three significant digits: `0.0612`, `4.25`, `38.1`, `412`, `12,345`.
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "–".to_owned()
    } else if size >= 1000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", grouped(round_u64(size)))
    } else if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else if size >= 0.9995 {
        format!("{value:.2}")
    } else if size >= 0.01 {
        format!("{value:.3}")
    } else if size >= 0.001 {
        format!("{value:.4}")
    } else if size > 0.0 {
        format!("{value:.2e}")
    } else {
        "0".to_owned()
    }
}

/// An amount: whole numbers without a fraction, others like [`figure`].
pub fn amount(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", grouped(round_u64(value.abs())))
    } else {
        figure(value)
    }
}

/// A count with its thousands parted.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A figure that may be missing.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), figure)
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_have_about_three_digits() {
        let shown: Vec<String> = [
            0.0,
            0.000_12,
            0.0056,
            0.0612,
            4.25,
            9.999,
            38.12,
            99.97,
            412.3,
            12_345.6,
            1_234_567.0,
        ]
        .into_iter()
        .map(figure)
        .collect();
        assert_eq!(
            shown.join(" "),
            "0 1.20e-4 0.0056 0.061 4.25 10.0 38.1 100 412 12,346 1,234,567"
        );
        assert_eq!(figure(f64::NAN), "–");
    }
}
