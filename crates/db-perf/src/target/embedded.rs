//! A throwaway PostgreSQL server with PostGIS, in a temporary folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::redact::Secret;
use tokio::time::{sleep, timeout};

use super::conninfo::encode;
use super::embedded_error::EmbeddedError;
use super::error::{ConnectError, ConnectFailure};
use super::postgres_binaries::PostgresBinaries;
use super::server_folder::{ServerFolder, ServerUser, last_lines};
use super::server_process::{ServerProcess, command_as, command_tied_to_us};
use super::server_settings::{Machine, settings};
use super::spec::ConnectSpec;

/// The server's superuser and database.
const NAME: &str = "astro";
/// The folder with the server's programs, in place of the installed ones.
const BINDIR_VARIABLE: &str = "ASTRO_PERF_PG_BINDIR";
const SOCKET_PORT: u16 = 5432;
const INITDB_LIMIT: Duration = Duration::from_mins(2);
const START_LIMIT: Duration = Duration::from_mins(1);
const START_POLL: Duration = Duration::from_millis(10);
/// How often another free port is taken when someone else was faster.
const PORT_TRIES: usize = 5;
/// How long a server that ends by itself may take.
const END_LIMIT: Duration = Duration::from_secs(5);

/// Where a throwaway server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listen {
    /// On a Unix socket only.
    #[default]
    Socket,
    /// On a Unix socket, and on a free port of 127.0.0.1.
    FreePort,
    /// On a Unix socket, and on this port of 127.0.0.1.
    Port(u16),
}

/// What the server should be like.
#[derive(Debug, Clone, Default)]
pub struct EmbeddedOptions {
    /// Where it listens.
    pub listen: Listen,
    /// Server settings in place of ours.
    pub settings: Vec<(String, String)>,
    /// The folder with `postgres` and `initdb`; else `ASTRO_PERF_PG_BINDIR`, else the newest
    /// installation that has PostGIS.
    pub bindir: Option<PathBuf>,
}

/// A running throwaway server. [`Embedded::stop`] stops it and removes its folder; so does dropping
/// it, which may block for a few seconds.
#[derive(Debug)]
pub struct Embedded {
    process: ServerProcess,
    folder: ServerFolder,
    binaries: PostgresBinaries,
    spec: ConnectSpec,
    tcp: Option<(u16, Secret)>,
    settings: BTreeMap<String, String>,
}

impl Embedded {
    /// Makes and starts a server, with the database `astro` that has PostGIS.
    ///
    /// The server ends with this process, also when it is killed (where `setpriv` is installed).
    pub async fn start(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let bindir = options
            .bindir
            .or_else(|| std::env::var_os(BINDIR_VARIABLE).map(Into::into));
        let binaries = PostgresBinaries::find(bindir.as_deref())?;
        let user = ServerUser::choose()?;
        let folder = ServerFolder::create(user)?;
        initdb(&binaries, user, &folder).await?;
        folder
            .write_rules(NAME, user)
            .map_err(|source| folder_error(&folder, source))?;
        let settings = settings(Machine::detect(folder.path()), &options.settings);
        let recipe = Recipe {
            binaries: &binaries,
            user,
            settings: &settings,
            folder: &folder,
        };
        let (process, port) = recipe.run(options.listen).await?;
        let spec = socket_spec(&folder, port)?;
        let tcp = match port {
            Some(port) => Some((port, random_password()?)),
            None => None,
        };
        let server = Self {
            process,
            folder,
            binaries,
            spec,
            tcp,
            settings,
        };
        server.set_up().await?;
        Ok(server)
    }

    /// The way to the server's database, over its Unix socket.
    pub fn spec(&self) -> ConnectSpec {
        self.spec.clone()
    }

    /// The URL for other programs: over TCP with the password if the server listens there, else over
    /// the Unix socket, which only the server's user and root can open.
    pub fn url(&self) -> String {
        match &self.tcp {
            Some((port, password)) => {
                let password = encode(password.expose());
                format!("postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}")
            }
            None => self.spec.url_with_password(),
        }
    }

