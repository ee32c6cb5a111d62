//! Dates of headers and file names: UTC to the millisecond.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::number::floor_i64;

/// Seconds in a day.
pub(crate) const SECONDS_PER_DAY: f64 = 86_400.0;
/// MJD of 1970-01-01.
const UNIX_EPOCH_MJD: f64 = 40_587.0;

/// A moment in UTC, rounded to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(DateTime);

impl Moment {
    pub(crate) fn from_mjd(mjd: f64) -> Self {
        let milliseconds = floor_i64((mjd - UNIX_EPOCH_MJD) * SECONDS_PER_DAY * 1e3 + 0.5);
        let stamp = Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH);
        Self(TimeZone::UTC.to_datetime(stamp))
    }

    /// `2024-03-01T04:05:06.789`.
    pub(crate) fn iso(self) -> String {
        format!("{}T{}", self.date(), self.time())
    }

    /// `2024-03-01`.
    pub(crate) fn date(self) -> String {
        self.0.strftime("%Y-%m-%d").to_string()
    }

    /// `04:05:06.789`.
    pub(crate) fn time(self) -> String {
        self.0.strftime("%H:%M:%S%.3f").to_string()
    }

    /// `20240301`.
    pub(crate) fn compact_date(self) -> String {
        self.0.strftime("%Y%m%d").to_string()
    }

    /// Whole seconds since midnight.
    pub(crate) fn second_of_day(self) -> u32 {
        let part = |value: i8| u32::try_from(value).unwrap_or(0);
        3600 * part(self.0.hour()) + 60 * part(self.0.minute()) + part(self.0.second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_to_the_millisecond() {
        let moment = Moment::from_mjd(60_000.0 + (4.0 * 3600.0 + 5.0 * 60.0 + 6.789) / 86_400.0);
        assert_eq!(moment.iso(), "2023-02-25T04:05:06.789");
        assert_eq!(moment.compact_date(), "20230225");
        assert_eq!(moment.second_of_day(), 14_706);
        assert_eq!(Moment::from_mjd(51_544.0).iso(), "2000-01-01T00:00:00.000");
        // The last half millisecond of a day belongs to the next.
        assert_eq!(
            Moment::from_mjd(59_999.999_999_999_9).iso(),
            "2023-02-25T00:00:00.000"
        );
    }
}
