//! The view in a real terminal: it is given back on every way out.
//!
//! `script` of util-linux gives a terminal to a program; that program is this very test, started with the name
//! of one of the ignored "tests" below.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::process::Stdio;
use std::time::Duration;

use common::cli;
use load_gen::live::{State, Wanted, screen};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::live_support::rehearsal::Rehearsal;

mod live_support;

const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?1049l";
const LIMIT: Duration = Duration::from_mins(1);

/// A second of a rehearsal here.
const SECOND: Duration = Duration::from_millis(100);

/// Shows a rehearsal until it is over or left, then tells how it stands.
async fn show_rehearsal() {
    let view = Rehearsal::after(Wanted::Users(40), None, 30).play(SECOND);
    let stop = CancellationToken::new();
    screen::show(view.clone(), stop.clone()).await.unwrap();
    let state = view.now().state;
    cli::narrate(&format!("left {state:?} cancelled={}", stop.is_cancelled()));
}

#[tokio::test]
#[ignore = "a program for the tests below"]
async fn shows() {
    show_rehearsal().await;
}

#[tokio::test]
#[ignore = "a program for the tests below"]
async fn panics_elsewhere() {
    let elsewhere = std::thread::spawn(|| {
        std::thread::sleep(Duration::from_secs(1));
        panic!("a lane went wrong");
    });
    show_rehearsal().await;
    assert!(elsewhere.join().is_err());
}

/// A program in a terminal of 100 × 30.
struct Play {
    child: Child,
    seen: String,
}

impl Play {
    fn start(program: &str) -> Self {
        let own = std::env::current_exe().unwrap();
        let line = format!(
            "stty cols 100 rows 30; {} --ignored --exact {program} --nocapture; stty -a; echo OVER",
            own.display()
        );
        let child = Command::new("script")
            .args(["-q", "-e", "-c", &line, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            child,
            seen: String::new(),
        }
    }

    async fn until(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        while !self.seen.contains(text) {
            let out = self.child.stdout.as_mut().unwrap();
            let read = timeout(LIMIT, out.read(&mut buffer)).await;
            let count = read.expect("it takes too long").unwrap();
            assert!(count > 0, "it ended without {text:?}: {}", self.seen);
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }

    async fn press(&mut self, keys: &[u8]) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys).await.unwrap();
        stdin.flush().await.unwrap();
    }

    /// Waits for the end; the terminal must be as it was.
    async fn end(mut self) -> String {
        self.until("OVER\r\n").await;
        let (_, after) = self.seen.split_once(LEFT).expect("the screen is left");
        assert!(!after.contains(ENTERED), "{after:?}");
        let settings: Vec<&str> = after.split_whitespace().collect();
        for setting in ["icanon", "echo", "isig", "icrnl"] {
            assert!(settings.contains(&setting), "{setting} in {after}");
        }
        assert!(
            after.contains("\x1b[?25h"),
            "the cursor is shown: {after:?}"
        );
        after.to_owned()
    }
}

#[tokio::test]
async fn leaving_lets_the_run_go_on() {
    let mut play = Play::start("shows");
    play.until("observatory").await;
    assert!(play.seen.contains(ENTERED));
    play.press(b"q").await;
    let after = play.end().await;
    assert!(
        after.contains(&format!("left {:?} cancelled=false", State::Running)),
        "{after}"
    );
}

#[tokio::test]
async fn control_c_stops_the_run_and_then_the_view_ends() {
    let mut play = Play::start("shows");
    play.until("observatory").await;
    play.press(b"\x03").await;
    let after = play.end().await;
    assert!(
        after.contains(&format!("left {:?} cancelled=true", State::Finished)),
        "{after}"
    );
}

#[tokio::test]
async fn a_panic_anywhere_can_be_read() {
    let play = Play::start("panics_elsewhere");
    let after = play.end().await;
    assert!(after.contains("a lane went wrong"), "{after}");
    assert!(after.contains("left Running"), "{after}");
}
