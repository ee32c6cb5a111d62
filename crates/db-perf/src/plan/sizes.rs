//! How much each test does.

use common::report::Mode;
use serde::Serialize;

/// Numbers of iterations, users and rows. The full ones are those of the users' earlier tool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    /// Cones of `cone_search`.
    pub cone_iterations: u64,
    /// Users of `cone_search`.
    pub cone_users: usize,
    /// At most this many seconds for `cone_search`.
    pub cone_limit_seconds: f64,
    /// Cones whose answers are compared with the oracle.
    pub checked_cones: usize,
    /// Centres per radius of `index_strategies`.
    pub strategy_centres: usize,
    /// At most this many seconds for the cones of one strategy.
    pub strategy_limit_seconds: f64,
    /// Batches of each measurement of `bulk_insert`.
    pub bulk_batches: u64,
    /// Rows of the largest batch.
    pub bulk_rows: u64,
    /// Iterations of each complex query.
    pub complex_iterations: u64,
    /// At most this many seconds for each complex query.
    pub complex_limit_seconds: f64,
    /// Users of `concurrent_load`.
    pub concurrent_users: usize,
    /// Length of `concurrent_load` in seconds.
    pub concurrent_seconds: f64,
    /// Seconds over which its users start.
    pub ramp_up_seconds: f64,
    /// Connections of its pool.
    pub pool_size: usize,
    /// Seconds for each size of the pool sweep.
    pub pool_sweep_seconds: f64,
    /// Rows of the second catalogue for cross-matches.
    pub external_rows: usize,
    /// Observations of telescopes.
    pub observations: u64,
    /// Sources with a light curve.
    pub light_curves: usize,
}

impl Sizes {
    /// The sizes of a mode.
    pub fn of(mode: Mode) -> Self {
        match mode {
            Mode::Full => Self {
                cone_iterations: 1000,
                cone_users: 20,
                cone_limit_seconds: 600.0,
                checked_cones: 200,
                strategy_centres: 100,
                strategy_limit_seconds: 60.0,
                bulk_batches: 5,
                bulk_rows: 10_000,
                complex_iterations: 100,
                complex_limit_seconds: 120.0,
                concurrent_users: 50,
                concurrent_seconds: 300.0,
                ramp_up_seconds: 10.0,
                pool_size: 10,
                pool_sweep_seconds: 10.0,
                external_rows: 2_000,
                observations: 10_000,
                light_curves: 5_000,
            },
            Mode::Quick => Self {
                cone_iterations: 1000,
                cone_users: 10,
                cone_limit_seconds: 8.0,
                checked_cones: 100,
                strategy_centres: 25,
                strategy_limit_seconds: 1.5,
                bulk_batches: 4,
                bulk_rows: 5_000,
                complex_iterations: 20,
                complex_limit_seconds: 2.0,
                concurrent_users: 20,
                concurrent_seconds: 8.0,
                ramp_up_seconds: 1.0,
                pool_size: 10,
                pool_sweep_seconds: 1.0,
                external_rows: 500,
                observations: 2_000,
                light_curves: 1_000,
            },
        }
    }
}
