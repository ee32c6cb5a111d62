//! How much is done: the sizes of the field's tests, and small ones for a first look.

use common::report::Mode;
use serde::Serialize;

/// A number of iterations by a number of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Iterations, warm-up not counted.
    pub iterations: u64,
    /// Users that share them.
    pub users: usize,
    /// Iterations before, which are left out of the figures.
    pub warm_up: u64,
}

/// How much is done.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sizes {
    /// `health_check`.
    pub health: Size,
    /// `fits_processing`.
    pub fits: Size,
    /// `catalog_queries`.
    pub catalog: Size,
    /// `async_queries`.
    pub jobs: Size,
    /// Users of `mixed_workload`.
    pub mixed_users: usize,
    /// Length of `mixed_workload`, and of other tests with an arrival rate.
    pub seconds: f64,
    /// The seconds over which the users of `mixed_workload` start.
    pub ramp_up_seconds: f64,
    /// Targets that users draw from.
    pub targets: usize,
    /// Length of one step of the search for the limit.
    pub step_seconds: f64,
}

impl Sizes {
    /// The sizes of a mode.
    pub fn of(mode: Mode) -> Self {
        let size = |iterations, users, warm_up| Size {
            iterations,
            users,
            warm_up,
        };
        match mode {
            Mode::Quick => Self {
                health: size(500, 10, 20),
                fits: size(10, 3, 1),
                catalog: size(300, 10, 20),
                jobs: size(10, 3, 1),
                mixed_users: 10,
                seconds: 15.0,
                ramp_up_seconds: 2.0,
                targets: 1000,
                step_seconds: 2.0,
            },
            Mode::Full => Self {
                health: size(1000, 20, 50),
                fits: size(100, 10, 5),
                catalog: size(500, 25, 50),
                jobs: size(50, 10, 2),
                mixed_users: 50,
                seconds: 300.0,
                ramp_up_seconds: 10.0,
                targets: 5000,
                step_seconds: 10.0,
            },
        }
    }

    /// The same with this many users in every test.
    pub fn set_users(&mut self, users: usize) {
        for size in [
            &mut self.health,
            &mut self.fits,
            &mut self.catalog,
            &mut self.jobs,
        ] {
            size.users = users;
        }
        self.mixed_users = users;
    }
}
