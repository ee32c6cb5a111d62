//! What the server did with a query: the plan of `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)`.

use serde::Serialize;
use serde_json::Value;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

/// The shape and cost of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanShape {
    /// What was asked, for people: `radius 1'-10'`.
    pub label: String,
    /// The nodes from the top, such as `Sort > Index Scan using objects_geography`.
    pub nodes: String,
    /// Tables that were read from end to end.
    pub sequential_scans: Vec<String>,
    /// Indexes that were used.
    pub indexes: Vec<String>,
    /// Rows the planner expected.
    pub planned_rows: f64,
    /// Rows there were.
    pub actual_rows: f64,
    /// Rows that were read and thrown away by a condition.
    pub rows_removed: f64,
    /// Pages found in the server's cache.
    pub shared_hit: u64,
    /// Pages read from outside it.
    pub shared_read: u64,
    /// Time of the execution in milliseconds, instrumentation included.
    pub execution_ms: f64,
}

/// Explains a query while it runs.
pub async fn explain(
    client: &Client,
    label: &str,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Option<PlanShape>, Error> {
    let sql = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}");
    let row = client.query_one(&sql, parameters).await?;
    let document: Value = row.try_get(0)?;
    Ok(PlanShape::read(label, &document))
}

impl PlanShape {
    /// Reads the document of EXPLAIN; `None` if it is something else.
    pub fn read(label: &str, document: &Value) -> Option<Self> {
        let top = document.get(0)?;
        let plan = top.get("Plan")?;
        let mut shape = Self {
            label: label.to_owned(),
            nodes: String::new(),
            sequential_scans: Vec::new(),
            indexes: Vec::new(),
            planned_rows: number(plan, "Plan Rows"),
            actual_rows: number(plan, "Actual Rows") * number(plan, "Actual Loops").max(1.0),
            rows_removed: 0.0,
            shared_hit: count(plan, "Shared Hit Blocks"),
            shared_read: count(plan, "Shared Read Blocks"),
            execution_ms: number(top, "Execution Time"),
        };
        let mut names = Vec::new();
        shape.walk(plan, &mut names);
        shape.nodes = names.join(" > ");
        Some(shape)
    }

    /// What is read, for people: `index objects_geography`, `all of detections`.
    pub fn reads(&self) -> String {
        let indexes = self.indexes.iter().map(|index| format!("index {index}"));
        let tables = self
            .sequential_scans
            .iter()
            .map(|table| format!("all of {table}"));
        let mut reads: Vec<String> = indexes.chain(tables).collect();
        reads.sort();
        reads.dedup();
        reads.join(", ")
    }

    fn walk(&mut self, node: &Value, names: &mut Vec<String>) {
        let text = |key: &str| node.get(key).and_then(Value::as_str);
        let kind = text("Node Type").unwrap_or("?");
        let relation = text("Relation Name");
        let index = text("Index Name");
        names.push(match (index, relation) {
            (Some(index), _) => format!("{kind} using {index}"),
            (None, Some(relation)) => format!("{kind} on {relation}"),
            (None, None) => kind.to_owned(),
        });
        if kind == "Seq Scan" {
            self.sequential_scans.extend(relation.map(str::to_owned));
        }
        self.indexes.extend(index.map(str::to_owned));
        let loops = number(node, "Actual Loops").max(1.0);
        for key in ["Rows Removed by Filter", "Rows Removed by Index Recheck"] {
            self.rows_removed += number(node, key) * loops;
        }
        for child in node
            .get("Plans")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.walk(child, names);
        }
    }
}

fn number(node: &Value, key: &str) -> f64 {
    node.get(key).and_then(Value::as_f64).unwrap_or(0.0)
}

fn count(node: &Value, key: &str) -> u64 {
    node.get(key).and_then(Value::as_u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plan_is_read_from_the_top() {
        let document = json!([{
            "Plan": {
                "Node Type": "Sort", "Plan Rows": 10, "Actual Rows": 3, "Actual Loops": 1,
                "Shared Hit Blocks": 7, "Shared Read Blocks": 2,
                "Plans": [{
                    "Node Type": "Seq Scan", "Relation Name": "objects", "Actual Loops": 2,
                    "Rows Removed by Filter": 50
                }]
            },
            "Execution Time": 1.5
        }]);
        let shape = PlanShape::read("x", &document).unwrap();
        assert_eq!(shape.nodes, "Sort > Seq Scan on objects");
        assert_eq!(shape.sequential_scans, ["objects"]);
        assert!((shape.rows_removed - 100.0).abs() < 1e-9);
        assert_eq!((shape.shared_hit, shape.shared_read), (7, 2));
        assert_eq!(PlanShape::read("x", &json!({})), None);
    }
}
