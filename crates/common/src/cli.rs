//! What every command line tool needs: exits, messages, progress, output.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

mod duration;
mod follow;
mod mistake;
mod progress;
mod signals;

pub use duration::parse_duration;
pub use follow::run_shown;
pub use mistake::{Mistake, check_seconds, check_time};
pub use progress::{Progress, Stage};
pub use signals::stop_on_signals;

/// How a tool ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ran and everything passed.
    Success,
    /// It ran; a threshold, gate or finding failed.
    Failed,
    /// Bad usage, bad plan, unreadable or invalid file.
    Usage,
    /// It ran, but a threshold or gate has no data.
    Inconclusive,
    /// The target or the environment failed.
    Target,
    /// It was interrupted before there was a result.
    Interrupted,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Target => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Writes a result to standard output. A reader that has gone away is not an error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Writes a line of narration to standard error.
pub fn narrate(line: &str) {
    // Nobody can be told that standard error is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Writes an error and, apart, what to do next.
pub fn complain(error: &str, hint: Option<&str>) {
    narrate(&format!("error: {error}"));
    if let Some(hint) = hint {
        narrate(&format!("hint: {hint}"));
    }
}

/// Whether standard output is a terminal that wants colour.
pub fn wants_colour() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}

/// Sends warnings, or more with `RUST_LOG`, to standard error.
pub fn init_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second call, as in tests, keeps the first logger.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_target(false)
        .without_time()
        .try_init();
}

/// Parses a command line; help and version go to standard output and succeed, mistakes are
/// explained on standard error and end with [`Exit::Usage`].
pub fn parse<A: Parser>(args: impl IntoIterator<Item = OsString>) -> Result<A, Exit> {
    A::try_parse_from(args).map_err(|error| {
        let shown = error.print();
        match (error.use_stderr(), shown) {
            (false, Ok(())) => Exit::Success,
            (false, Err(cause)) if cause.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
            _ => Exit::Usage,
        }
    })
}

/// The whole of a tool that is not built yet: help, version, and a refusal.
pub fn not_built_yet<A: Parser>(name: &str) -> ExitCode {
    if let Err(exit) = parse::<A>(std::env::args_os()) {
        return exit.into();
    }
    complain(
        &format!("`{name}` is not built yet"),
        Some("`db-perf --quick` works today"),
    );
    Exit::Usage.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_have_the_documented_numbers() {
        let exits = [
            Exit::Success,
            Exit::Failed,
            Exit::Usage,
            Exit::Inconclusive,
            Exit::Target,
            Exit::Interrupted,
        ];
        assert_eq!(exits.map(Exit::code), [0, 1, 2, 3, 4, 130]);
    }
}
