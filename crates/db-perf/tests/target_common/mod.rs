//! What the live tests of the target share.
#![allow(dead_code, reason = "each test program uses a part")]

use std::future::Future;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use db_perf::target::{
    ConnectSpec, Connection, ConnectionFlags, Embedded, EmbeddedOptions, LibpqEnv, Listen,
};

/// Nothing in these tests takes longer, on a busy machine either.
pub(crate) const LIMIT: Duration = Duration::from_mins(2);

/// Waits for a future, for a limited time.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .expect("it takes too long")
}

/// Flags with nothing but a URL.
pub(crate) fn flags_for(url: &str) -> ConnectionFlags {
    ConnectionFlags {
        url: Some(url.to_owned()),
        ..ConnectionFlags::default()
    }
}

/// The connection that the flags describe in an empty environment.
pub(crate) fn resolve(flags: &ConnectionFlags) -> ConnectSpec {
    let env = LibpqEnv::from_pairs([("HOME", "/nonexistent")]);
    ConnectSpec::resolve(flags, &env).unwrap().unwrap()
}

/// A throwaway server that also listens on a port.
pub(crate) async fn server_with_port() -> Embedded {
    let options = EmbeddedOptions {
        listen: Listen::FreePort,
        ..EmbeddedOptions::default()
    };
    within(Embedded::start(options)).await.unwrap()
}

/// The session of the server's superuser.
pub(crate) async fn superuser(server: &Embedded) -> Connection {
    within(server.spec().connect()).await.unwrap()
}

/// Lets `role` in with the password `secret`, over the socket too.
pub(crate) async fn add_role(server: &Embedded, role: &str, options: &str) -> ConnectSpec {
    let session = superuser(server).await;
    session
        .batch_execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret' {options}"
        ))
        .await
        .unwrap();
    allow(
        server,
        &format!("host all {role} 127.0.0.1/32 scram-sha-256"),
    )
    .await;
    let port = server.port().unwrap();
    resolve(&flags_for(&format!(
        "postgres://{role}:secret@127.0.0.1:{port}/astro"
    )))
}

/// Adds a line to the server's rules on who may connect.
pub(crate) async fn allow(server: &Embedded, rule: &str) {
    use std::io::Write;
    let rules: PathBuf = server.folder().join("pg_hba.conf");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(rules)
        .unwrap();
    writeln!(file, "{rule}").unwrap();
    let session = superuser(server).await;
    let (last, _) = rule.rsplit_once(' ').unwrap();
    let role = last.split_whitespace().nth(2).unwrap();
    let sql = "SELECT EXISTS (SELECT FROM pg_hba_file_rules WHERE $1 = ANY (user_name))";
    assert!(
        session
            .query_one(sql, &[&role])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    reload(&session).await;
}

/// Runs a program and expects it to succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes the server read its configuration again and waits for that.
pub(crate) async fn reload(session: &Connection) {
    let loaded = "SELECT pg_conf_load_time()::text";
    let time = async || -> String { session.query_one(loaded, &[]).await.unwrap().get(0) };
    let before = time().await;
    session
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    within(async {
        while time().await == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    // The time is that of this session; the process that accepts new ones may be a moment behind.
    tokio::time::sleep(Duration::from_millis(200)).await;
}
