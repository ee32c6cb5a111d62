//! The temporary folder of a throwaway server.
//!
//! The folder and the files in it belong to the user who runs this; `data` and `socket` belong to the
//! user who runs the server. Run as root these are two users, and root never writes into a folder
//! that the other controls.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, User};
use serde::{Deserialize, Serialize};

use super::embedded_error::EmbeddedError;
use super::process::ProcessIdentity;

/// How the folder's name begins.
pub(super) const PREFIX: &str = "astro-perf-pg-";
const MARKER: &str = "astro-perf.json";
const RULES: &str = "pg_hba.conf";
const LOG: &str = "server.log";
/// How much of a log is quoted in an error.
const LOG_LINES: usize = 5;
/// The longest path of a Unix socket that the kernel takes (108 bytes with the closing zero).
const SOCKET_PATH_LIMIT: usize = 107;
/// Where a folder has a short path.
const SHORT_PARENT: &str = "/tmp";

/// The marker in the folder: whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Marker {
    /// The marker's version.
    pub(super) astro_perf: u32,
    /// The process that made the folder.
    pub(super) process: ProcessIdentity,
    /// When, as RFC 3339.
    pub(super) created: String,
}

/// The user a server runs as, when it is not the one who runs this.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerUser {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl ServerUser {
    /// Nobody else for an ordinary user; for root `postgres`, else `nobody`.
    pub(super) fn choose() -> Result<Option<Self>, EmbeddedError> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(None);
        }
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| {
                Some(Self {
                    uid: user.uid,
                    gid: user.gid,
                })
            })
            .ok_or(EmbeddedError::NoServerUser)
    }
}

/// The folder; dropping it removes it.
#[derive(Debug)]
pub(super) struct ServerFolder {
    path: PathBuf,
}

impl ServerFolder {
    /// Makes the folder, its marker and its two subfolders below `TMPDIR`, or below `/tmp` when the
    /// server's user cannot reach `TMPDIR` or a socket's path in it would be too long.
    pub(super) fn create(user: Option<ServerUser>) -> Result<Self, EmbeddedError> {
        let wanted = std::env::temp_dir();
        let parent = if fits(&wanted, user) {
            wanted
        } else {
            PathBuf::from(SHORT_PARENT)
        };
        Self::create_in(&parent, user).map_err(|source| EmbeddedError::Folder { parent, source })
    }

    fn create_in(parent: &Path, user: Option<ServerUser>) -> std::io::Result<Self> {
        // With a server of another user the folder must be passable; what is in it is not readable.
        let mode = if user.is_some() { 0o711 } else { 0o700 };
        let path = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(mode))
            .tempdir_in(parent)?
            .keep();
        let folder = Self { path };
        std::fs::set_permissions(&folder.path, Permissions::from_mode(mode))?;
        folder.write_marker()?;
        for path in [folder.data(), folder.socket()] {
            std::fs::create_dir(&path)?;
            std::fs::set_permissions(&path, Permissions::from_mode(0o700))?;
            if let Some(user) = user {
                nix::unistd::chown(&path, Some(user.uid), Some(user.gid))?;
            }
        }
        Ok(folder)
    }

    fn write_marker(&self) -> std::io::Result<()> {
        let marker = Marker {
            astro_perf: 1,
            process: ProcessIdentity::own(),
            created: jiff::Timestamp::now().to_string(),
        };
        self.new_file(MARKER, 0o600)?
            .write_all(&serde_json::to_vec(&marker)?)
    }

    /// Makes a file in the folder.
    fn new_file(&self, name: &str, mode: u32) -> std::io::Result<File> {
        let path = self.path.join(name);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(mode)
            .open(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(file)
    }

    /// Writes the rules on who may connect: our user, over the socket (which only the server's user
    /// and root can reach) or with a password.
    pub(super) fn write_rules(&self, role: &str, user: Option<ServerUser>) -> std::io::Result<()> {
        let rules = format!("local all {role} trust\nhost all {role} 127.0.0.1/32 scram-sha-256\n");
        let mode = if user.is_some() { 0o644 } else { 0o600 };
        self.new_file(RULES, mode)?.write_all(rules.as_bytes())
    }

    /// The file of the rules.
    pub(super) fn rules(&self) -> PathBuf {
        self.path.join(RULES)
    }

    /// The server's log, for appending.
    pub(super) fn open_log(&self) -> std::io::Result<File> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.path.join(LOG))
    }

    /// The last lines of the server's log.
    pub(super) fn log_tail(&self) -> String {
        last_lines(&std::fs::read_to_string(self.path.join(LOG)).unwrap_or_default())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.path.join("socket")
    }

    /// Removes the folder now, and says so if that fails.
    pub(super) fn remove(&mut self) -> Result<(), EmbeddedError> {
        remove_folder(&self.path)
    }
}

impl Drop for ServerFolder {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            tracing::warn!("{error}");
        }
    }
}

/// Removes a server's folder; one that is gone already is fine.
pub(super) fn remove_folder(path: &Path) -> Result<(), EmbeddedError> {
    // The last processes of a killed server may still create files: try again a few times.
    let mut tries = 5;
    loop {
        let error = match std::fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.exists() => {
                return Ok(());
            }
            Err(error) => error,
        };
        tries -= 1;
        if tries == 0 {
            return Err(EmbeddedError::Remove {
                folder: path.to_owned(),
                source: error,
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Whether a server of `user` can work in a folder below `parent`.
fn fits(parent: &Path, user: Option<ServerUser>) -> bool {
    let longest = parent.join(format!("{PREFIX}XXXXXX/socket/.s.PGSQL.65535.lock"));
    let short = longest.as_os_str().len() <= SOCKET_PATH_LIMIT;
    let passable = user.is_none()
        || parent.ancestors().all(|folder| {
            std::fs::metadata(folder).is_ok_and(|data| data.permissions().mode() & 0o001 != 0)
        });
    short && passable && parent.is_absolute()
}

/// All folders of servers below `TMPDIR` and `/tmp` that the user who runs this made, with their
/// markers. A folder without a readable marker is not ours.
pub(super) fn all_folders() -> Vec<(PathBuf, Marker)> {
    let mut parents = vec![std::env::temp_dir(), PathBuf::from(SHORT_PARENT)];
    parents.sort();
    parents.dedup();
    let own = nix::unistd::geteuid().as_raw();
    let mut found: Vec<_> = parents
        .iter()
        .filter_map(|parent| std::fs::read_dir(parent).ok())
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX))
        .map(|entry| entry.path())
        .filter(|path| {
            std::fs::symlink_metadata(path).is_ok_and(|data| data.is_dir() && data.uid() == own)
        })
        .filter_map(|path| {
            let text = std::fs::read(path.join(MARKER)).ok()?;
            Some((path, serde_json::from_slice(&text).ok()?))
        })
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// The last lines of an output, in one line; where the server has panicked, that line instead, since
/// what follows are consequences.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if let Some(panic) = lines.iter().find(|line| line.contains("PANIC:")) {
        return (*panic).to_owned();
    }
    lines[lines.len().saturating_sub(LOG_LINES)..].join("; ")
}
