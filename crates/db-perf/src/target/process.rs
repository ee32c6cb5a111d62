//! Processes of this machine: is the one that made something still the one that runs?

use nix::sys::signal::kill;
use nix::unistd::Pid;

/// A process identified beyond doubt: numbers are used again, start times are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProcessIdentity {
    /// The process number.
    pub pid: u32,
    /// When it started, in the kernel's clock ticks since boot; `None` where `/proc` is missing.
    pub start_ticks: Option<u64>,
}

impl ProcessIdentity {
    /// This process.
    pub fn own() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            start_ticks: start_ticks(pid),
        }
    }

    /// Whether this very process still runs on this machine.
    pub fn is_alive(self) -> bool {
        match (self.start_ticks, start_ticks(self.pid)) {
            (Some(then), Some(now)) => then == now && !is_zombie(self.pid),
            (Some(_), None) => false,
            (None, _) => i32::try_from(self.pid)
                .is_ok_and(|pid| kill(Pid::from_raw(pid), None) != Err(nix::errno::Errno::ESRCH)),
        }
    }
}

/// Field 22 of `/proc/PID/stat`, behind the command's name (which may hold blanks and brackets).
fn start_ticks(pid: u32) -> Option<u64> {
    fields_of(pid)?.split_whitespace().nth(19)?.parse().ok()
}

fn is_zombie(pid: u32) -> bool {
    fields_of(pid).is_some_and(|fields| fields.trim_start().starts_with(['Z', 'X']))
}

fn fields_of(pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.to_owned())
}

/// The name of this machine.
pub(super) fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_an_earlier_one_with_its_number_is_not() {
        let own = ProcessIdentity::own();
        assert!(own.is_alive());
        let earlier = ProcessIdentity {
            start_ticks: Some(1),
            ..own
        };
        assert!(!earlier.is_alive());
        let gone = ProcessIdentity {
            pid: 4_000_000,
            start_ticks: Some(1),
        };
        assert!(!gone.is_alive());
    }
}
