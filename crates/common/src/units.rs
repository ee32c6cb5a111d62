//! The numeric conversions of the project: between clocks, units and the floats that are printed.
//!
//! Every lossy cast lives here, so that the rest of the code can forbid them.

use std::time::Duration;

/// Converts a count to a float; exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub fn count_f64(count: u64) -> f64 {
    count as f64
}

/// Converts a collection size to a float; exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "sizes stay far below 2^53")]
pub fn size_f64(size: usize) -> f64 {
    size as f64
}

/// Rounds a float to the nearest count; negative values and NaN give 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is the documented behaviour"
)]
pub fn round_u64(value: f64) -> u64 {
    value.round() as u64
}

/// Rounds a float to the nearest 32-bit float, which is what pixels are stored as.
#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding to 24 bits is the meaning"
)]
pub fn nearest_f32(value: f64) -> f32 {
    value as f32
}

/// Converts a collection size to a count.
pub fn size_u64(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// Converts a count to an index, saturating on 32-bit machines.
pub fn count_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// Whole nanoseconds of a duration, saturating after 584 years.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Milliseconds of a duration with its fraction.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Milliseconds of a number of nanoseconds with its fraction.
pub fn nanos_to_ms(nanos: u64) -> f64 {
    count_f64(nanos) / 1e6
}

/// Mebibytes of a number of bytes with its fraction.
pub fn mebibytes(bytes: u64) -> f64 {
    count_f64(bytes) / 1_048_576.0
}

/// A duration of `seconds`, zero where the value is negative or not finite.
pub fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
}
