//! One line on standard error that says what is done and how long the rest takes.

use std::io::IsTerminal as _;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// A part of a run with the time it is expected to take.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What is done.
    pub name: String,
    /// How long that takes, as a guess before the run.
    pub expected: Duration,
}

/// The progress of a run. Off a terminal it prints one plain line per stage.
#[derive(Debug)]
pub struct Progress {
    stages: Vec<Stage>,
    bar: ProgressBar,
    on_terminal: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    index: usize,
    begin: Instant,
}

impl Progress {
    /// Shows the progress of these stages.
    pub fn new(stages: Vec<Stage>) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let target = if on_terminal {
            ProgressDrawTarget::stderr_with_hz(4)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").expect("the template is valid"),
        );
        Self {
            stages,
            bar,
            on_terminal,
            state: Mutex::new(State {
                index: 0,
                begin: Instant::now(),
            }),
        }
    }

    /// Starts the stage of this name; unknown names only change the text.
    pub fn start(&self, name: &str) {
        let index = self.stages.iter().position(|stage| stage.name == name);
        {
            let mut state = self.lock();
            state.begin = Instant::now();
            if let Some(index) = index {
                state.index = index;
            }
        }
        if self.on_terminal {
            self.bar.enable_steady_tick(Duration::from_millis(250));
            self.update(0.0, "");
        } else if let Some(index) = index {
            super::narrate(&format!("[{}/{}] {name}", index + 1, self.stages.len()));
        }
    }

    /// Shows that a share (0–1) of the current stage is done, with a detail such as `412/1000`.
    pub fn update(&self, done: f64, detail: &str) {
        if !self.on_terminal {
            return;
        }
        let (index, elapsed) = {
            let state = self.lock();
            (state.index, state.begin.elapsed())
        };
        let Some(stage) = self.stages.get(index) else {
            return;
        };
        let left = time_left(&self.stages, index, elapsed, done);
        self.bar.set_message(format!(
            "[{}/{}] {} {detail}  about {} left",
            index + 1,
            self.stages.len(),
            stage.name,
            clock(left),
        ));
    }

    /// Writes a line above the progress line.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| super::narrate(line));
    }

    /// Removes the progress line.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The guess for the rest: from the pace of the current stage once that is known, plus what the
/// later stages are expected to take.
fn time_left(stages: &[Stage], index: usize, elapsed: Duration, done: f64) -> Duration {
    let later: Duration = stages
        .iter()
        .skip(index + 1)
        .map(|stage| stage.expected)
        .sum();
    let current = if done > 0.02 {
        crate::units::seconds(elapsed.as_secs_f64() * (1.0 - done.min(1.0)) / done)
    } else {
        stages[index].expected.saturating_sub(elapsed)
    };
    current + later
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_follows_the_pace() {
        let stage = |name: &str, seconds| Stage {
            name: name.to_owned(),
            expected: Duration::from_secs(seconds),
        };
        let stages = [stage("load", 10), stage("cones", 20)];
        let left =
            |elapsed, done| time_left(&stages, 0, Duration::from_secs(elapsed), done).as_secs();
        assert_eq!(left(0, 0.0), 30);
        assert_eq!(left(5, 0.25), 35);
        assert_eq!(left(60, 1.0), 20);
    }
}
