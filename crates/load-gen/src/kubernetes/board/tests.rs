use super::*;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn pod(index: u32, phase: Phase) -> View {
    View {
        name: format!("night-{index}"),
        index: Some(index),
        phase,
        hitch: None,
    }
}

fn stuck(index: u32, what: &str, outlook: Outlook) -> View {
    View {
        hitch: Some(Hitch {
            what: what.to_owned(),
            hint: "do something",
            outlook,
        }),
        ..pod(index, Phase::Waiting)
    }
}

fn master(fate: Fate) -> Master {
    Master {
        pod: "night-0".to_owned(),
        fate,
    }
}

fn board(pods: usize) -> Board {
    Board::new(pods, at(300))
}

#[test]
fn a_hitch_is_told_once_however_many_pods_have_it() {
    let mut board = board(3);
    let all = (0..3)
        .map(|it| stuck(it, "finds no node", Outlook::MayPass))
        .collect();
    let told = board.see(Seen::All(all), at(0));
    assert_eq!(
        told,
        [(
            "the master (night-0) finds no node".to_owned(),
            "do something".to_owned()
        )]
    );
    let again = board.see(
        Seen::One(stuck(1, "finds no node", Outlook::MayPass)),
        at(1),
    );
    assert_eq!(again, []);
    let other = board.see(Seen::One(stuck(1, "was evicted", Outlook::MayPass)), at(2));
    assert_eq!(other.len(), 1);
}

#[test]
fn what_may_pass_is_waited_for_until_the_start_timeout() {
    let mut board = board(2);
    board.see(Seen::One(pod(0, Phase::Running)), at(0));
    board.see(
        Seen::One(stuck(1, "finds no node", Outlook::MayPass)),
        at(0),
    );
    assert_eq!(board.hopeless(at(299)), None);
    let Hopeless { what, hint } = board.hopeless(at(300)).unwrap();
    assert_eq!(
        what,
        "1 of 2 pods have started within 300 s; worker 1 (night-1) finds no node"
    );
    assert_eq!(hint, "do something; or raise `--start-timeout`");
}

#[test]
fn a_run_that_once_ran_whole_is_not_late_when_a_worker_comes_again() {
    let mut board = board(2);
    board.see(
        Seen::All(vec![pod(0, Phase::Running), pod(1, Phase::Running)]),
        at(1),
    );
    let again = View {
        name: "night-1-again".to_owned(),
        ..pod(1, Phase::Waiting)
    };
    board.see(Seen::All(vec![pod(0, Phase::Running), again]), at(500));
    assert_eq!(board.hopeless(at(600)), None);
    assert!(!board.lacks_pods());
}

#[test]
fn what_is_final_ends_the_run_at_once_and_what_is_stubborn_after_a_while() {
    let mut board = board(2);
    board.see(
        Seen::One(stuck(1, "cannot be pulled", Outlook::Stubborn)),
        at(10),
    );
    assert_eq!(board.hopeless(at(39)), None);
    // The kubelet alternates between pulling and waiting, which does not begin the time anew.
    board.see(Seen::One(stuck(1, "is pulled", Outlook::MayPass)), at(30));
    board.see(
        Seen::One(stuck(1, "cannot be pulled", Outlook::Stubborn)),
        at(35),
    );
    assert_eq!(
        board.hopeless(at(40)).unwrap().what,
        "worker 1 (night-1) cannot be pulled"
    );

    board.see(Seen::One(pod(1, Phase::Running)), at(41));
    assert_eq!(board.hopeless(at(90)), None);
    board.see(
        Seen::One(stuck(1, "has no program", Outlook::Final)),
        at(91),
    );
    assert_eq!(
        board.hopeless(at(91)).unwrap().what,
        "worker 1 (night-1) has no program"
    );
}

#[test]
fn the_first_master_decides() {
    let mut board = board(2);
    assert_eq!(board.master(), None);
    board.see(Seen::One(pod(0, Phase::Running)), at(0));
    assert_eq!(board.master(), Some(&master(Fate::Runs)));
    board.see(Seen::One(pod(0, Phase::Ended(1))), at(1));
    let again = View {
        name: "night-0-again".to_owned(),
        ..pod(0, Phase::Running)
    };
    board.see(Seen::One(again), at(2));
    board.see(Seen::Gone(pod(0, Phase::Ended(1))), at(3));
    assert_eq!(board.master(), Some(&master(Fate::Ended(1))));
}

#[test]
fn a_master_that_the_cluster_took_away_is_lost() {
    let killed = View {
        phase: Phase::Ended(137),
        ..stuck(0, "was killed", Outlook::MayPass)
    };
    for (end, what) in [
        (Seen::One(killed), "the master (night-0) was killed"),
        (
            Seen::One(pod(0, Phase::Lost)),
            "the master (night-0) was removed by the cluster",
        ),
        (
            Seen::Gone(pod(0, Phase::Running)),
            "the master (night-0) was removed by the cluster",
        ),
        (
            Seen::All(Vec::new()),
            "the master (night-0) was removed by the cluster",
        ),
    ] {
        let mut board = board(2);
        board.see(Seen::One(pod(0, Phase::Running)), at(0));
        board.see(end, at(1));
        assert_eq!(board.master(), Some(&master(Fate::Lost(what.to_owned()))));
    }
}

#[test]
fn progress_is_told_when_it_is_news() {
    let mut board = board(3);
    assert_eq!(board.progress(at(0)).unwrap(), "0 of 3 pods have started");
    assert_eq!(board.progress(at(60)), None);
    board.see(Seen::One(pod(0, Phase::Running)), at(61));
    assert_eq!(board.progress(at(61)).unwrap(), "1 of 3 pods have started");
    board.see(Seen::One(pod(1, Phase::Running)), at(62));
    assert_eq!(board.progress(at(62)), None);
    board.see(Seen::One(pod(2, Phase::Running)), at(63));
    assert_eq!(board.progress(at(63)).unwrap(), "3 of 3 pods have started");
    assert_eq!(board.progress(at(99)), None);
}
