//! What to change, in the shape that the users' scripts know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How urgent a recommendation is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Priority {
    /// Immediate impact on performance or reliability.
    High,
    /// A significant improvement.
    Medium,
    /// A minor optimisation or saving.
    Low,
}

/// How much work a recommendation is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Effort {
    /// A simple change of configuration, below 1 hour.
    Low,
    /// A change of code or infrastructure, 1–8 hours.
    Medium,
    /// A major change of architecture, above 8 hours.
    High,
}

/// What a recommendation improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    /// Time and throughput.
    Performance,
    /// Money.
    Cost,
    /// Right answers, no loss, no outage.
    Reliability,
    /// Access and secrets.
    Security,
}

/// Something to change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    /// What it concerns: `database/cone_search`, `deployment/image-processor`.
    pub component: String,
    /// How urgent it is.
    pub priority: Priority,
    /// What it improves.
    pub category: Category,
    /// What was seen, with the figures.
    pub issue: String,
    /// What to do, with the statement or setting.
    pub recommendation: String,
    /// What that brings, with the figures where they were measured.
    pub expected_impact: String,
    /// How much work it is.
    pub implementation_effort: Effort,
    /// Money saved per month in the currency of the price book; null where it is not about money.
    pub estimated_cost_savings: Option<f64>,
}

impl Recommendation {
    /// Sorts the most urgent first and, among those, the least work first.
    pub fn sort(recommendations: &mut [Self]) {
        recommendations.sort_by_key(|it| (it.priority, it.implementation_effort));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_one_that_scripts_know() {
        let recommendation = Recommendation {
            component: "deployment/image-processor".into(),
            priority: Priority::High,
            category: Category::Performance,
            issue: "Missing resource limits can cause resource contention".into(),
            recommendation: "Set appropriate CPU and memory limits based on profiling".into(),
            expected_impact: "Improved stability and resource utilization".into(),
            implementation_effort: Effort::Low,
            estimated_cost_savings: None,
        };
        insta::assert_json_snapshot!(recommendation, @r#"
        {
          "component": "deployment/image-processor",
          "priority": "HIGH",
          "category": "PERFORMANCE",
          "issue": "Missing resource limits can cause resource contention",
          "recommendation": "Set appropriate CPU and memory limits based on profiling",
          "expected_impact": "Improved stability and resource utilization",
          "implementation_effort": "LOW",
          "estimated_cost_savings": null
        }
        "#);
    }
}
