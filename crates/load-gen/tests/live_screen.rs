//! The picture in a terminal, and what keys do.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use load_gen::live::screen::{Pressed, ViewState, draw};
use load_gen::live::{Order, State, Wanted};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::live_support::rehearsal::Rehearsal;

mod live_support;

fn view(run: &Rehearsal) -> ViewState {
    ViewState::new(Arc::new(run.now()), run.course())
}

fn picture(state: &ViewState, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, state)).unwrap();
    terminal.backend().to_string()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn press(state: &mut ViewState, text: &str) -> Vec<Pressed> {
    text.chars()
        .map(|it| state.press(key(KeyCode::Char(it))))
        .collect()
}

fn distributed() -> Rehearsal {
    let mut run = Rehearsal::after(Wanted::Rate(400.0), Some(600.0), 100);
    run.workers = 4;
    run.limited_from = Some(1);
    run.tick();
    run
}

#[test]
fn a_usual_terminal_shows_charts_and_requests() {
    let run = Rehearsal::after(Wanted::Users(100), Some(300.0), 120);
    insta::assert_snapshot!(picture(&view(&run), 80, 24));
}

#[test]
fn a_large_terminal_shows_everything_at_once() {
    insta::assert_snapshot!(picture(&view(&distributed()), 200, 60));
}

#[test]
fn a_tiny_terminal_shows_the_most_important_figures() {
    let run = Rehearsal::after(Wanted::Users(100), Some(300.0), 120);
    insta::assert_snapshot!(picture(&view(&run), 24, 5));
}

#[test]
fn every_page_fits_every_size() {
    let runs = [
        Rehearsal::waiting(Wanted::Users(3), None),
        Rehearsal::after(Wanted::Users(100), None, 1),
        distributed(),
    ];
    for run in &runs {
        let mut state = view(run);
        for page in ["1", "2", "3", "4", "5", "6", "?"] {
            press(&mut state, page);
            state.press(key(KeyCode::End));
            for width in (1..60).step_by(3).chain([80, 139, 140, 250]) {
                for height in (1..30).step_by(2).chain([40, 90]) {
                    picture(&state, width, height);
                }
            }
        }
    }
}

#[test]
fn every_page_has_its_content() {
    let mut state = view(&distributed());
    for (page, content) in [
        ("2", "magnitude_search"),
        ("3", "generator CPU %"),
        ("4", "http_status_503"),
        ("5", "missing"),
        ("6", "BROKEN"),
    ] {
        press(&mut state, page);
        let seen = picture(&state, 120, 40);
        assert!(seen.contains(content), "{content} is not in\n{seen}");
    }
}

#[test]
fn requests_can_be_scrolled_and_sorted() {
    let run = Rehearsal::after(Wanted::Users(100), None, 60);
    let mut state = view(&run);
    press(&mut state, "2");
    let first = |state: &ViewState| {
        let seen = picture(state, 60, 12);
        let names = ["cone_search", "cross_match", "health", "magnitude_search"];
        let lines: Vec<&str> = seen.lines().collect();
        let found = lines
            .iter()
            .find_map(|line| names.into_iter().find(|it| line.contains(it)));
        found.unwrap_or("none")
    };
    assert_eq!(first(&state), "cone_search");
    state.press(key(KeyCode::Down));
    assert_eq!(first(&state), "magnitude_search");
    state.press(key(KeyCode::Home));
    press(&mut state, "oo");
    assert_eq!(first(&state), "cross_match", "the slowest");
}

#[test]
fn what_a_service_says_cannot_steer_the_terminal() {
    let mut run = Rehearsal::after(Wanted::Users(100), None, 60).now();
    run.failures[0].example = "\x1b[2J\u{9b}31mred".to_owned();
    run.failures[0].request = "a\tb\x07".to_owned();
    let mut state = ViewState::new(Arc::new(run), Vec::new());
    press(&mut state, "4");
    let seen = picture(&state, 120, 30);
    assert!(seen.contains("[2J 31mred"), "{seen}");
    assert!(
        seen.chars().all(|it| it == '\n' || !it.is_control()),
        "{seen}"
    );
}