    /// The port on 127.0.0.1, if the server listens there.
    pub fn port(&self) -> Option<u16> {
        self.tcp.as_ref().map(|(port, _)| *port)
    }

    /// The server's version, `15.20`.
    pub fn version(&self) -> &str {
        &self.binaries.version
    }

    /// The installation that runs.
    pub fn binaries(&self) -> &PostgresBinaries {
        &self.binaries
    }

    /// The settings the server was started with.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }

    /// The server's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process number of the server.
    pub fn pid(&self) -> i32 {
        self.process.pid().as_raw()
    }

    /// Whether the server still runs.
    pub fn is_running(&self) -> bool {
        !self.process.has_ended()
    }

    /// The last lines of the server's log.
    pub fn log_tail(&self) -> String {
        self.folder.log_tail()
    }

    /// Stops the server, gently first, and removes its folder.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.process.stop().await?;
        self.folder.remove()
    }

    /// Makes the database and PostGIS in it.
    async fn set_up(&self) -> Result<(), EmbeddedError> {
        let setup = |error: tokio_postgres::Error| {
            let message = error
                .as_db_error()
                .map(|refusal| refusal.message().to_owned());
            EmbeddedError::Setup(message.unwrap_or_else(|| error.to_string()))
        };
        let admin = self.spec().with_database("postgres").connect().await?;
        if let Some((_, password)) = &self.tcp {
            let password = password.expose();
            let sql = format!("ALTER ROLE {NAME} PASSWORD '{password}'");
            admin.batch_execute(&sql).await.map_err(setup)?;
        }
        admin
            .batch_execute(&format!("CREATE DATABASE {NAME} TEMPLATE template0"))
            .await
            .map_err(setup)?;
        admin.close().await;
        let session = self.spec.connect().await?;
        session
            .batch_execute("CREATE EXTENSION postgis")
            .await
            .map_err(setup)?;
        session.close().await;
        Ok(())
    }
}

/// What a server is started from.
struct Recipe<'a> {
    binaries: &'a PostgresBinaries,
    user: Option<ServerUser>,
    settings: &'a BTreeMap<String, String>,
    folder: &'a ServerFolder,
}

