//! Asks one cone of one session.

use common::sky::{Cone, Position};
use futures::{StreamExt as _, pin_mut};
use tokio_postgres::{Client, Error, Statement};

use super::{Columns, Strategy};
use crate::parameters::borrowed;

/// A prepared cone search on a session.
#[derive(Debug, Clone)]
pub struct ConeQuery {
    strategy: Strategy,
    statement: Statement,
}

/// What a cone search brought.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Rows received.
    pub rows: u64,
    /// Their positions, where they were asked for.
    pub positions: Vec<Position>,
}

/// Which positions of an answer are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The rows are received and counted.
    Counted,
    /// The positions are kept for a check.
    Kept,
}

impl ConeQuery {
    /// Prepares a search; with `limit` it gives the nearest ones only.
    pub async fn prepare(
        client: &Client,
        strategy: Strategy,
        columns: &Columns,
        limit: Option<u32>,
    ) -> Result<Self, Error> {
        let sql = match limit {
            Some(limit) => strategy.nearest_sql(columns, limit),
            None => strategy.sql(columns),
        };
        let statement = client.prepare(&sql).await?;
        Ok(Self {
            strategy,
            statement,
        })
    }

    /// Asks a cone and receives all rows. What the client computes for it is part of the time.
    pub async fn ask(&self, client: &Client, cone: &Cone, found: Found) -> Result<Answer, Error> {
        let parameters = self.strategy.parameters(cone);
        let rows = client
            .query_raw(&self.statement, borrowed(&parameters))
            .await?;
        pin_mut!(rows);
        let mut answer = Answer::default();
        while let Some(row) = rows.next().await {
            let row = row?;
            answer.rows += 1;
            if found == Found::Kept {
                let position = Position {
                    ra_deg: row.try_get(0)?,
                    dec_deg: row.try_get(1)?,
                };
                answer.positions.push(position);
            }
        }
        Ok(answer)
    }
}
