//! The terminal, taken over and given back on every way out.

use std::io::{self, BufWriter, Stderr, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::{ViewState, draw};

/// Whether the terminal is taken over. A process has one terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is taken over; dropping it gives it back.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
}

impl Screen {
    /// Takes the terminal of standard error over: standard output is for the result.
    pub(super) fn enter() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let enter = || {
            execute!(io::stderr(), EnterAlternateScreen)?;
            Terminal::new(CrosstermBackend::new(BufWriter::new(io::stderr())))
        };
        let terminal = enter().inspect_err(|_| give_back())?;
        Ok(Self { terminal })
    }

    /// Whether the terminal is still taken over: a panic anywhere gives it back, so that it can be read.
    #[expect(clippy::unused_self, reason = "only who has a screen may ask")]
    pub(super) fn is_ours(&self) -> bool {
        TAKEN.load(Ordering::SeqCst)
    }

    /// Draws a picture.
    pub(super) fn draw(&mut self, state: &ViewState) -> io::Result<()> {
        self.terminal.draw(|frame| draw(frame, state)).map(drop)
    }

    /// Clears what others wrote over the picture.
    pub(super) fn wipe(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs nothing back.
        let _ = disable_raw_mode();
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = io::stderr().flush();
    }
}

fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            before(panic);
        }));
    });
}
