//! The casts between pixels and real numbers, all of which saturate.

/// Nearest 16-bit unsigned number, held to its range; NaN gives 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the saturating cast is what an analogue-to-digital converter does"
)]
pub(crate) fn to_u16(value: f64) -> u16 {
    // The cast cuts towards zero, which is down for all that it keeps.
    (value + 0.5) as u16
}

/// Nearest 32-bit integer, held to its range; NaN gives 0.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the saturating cast is the meaning"
)]
pub(crate) fn to_i32(value: f64) -> i32 {
    (value + 0.5).floor() as i32
}

/// Floor of a number as a signed index.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the saturating cast is the meaning"
)]
pub(crate) fn floor_i64(value: f64) -> i64 {
    value.floor() as i64
}

/// Nearest 32-bit float.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to 24 bits is the meaning"
)]
pub(crate) fn to_f32(value: f64) -> f32 {
    value as f32
}

/// An integer as a real number where that is exact.
#[expect(
    clippy::cast_precision_loss,
    reason = "integers that would lose digits are turned away"
)]
pub(crate) fn integer_f64(value: i64) -> Option<f64> {
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

/// A real number without a fraction as an integer.
pub(crate) fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then(|| floor_i64(value))
}
