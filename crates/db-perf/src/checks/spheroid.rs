//! Degrees that are taken for metres on the spheroid.

use common::assess::{Category, Effort, Priority, Recommendation};

use super::{Evidence, performance};
use crate::cone::Strategy;

/// Reports how wrong the spheroid with 111 km a degree and the flat sky are.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let wrong = |strategy: Strategy| {
        let name = format!("index_strategies.{}", strategy.as_str());
        let missing = evidence.parameter(&name, "missing_sources")?;
        let extra = evidence.parameter(&name, "extra_sources")?;
        let cones = evidence.parameter(&name, "wrong_cones")?;
        (missing + extra > 0.0).then_some((missing, extra, cones))
    };
    let mut found = Vec::new();
    if let Some((missing, extra, cones)) = wrong(Strategy::GeographySpheroid) {
        found.push(Recommendation {
            category: Category::Reliability,
            issue: format!(
                "`ST_DWithin(…::geography, r * 111000)` measures on the Earth's spheroid, where a \
                 degree has 110,574 to 111,694 m: radii come out 0.6 % too small to 0.4 % too large. \
                 Here {cones} cones were wrong: {missing} sources missing, {extra} extra"
            ),
            recommendation: "Measure on a sphere: `ST_DWithin(a, b, radians(r) * 6371008.7714150598, \
                 false)`; the last argument switches the spheroid off, the radius makes a degree \
                 111,195.08 m everywhere."
                .to_owned(),
            expected_impact: "No missing and no extra source, and somewhat faster.".to_owned(),
            ..performance("database/cone_search", Priority::High, Effort::Low)
        });
    }
    if let Some((missing, extra, cones)) = wrong(Strategy::GeometryPlanar) {
        found.push(Recommendation {
            category: Category::Reliability,
            issue: format!(
                "planar `ST_DWithin(geometry, …)` takes degrees of right ascension for degrees on the \
                 sky: {cones} cones were wrong, {missing} sources missing, {extra} extra, the more \
                 the nearer to the poles and across 0h"
            ),
            recommendation: "Use geography on the sphere, or boxes widened by 1/cos(dec) followed by \
                 the exact separation."
                .to_owned(),
            expected_impact: "Right answers away from the equator.".to_owned(),
            ..performance("database/cone_search", Priority::Medium, Effort::Low)
        });
    }
    found
}
