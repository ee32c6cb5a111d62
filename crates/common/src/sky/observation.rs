//! Observations that could have been made: telescope, instrument and filter that exist together, a
//! pointing that the site sees at that hour of a night, a file name as the archive would give it.

use core::fmt::Write as _;

use serde::Serialize;

use super::generator::{BLOCK_SIZE, Sky};
use super::geometry::{Position, wrap_360};
use super::instruments::{Archive, INSTRUMENTS, Instrument, Site};
use super::mathx::{Purpose, Stream, count_of, real_u64};
use super::targets::{KNOWN_OBJECTS, uniform_position};

/// Lowest altitude a ground telescope points to, degrees.
pub const LOWEST_ALTITUDE_DEG: f64 = 30.0;
/// Highest altitude of the Sun for an exposure from the ground, degrees (nautical twilight).
pub const HIGHEST_SUN_DEG: f64 = -12.0;

/// One exposure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Observation {
    /// Number: index + 1.
    pub id: u64,
    /// Telescope, as in the header keyword TELESCOP.
    pub telescope: &'static str,
    /// Instrument, as in INSTRUME, with its channel.
    pub instrument: &'static str,
    /// Filter of that instrument.
    pub filter: &'static str,
    /// Centre of the field.
    pub pointing: Position,
    /// Start of the exposure, MJD (UTC).
    pub mjd: f64,
    /// Exposure time, s.
    pub exposure_s: f64,
    /// Secant of the zenith distance; none in space.
    pub airmass: Option<f64>,
    /// Name of the file in the archive; ESO's contain colons.
    pub file_name: String,
}

/// Observations from an index on, without end; observation `i` is the same from any start.
pub fn observations_from(sky: &Sky, first_index: u64) -> impl Iterator<Item = Observation> + '_ {
    (first_index..).map(move |index| observe(sky, index))
}

fn observe(sky: &Sky, index: u64) -> Observation {
    let mut stream = Stream::new(sky.config().seed, Purpose::Observations, index);
    let instrument = &INSTRUMENTS[stream.index(INSTRUMENTS.len())];
    let filter = instrument.filters[stream.index(instrument.filters.len())];
    let (first, last) = instrument.mjd;
    let (pointing, mjd, airmass) = loop {
        let pointing = draw_pointing(sky, &mut stream);
        let day = stream.between(first, last).floor();
        let Some(site) = &instrument.site else {
            break (pointing, day + stream.uniform(), None);
        };
        if let Some((mjd, airmass)) = site.night_time(pointing, day, &mut stream) {
            break (pointing, mjd, Some(airmass));
        }
    };
    let (shortest, longest) = instrument.exposure_s;
    let exposure = shortest * libm::pow(longest / shortest, stream.uniform());
    Observation {
        id: index + 1,
        telescope: instrument.telescope,
        instrument: instrument.name,
        filter,
        pointing,
        mjd,
        exposure_s: (10.0 * exposure).round() / 10.0,
        airmass,
        file_name: file_name(instrument, mjd, index, &mut stream),
    }
}

/// Half of the pointings go to stars of the sky, a fifth to known objects, the rest anywhere.
fn draw_pointing(sky: &Sky, stream: &mut Stream) -> Position {
    match stream.index(10) {
        0..5 => {
            let block = stream.bits() % 1_000_000;
            sky.sources_from(block * BLOCK_SIZE)
                .next()
                .map_or_else(|| uniform_position(stream), |source| source.position)
        }
        5..7 => KNOWN_OBJECTS[stream.index(KNOWN_OBJECTS.len())].1,
        _ => uniform_position(stream),
    }
}

impl Site {
    /// A time on a day (MJD) when the position stands at a random hour angle above the lowest
    /// altitude in a dark sky, and the airmass then.
    fn night_time(&self, position: Position, day: f64, stream: &mut Stream) -> Option<(f64, f64)> {
        let hour_angle = stream.between(-90.0, 90.0);
        let airmass = self.airmass(position, hour_angle)?;
        let sidereal = wrap_360(position.ra_deg + hour_angle - self.longitude_deg);
        // Inverse of the Earth rotation angle (Capitaine et al. 2000), degrees.
        let at_midnight = wrap_360(280.460_6 + 360.985_647_4 * (day - 51_544.5));
        let mjd = day + wrap_360(sidereal - at_midnight) / 360.985_647_4;
        let sun_hour_angle = self.sidereal_deg(mjd) - sun(mjd).ra_deg;
        (self.altitude_deg(sun(mjd), sun_hour_angle) < HIGHEST_SUN_DEG).then_some((mjd, airmass))
    }

