//! What the catalogue gives out.

use common::sky::{ObjectType, Position};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// Every type of object there is.
const TYPES: [ObjectType; 22] = [
    ObjectType::Star,
    ObjectType::RedGiant,
    ObjectType::RrLyrae,
    ObjectType::ClassicalCepheid,
    ObjectType::TypeTwoCepheid,
    ObjectType::Mira,
    ObjectType::LongPeriodVariable,
    ObjectType::EclipsingBinary,
    ObjectType::DeltaScuti,
    ObjectType::BetaCephei,
    ObjectType::AlphaTwoCvn,
    ObjectType::ByDraconis,
    ObjectType::RsCvn,
    ObjectType::OpenCluster,
    ObjectType::GlobularCluster,
    ObjectType::PlanetaryNebula,
    ObjectType::HiiRegion,
    ObjectType::SupernovaRemnant,
    ObjectType::ReflectionNebula,
    ObjectType::Galaxy,
    ObjectType::Quasar,
    ObjectType::Asteroid,
];

/// The types that an API's word stands for: a coarse word, or SIMBAD's condensed name.
pub(super) fn types_of(word: &str) -> Vec<ObjectType> {
    let types = TYPES.iter().copied();
    types
        .filter(|it| it.seed_name() == word || it.simbad() == word)
        .collect()
}

/// The coarse word for a type that is stored under SIMBAD's name.
pub(super) fn word_of(simbad: &str) -> &'static str {
    let known = TYPES.iter().find(|it| it.simbad() == simbad);
    known.map_or("UNKNOWN", |it| it.seed_name())
}

/// A source.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(crate) struct Object {
    pub(crate) object_id: i64,
    pub(crate) object_type: &'static str,
    /// Degrees.
    pub(crate) ra: f64,
    /// Degrees.
    pub(crate) dec: f64,
    /// Johnson V.
    pub(crate) magnitude: Option<f32>,
    /// Degrees from the centre of the cone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) separation: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// RFC 3339, UTC.
    pub(crate) discovery_date: Option<String>,
}

impl Object {
    pub(crate) fn position(&self) -> Position {
        Position {
            ra_deg: self.ra,
            dec_deg: self.dec,
        }
    }
}

/// A variable source.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(crate) struct Variable {
    #[serde(flatten)]
    pub(crate) object: Object,
    /// Peak to peak, magnitudes.
    pub(crate) amplitude: f32,
    pub(crate) period_days: Option<f64>,
    pub(crate) variable_class: String,
    /// Points of its light curve in the period that was asked for.
    pub(crate) observations: i64,
}

/// A source that two catalogues have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Match {
    pub(crate) object_id: i64,
    pub(crate) external_id: i64,
    pub(crate) separation_arcsec: f64,
}

/// What a query found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found<T> {
    pub(crate) items: Vec<T>,
    /// Whether there are more than the limit.
    pub(crate) truncated: bool,
}

impl<T> Found<T> {
    /// Keeps the first `limit` of what was found.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let truncated = items.len() > limit;
        items.truncate(limit);
        Self { items, truncated }
    }
}

/// The time of a modified Julian date, to the microsecond.
pub(super) fn time_of_mjd(mjd: f64) -> String {
    /// MJD of 1970-01-01.
    const UNIX_EPOCH_MJD: f64 = 40_587.0;
    let elapsed = common::units::seconds((mjd - UNIX_EPOCH_MJD) * 86_400.0);
    let micros = i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX);
    Timestamp::UNIX_EPOCH
        .checked_add(SignedDuration::from_micros(micros))
        .unwrap_or(Timestamp::MAX)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_word_and_by_its_name() {
        for kind in TYPES {
            assert!(types_of(kind.simbad()).contains(&kind));
            assert!(types_of(kind.seed_name()).contains(&kind));
            assert_eq!(word_of(kind.simbad()), kind.seed_name());
        }
        assert_eq!(types_of("STAR").len(), 2);
        assert!(types_of("PLANET").is_empty());
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(time_of_mjd(61_041.5), "2026-01-01T12:00:00Z");
    }
}
