//! Live tests of connecting: what goes wrong has one clear message each.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod target_common;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use db_perf::target::{ConnectError, ConnectFailure, ConnectSpec, ConnectionFlags, LibpqEnv};
use target_common::{add_role, flags_for, resolve, server_with_port, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn failure(url: &str) -> ConnectError {
    let error = within(resolve(&flags_for(url)).connect())
        .await
        .unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("secret"), "{text}");
    error
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = failure(&format!("postgres://app:secret@127.0.0.1:{port}/sky")).await;
    let expected =
        format!("failed to connect to postgres://app@127.0.0.1:{port}/sky: connection refused");
    assert_eq!(error.to_string(), expected);
    assert!(error.hint().unwrap().contains("listen_addresses"));
}

#[tokio::test]
async fn a_host_without_address_is_named() {
    let error = failure("postgres://app@no-such-host.invalid/sky").await;
    assert!(
        matches!(&error.failure, ConnectFailure::UnknownHost { host } if host == "no-such-host.invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_missing_socket_is_named() {
    let error = failure("postgres://app@/sky?host=/nonexistent&port=5433").await;
    assert!(
        matches!(error.failure, ConnectFailure::NoSocket { .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("/nonexistent/.s.PGSQL.5433"),
        "{error}"
    );
}

#[tokio::test]
async fn a_listener_that_never_answers_runs_into_the_time_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let holder = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let begin = tokio::time::Instant::now();
    let error = failure(&format!(
        "postgres://app@127.0.0.1:{port}/sky?connect_timeout=1"
    ))
    .await;
    assert!(
        matches!(error.failure, ConnectFailure::TimedOut { .. }),
        "{error}"
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
    holder.abort();
}

#[tokio::test]
async fn another_kind_of_server_is_recognised() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web_server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 8];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let error = failure(&format!("postgres://app@127.0.0.1:{port}/sky")).await;
    assert!(
        matches!(
            error.failure,
            ConnectFailure::NotPostgres | ConnectFailure::Closed
        ),
        "{error:?}"
    );
    web_server.abort();
}

#[tokio::test]
async fn what_the_server_refuses_is_told_apart() {
    let server = server_with_port().await;
    let spec = add_role(&server, "app", "").await;
    let session = within(spec.connect()).await.unwrap();
    let port = server.port().unwrap();
    let base = format!("127.0.0.1:{port}");

    let error = failure(&format!("postgres://app:secretly@{base}/astro")).await;
    assert!(
        matches!(error.failure, ConnectFailure::WrongPassword { .. }),
        "{error}"
    );
    let error = failure(&format!("postgres://app:secret@{base}/none")).await;
    assert!(
        matches!(error.failure, ConnectFailure::NoSuchDatabase { .. }),
        "{error}"
    );
    let error = failure(&format!("postgres://stranger:secret@{base}/astro")).await;
    assert!(
        matches!(error.failure, ConnectFailure::NotAllowed { .. }),
        "{error}"
    );
    let error = failure(&format!(
        "postgres://app:secret@{base}/astro?sslmode=require"
    ))
    .await;
    assert!(
        matches!(error.failure, ConnectFailure::TlsNotOffered),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--sslmode prefer"));
    let error = failure(&format!(
        "postgres://app:secret@{base}/astro?target_session_attrs=standby"
    ))
    .await;
    assert!(
        matches!(error.failure, ConnectFailure::WrongSession { .. }),
        "{error}"
    );
    within(session.close()).await;

    let limited = add_role(&server, "limited", "CONNECTION LIMIT 1").await;
    let first = within(limited.connect()).await.unwrap();
    let error = within(limited.connect()).await.unwrap_err();
    assert!(
        matches!(error.failure, ConnectFailure::TooManyConnections { .. }),
        "{error}"
    );
    within(first.close()).await;

    let socket = server.spec();
    let wrong_role = socket.describe().replace("astro@", "ghost@");
    target_common::allow(&server, "local all ghost trust").await;
    let error = failure(&wrong_role).await;
    assert!(
        matches!(error.failure, ConnectFailure::NoSuchRole { .. }),
        "{error}"
    );
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn the_password_comes_from_the_password_file_and_the_service_file_names_the_server() {
    let server = server_with_port().await;
    let _ = add_role(&server, "app", "").await;
    let port = server.port().unwrap();
    let home = tempfile::tempdir().unwrap();
    let passwords = home.path().join(".pgpass");
    put(
        &passwords,
        &format!("other:*:*:*:no\n127.0.0.1:{port}:astro:app:secret\n"),
        0o600,
    );
    put(
        &home.path().join(".pg_service.conf"),
        &format!("[sky]\nhost=127.0.0.1\nport={port}\ndbname=astro\nuser=app\n"),
        0o644,
    );
    let env = LibpqEnv::from_pairs([
        ("HOME", home.path().to_str().unwrap()),
        ("PGSERVICE", "sky"),
        ("PGUSER", "ignored-because-the-service-says-app"),
    ]);
    let spec = ConnectSpec::resolve(&ConnectionFlags::default(), &env)
        .unwrap()
        .unwrap();
    assert_eq!(
        spec.describe(),
        format!("postgres://app@127.0.0.1:{port}/astro")
    );
    within(within(spec.connect()).await.unwrap().close()).await;

    std::fs::set_permissions(&passwords, std::fs::Permissions::from_mode(0o644)).unwrap();
    let spec = ConnectSpec::resolve(&ConnectionFlags::default(), &env)
        .unwrap()
        .unwrap();
    assert!(spec.warnings()[0].contains("0644"), "{:?}", spec.warnings());
    let error = within(spec.connect()).await.unwrap_err();
    assert!(
        matches!(error.failure, ConnectFailure::PasswordMissing),
        "{error}"
    );
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn the_second_host_of_a_list_is_tried_and_a_pool_takes_the_same_way() {
    let server = server_with_port().await;
    let _ = add_role(&server, "app", "").await;
    let port = server.port().unwrap();
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let url = format!("postgres://app:secret@127.0.0.1:{dead},127.0.0.1:{port}/astro");
    let spec = resolve(&flags_for(&url)).with_setting("work_mem", "7 MB");
    within(within(spec.connect()).await.unwrap().close()).await;

    let pool = spec.pool(2).unwrap();
    let (one, other) = within(async { tokio::join!(pool.get(), pool.get()) }).await;
    let row = one.unwrap().query_one("SHOW work_mem", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "7MB");
    drop(other.unwrap());
    pool.close();

    let error = failure(&format!(
        "postgres://app:secret@127.0.0.1:{dead},127.0.0.1:{dead}/astro"
    ))
    .await;
    assert!(error.to_string().contains("none of 2 servers"), "{error}");
    within(server.stop()).await.unwrap();
}

fn put(path: &std::path::Path, text: &str, mode: u32) {
    use std::io::Write;
    std::fs::File::create(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
