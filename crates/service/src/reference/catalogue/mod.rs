//! The catalogue behind the service: in PostGIS, or small and in memory.

mod cross_match;
mod memory;
mod object;
mod postgres;
mod query;

use std::time::Duration;

use common::sky::{Cone, Position};
use db_perf::cone::Oracle;
use thiserror::Error;

pub(crate) use memory::Memory;
pub(crate) use object::{Found, Match, Object, Variable};
pub(crate) use postgres::{Postgres, SECOND_INDEX};
pub(crate) use query::{
    ConeQuery, CrossMatchQuery, MagnitudeQuery, Parameters, SortBy, TypeFilter, TypeQuery,
    VariabilityQuery,
};

/// Years from the epoch of the catalogue, J2000.0, to that of the second one, J2016.0.
const SECOND_EPOCH_YEARS: f64 = 16.0;

/// How long a query may wait for a session of the pool.
const POOL_LIMIT: Duration = Duration::from_secs(10);

/// How much there is beside the sources.
pub(crate) struct Sizes {
    /// Rows of the second catalogue for cross-matches.
    pub(crate) second_rows: usize,
    /// Variables that get a light curve.
    pub(crate) light_curves: usize,
}

/// As much as makes cross-matches and light curves worth searching.
pub(crate) const SIZES: Sizes = Sizes {
    second_rows: 20_000,
    light_curves: 1000,
};

/// Positions kept for targets that follow the density.
const SAMPLE: usize = 20_000;

/// Why a query has no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    /// No session of the pool became free, or none could be opened.
    #[error("no database connection: {0}")]
    NoConnection(String),
    /// The server refused or gave up.
    #[error("the database failed: {}", db_perf::failure::describe(.0))]
    Failed(#[from] tokio_postgres::Error),
}

/// A catalogue that can be asked.
pub(crate) enum Catalogue {
    /// In this process.
    Memory(Memory),
    /// In a database.
    Postgres(Postgres),
}

impl Catalogue {
    /// The sources of a cone, nearest first.
    pub(crate) async fn cone(&self, query: &ConeQuery) -> Result<Found<Object>, QueryError> {
        match self {
            Self::Memory(memory) => Ok(memory.cone(query)),
            Self::Postgres(postgres) => postgres.cone(query).await,
        }
    }

    /// The sources of a range of magnitudes, brightest first.
    pub(crate) async fn by_magnitude(
        &self,
        query: &MagnitudeQuery,
    ) -> Result<Found<Object>, QueryError> {
        match self {
            Self::Memory(memory) => Ok(memory.by_magnitude(query)),
            Self::Postgres(postgres) => postgres.by_magnitude(query).await,
        }
    }

    /// The sources of a type, sorted.
    pub(crate) async fn by_type(&self, query: &TypeQuery) -> Result<Found<Object>, QueryError> {
        match self {
            Self::Memory(memory) => Ok(memory.by_type(query)),
            Self::Postgres(postgres) => postgres.by_type(query).await,
        }
    }

    /// Sources of a cone that are in the second catalogue too, carried to its epoch.
    pub(crate) async fn cross_match(
        &self,
        query: &CrossMatchQuery,
    ) -> Result<Found<Match>, QueryError> {
        match self {
            Self::Memory(memory) => Ok(memory.cross_match(query)),
            Self::Postgres(postgres) => postgres.cross_match(query).await,
        }
    }

    /// Variables, the largest amplitude first.
    pub(crate) async fn variables(
        &self,
        query: &VariabilityQuery,
    ) -> Result<Found<Variable>, QueryError> {
        match self {
            Self::Memory(memory) => Ok(memory.variables(query)),
            Self::Postgres(postgres) => postgres.variables(query).await,
        }
    }

    /// Whether it answers at all, within a limit.
    pub(crate) async fn answers(&self, limit: Duration) -> bool {
        match self {
            Self::Memory(_) => true,
            Self::Postgres(postgres) => postgres.answers(limit).await,
        }
    }
}

/// How many of all positions each cone holds, its rim included, by comparing every position.
fn count_in_cones(cones: &[Cone], each: impl FnOnce(&mut dyn FnMut(Position))) -> Vec<u64> {
    let mut oracle = Oracle::new(cones.iter().copied());
    each(&mut |position| oracle.observe(position));
    let counted = oracle.finish();
    let counted = counted.iter().zip(cones);
    counted.map(|(it, cone)| it.count_in(cone)).collect()
}