impl Recipe<'_> {
    /// Starts the server on the wanted port, or on a free one: another one when someone else was
    /// faster to take it.
    async fn run(&self, listen: Listen) -> Result<(ServerProcess, Option<u16>), EmbeddedError> {
        let mut tries = 1;
        loop {
            let port = match listen {
                Listen::Socket => None,
                Listen::FreePort => Some(free_port()?),
                Listen::Port(port) => Some(port),
            };
            match self.launch(port).await {
                Err(EmbeddedError::PortInUse { .. })
                    if listen == Listen::FreePort && tries < PORT_TRIES =>
                {
                    tries += 1;
                }
                started => return started.map(|process| (process, port)),
            }
        }
    }

    async fn launch(&self, port: Option<u16>) -> Result<ServerProcess, EmbeddedError> {
        let program = self.binaries.program("postgres");
        let mut command = command_tied_to_us(&program, self.user, self.folder.path());
        command.arg("-D").arg(self.folder.data());
        for (name, value) in self.settings.iter().chain(&self.fixed_settings(port)) {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        let log = self
            .folder
            .open_log()
            .map_err(|source| folder_error(self.folder, source))?;
        let errors = log
            .try_clone()
            .map_err(|source| folder_error(self.folder, source))?;
        command.stdout(log).stderr(errors);
        let mut process = ServerProcess::start(command)?;
        let spec = socket_spec(self.folder, port)?.with_database("postgres");
        match timeout(START_LIMIT, until_ready(&process, &spec)).await {
            Err(_) => Err(EmbeddedError::TimedOut {
                what: "the server's start",
                limit: START_LIMIT,
            }),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(true)) => Ok(process),
            Ok(Ok(false)) => {
                process.wait(END_LIMIT).await;
                let log = self.folder.log_tail();
                match port {
                    Some(port) if log.contains("could not create any TCP/IP sockets") => {
                        Err(EmbeddedError::PortInUse { port })
                    }
                    _ => Err(EmbeddedError::Ended { log }),
                }
            }
        }
    }

    /// The settings that keep the server to itself; nothing overrides them.
    fn fixed_settings(&self, port: Option<u16>) -> BTreeMap<String, String> {
        let listen = if port.is_some() { "127.0.0.1" } else { "" };
        [
            ("hba_file", self.folder.rules().display().to_string()),
            ("listen_addresses", listen.to_owned()),
            ("password_encryption", "scram-sha-256".to_owned()),
            ("port", port.unwrap_or(SOCKET_PORT).to_string()),
            (
                "unix_socket_directories",
                self.folder.socket().display().to_string(),
            ),
            ("unix_socket_permissions", "0700".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Waits for the first session; `false` when the server has ended instead.
async fn until_ready(process: &ServerProcess, spec: &ConnectSpec) -> Result<bool, ConnectError> {
    loop {
        if process.has_ended() {
            return Ok(false);
        }
        match spec.connect().await {
            Ok(session) => {
                session.close().await;
                return Ok(true);
            }
            Err(ConnectError {
                failure:
                    ConnectFailure::NoSocket { .. }
                    | ConnectFailure::Refused
                    | ConnectFailure::NotReady { .. }
                    | ConnectFailure::Closed,
                ..
            }) => sleep(START_POLL).await,
            Err(error) => return Err(error),
        }
    }
}

async fn initdb(
    binaries: &PostgresBinaries,
    user: Option<ServerUser>,
    folder: &ServerFolder,
) -> Result<(), EmbeddedError> {
    let mut output = String::new();
    // A system without the locale C.UTF-8 sorts by bytes as well with C.
    for locale in ["C.UTF-8", "C"] {
        let program = binaries.program("initdb");
        let mut command = command_as(&program, user, folder.path());
        command
            .arg("-D")
            .arg(folder.data())
            .args(["-E", "UTF8", "--locale", locale, "-U", NAME])
            .args(["--auth=reject", "--no-sync", "--no-instructions"]);
        let mut command = tokio::process::Command::from(command);
        command.kill_on_drop(true);
        let finished = timeout(INITDB_LIMIT, command.output())
            .await
            .map_err(|_| EmbeddedError::TimedOut {
                what: "`initdb`",
                limit: INITDB_LIMIT,
            })?
            .map_err(|source| EmbeddedError::Spawn { program, source })?;
        if finished.status.success() {
            return Ok(());
        }
        output = last_lines(&String::from_utf8_lossy(&finished.stderr));
        if !output.contains("locale") {
            break;
        }
    }
    Err(EmbeddedError::Initdb { output })
}

fn socket_spec(folder: &ServerFolder, port: Option<u16>) -> Result<ConnectSpec, EmbeddedError> {
    let socket = encode(&folder.socket().display().to_string());
    let port = port.unwrap_or(SOCKET_PORT);
    Ok(ConnectSpec::from_url(&format!(
        "postgres://{NAME}@/{NAME}?host={socket}&port={port}"
    ))?)
}

fn free_port() -> Result<u16, EmbeddedError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| EmbeddedError::Setup(format!("no free port on 127.0.0.1: {error}")))
}

/// 32 characters from the kernel's generator: 160 bits.
fn random_password() -> Result<Secret, EmbeddedError> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(|error| EmbeddedError::Setup(format!("no random numbers: {error}")))?;
    let text: String = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    Ok(Secret::new(text))
}

fn folder_error(folder: &ServerFolder, source: std::io::Error) -> EmbeddedError {
    EmbeddedError::Folder {
        parent: folder.path().to_owned(),
        source,
    }
}
