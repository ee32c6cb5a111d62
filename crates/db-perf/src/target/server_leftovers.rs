//! What killed runs left on this machine: folders of throwaway servers, perhaps with the server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::sleep;

use super::embedded_error::EmbeddedError;
use super::server_folder::{all_folders, remove_folder};

const POLL: Duration = Duration::from_millis(20);
/// How long a server may take to end, for each of the signals sent.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// A folder of a throwaway server whose run has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLeftover {
    /// The folder.
    pub folder: PathBuf,
    /// The process of the run that made it.
    pub run_pid: u32,
    /// When it was made, as RFC 3339.
    pub created: String,
    /// The server, if it still runs.
    pub server_pid: Option<i32>,
}

/// Lists the folders (below `TMPDIR` and `/tmp`) that runs of this user made and left.
pub fn server_leftovers() -> Vec<ServerLeftover> {
    all_folders()
        .into_iter()
        .filter(|(_, marker)| !marker.process.is_alive())
        .map(|(folder, marker)| ServerLeftover {
            server_pid: server_of(&folder).map(Pid::as_raw),
            folder,
            run_pid: marker.process.pid,
            created: marker.created,
        })
        .collect()
}

/// Stops the server of such a folder, if it still runs, and removes the folder.
pub async fn remove_server_leftover(leftover: &ServerLeftover) -> Result<(), EmbeddedError> {
    for signal in [Signal::SIGQUIT, Signal::SIGKILL] {
        let Some(server) = server_of(&leftover.folder) else {
            break;
        };
        let _ = kill(server, signal);
        let ended = async {
            while server_of(&leftover.folder).is_some() {
                sleep(POLL).await;
            }
        };
        let _ = tokio::time::timeout(STOP_LIMIT, ended).await;
    }
    if server_of(&leftover.folder).is_some() {
        return Err(EmbeddedError::TimedOut {
            what: "stopping the server of a crashed run",
            limit: STOP_LIMIT,
        });
    }
    remove_folder(&leftover.folder)
}

/// The running server of a folder: the process named in `postmaster.pid`, if its command line names
/// this folder's data.
fn server_of(folder: &Path) -> Option<Pid> {
    let data = folder.join("data");
    let text = std::fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid: i32 = text
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()
        .filter(|pid| *pid > 1)?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let data = data.display().to_string();
    command
        .split(|byte| *byte == 0)
        .any(|argument| argument == data.as_bytes())
        .then(|| Pid::from_raw(pid))
}
