//! A table of figures that belong together, such as a sweep over batch sizes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TestResult;
use crate::load::Labels;

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Cell {
    /// A figure.
    Number(f64),
    /// A word.
    Text(String),
    /// Not measured.
    Missing(()),
}

/// A table of figures that belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The headings with their units.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub fn new(title: &str, columns: &[&str]) -> Self {
        Self {
            title: title.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// The classes of a test as a table, in the order of their labels.
    pub fn of_groups(test: &TestResult, labels: &Labels) -> Self {
        let title = format!("{}: by class", test.test_name);
        let columns = [
            "class",
            "n",
            "errors",
            "avg ms",
            "median ms",
            "p95 ms",
            "p99 ms",
            "rows each",
        ];
        let mut table = Self::new(&title, &columns);
        for name in &labels.tags {
            let Some(group) = test.groups.get(name) else {
                continue;
            };
            table.rows.push(vec![
                name.as_str().into(),
                group.time.count.into(),
                group.error_count.into(),
                group.time.avg_ms.into(),
                group.time.median_ms.into(),
                group.time.p95_ms.into(),
                group.time.p99_ms.into(),
                group.items_per_iteration.into(),
            ]);
        }
        table
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::Number(value)
        } else {
            Self::Missing(())
        }
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Number(crate::units::count_f64(value))
    }
}

impl From<&str> for Cell {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Cell {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing(()), Into::into)
    }
}
