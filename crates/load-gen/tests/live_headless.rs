//! The lines of a run without a live view.

use load_gen::live::headless::Log;
use load_gen::live::{Order, State, Wanted};

use crate::live_support::rehearsal::Rehearsal;

mod live_support;

/// All lines of a rehearsal from its start to its end.
fn lines(mut run: Rehearsal, seconds: u64) -> Vec<String> {
    let mut log = Log::default();
    let mut lines = log.lines(&run.now());
    run.follow(&Order::Start {
        users: None,
        spawn_rate: Some(10.0),
    });
    lines.extend(log.lines(&run.now()));
    for _ in 0..seconds {
        run.tick();
        lines.extend(log.lines(&run.now()));
    }
    lines
}

#[test]
fn a_closed_run_reads_as_a_log() {
    let run = Rehearsal::waiting(Wanted::Users(50), Some(14.0));
    insta::assert_snapshot!(lines(run, 20).join("\n"));
}

#[test]
fn an_open_run_tells_what_was_wanted_and_what_was_started() {
    let mut run = Rehearsal::waiting(Wanted::Rate(200.0), Some(12.0));
    run.workers = 3;
    run.limited_from = Some(4);
    insta::assert_snapshot!(lines(run, 12).join("\n"));
}

#[test]
fn a_long_run_writes_few_lines() {
    let run = Rehearsal::waiting(Wanted::Users(50), None);
    let shown = lines(run, 3600).len();
    assert!((190..350).contains(&shown), "{shown}");
}

#[test]
fn a_change_of_state_is_told_at_once() {
    let mut run = Rehearsal::after(Wanted::Users(50), None, 500);
    let mut log = Log::default();
    log.lines(&run.now());
    run.tick();
    assert_eq!(log.lines(&run.now()), Vec::<String>::new());
    run.follow(&Order::Pause);
    run.tick();
    let lines = log.lines(&run.now());
    assert_eq!(run.now().state, State::Paused);
    assert!(lines.iter().any(|line| line == "08:22 paused"), "{lines:?}");
}

#[test]
fn no_answer_of_a_service_brings_control_characters_into_the_log() {
    let mut run = Rehearsal::after(Wanted::Users(50), None, 60).now();
    run.failures[0].example = "\x1b[31mred\r\n".to_owned();
    run.state = State::Finished;
    let lines = Log::default().lines(&run);
    assert!(
        lines.iter().any(|line| line.contains("[31mred")),
        "{lines:?}"
    );
    assert!(
        lines
            .iter()
            .flat_map(|line| line.chars())
            .all(|it| !it.is_control())
    );
}

#[test]
fn a_warning_that_comes_and_goes_is_not_told_each_time() {
    let mut run = Rehearsal::after(Wanted::Users(50), None, 5).now();
    run.limits.clear();
    let mut log = Log::default();
    let mut told = Vec::new();
    for second in 0..200_u32 {
        run.elapsed_s = f64::from(second);
        run.notes = (second % 10 < 5)
            .then(|| "it flickers".to_owned())
            .into_iter()
            .collect();
        told.extend(
            log.lines(&run)
                .into_iter()
                .filter(|it| it.contains("it flickers")),
        );
    }
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told[1], "01:05 over: it flickers");
}
