//! Servers that stand for those of the users.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use db_perf::target::{
    ConnectSpec, Connection, ConnectionFlags, Embedded, EmbeddedOptions, LibpqEnv, Listen,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::timeout;

use super::{LIMIT, until};

/// A server that also listens on a port.
pub(crate) async fn start() -> Embedded {
    start_with(&[]).await
}

/// A server with some settings.
pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Embedded {
    let options = EmbeddedOptions {
        listen: Listen::FreePort,
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..EmbeddedOptions::default()
    };
    timeout(LIMIT, Embedded::start(options))
        .await
        .expect("it takes too long")
        .unwrap()
}

/// The URL of the server with another database.
pub(crate) fn url_of(server: &Embedded, database: &str) -> String {
    let url = server.url();
    let (start, _) = url.rsplit_once('/').unwrap();
    format!("{start}/{database}")
}

/// The URL of a role without its password.
pub(crate) fn url_without_password(server: &Embedded, role: &str) -> String {
    format!(
        "postgres://{role}@127.0.0.1:{}/astro",
        server.port().unwrap()
    )
}

/// The session of the server's superuser.
pub(crate) async fn superuser(server: &Embedded) -> Connection {
    session(&server.spec()).await
}

pub(crate) async fn session(spec: &ConnectSpec) -> Connection {
    timeout(LIMIT, spec.connect())
        .await
        .expect("it takes too long")
        .unwrap()
}

/// Runs SQL as the superuser.
pub(crate) async fn execute(server: &Embedded, sql: &str) {
    superuser(server).await.batch_execute(sql).await.unwrap();
}

/// A list of texts from the server, as the superuser.
pub(crate) async fn texts(server: &Embedded, sql: &str) -> Vec<String> {
    superuser(server)
        .await
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// A role with the password `s3cret-word` that may connect, and its URL.
pub(crate) async fn add_role(server: &Embedded, role: &str, grants: &str) -> String {
    use std::io::Write as _;
    execute(
        server,
        &format!("CREATE ROLE {role} LOGIN PASSWORD 's3cret-word'; {grants}"),
    )
    .await;
    let rules = server.folder().join("pg_hba.conf");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(rules)
        .unwrap();
    writeln!(file, "host all {role} 127.0.0.1/32 scram-sha-256").unwrap();
    execute(server, "SELECT pg_reload_conf()").await;
    let url = format!(
        "postgres://{role}:s3cret-word@127.0.0.1:{}/astro",
        server.port().unwrap()
    );
    let flags = ConnectionFlags {
        url: Some(url.clone()),
        ..ConnectionFlags::default()
    };
    let env = LibpqEnv::from_pairs([("HOME", "/nonexistent")]);
    let spec = ConnectSpec::resolve(&flags, &env).unwrap().unwrap();
    until("the role can connect", async || {
        spec.connect().await.is_ok()
    })
    .await;
    url
}

/// The schemas of runs.
pub(crate) async fn schemas(server: &Embedded) -> Vec<String> {
    texts(
        server,
        r"SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'astro\_perf\_%' ORDER BY 1",
    )
    .await
}

/// Neither a schema nor a session of a run is left.
pub(crate) async fn assert_nothing_left(server: &Embedded) {
    assert_eq!(schemas(server).await, Vec::<String>::new());
    until("the sessions of the run are gone", async || {
        texts(
            server,
            "SELECT query FROM pg_stat_activity WHERE application_name LIKE 'db-perf %'",
        )
        .await
        .is_empty()
    })
    .await;
}

/// Everything in the databases that is not a session: schemas, relations, functions, types,
/// extensions, roles, settings.
pub(crate) async fn inventory(server: &Embedded) -> Vec<String> {
    texts(
        server,
        r"SELECT 'schema ' || nspname || coalesce(nspacl::text, '') FROM pg_namespace
              WHERE nspname !~ '^pg_(toast_)?temp_'
          UNION ALL SELECT 'relation ' || oid::regclass || ' ' || relkind::text || coalesce(relacl::text, '')
              FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace
          UNION ALL SELECT 'function ' || oid::regprocedure FROM pg_proc
          UNION ALL SELECT 'type ' || oid::regtype FROM pg_type WHERE typnamespace <> 'pg_toast'::regnamespace
          UNION ALL SELECT 'extension ' || extname || extversion || extnamespace::regnamespace FROM pg_extension
          UNION ALL SELECT 'database ' || datname FROM pg_database
          UNION ALL SELECT 'role ' || rolname FROM pg_roles
          UNION ALL SELECT 'setting ' || name || '=' || setting FROM pg_file_settings
          UNION ALL SELECT 'setting ' || setdatabase || setrole || setconfig::text FROM pg_db_role_setting
          ORDER BY 1",
    )
    .await
}

/// A server's process as it was started, to start it again on the same folder.
pub(crate) struct Reviver {
    program: PathBuf,
    arguments: Vec<String>,
    owner: (u32, u32),
    folder: PathBuf,
    pid: Pid,
}

impl Reviver {
    pub(crate) fn of(server: &Embedded) -> Self {
        let process = PathBuf::from(format!("/proc/{}", server.pid()));
        let line = String::from_utf8(std::fs::read(process.join("cmdline")).unwrap()).unwrap();
        let meta = std::fs::metadata(&process).unwrap();
        Self {
            program: std::fs::read_link(process.join("exe")).unwrap(),
            arguments: line
                .trim_end_matches('\0')
                .split('\0')
                .skip(1)
                .map(str::to_owned)
                .collect(),
            owner: (meta.uid(), meta.gid()),
            folder: server.folder().to_owned(),
            pid: Pid::from_raw(server.pid()),
        }
    }

    /// Ends the server.
    pub(crate) async fn end(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
        let process = PathBuf::from(format!("/proc/{}", self.pid));
        until("the server has ended", async || !process.exists()).await;
    }

    /// Starts it again; the process is killed when the value is dropped.
    pub(crate) async fn revive(&self, server: &Embedded) -> Revived {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.uid(self.owner.0).gid(self.owner.1);
        }
        let mut revived = Revived(command.spawn().unwrap());
        until("the server accepts sessions", async || {
            // What is left of the first server may keep the second from starting for a moment.
            if revived.0.try_wait().unwrap().is_some() {
                revived.0 = command.spawn().unwrap();
            }
            server.spec().connect().await.is_ok()
        })
        .await;
        revived
    }
}

/// A server that was started again.
pub(crate) struct Revived(std::process::Child);

impl Drop for Revived {
    fn drop(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.0.id()).unwrap_or(i32::MAX));
        let _ = kill(pid, Signal::SIGQUIT);
        let _ = self.0.wait();
    }
}
