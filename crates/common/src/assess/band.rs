//! The field's bands: excellent, good, needs improvement, and the target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which side of a limit is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Small figures are good: times.
    Lower,
    /// Large figures are good: rates, shares of success.
    Higher,
}

/// The limits for one kind of work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The kind of work, as in the report: `cone_search`.
    pub name: &'static str,
    /// What is rated: `avg_time_ms`.
    pub metric: &'static str,
    /// Its unit for people: `ms`, `rows/s`, `%`.
    pub unit: &'static str,
    /// Which side is good.
    pub better: Better,
    /// What is to be reached.
    pub target: f64,
    /// The limit of "excellent".
    pub excellent: f64,
    /// The limit of "good".
    pub good: f64,
    /// The share of successes, percent, that excellent and good work must be above.
    pub success: [f64; 2],
}

/// How a figure stands in its band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Rating {
    /// Better than the limit of excellence.
    Excellent,
    /// In between.
    Good,
    /// Worse than good.
    NeedsImprovement,
    /// There is no figure to rate.
    NotAssessed,
}

impl Rating {
    /// The words of the seed's table.
    pub fn words(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::NeedsImprovement => "needs improvement",
            Self::NotAssessed => "not assessed",
        }
    }
}

/// The verdict on one kind of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BandVerdict {
    /// The kind of work: `cone_search`, `bulk_insert`.
    pub name: String,
    /// What was rated: `avg_time_ms`.
    pub metric: String,
    /// The unit of `figure` and the limits.
    pub unit: String,
    /// The figure; null where there is none.
    pub figure: Option<f64>,
    /// The rating.
    pub rating: Rating,
    /// Whether the target was met; null where there is no figure.
    pub target_met: Option<bool>,
    /// The target.
    pub target: f64,
    /// The limit of "excellent".
    pub excellent: f64,
    /// The limit of "good".
    pub good: f64,
    /// Why it is rated like this.
    pub reason: String,
}

impl Band {
    /// Rates a figure. `success_percent` is the share of iterations that succeeded: fast answers
    /// that are mostly errors are not good ones. `sample` says what the figure rests on.
    pub fn rate(
        &self,
        figure: Option<f64>,
        success_percent: Option<f64>,
        sample: &str,
    ) -> BandVerdict {
        let [for_excellent, for_good] = self.success;
        let broken = success_percent.is_some_and(|percent| percent < for_good);
        let flawed = success_percent.is_some_and(|percent| percent <= for_excellent);
        let figure = figure.filter(|figure| figure.is_finite());
        let (rating, reason) = match (figure, success_percent) {
            (_, Some(percent)) if broken => (
                Rating::NeedsImprovement,
                format!("only {percent:.1} % of the iterations succeeded ({sample})"),
            ),
            (None, _) => (Rating::NotAssessed, format!("no figure: {sample}")),
            (Some(figure), _) => {
                let rating = self.rating_of(figure);
                let reason = self.reason(figure, rating, sample);
                match success_percent {
                    Some(percent) if flawed && rating == Rating::Excellent => (
                        Rating::Good,
                        format!(
                            "{reason}; {percent:.1} % succeeded where excellent needs more than {for_excellent} %"
                        ),
                    ),
                    _ => (rating, reason),
                }
            }
        };
        BandVerdict {
            name: self.name.to_owned(),
            metric: self.metric.to_owned(),
            unit: self.unit.to_owned(),
            figure,
            rating,
            target_met: match figure {
                _ if broken => Some(false),
                None => None,
                Some(figure) => Some(self.beats(figure, self.target)),
            },
            target: self.target,
            excellent: self.excellent,
            good: self.good,
            reason,
        }
    }

    fn beats(&self, figure: f64, limit: f64) -> bool {
        match self.better {
            Better::Lower => figure < limit,
            Better::Higher => figure > limit,
        }
    }

    fn rating_of(&self, figure: f64) -> Rating {
        if self.beats(figure, self.excellent) {
            Rating::Excellent
        } else if self.beats(figure, self.good) || (figure - self.good).abs() < f64::EPSILON {
            Rating::Good
        } else {
            Rating::NeedsImprovement
        }
    }

    fn reason(&self, figure: f64, rating: Rating, sample: &str) -> String {
        let (sign, opposite) = match self.better {
            Better::Lower => ("<", "≥"),
            Better::Higher => (">", "≤"),
        };
        let unit = self.unit;
        let shown = crate::render::figure(figure);
        let limits = match rating {
            Rating::Excellent => format!("{sign} {}", self.excellent),
            Rating::Good => format!("{opposite} {} and within {}", self.excellent, self.good),
            Rating::NeedsImprovement | Rating::NotAssessed => {
                format!("not within {}", self.good)
            }
        };
        format!("{shown} {unit} is {limits} {unit} ({sample})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONE: Band = Band {
        name: "cone_search",
        metric: "avg_time_ms",
        unit: "ms",
        better: Better::Lower,
        target: 50.0,
        excellent: 25.0,
        good: 100.0,
        success: [99.0, 95.0],
    };

    #[test]
    fn limits_are_those_of_the_table() {
        let rating = |ms| CONE.rate(Some(ms), Some(100.0), "n 10").rating;
        assert_eq!(rating(24.9), Rating::Excellent);
        assert_eq!(rating(25.0), Rating::Good);
        assert_eq!(rating(100.0), Rating::Good);
        assert_eq!(rating(100.1), Rating::NeedsImprovement);
        assert_eq!(
            CONE.rate(Some(49.0), Some(100.0), "").target_met,
            Some(true)
        );
        assert_eq!(
            CONE.rate(Some(50.0), Some(100.0), "").target_met,
            Some(false)
        );
    }

    #[test]
    fn a_dead_database_is_not_excellent() {
        let verdict = CONE.rate(None, Some(0.0), "0 of 100");
        assert_eq!(verdict.rating, Rating::NeedsImprovement);
        assert_eq!(verdict.target_met, Some(false));
        let fast_errors = CONE.rate(Some(0.1), Some(50.0), "50 of 100");
        assert_eq!(fast_errors.rating, Rating::NeedsImprovement);
    }

    #[test]
    fn excellence_needs_its_share_of_successes() {
        let verdict = CONE.rate(Some(1.0), Some(98.1), "n 1000");
        assert_eq!(verdict.rating, Rating::Good);
        assert!(verdict.reason.contains("98.1 %"), "{}", verdict.reason);
        assert_eq!(
            CONE.rate(Some(1.0), Some(99.5), "").rating,
            Rating::Excellent
        );
    }

    #[test]
    fn nothing_measured_is_not_assessed() {
        let verdict = CONE.rate(None, None, "the test was not run");
        assert_eq!(verdict.rating, Rating::NotAssessed);
        assert_eq!(verdict.target_met, None);
        assert_eq!(
            CONE.rate(Some(f64::NAN), None, "").rating,
            Rating::NotAssessed
        );
    }
}