#[test]
fn pausing_and_going_on_is_one_key() {
    let mut run = Rehearsal::after(Wanted::Users(100), None, 5);
    assert_eq!(press(&mut view(&run), "p"), [Pressed::Ask(Order::Pause)]);
    run.follow(&Order::Pause);
    assert_eq!(press(&mut view(&run), "p"), [Pressed::Ask(Order::Resume)]);
    run.follow(&Order::Stop);
    assert_eq!(press(&mut view(&run), "p"), [Pressed::Nothing]);
}

#[test]
fn users_are_counted_from_what_was_asked_last() {
    let run = Rehearsal::after(Wanted::Users(100), None, 5);
    let mut state = view(&run);
    let asked: Vec<u64> = press(&mut state, "++->")
        .into_iter()
        .map(|it| match it {
            Pressed::Ask(Order::Users { users, .. }) => users,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(asked, [101, 102, 101, 112]);
    // The run did not follow: after a while its own number counts again.
    let mut later = run.clone();
    for _ in 0..5 {
        later.tick();
    }
    state.show(Arc::new(later.now()), later.course());
    let users = Order::Users {
        users: 99,
        spawn_rate: f64::INFINITY,
    };
    assert_eq!(press(&mut state, "-"), [Pressed::Ask(users)]);
}

#[test]
fn a_rate_is_changed_and_never_negative() {
    let run = Rehearsal::after(Wanted::Rate(0.5), None, 5);
    let mut state = view(&run);
    assert_eq!(
        press(&mut state, "+--"),
        [1.5, 0.5, 0.0].map(|it| Pressed::Ask(Order::Rate(it)))
    );
    let mut state = view(&Rehearsal::after(Wanted::Users(1), None, 5));
    let none = Order::Users {
        users: 0,
        spawn_rate: f64::INFINITY,
    };
    assert_eq!(press(&mut state, "--")[1], Pressed::Ask(none));
}

#[test]
fn stopping_asks_once() {
    let run = Rehearsal::after(Wanted::Users(10), None, 5);
    let mut state = view(&run);
    assert_eq!(
        press(&mut state, "sx"),
        [Pressed::Nothing, Pressed::Nothing]
    );
    assert_eq!(press(&mut state, "s"), [Pressed::Nothing]);
    assert!(picture(&state, 80, 24).contains("stop the run?"));
    assert_eq!(press(&mut state, "s"), [Pressed::Ask(Order::Stop)]);
    assert!(!picture(&state, 80, 24).contains("stop the run?"));
}

#[test]
fn a_waiting_run_is_started_and_nothing_else() {
    let run = Rehearsal::waiting(Wanted::Users(10), None);
    let mut state = view(&run);
    assert_eq!(run.now().state, State::Waiting);
    assert_eq!(
        press(&mut state, "p+")[..],
        [Pressed::Nothing, Pressed::Nothing]
    );
    let start = Order::Start {
        users: None,
        spawn_rate: None,
    };
    assert_eq!(state.press(key(KeyCode::Enter)), Pressed::Ask(start));
}

#[test]
fn control_c_is_a_key_and_others_with_control_are_none() {
    let mut state = view(&Rehearsal::after(Wanted::Users(10), None, 5));
    let control = |it| KeyEvent::new(KeyCode::Char(it), KeyModifiers::CONTROL);
    assert_eq!(state.press(control('c')), Pressed::Interrupt);
    assert_eq!(state.press(control('s')), Pressed::Nothing);
    assert_eq!(state.press(control('q')), Pressed::Nothing);
    press(&mut state, "?");
    assert_eq!(press(&mut state, "q"), [Pressed::Leave]);
}
