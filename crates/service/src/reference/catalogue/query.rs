//! The questions that the catalogue answers, read from the parameters of a request.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use common::sky::{Cone, ObjectType, Position};

use super::object::types_of;

/// Most rows of an answer.
const MOST_ROWS: usize = 10_000;
/// Rows of an answer where no limit is given.
const ROWS: usize = 1000;
/// The words for types, in messages.
const TYPE_WORDS: &str =
    "ALL, STAR, VARIABLE_STAR, GALAXY, QUASAR, NEBULA, ASTEROID or a SIMBAD type";

/// A range of magnitudes, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Magnitudes {
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
}

impl Magnitudes {
    /// Whether a magnitude is in the range; an unknown one is only where there is no range.
    pub(crate) fn contains(self, magnitude: Option<f32>) -> bool {
        if self.min.is_none() && self.max.is_none() {
            return true;
        }
        magnitude.is_some_and(|it| {
            let it = f64::from(it);
            self.min.is_none_or(|min| it >= min) && self.max.is_none_or(|max| it <= max)
        })
    }
}

/// Which types are wanted; none for all.
pub(crate) type TypeFilter = Option<Vec<ObjectType>>;

/// `cone-search`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ConeQuery {
    pub(crate) cone: Cone,
    pub(crate) magnitudes: Magnitudes,
    pub(crate) limit: usize,
}

/// `magnitude-search`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MagnitudeQuery {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) types: TypeFilter,
    pub(crate) limit: usize,
}

/// What `object-type-search` sorts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SortBy {
    Magnitude,
    DiscoveryDate,
    Ra,
}

/// `object-type-search`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TypeQuery {
    pub(crate) types: TypeFilter,
    pub(crate) sort_by: SortBy,
    pub(crate) descending: bool,
    pub(crate) limit: usize,
}

/// `cross-match`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CrossMatchQuery {
    pub(crate) cone: Cone,
    pub(crate) external_catalog: String,
    pub(crate) tolerance_arcsec: f64,
    pub(crate) limit: usize,
}

/// `variability-search`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariabilityQuery {
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// Only observations of the last so many days count.
    pub(crate) period_days: Option<f64>,
    pub(crate) min_observations: i64,
    pub(crate) limit: usize,
}

/// The parameters of a request.
pub(crate) struct Parameters(BTreeMap<String, String>);

/// What is wrong with a parameter, in one sentence.
pub(crate) type BadParameter = String;

impl Parameters {
    /// Reads a query string; of a parameter that is given twice the last one counts, unknown ones
    /// are ignored.
    pub(crate) fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&');
        let decoded = |text: &str| {
            let spaced = text.replace('+', " ");
            let bytes = percent_encoding::percent_decode_str(&spaced);
            bytes.decode_utf8_lossy().into_owned()
        };
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        Self(
            pairs
                .map(|(name, value)| (decoded(name), decoded(value)))
                .collect(),
        )
    }

    /// A parameter as it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn number(&self, name: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, BadParameter> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let value = text.parse().ok().filter(|it| range.contains(it));
        let (low, high) = (range.start(), range.end());
        value
            .map(Some)
            .ok_or_else(|| format!("`{name}` must be a number from {low} to {high}, got `{text}`"))
    }

    fn needed(&self, name: &str, range: RangeInclusive<f64>) -> Result<f64, BadParameter> {
        self.number(name, range)?
            .ok_or_else(|| format!("`{name}` is missing"))
    }

    /// The number of rows wanted.
    pub(crate) fn limit(&self) -> Result<usize, BadParameter> {
        let Some(text) = self.text("limit") else {
            return Ok(ROWS);
        };
        let limit = text.parse().ok().filter(|it| (1..=MOST_ROWS).contains(it));
        limit.ok_or_else(|| {
            format!("`limit` must be a whole number from 1 to {MOST_ROWS}, got `{text}`")
        })
    }

    fn cone(&self) -> Result<Cone, BadParameter> {
        let ra_deg = self.needed("ra", 0.0..=360.0)?;
        let dec_deg = self.needed("dec", -90.0..=90.0)?;
        let radius_deg = self.needed("radius", 0.0..=90.0)?;
        if radius_deg <= 0.0 {
            return Err("`radius` must be above 0".to_owned());
        }
        Ok(Cone {
            center: Position::new(ra_deg, dec_deg),
            radius_deg,
        })
    }

    fn word<'a>(
        &'a self,
        name: &str,
        words: &'a [&'a str],
        default: &'a str,
    ) -> Result<&'a str, BadParameter> {
        let word = self.text(name).unwrap_or(default);
        if words.contains(&word) {
            return Ok(word);
        }
        let words = words.join(", ");
        Err(format!("`{name}` must be one of {words}, got `{word}`"))
    }
}

const ANY_MAGNITUDE: RangeInclusive<f64> = -30.0..=50.0;

impl ConeQuery {
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, BadParameter> {
        let magnitudes = Magnitudes {
            min: parameters.number("minMagnitude", ANY_MAGNITUDE)?,
            max: parameters.number("maxMagnitude", ANY_MAGNITUDE)?,
        };
        if let (Some(min), Some(max)) = (magnitudes.min, magnitudes.max) {
            ordered("minMagnitude", min, "maxMagnitude", max)?;
        }
        Ok(Self {
            cone: parameters.cone()?,
            magnitudes,
            limit: parameters.limit()?,
        })
    }
}