    /// Altitudes of a position and of the Sun at an MJD, degrees.
    pub(crate) fn altitudes_deg(&self, position: Position, mjd: f64) -> (f64, f64) {
        let sidereal = self.sidereal_deg(mjd);
        let altitude = |of: Position| self.altitude_deg(of, sidereal - of.ra_deg);
        (altitude(position), altitude(sun(mjd)))
    }

    /// Local sidereal angle, degrees.
    fn sidereal_deg(&self, mjd: f64) -> f64 {
        wrap_360(280.460_6 + 360.985_647_4 * (mjd - 51_544.5) + self.longitude_deg)
    }

    /// Altitude of a position at an hour angle, degrees.
    fn altitude_deg(&self, position: Position, hour_angle_deg: f64) -> f64 {
        let (sin_lat, cos_lat) = libm::sincos(self.latitude_deg.to_radians());
        let (sin_dec, cos_dec) = libm::sincos(position.dec_deg.to_radians());
        let cosine = libm::cos(hour_angle_deg.to_radians());
        let sine = sin_lat * sin_dec + cos_lat * cos_dec * cosine;
        libm::asin(sine.clamp(-1.0, 1.0)).to_degrees()
    }

    /// Airmass of a plane-parallel atmosphere; none below the lowest altitude.
    fn airmass(&self, position: Position, hour_angle_deg: f64) -> Option<f64> {
        let altitude = self.altitude_deg(position, hour_angle_deg);
        (altitude >= LOWEST_ALTITUDE_DEG).then(|| 1.0 / libm::sin(altitude.to_radians()))
    }
}

/// The Sun to a hundredth of a degree (Astronomical Almanac, low-precision formula).
fn sun(mjd: f64) -> Position {
    let days = mjd - 51_544.5;
    let anomaly = (357.528 + 0.985_600_3 * days).to_radians();
    let equation = 1.915 * libm::sin(anomaly) + 0.020 * libm::sin(2.0 * anomaly);
    let longitude = (280.460 + 0.985_647_4 * days + equation).to_radians();
    let (sin_l, cos_l) = libm::sincos(longitude);
    Position::from_unit_vector(super::galactic::ecliptic_to_icrs([cos_l, sin_l, 0.0]))
}

const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn push_letters(name: &mut String, count: usize, stream: &mut Stream) {
    for _ in 0..count {
        name.push(char::from(LETTERS[stream.index(LETTERS.len())]));
    }
}

fn file_name(instrument: &Instrument, mjd: f64, index: u64, stream: &mut Stream) -> String {
    let day = mjd.floor();
    let seconds = (mjd - day) * 86_400.0;
    let (year, month, date) = calendar(count_of(day));
    let mut name = String::new();
    // Writing to a string cannot fail.
    let _ = match instrument.archive {
        Archive::Hst { letter, suffix } => {
            name.push(letter);
            push_letters(&mut name, 7, stream);
            write!(name, "q_{suffix}.fits")
        }
        Archive::Jwst { detector } => {
            let programme = 1000 + index % 8000;
            let observation = 1 + stream.index(60);
            let exposure = 1 + stream.index(8);
            write!(
                name,
                "jw{programme:05}{observation:03}001_02101_{exposure:05}_{detector}_cal.fits"
            )
        }
        Archive::Eso { prefix } => {
            let (hour, minute, second) = clock(seconds);
            let (whole, milli) = (second.floor(), ((second.fract()) * 1000.0).floor());
            write!(
                name,
                "{prefix}.{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{whole:02}.{milli:03}.fits"
            )
        }
        Archive::Gemini { letter } => {
            // All instruments of a site share the night's counter.
            let sequence = 1 + count_of(seconds / 120.0);
            write!(
                name,
                "{letter}{year:04}{month:02}{date:02}S{sequence:04}.fits"
            )
        }
        Archive::Keck { prefix } => {
            write!(
                name,
                "{prefix}.{year:04}{month:02}{date:02}.{:05}.fits",
                count_of(seconds)
            )
        }
    };
    name
}

