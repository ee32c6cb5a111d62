//! Iterations that may still begin, where a load is limited by their number.

use std::sync::atomic::{AtomicU64, Ordering};

use common::units::{count_usize, size_u64};

use super::{Part, Program};

/// Iterations that may still begin, by part of the load: what one part has not done is nobody else's, so that
/// parts can move between workers.
#[derive(Debug)]
pub(super) struct Permits(Option<Vec<Permit>>);

#[derive(Debug)]
struct Permit {
    quota: u64,
    /// How many were begun, here or elsewhere.
    begun: AtomicU64,
}

impl Permits {
    /// Those of a load that is cut into `of` parts. Arrivals are numbered, which limits them without counting.
    pub(super) fn new(program: &Program, of: u64) -> Self {
        let Program::Users(users) = program else {
            return Self(None);
        };
        let Some(iterations) = users.iterations else {
            return Self(None);
        };
        // A part without users would never do its share.
        let with_users = users.most().clamp(1, of);
        let permit = |index| Permit {
            quota: if index < with_users {
                iterations / with_users + u64::from(index < iterations % with_users)
            } else {
                0
            },
            begun: AtomicU64::new(0),
        };
        Self(Some((0..of).map(permit).collect()))
    }

    /// Takes one for a user; false when there are none left.
    pub(super) fn take(&self, user: u64) -> bool {
        let Some(permits) = &self.0 else { return true };
        let permit = &permits[count_usize(user % size_u64(permits.len()))];
        permit
            .begun
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| {
                (it < permit.quota).then_some(it + 1)
            })
            .is_ok()
    }

    /// Notes how many iterations of a part others have begun.
    pub(super) fn set_begun(&self, part: Part, begun: u64) {
        let permits = self.0.as_deref().unwrap_or_default();
        if let Some(permit) = permits.get(count_usize(part.index)) {
            permit.begun.fetch_max(begun, Ordering::Relaxed);
        }
    }

    /// How many iterations of a part were begun, here or elsewhere; none where they are not limited.
    pub(super) fn begun(&self, part: Part) -> Option<u64> {
        let permit = self.0.as_deref()?.get(count_usize(part.index))?;
        Some(permit.begun.load(Ordering::Relaxed))
    }

    /// Whether the parts of a lane have none left.
    pub(super) fn are_used_up(&self, parts: &[Part]) -> bool {
        let Some(permits) = &self.0 else { return false };
        let count = size_u64(permits.len());
        // Who has no part yet may still get one.
        !parts.is_empty()
            && parts.iter().all(|part| {
                let permit = &permits[count_usize(part.index % count)];
                permit.begun.load(Ordering::Relaxed) >= permit.quota
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crowd::Users;

    fn permits(iterations: u64, users: u64, of: u64) -> Permits {
        let users = Users {
            iterations: Some(iterations),
            ..Users::constant(users, f64::INFINITY, 10.0)
        };
        Permits::new(&Program::Users(users), of)
    }

    #[test]
    fn the_parts_with_users_have_all_iterations_between_them() {
        for (iterations, users, of) in [(100, 3, 240), (7, 10, 4), (5, 1, 1), (3, 9, 9)] {
            let permits = permits(iterations, users, of);
            let mut taken = 0;
            for user in 0..users {
                while permits.take(user) {
                    taken += 1;
                }
            }
            assert_eq!(taken, iterations, "{users} users, {of} parts");
            let parts: Vec<Part> = (0..of).map(|index| Part { index, of }).collect();
            assert!(permits.are_used_up(&parts));
        }
    }

    #[test]
    fn what_others_have_begun_is_not_begun_again() {
        let permits = permits(10, 2, 2);
        let part = Part { index: 1, of: 2 };
        permits.set_begun(part, 4);
        assert!(permits.take(1));
        assert!(!permits.take(1));
        assert_eq!(permits.begun(part), Some(5));
    }
}