impl MagnitudeQuery {
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, BadParameter> {
        let min = parameters.needed("minMagnitude", ANY_MAGNITUDE)?;
        let max = parameters.needed("maxMagnitude", ANY_MAGNITUDE)?;
        ordered("minMagnitude", min, "maxMagnitude", max)?;
        let word = parameters.text("objectType").unwrap_or("ALL");
        Ok(Self {
            min,
            max,
            types: types(word)?,
            limit: parameters.limit()?,
        })
    }
}

impl TypeQuery {
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, BadParameter> {
        let word = parameters
            .text("objectType")
            .ok_or("`objectType` is missing")?;
        let sorts = ["magnitude", "discoveryDate", "ra"];
        let sort_by = match parameters.word("sortBy", &sorts, "magnitude")? {
            "discoveryDate" => SortBy::DiscoveryDate,
            "ra" => SortBy::Ra,
            _ => SortBy::Magnitude,
        };
        Ok(Self {
            types: types(word)?,
            sort_by,
            descending: parameters.word("sortOrder", &["asc", "desc"], "asc")? == "desc",
            limit: parameters.limit()?,
        })
    }
}

impl CrossMatchQuery {
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, BadParameter> {
        const MOST_ARCSEC: f64 = 60.0;
        let catalogues = ["GAIA", "2MASS", "SDSS", "WISE"];
        let tolerance = parameters.number("matchTolerance", 0.0..=MOST_ARCSEC)?;
        Ok(Self {
            cone: parameters.cone()?,
            external_catalog: parameters
                .word("externalCatalog", &catalogues, "GAIA")?
                .to_owned(),
            tolerance_arcsec: tolerance.unwrap_or(1.0),
            limit: parameters.limit()?,
        })
    }
}

impl VariabilityQuery {
    pub(crate) fn read(parameters: &Parameters) -> Result<Self, BadParameter> {
        const LARGEST: f64 = 30.0;
        let min = parameters.number("minVariability", 0.0..=LARGEST)?;
        let max = parameters.number("maxVariability", 0.0..=LARGEST)?;
        let (min, max) = (min.unwrap_or(0.0), max.unwrap_or(LARGEST));
        ordered("minVariability", min, "maxVariability", max)?;
        let observations = match parameters.text("minObservations") {
            None => 0,
            Some(text) => text.parse().ok().filter(|it| *it >= 0).ok_or_else(|| {
                format!("`minObservations` must be a whole number from 0 on, got `{text}`")
            })?,
        };
        Ok(Self {
            min,
            max,
            period_days: parameters.number("timePeriod", 0.0..=1e6)?,
            min_observations: observations,
            limit: parameters.limit()?,
        })
    }
}

/// The types that `objectType` asks for.
fn types(word: &str) -> Result<TypeFilter, BadParameter> {
    if word == "ALL" {
        return Ok(None);
    }
    let types = types_of(word);
    if types.is_empty() {
        return Err(format!("`objectType` must be {TYPE_WORDS}, got `{word}`"));
    }
    Ok(Some(types))
}

fn ordered(low_name: &str, low: f64, high_name: &str, high: f64) -> Result<(), BadParameter> {
    if low <= high {
        return Ok(());
    }
    Err(format!(
        "`{low_name}` must not be above `{high_name}`, got {low} and {high}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cone(query: &str) -> Result<ConeQuery, String> {
        ConeQuery::read(&Parameters::of(Some(query)))
    }

    #[test]
    fn a_cone_is_read() {
        let query = cone("ra=359.5&dec=-12%2E5&radius=0.1&limit=7&maxMagnitude=20").unwrap();
        assert_eq!(query.cone.center, Position::new(359.5, -12.5));
        assert_eq!((query.limit, query.magnitudes.max), (7, Some(20.0)));
    }

    #[test]
    fn what_is_out_of_range_is_refused_by_name() {
        for (query, part) in [
            ("dec=1&radius=1", "`ra` is missing"),
            (
                "ra=1&dec=95&radius=1",
                "`dec` must be a number from -90 to 90, got `95`",
            ),
            ("ra=1&dec=NaN&radius=1", "`dec` must be"),
            ("ra=1&dec=1&radius=inf", "`radius` must be"),
            ("ra=1&dec=1&radius=90.1", "from 0 to 90"),
            ("ra=1&dec=1&radius=0", "`radius` must be above 0"),
            ("ra=1&dec=1&radius=1&limit=10001", "from 1 to 10000"),
            ("ra=1&dec=1&radius=1&limit=-1", "`limit`"),
            (
                "ra=1&dec=1&radius=1&minMagnitude=9&maxMagnitude=8",
                "must not be above",
            ),
            ("ra=1;dec=1", "`ra` must be"),
        ] {
            let error = cone(query).unwrap_err();
            assert!(error.contains(part), "{query}: {error}");
        }
    }

    #[test]
    fn types_are_words_or_simbad_names() {
        let read = |query: &str| TypeQuery::read(&Parameters::of(Some(query)));
        assert_eq!(read("objectType=ALL").unwrap().types, None);
        let mira = read("objectType=Mi*&sortBy=ra&sortOrder=desc").unwrap();
        assert_eq!(mira.types, Some(vec![ObjectType::Mira]));
        assert!(mira.descending && mira.sort_by == SortBy::Ra);
        assert!(
            read("objectType=PLANET")
                .unwrap_err()
                .contains("VARIABLE_STAR")
        );
        assert!(
            read("objectType=STAR&sortBy=dec")
                .unwrap_err()
                .contains("discoveryDate")
        );
    }
}