/// Hour, minute and seconds of a day's second.
fn clock(seconds: f64) -> (u64, u64, f64) {
    let minutes = count_of(seconds / 60.0);
    (
        minutes / 60,
        minutes % 60,
        seconds - 60.0 * real_u64(minutes),
    )
}

/// Year, month and day of an MJD after 1900 (Fliegel & Van Flandern 1968).
fn calendar(mjd: u64) -> (u64, u64, u64) {
    let shifted = mjd + 2_400_001 + 68_569;
    let century = 4 * shifted / 146_097;
    let rest = shifted - (146_097 * century).div_ceil(4);
    let year = 4000 * (rest + 1) / 1_461_001;
    let rest = rest - 1461 * year / 4 + 31;
    let month = 80 * rest / 2447;
    let day = rest - 2447 * month / 80;
    let carry = month / 11;
    (
        100 * (century - 49) + year + carry,
        month + 2 - 12 * carry,
        day,
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::SkyConfig;
    use super::*;

    #[test]
    fn days_have_their_dates() {
        for (mjd, date) in [
            (51_544, (2000, 1, 1)),
            (51_603, (2000, 2, 29)),
            (58_848, (2019, 12, 31)),
            (61_367, (2026, 11, 23)),
        ] {
            assert_eq!(calendar(mjd), date);
        }
    }

    #[test]
    fn observations_are_of_what_their_site_sees_at_night() {
        let sky = Sky::new(SkyConfig {
            g_limit: 15.0,
            ..SkyConfig::default()
        });
        let observations: Vec<Observation> = observations_from(&sky, 0).take(2000).collect();
        for observation in &observations {
            let instrument = INSTRUMENTS
                .iter()
                .find(|i| (i.telescope, i.name) == (observation.telescope, observation.instrument))
                .expect("a real instrument");
            assert!(instrument.filters.contains(&observation.filter));
            assert!((instrument.mjd.0..instrument.mjd.1 + 1.0).contains(&observation.mjd));
            assert_eq!(instrument.site.is_some(), observation.airmass.is_some());
            let (Some(site), Some(airmass)) = (&instrument.site, observation.airmass) else {
                continue;
            };
            assert!((1.0..=2.0).contains(&airmass));
            assert!((observation.pointing.dec_deg - site.latitude_deg).abs() <= 60.0);
            let hour_angle = site.sidereal_deg(observation.mjd) - observation.pointing.ra_deg;
            let again = site
                .airmass(observation.pointing, hour_angle)
                .expect("above 30 degrees");
            assert!((again - airmass).abs() < 1e-6, "{again} {airmass}");
        }
        let telescopes: BTreeSet<_> = observations.iter().map(|o| o.telescope).collect();
        assert_eq!(telescopes.len(), 5);
        assert_eq!(
            observations_from(&sky, 700).next().as_ref(),
            observations.get(700)
        );
    }

    #[test]
    fn file_names_have_the_form_of_their_archive() {
        let sky = Sky::new(SkyConfig {
            g_limit: 12.0,
            ..SkyConfig::default()
        });
        for observation in observations_from(&sky, 0).take(300) {
            let name = observation.file_name.as_str();
            let (length, start) = match observation.telescope {
                "HST" => (
                    18,
                    if observation.instrument.starts_with("ACS") {
                        "j"
                    } else {
                        "i"
                    },
                ),
                "JWST" => (name.len(), "jw0"),
                "VLT" => (34, "FORS2.2"),
                "Gemini-North" => (19, "N2"),
                _ => (22, "DE.2"),
            };
            assert_eq!(name.len(), length, "{name}");
            assert!(name.starts_with(start), "{name}");
            assert!(name.strip_suffix(".fits").is_some(), "{name}");
        }
    }
}
