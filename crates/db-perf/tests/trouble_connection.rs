//! Servers that cannot be reached or do not let the run do its work: one message, exit status 4,
//! nothing left behind, no password anywhere.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use std::net::TcpListener;

use run_common::server::{
    add_role, assert_nothing_left, execute, inventory, start, texts, url_of, url_without_password,
};
use run_common::{Ended, Room, Running};

const SMALL: [&str; 5] = ["--quick", "--objects", "1000", "--tests", "cone_search"];

/// A small run on the server of a URL.
async fn run_on(room: &Room, url: &str) -> Ended {
    let ended = room.run(&[&SMALL[..], &["--url", url]].concat()).await;
    room.assert_nothing_left();
    assert!(!room.has_report());
    assert_eq!(ended.stdout, "");
    ended
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_named_with_a_hint() {
    let room = Room::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let ended = run_on(&room, &format!("postgres://me@127.0.0.1:{port}/sky")).await;
    ended.assert_error(
        4,
        &[&format!(
            "failed to connect to postgres://me@127.0.0.1:{port}/sky: connection refused"
        )],
    );
    ended.assert_hint("is the server running");
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_given_up_after_the_limit() {
    let room = Room::new();
    // It accepts connections and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@{}/sky", listener.local_addr().unwrap());
    let mut command = room.command(&[&SMALL[..], &["--url", &url]].concat());
    command.env("PGCONNECT_TIMEOUT", "2");
    let ended = Running::start(command).end().await;
    ended.assert_error(4, &["no answer within 2 s"]);
    ended.assert_hint("PGCONNECT_TIMEOUT");
    assert!(ended.took.as_secs() < 20, "{:?}", ended.took);
}

#[tokio::test]
async fn a_host_without_an_address_is_named() {
    let room = Room::new();
    let ended = run_on(&room, "postgres://me@no-such-host.invalid/sky").await;
    ended.assert_error(
        4,
        &["the host name `no-such-host.invalid` cannot be resolved"],
    );
    ended.assert_hint("spelling");
}

#[tokio::test]
async fn a_wrong_password_a_missing_database_and_an_unknown_role_are_told_apart() {
    let server = start().await;
    let room = Room::new();
    let before = inventory(&server).await;

    let wrong = url_without_password(&server, "astro").replace("astro@", "astro:hunter2-wrong@");
    let ended = run_on(&room, &wrong).await;
    ended.assert_error(4, &["the password of user `astro` was not accepted"]);
    ended.assert_hint("PGPASSWORD");
    assert!(!ended.stderr.contains("hunter2"), "{ended:?}");

    let ended = run_on(&room, &url_without_password(&server, "astro")).await;
    ended.assert_error(4, &["the server asks for a password and none was given"]);

    let ended = run_on(&room, &url_of(&server, "no_such_sky")).await;
    ended.assert_error(4, &["database `no_such_sky` does not exist on the server"]);
    ended.assert_hint("CREATE DATABASE");

    execute(&server, "CREATE ROLE nobody_s").await;
    let ended = run_on(&room, &url_without_password(&server, "nobody_s")).await;
    ended.assert_error(4, &["user `nobody_s`"]);
    execute(&server, "DROP ROLE nobody_s").await;
    assert_eq!(inventory(&server).await, before);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_password_is_in_no_output_however_it_was_given() {
    let server = start().await;
    let url = add_role(&server, "app", "GRANT CREATE ON DATABASE astro TO app").await;
    let bare = url_without_password(&server, "app");
    let port = server.port().unwrap().to_string();
    let flags = [
        "--host",
        "127.0.0.1",
        "--port",
        &port,
        "--user",
        "app",
        "--database",
        "astro",
        "--password",
        "s3cret-word",
    ];
    let given: [(&[&str], Option<&str>); 4] = [
        (&["--url", &url], None),
        (&["--url", &bare, "--password", "s3cret-word"], None),
        (&["--url", &bare], Some("s3cret-word")),
        (&flags, None),
    ];
    for ((arguments, variable), format) in
        given.into_iter().zip(["json", "text", "markdown", "text"])
    {
        let room = Room::new();
        let mut command = room.command(&[&SMALL[..], arguments, &["--format", format]].concat());
        command.env("RUST_LOG", "debug");
        if let Some(password) = variable {
            command.env("PGPASSWORD", password);
        }
        let ended = Running::start(command).end().await;
        ended.assert_exit(0);
        let file = common::files::read(&room.path("db_performance_results.json")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &file] {
            assert!(!text.contains("s3cret-word"), "{arguments:?}: {text}");
        }
        room.report();
        room.assert_nothing_left();
    }
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn missing_rights_are_told_with_the_grant_that_helps() {
    let server = start().await;
    let room = Room::new();
    let url = add_role(&server, "app", "").await;
    let before = inventory(&server).await;
    let ended = run_on(&room, &url).await;
    ended.assert_error(
        4,
        &["user `app` may not create a schema in database `astro`"],
    );
    ended.assert_hint("GRANT CREATE ON DATABASE astro TO app");
    assert_eq!(inventory(&server).await, before);

    execute(
        &server,
        "GRANT CREATE ON DATABASE astro TO app;
         ALTER ROLE app SET default_transaction_read_only = on",
    )
    .await;
    let before = inventory(&server).await;
    let ended = run_on(&room, &url).await;
    ended.assert_error(4, &["sessions of user `app`", "are read-only"]);
    ended.assert_hint("--table");
    assert_eq!(inventory(&server).await, before);
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn missing_postgis_without_the_right_to_create_it_is_told() {
    let server = start().await;
    let room = Room::new();
    execute(&server, "CREATE DATABASE plain TEMPLATE template0").await;
    let url = add_role(&server, "app", "GRANT CREATE ON DATABASE plain TO app").await;
    let plain = url.replace("/astro", "/plain");
    let ended = run_on(&room, &plain).await;
    ended.assert_error(
        4,
        &["PostGIS is not created in database `plain`, and user `app` may not create it"],
    );
    ended.assert_hint("CREATE EXTENSION postgis");
    let spec = server.spec().with_database("plain");
    let session = run_common::server::session(&spec).await;
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'astro%'";
    assert_eq!(
        session.query_one(left, &[]).await.unwrap().get::<_, i64>(0),
        0
    );

    // A superuser's run makes PostGIS, and takes it along.
    let ended = room
        .run(&[&SMALL[..], &["--url", &url_of(&server, "plain")]].concat())
        .await;
    ended.assert_exit(0);
    room.report();
    let left = "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'";
    assert_eq!(
        session.query_one(left, &[]).await.unwrap().get::<_, i64>(0),
        0
    );
    assert_eq!(
        texts(
            &server,
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'a%'"
        )
        .await,
        ["astro"]
    );
    session.close().await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_machine_without_postgresql_is_told_what_to_install() {
    let room = Room::new();
    let mut command = room.command(&SMALL);
    command.env("ASTRO_PERF_PG_BINDIR", "/nonexistent");
    let ended = Running::start(command).end().await;
    ended.assert_error(4, &["no PostgreSQL server programs in `/nonexistent`"]);
    ended.assert_hint("postgis-3");
    room.assert_nothing_left();
    assert!(!room.has_report());
}
