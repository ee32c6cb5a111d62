use super::*;

const LEAD: Duration = Duration::from_millis(300);

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds) + LEAD
}

fn never(_: usize) -> (Duration, u64) {
    (Duration::ZERO, 0)
}

fn count(load: &Load, worker: usize) -> usize {
    load.shares(worker).len()
}

#[test]
fn the_parts_of_a_lost_worker_are_given_to_the_others_with_a_gap() {
    let mut load = Load::new();
    let told = load.rebalance(&BTreeSet::from([0, 1]), at(0), never);
    assert_eq!(told, BTreeMap::from([(0, LEAD), (1, LEAD)]));
    assert!((load.share_of(1) - 0.5).abs() < 1e-9);
    load.lose((1, 1), Duration::from_secs(4));
    assert!(!load.is_settled());
    let told = load.rebalance(&BTreeSet::from([0]), at(7), never);
    assert_eq!(told, BTreeMap::from([(0, Duration::from_secs(7) + LEAD)]));
    assert_eq!(count(&load, 0), PARTS);
    let of_the_lost = |it: &Gap| it.was == Some((1, 1));
    let gaps = load.gaps(Duration::from_secs(9));
    assert_eq!(gaps.iter().filter(|it| of_the_lost(it)).count(), PARTS / 2);
    assert!(gaps.iter().filter(|it| of_the_lost(it)).all(|it| {
        it.since == Duration::from_secs(4) && it.until == Duration::from_secs(7) + LEAD
    }));
    load.covered((1, 2), Duration::from_secs(61));
    assert_eq!(load.gaps(Duration::from_secs(9)), gaps);
    load.covered((1, 1), Duration::from_secs(6));
    let late = load.gaps(Duration::from_secs(9));
    assert!(late.iter().any(|it| it.since == Duration::from_secs(6)));
    load.covered((1, 1), Duration::from_secs(61));
    assert!(!load.gaps(Duration::from_secs(9)).iter().any(of_the_lost));
}

#[test]
fn a_part_changes_hands_only_when_the_one_that_gives_has_said_so() {
    let mut load = Load::new();
    load.rebalance(&BTreeSet::from([0]), at(0), never);
    let both = BTreeSet::from([0, 1]);
    let told = load.rebalance(&both, at(5), never);
    let handover = Duration::from_secs(5) + LEAD + HANDOVER;
    assert_eq!(told, BTreeMap::from([(0, handover)]));
    assert_eq!((count(&load, 0), count(&load, 1)), (PARTS / 2, 0));
    let last = |_| Duration::ZERO;
    assert!(load.obeyed((0, 0), &both, at(5), last).is_empty());
    let told = load.obeyed((0, 1), &both, at(5), last);
    assert_eq!(told, BTreeMap::from([(1, handover)]));
    assert_eq!(count(&load, 1), PARTS / 2);
    assert!(load.is_settled());
    let after_the_start = |it: &Gap| it.since > Duration::ZERO;
    assert!(
        !load
            .gaps(Duration::from_secs(9))
            .iter()
            .any(after_the_start)
    );
}

#[test]
fn whoever_is_lost_in_a_handover_leaves_nothing_undone_and_nothing_twice() {
    for lost in [0, 1] {
        let mut load = Load::new();
        load.rebalance(&BTreeSet::from([0]), at(0), never);
        load.rebalance(&BTreeSet::from([0, 1]), at(5), never);
        let left = 1 - lost;
        load.lose((lost, 1), Duration::from_secs(5));
        let rest = BTreeSet::from([left]);
        load.rebalance(&rest, at(6), never);
        load.obeyed((0, 1), &rest, at(6), |_| Duration::ZERO);
        load.rebalance(&rest, at(6), never);
        assert_eq!(count(&load, left), PARTS, "without {lost}");
        assert_eq!(count(&load, lost), 0, "without {lost}");
    }
}

#[test]
fn a_new_owner_knows_how_much_is_done() {
    let mut load = Load::new();
    load.rebalance(&BTreeSet::from([0]), at(0), never);
    load.progress(&[(part(3), 17), (part(u64::MAX), 1)]);
    load.progress(&[(part(3), 12)]);
    load.lose((0, 1), Duration::ZERO);
    load.rebalance(&BTreeSet::from([1]), at(1), never);
    let share = load.shares(1)[3];
    assert_eq!((share.part, share.done), (part(3), 17));
}

#[test]
fn one_that_is_lost_just_after_it_gave_a_part_away_leaves_its_last_moments_unknown() {
    let mut load = Load::new();
    let both = BTreeSet::from([0, 1]);
    load.rebalance(&BTreeSet::from([0]), Duration::ZERO, never);
    load.rebalance(&both, at(5), never);
    load.obeyed((0, 1), &both, at(5), |_| Duration::ZERO);
    load.lose((0, 1), Duration::from_secs(4));
    let handed_over = |it: &&Gap| it.part.index == load.shares(1)[0].part.index;
    let gaps = load.gaps(Duration::from_secs(9));
    let gap = gaps.iter().find(handed_over).unwrap();
    assert_eq!(gap.since, Duration::from_secs(4));
    assert_eq!(gap.until, Duration::from_secs(5) + LEAD + HANDOVER);
}
