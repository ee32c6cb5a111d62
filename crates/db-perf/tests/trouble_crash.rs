//! Runs that are killed: the next one says so, and `db-perf clean` removes what they left and
//! nothing else.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use std::time::Duration;

use nix::sys::signal::Signal;
use run_common::server::{assert_nothing_left, execute, inventory, schemas, start};
use run_common::{Room, until};

const LONG: [&str; 9] = [
    "--quick",
    "--objects",
    "1000",
    "--tests",
    "cone_search",
    "--rate",
    "40",
    "--duration",
    "60s",
];

#[tokio::test]
async fn what_a_killed_run_left_on_a_server_is_told_listed_and_removed() {
    let server = start().await;
    execute(
        &server,
        "CREATE SCHEMA astro_perf_mine; CREATE TABLE astro_perf_mine.t (i int)",
    )
    .await;
    let before = inventory(&server).await;
    let room = Room::new();
    let url = server.url();
    let mut killed = room.start(&[&LONG[..], &["--url", &url]].concat());
    killed.until("] cone_search").await;
    tokio::time::sleep(Duration::from_secs(1)).await;

    // While it is going on, it is left alone.
    let ended = room.run(&["clean", "--url", &url]).await;
    ended.assert_exit(0);
    assert!(
        ended
            .stdout
            .contains("its run is still going on, left alone"),
        "{ended:#?}"
    );
    assert_eq!(schemas(&server).await.len(), 2);

    killed.signal(Signal::SIGKILL);
    let ended = killed.end().await;
    assert_eq!(ended.status.code(), None);
    assert!(!room.has_report());
    let left: Vec<_> = schemas(&server)
        .await
        .into_iter()
        .filter(|name| name != "astro_perf_mine")
        .collect();
    assert_eq!(left.len(), 1);
    until("the server has noticed", async || {
        let ended = room.run(&["clean", "--dry-run", "--url", &url]).await;
        ended.stdout.contains("left by a crashed run")
    })
    .await;

    let small = [
        "--quick",
        "--objects",
        "1000",
        "--tests",
        "cone_search",
        "--url",
        &url,
    ];
    let ended = room.run(&small).await;
    ended.assert_exit(0);
    let note = "note: 1 schema of a crashed run is left; `db-perf clean` with the same connection";
    assert!(ended.stderr.contains(note), "{}", ended.stderr);

    let ended = room.run(&["clean", "--dry-run", "--url", &url]).await;
    ended.assert_exit(0);
    assert!(
        ended.stdout.contains(&format!("schema {} of ", left[0])),
        "{ended:#?}"
    );
    assert!(!ended.stdout.contains("astro_perf_mine"), "{ended:#?}");
    assert_eq!(schemas(&server).await.len(), 2, "a dry run removes nothing");

    let ended = room.run(&["clean", "--url", &url]).await;
    ended.assert_exit(0);
    assert!(ended.stdout.contains(": removed\n"), "{ended:#?}");
    assert_eq!(schemas(&server).await, ["astro_perf_mine"]);
    assert_eq!(inventory(&server).await, before);

    let ended = room.run(&["clean", "--url", &url]).await;
    ended.assert_exit(0);
    assert!(
        ended.stdout.contains(": nothing left behind\n"),
        "{ended:#?}"
    );
    execute(&server, "DROP SCHEMA astro_perf_mine CASCADE").await;
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_run_takes_its_throwaway_server_along_and_its_folder_is_cleaned() {
    let room = Room::new();
    let mut killed = room.start(&LONG);
    killed.until("] cone_search").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!room.server_processes().is_empty());
    killed.signal(Signal::SIGKILL);
    killed.end().await;
    until("the server is gone", async || {
        room.server_processes().is_empty()
    })
    .await;
    let folders = room.server_folders();
    assert_eq!(folders.len(), 1);
    let folder = folders[0].display().to_string();

    let small = ["--quick", "--objects", "1000", "--tests", "cone_search"];
    let ended = room.run(&small).await;
    ended.assert_exit(0);
    assert!(
        ended
            .stderr
            .contains("note: 1 throwaway server of a crashed run is left"),
        "{ended:#?}"
    );
    assert_eq!(room.server_folders(), folders);

    let ended = room.run(&["clean", "--dry-run"]).await;
    ended.assert_exit(0);
    assert!(ended.stdout.contains(&folder), "{ended:#?}");
    assert!(ended.stderr.contains("no connection given"), "{ended:#?}");
    assert_eq!(room.server_folders(), folders);

    let ended = room.run(&["clean"]).await;
    ended.assert_exit(0);
    assert!(ended.stdout.contains(&folder), "{ended:#?}");
    room.assert_nothing_left();
}

#[tokio::test]
async fn clean_on_a_server_that_is_not_there_is_an_error() {
    let room = Room::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me@{}/sky", listener.local_addr().unwrap());
    drop(listener);
    let ended = room.run(&["clean", "--url", &url]).await;
    ended.assert_error(4, &["failed to connect to ", "connection refused"]);
    let ended = room.run(&["clean", "--url", "http://x"]).await;
    ended.assert_error(2, &["`--url` is not a connection string"]);
}

#[tokio::test]
async fn the_server_command_prints_a_url_that_works_and_leaves_nothing() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let room = Room::new();
        let mut command = room.command(&["server"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = tokio::time::timeout(run_common::LIMIT, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert!(
            url.starts_with("postgres://astro:") && url.contains("@127.0.0.1:"),
            "{url}"
        );
        let small = [
            "--quick",
            "--objects",
            "1000",
            "--tests",
            "cone_search",
            "--url",
            &url,
        ];
        let ended = Room::new().run(&small).await;
        ended.assert_exit(0);
        let pid = i32::try_from(child.id().unwrap()).unwrap();
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).unwrap();
        let status = tokio::time::timeout(run_common::LIMIT, child.wait()).await;
        assert_eq!(status.unwrap().unwrap().code(), Some(0));
        assert_eq!(
            lines.next_line().await.unwrap(),
            None,
            "the URL is all that is printed"
        );
        room.assert_nothing_left();
    }
    let room = Room::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = room.run(&["server", "--port", &port]).await;
    ended.assert_error(4, &[&format!("port {port} on 127.0.0.1 is in use")]);
    room.assert_nothing_left();
}
