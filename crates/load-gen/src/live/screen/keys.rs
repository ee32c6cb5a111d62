//! What keys mean.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::{Order, State, Wanted};
use super::state::{Tab, ViewState};

/// What follows from a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Pressed {
    /// At most another picture.
    Nothing,
    /// The run is asked for something.
    Ask(Order),
    /// The view ends, the run goes on.
    Leave,
    /// Ctrl-C.
    Interrupt,
}

/// The keys as the help shows them.
pub(super) const KEYS: [(&str, &str); 12] = [
    ("Tab ← → 1–6", "pages"),
    ("↑ ↓ PgUp PgDn", "scroll"),
    ("o", "another order of the requests"),
    ("p", "pause, resume"),
    ("+ -", "one user, or one iteration per second, more or less"),
    ("> <", "10 % more or less, also Shift with ↑ ↓"),
    ("Enter", "start, where the run waits for that"),
    ("s", "stop: what is under way may finish"),
    ("q", "leave this view; the run goes on"),
    ("Ctrl-C", "stop at once as s does, again: leave"),
    ("?", "this help"),
    ("Esc", "close it"),
];

/// By how much a key changes the load.
#[derive(Clone, Copy)]
enum Step {
    One(f64),
    Tenth(f64),
}

impl ViewState {
    /// Does what a key means in the view, and tells what it means for the run.
    pub fn press(&mut self, key: KeyEvent) -> Pressed {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Pressed::Interrupt,
                _ => Pressed::Nothing,
            };
        }
        if self.asks_to_stop {
            self.asks_to_stop = false;
            return match key.code {
                KeyCode::Char('s' | 'y') | KeyCode::Enter => Pressed::Ask(Order::Stop),
                _ => Pressed::Nothing,
            };
        }
        if self.helps && !matches!(key.code, KeyCode::Char('q')) {
            self.helps = false;
            return Pressed::Nothing;
        }
        let shifted = key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Char('q') => Pressed::Leave,
            KeyCode::Char('p') => self.pause(),
            KeyCode::Char('+' | '=') => self.change(Step::One(1.0)),
            KeyCode::Char('-') => self.change(Step::One(-1.0)),
            KeyCode::Char('>') => self.change(Step::Tenth(1.0)),
            KeyCode::Char('<') => self.change(Step::Tenth(-1.0)),
            KeyCode::Up if shifted => self.change(Step::Tenth(1.0)),
            KeyCode::Down if shifted => self.change(Step::Tenth(-1.0)),
            KeyCode::Enter if self.now.state == State::Waiting => Pressed::Ask(Order::Start {
                users: None,
                spawn_rate: None,
            }),
            code => {
                self.look(code);
                Pressed::Nothing
            }
        }
    }

    /// Keys that change only what is seen.
    fn look(&mut self, code: KeyCode) {
        let place = self.tab.place();
        let pages = Tab::ALL.len();
        match code {
            KeyCode::Tab | KeyCode::Right => self.turn_to(place + 1),
            KeyCode::BackTab | KeyCode::Left => self.turn_to(place + pages - 1),
            KeyCode::Char(digit @ '1'..='6') => {
                self.turn_to("123456".find(digit).unwrap_or(0));
            }
            KeyCode::Up => self.scroll = self.scroll.saturating_sub(1),
            KeyCode::PageUp => self.scroll = self.scroll.saturating_sub(10),
            KeyCode::Home => self.scroll = 0,
            KeyCode::Down => self.scroll += 1,
            KeyCode::PageDown => self.scroll += 10,
            KeyCode::End => self.scroll = usize::MAX,
            KeyCode::Char('o') => self.order = self.order.next(),
            KeyCode::Char('?' | 'h') => self.helps = true,
            KeyCode::Char('s') => {
                self.asks_to_stop = !matches!(self.now.state, State::Stopping | State::Finished);
            }
            _ => {}
        }
        self.scroll = self.scroll.min(self.scroll_end());
    }

    fn turn_to(&mut self, place: usize) {
        self.tab = Tab::ALL[place % Tab::ALL.len()];
        self.scroll = 0;
    }

    fn pause(&self) -> Pressed {
        match self.now.state {
            State::Paused => Pressed::Ask(Order::Resume),
            State::WarmingUp | State::Running => Pressed::Ask(Order::Pause),
            State::Waiting | State::Stopping | State::Finished => Pressed::Nothing,
        }
    }

    fn change(&mut self, step: Step) -> Pressed {
        if !matches!(
            self.now.state,
            State::WarmingUp | State::Running | State::Paused
        ) {
            return Pressed::Nothing;
        }
        let base = self.asked.map_or(self.now.wanted, |(wanted, _)| wanted);
        let wanted = stepped(base, step);
        self.asked = Some((wanted, self.now.elapsed_s));
        Pressed::Ask(match wanted {
            Wanted::Users(users) => Order::Users {
                users,
                spawn_rate: f64::INFINITY,
            },
            Wanted::Rate(rate) => Order::Rate(rate),
        })
    }
}

/// A load one step further, never below nothing; a tenth of users is at least one user.
fn stepped(wanted: Wanted, step: Step) -> Wanted {
    match (wanted, step) {
        (Wanted::Users(users), Step::One(sign)) => Wanted::Users(moved(users, 1, sign)),
        (Wanted::Users(users), Step::Tenth(sign)) => {
            Wanted::Users(moved(users, users.div_ceil(10).max(1), sign))
        }
        (Wanted::Rate(rate), Step::One(sign)) => Wanted::Rate((rate + sign).max(0.0)),
        (Wanted::Rate(rate), Step::Tenth(sign)) => {
            Wanted::Rate((rate * (1.0 + 0.1 * sign)).max(0.0))
        }
    }
}

fn moved(users: u64, by: u64, sign: f64) -> u64 {
    if sign < 0.0 {
        users.saturating_sub(by)
    } else {
        users.saturating_add(by)
    }
}
