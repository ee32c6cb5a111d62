//! Why a table of the user's cannot be measured.

use thiserror::Error;
use tokio_postgres::error::SqlState;

use crate::failure::describe;

/// Why a table cannot be measured.
#[derive(Debug, Error)]
pub enum TableError {
    /// There is no such table.
    #[error("there is no table `{table}` in database `{database}`")]
    NoTable {
        /// The table.
        table: String,
        /// The database.
        database: String,
    },
    /// A column is not there.
    #[error("table `{table}` has no column `{column}`; it has: {present}")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The columns it has.
        present: String,
    },
    /// A column is not a number.
    #[error("column `{column}` of `{table}` must be a number of degrees, it is `{kind}`")]
    NoNumber {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
    /// The coordinates are not degrees.
    #[error("`{column}` of `{table}` runs from {low} to {high}, which are no degrees of {what}")]
    NoDegrees {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What it should be.
        what: &'static str,
        /// The smallest value of a sample.
        low: f64,
        /// The largest value of a sample.
        high: f64,
    },
    /// There are no rows.
    #[error("table `{0}` has no rows with coordinates")]
    Empty(String),
    /// The server refused to read it.
    #[error("failed to read table `{table}`: {}", describe(cause))]
    Refused {
        /// The table.
        table: String,
        /// The cause.
        cause: tokio_postgres::Error,
    },
}

impl TableError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoTable { .. } => "name it as `schema.table` in its exact spelling",
            Self::NoColumn { .. } | Self::NoNumber { .. } => {
                "name the columns with --ra, --dec and --mag"
            }
            Self::NoDegrees { .. } => {
                "radians and hours are not supported: make a view with degrees"
            }
            Self::Refused { cause, .. }
                if cause.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) =>
            {
                "`GRANT SELECT` on the table, `GRANT USAGE` on its schema"
            }
            Self::Refused { .. } | Self::Empty(_) => return None,
        };
        Some(text.to_owned())
    }

    /// Whether the command line is at fault and not the server.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}
