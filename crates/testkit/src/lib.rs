//! What the tests of the built programs share: a folder of its own for each run, and what must hold after
//! every run. A failed step is a failed test, so that nothing here returns errors.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

pub mod report;

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use common::report::Report;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Nothing in these tests takes longer, on a busy machine either.
pub const LIMIT: Duration = Duration::from_secs(100);

/// How often something that is waited for is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A folder for one test: the runs' working folder, and their folder for throwaway servers.
pub struct Room {
    program: &'static str,
    result: &'static str,
    folder: tempfile::TempDir,
}

impl Room {
    /// A room for runs of a program that writes its result under a name.
    pub fn new(program: &'static str, result: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Run as root, the server is another user's, who must be able to pass.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open.clone()).unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        std::fs::set_permissions(folder.path().join("tmp"), open).unwrap();
        Self {
            program,
            result,
            folder,
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives back its path as text.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        common::files::write_whole(&path, content).unwrap();
        path.display().to_string()
    }

    /// The program with an environment that has nothing of ours in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Runs the program to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        Running::start(self.command(arguments)).end().await
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// The result document under its usual name, checked as every one must be.
    pub fn report(&self) -> Report {
        report::read(&self.path(self.result))
    }

    /// Whether a result document was written.
    pub fn has_report(&self) -> bool {
        self.path(self.result).exists()
    }

    /// The folders of throwaway servers that are there.
    pub fn server_folders(&self) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = std::fs::read_dir(self.path("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        folders.sort();
        folders
    }

    /// Processes that were started on a folder of this room, by their command lines.
    pub fn server_processes(&self) -> Vec<String> {
        let wanted = self.path("tmp").display().to_string();
        std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
            .filter(|line| line.contains(&wanted) && line.contains("postgres"))
            .collect()
    }

    /// Neither a folder nor a process of a throwaway server is there, nor half a result.
    pub fn assert_nothing_left(&self) {
        assert_eq!(self.server_folders(), Vec::<PathBuf>::new());
        assert_eq!(self.server_processes(), Vec::<String>::new());
        let half_written: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| {
                Path::new(name)
                    .extension()
                    .is_some_and(|extension| extension == "tmp")
            })
            .collect();
        assert_eq!(half_written, Vec::<String>::new());
    }
}

/// A run under way.
pub struct Running {
    child: Child,
    begin: Instant,
    stdout: JoinHandle<String>,
    lines: Lines<BufReader<ChildStderr>>,
    narrated: String,
}

impl Running {
    /// Starts a program.
    pub fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let stdout = tokio::spawn(async move {
            let mut text = Vec::new();
            stdout.read_to_end(&mut text).await.unwrap();
            String::from_utf8(text).unwrap()
        });
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self {
            child,
            begin: Instant::now(),
            stdout,
            lines,
            narrated: String::new(),
        }
    }

    /// Waits until a line of the narration contains `text`, and gives it.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            let line = timeout(LIMIT, self.lines.next_line()).await;
            let Some(line) = line.expect("it takes too long").unwrap() else {
                panic!("it ended without {text:?}: {}", self.narrated);
            };
            self.note(&line);
            if line.contains(text) {
                return line;
            }
        }
    }

    fn note(&mut self, line: &str) {
        self.narrated.push_str(line);
        self.narrated.push('\n');
    }

    /// The process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap())
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for the end, for a limited time.
    pub async fn end(mut self) -> Ended {
        let ended = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.note(&line);
            }
            self.child.wait().await.unwrap()
        };
        let Ok(status) = timeout(LIMIT, ended).await else {
            panic!("the run does not end: {}", self.narrated);
        };
        Ended {
            status,
            stdout: self.stdout.await.unwrap(),
            stderr: self.narrated,
            took: self.begin.elapsed(),
        }
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// From its start to its end.
    pub took: Duration,
}

impl Ended {
    /// The exit status is the one that the documentation names.
    pub fn assert_exit(&self, code: i32) {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        assert_eq!(self.status.signal(), None);
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
    }

    /// There is exactly one error, with these words in it.
    pub fn assert_error(&self, code: i32, words: &[&str]) {
        self.assert_exit(code);
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "{self:#?}");
        for word in words {
            assert!(errors[0].contains(word), "{word:?} in {}", errors[0]);
        }
    }

    /// A hint with these words follows.
    pub fn assert_hint(&self, words: &str) {
        let hints: Vec<_> = self.lines("hint: ");
        assert_eq!(hints.len(), 1, "{self:#?}");
        assert!(hints[0].contains(words), "{words:?} in {}", hints[0]);
    }

    /// The messages of errors.
    pub fn errors(&self) -> Vec<&str> {
        self.lines("error: ")
    }

    fn lines(&self, prefix: &str) -> Vec<&str> {
        self.stderr
            .lines()
            .filter_map(|line| line.strip_prefix(prefix))
            .collect()
    }
}

/// Waits until something is so, for a limited time.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < LIMIT, "it takes too long until {what}");
        tokio::time::sleep(POLL).await;
    }
}
