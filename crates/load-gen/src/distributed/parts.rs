//! Which worker does which part of a load.

use std::collections::BTreeSet;

/// How many parts a load has: a multiple of every number of workers up to ten, and fine enough that two of
/// fifty workers differ by 2 %.
pub(super) const PARTS: usize = 2520;

/// A new owner for every part, such that the first parts are shared as evenly as all of them: of any number
/// of first parts no worker has two more than another. As few parts as possible change hands.
///
/// Parts are dealt like cards: of each round of as many parts as there are workers, every worker gets one.
pub(super) fn deal(owners: &[Option<usize>], workers: &BTreeSet<usize>) -> Vec<Option<usize>> {
    let mut dealt = vec![None; owners.len()];
    if workers.is_empty() {
        return dealt;
    }
    let round = workers.len();
    for (before, after) in owners.chunks(round).zip(dealt.chunks_mut(round)) {
        let mut waiting = workers.clone();
        for (old, new) in before.iter().zip(after.iter_mut()) {
            *new = old.filter(|it| waiting.remove(it));
        }
        for new in after.iter_mut().filter(|it| it.is_none()) {
            *new = waiting.pop_first();
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use common::units::{count_f64, size_f64, size_u64};
    use proptest::prelude::*;

    use super::*;

    fn moved(before: &[Option<usize>], after: &[Option<usize>]) -> usize {
        before.iter().zip(after).filter(|(a, b)| a != b).count()
    }

    #[test]
    fn ten_users_on_three_workers_are_four_three_three() {
        let dealt = deal(&[None; 10], &BTreeSet::from([0, 1, 2]));
        let count = |worker| dealt.iter().filter(|it| **it == Some(worker)).count();
        assert_eq!([0, 1, 2].map(count), [4, 3, 3]);
    }

    #[test]
    fn only_the_parts_of_a_lost_worker_move_and_a_returner_takes_just_its_share() {
        for workers in 2..=50 {
            let all: BTreeSet<usize> = (0..workers).collect();
            let rest: BTreeSet<usize> = (1..workers).collect();
            let first = deal(&vec![None; PARTS], &all);
            let without = deal(&first, &rest);
            let of_the_lost = first.iter().filter(|it| **it == Some(0)).count();
            assert_eq!(moved(&first, &without), of_the_lost, "{workers} workers");
            let again = deal(&without, &all);
            let most = size_f64(PARTS) / size_f64(workers) * 1.5 + 1.0;
            assert!(
                size_f64(moved(&without, &again)) <= most,
                "{workers} workers"
            );
        }
    }

    proptest! {
        #[test]
        fn every_number_of_first_parts_is_shared_evenly_whatever_happened(
            steps in prop::collection::vec((0..12_usize, any::<bool>()), 1..20),
        ) {
            let mut workers = BTreeSet::new();
            let mut owners = vec![None; 240];
            for (worker, comes) in steps {
                if comes { workers.insert(worker); } else { workers.remove(&worker); }
                owners = deal(&owners, &workers);
                let mut counts = [0_u64; 12];
                for (number, owner) in (1..).zip(&owners) {
                    let Some(owner) = owner else {
                        prop_assert!(workers.is_empty());
                        continue;
                    };
                    counts[*owner] += 1;
                    let fair = count_f64(number) / count_f64(size_u64(workers.len()));
                    for worker in &workers {
                        prop_assert!((count_f64(counts[*worker]) - fair).abs() < 1.0);
                    }
                }
            }
        }
    }
}
