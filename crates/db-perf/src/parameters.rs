//! Parameters of a statement.

use tokio_postgres::types::ToSql;

/// Owned parameters of a statement.
pub type Parameters = Vec<Box<dyn ToSql + Sync + Send>>;

/// Parameters as the client wants them.
pub fn borrowed(parameters: &Parameters) -> Vec<&(dyn ToSql + Sync)> {
    parameters
        .iter()
        .map(|it| -> &(dyn ToSql + Sync) { it.as_ref() })
        .collect()
}
