//! Servers that fail while a run uses them: the run ends in bounded time or goes on, errors are
//! counted by kind, and what could not be done is said.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failed step is a failed test, and one that cannot be made says so"
)]

mod run_common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use db_perf::target::Embedded;
use nix::sys::signal::Signal;
use run_common::report::limitations;
use run_common::server::{Reviver, assert_nothing_left, execute, schemas, start, texts};
use run_common::{Room, Running, until};

/// A run of some seconds on a server of the user's.
fn start_run(room: &Room, url: &str, test: &str, more: &[&str]) -> Running {
    let arguments = [
        "--quick",
        "--objects",
        "1000",
        "--url",
        url,
        "--tests",
        test,
    ];
    room.start(&[&arguments[..], more].concat())
}

/// Waits until the run's queries are under way.
async fn until_measuring(running: &mut Running, test: &str) {
    running.until(&format!("] {test}")).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

/// Runs that are under way on one server at the same time, one for each way to hold sessions.
const TESTS: [&str; 2] = ["cone_search", "concurrent_load"];

async fn start_both(server: &Embedded, seconds: &str) -> [(Room, Running); 2] {
    let flags = ["--rate", "40", "--duration", seconds];
    let mut both = TESTS.map(|test| {
        let room = Room::new();
        let running = start_run(&room, &server.url(), test, &flags);
        (room, running)
    });
    for ((_, running), test) in both.iter_mut().zip(TESTS) {
        running.until(&format!("] {test}")).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    both
}

#[tokio::test]
async fn a_server_that_is_killed_ends_the_run_with_a_report_of_what_was_measured() {
    let server = start().await;
    let both = start_both(&server, "4s").await;
    Reviver::of(&server).end(Signal::SIGKILL).await;
    for ((room, running), test) in both.into_iter().zip(TESTS) {
        let ended = running.end().await;
        ended.assert_exit(4);
        assert!(ended.took < Duration::from_secs(45), "{:?}", ended.took);
        let report = room.report();
        let measured = report
            .test(test)
            .unwrap_or_else(|| panic!("no {test}: {ended:#?}"));
        assert!(measured.accounting.succeeded > 0, "{ended:#?}");
        assert!(
            measured.errors.contains_key("connect_failed"),
            "{:?}",
            measured.errors
        );
        let limitations = limitations(&report);
        assert!(limitations.contains(&"left_behind"), "{limitations:?}");
        assert!(limitations.contains(&"server_lost"), "{limitations:?}");
        assert!(
            ended
                .stderr
                .contains("is left behind: failed to connect to"),
            "{ended:#?}"
        );
        assert!(ended.stderr.contains("hint: `db-perf clean`"), "{ended:#?}");
        room.assert_nothing_left();
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_restarted_costs_errors_and_not_the_run() {
    let server = start().await;
    let both = start_both(&server, "8s").await;
    let reviver = Reviver::of(&server);
    reviver.end(Signal::SIGINT).await;
    let revived = reviver.revive(&server).await;
    for ((room, running), test) in both.into_iter().zip(TESTS) {
        let ended = running.end().await;
        ended.assert_exit(0);
        let report = room.report();
        let measured = report.test(test).unwrap();
        assert!(measured.error_count > 0, "{ended:#?}");
        let expected = [
            "connect_failed",
            "connection_lost",
            "server_starting_or_stopping",
            "terminated_by_administrator",
        ];
        let mut kinds = measured.errors.keys();
        assert!(
            kinds.all(|it| expected.contains(&it.as_str())),
            "{:?}",
            measured.errors
        );
        let last: Vec<_> = measured.timeline.iter().rev().take(4).collect();
        assert!(
            last.iter().any(|it| it.succeeded > 0),
            "{:#?}",
            measured.timeline
        );
        assert_eq!(
            last.iter().map(|it| it.failed).sum::<u64>(),
            0,
            "{:#?}",
            measured.timeline
        );
    }
    assert_nothing_left(&server).await;
    drop(revived);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn terminated_sessions_are_counted_and_opened_anew() {
    let server = start().await;
    let both = start_both(&server, "4s").await;
    let terminate = "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
                     WHERE application_name LIKE 'db-perf %'";
    let terminated = texts(&server, terminate).await;
    assert!(terminated.len() > 4, "{terminated:?}");
    for ((room, running), test) in both.into_iter().zip(TESTS) {
        let ended = running.end().await;
        ended.assert_exit(0);
        let report = room.report();
        let measured = report.test(test).unwrap();
        assert!(measured.accounting.succeeded > 80, "{ended:#?}");
        let expected = ["terminated_by_administrator", "connection_lost"];
        let mut kinds = measured.errors.keys();
        assert!(
            kinds.all(|it| expected.contains(&it.as_str())),
            "{:?}",
            measured.errors
        );
        // A pool drops sessions that ended while nobody used them; a worker's own cost an error.
        if test == "cone_search" {
            assert!(measured.error_count > 0, "{:?}", measured.accounting);
        }
    }
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn statements_that_take_too_long_are_counted_and_the_run_goes_on() {
    let server = start().await;
    let room = Room::new();
    let arguments = [
        "--quick",
        "--objects",
        "5000",
        "--url",
        &server.url(),
        "--statement-timeout",
        "1ms",
        "--tests",
        "cone_search,index_strategies,complex_queries",
    ];
    let ended = room.run(&arguments).await;
    let report = room.report();
    assert!(
        ended.status.code() == Some(0) || ended.status.code() == Some(4),
        "{ended:#?}"
    );
    let cancelled = report
        .tests
        .iter()
        .filter(|test| test.errors.contains_key("query_canceled"))
        .count();
    let not_run = limitations(&report)
        .iter()
        .filter(|code| **code == "test_failed")
        .count();
    assert_eq!(not_run > 0, ended.status.code() == Some(4), "{ended:#?}");
    assert!(cancelled + not_run > 0, "{ended:#?}");
    assert!(ended.took < Duration::from_secs(80), "{:?}", ended.took);
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_with_too_few_connections_is_a_clear_error_and_leaves_nothing() {
    let server = run_common::server::start_with(&[
        ("max_connections", "8"),
        ("superuser_reserved_connections", "0"),
        ("max_wal_senders", "0"),
    ])
    .await;
    let room = Room::new();
    let flags = ["--users", "30"];
    let ended = start_run(&room, &server.url(), "cone_search", &flags)
        .end()
        .await;
    ended.assert_error(
        4,
        &[
            "test cone_search could not be run",
            "the server has no free connection",
        ],
    );
    let report = room.report();
    assert_eq!(
        limitations(&report)
            .iter()
            .filter(|it| **it == "test_failed")
            .count(),
        1
    );
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

/// A small file system.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one that belongs to the owner of `like`; none where that may not be done.
    fn mount(folder: PathBuf, size: &str, like: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let owner = std::fs::metadata(like).unwrap();
        let (uid, gid) = (owner.uid(), owner.gid());
        let options = format!("size={size},mode=0755,uid={uid},gid={gid}");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&folder)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("NOT TESTED: no file system may be mounted here, so none can be full");
        }
        mounted.then_some(Self(folder))
    }

    /// One that the tables of a server's database go to.
    async fn of_tables(room: &Room, size: &str, server: &Embedded) -> Option<Self> {
        let folder = room.path("small");
        std::fs::create_dir(&folder).unwrap();
        let disk = Self::mount(folder, size, &server.folder().join("data"))?;
        let location = disk.0.display();
        execute(
            server,
            &format!("CREATE TABLESPACE small LOCATION '{location}'"),
        )
        .await;
        execute(
            server,
            "ALTER DATABASE astro SET default_tablespace = small",
        )
        .await;
        Some(disk)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("-l")
            .arg(&self.0)
            .status();
    }
}

#[tokio::test]
async fn a_disk_that_is_full_while_loading_is_one_clear_error() {
    let server = start().await;
    let room = Room::new();
    let Some(_disk) = SmallDisk::of_tables(&room, "2m", &server).await else {
        return;
    };
    let arguments = [
        "--quick",
        "--objects",
        "50000",
        "--url",
        &server.url(),
        "--tests",
        "cone_search",
    ];
    let ended = room.run(&arguments).await;
    ended.assert_error(
        4,
        &["failed to load the catalogue", "No space left on device"],
    );
    assert!(!room.has_report());
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_disk_that_is_full_in_mid_run_is_counted() {
    let server = start().await;
    let room = Room::new();
    let Some(_disk) = SmallDisk::of_tables(&room, "4m", &server).await else {
        return;
    };
    let arguments = [
        "--quick",
        "--objects",
        "1000",
        "--url",
        &server.url(),
        "--tests",
        "bulk_insert",
    ];
    let ended = room.run(&arguments).await;
    let report = room.report();
    let counted = report
        .tests
        .iter()
        .any(|test| test.errors.contains_key("disk_full"));
    let failed = limitations(&report).contains(&"test_failed");
    assert!(counted || failed, "{ended:#?}");
    assert_eq!(
        ended.status.code(),
        Some(if failed { 4 } else { 0 }),
        "{ended:#?}"
    );
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_throwaway_server_without_room_is_one_clear_error_and_leaves_nothing() {
    for (size, objects) in [("10m", "1000"), ("100m", "300000")] {
        let room = Room::new();
        let Some(disk) = SmallDisk::mount(room.path("tmp"), size, &room.path("")) else {
            return;
        };
        let arguments = ["--quick", "--objects", objects, "--tests", "cone_search"];
        let ended = room.run(&arguments).await;
        ended.assert_error(4, &["failed"]);
        assert!(
            ended.stderr.contains("No space left on device"),
            "{ended:#?}"
        );
        assert!(!room.has_report());
        room.assert_nothing_left();
        drop(disk);
    }
}

#[tokio::test]
async fn a_throwaway_server_that_is_killed_ends_the_run_and_leaves_nothing() {
    let room = Room::new();
    let arguments = [
        "--quick",
        "--objects",
        "1000",
        "--tests",
        "cone_search",
        "--rate",
        "40",
        "--duration",
        "4s",
    ];
    let mut running = room.start(&arguments);
    until_measuring(&mut running, "cone_search").await;
    let folder = room.server_folders().remove(0);
    let pid = common::files::read(&folder.join("data/postmaster.pid")).unwrap();
    let pid = nix::unistd::Pid::from_raw(pid.lines().next().unwrap().parse().unwrap());
    nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
    let ended = running.end().await;
    ended.assert_exit(4);
    let report = room.report();
    assert!(report.test("cone_search").unwrap().error_count > 0);
    assert!(limitations(&report).contains(&"server_lost"), "{ended:#?}");
    until("the server's processes are gone", async || {
        room.server_processes().is_empty()
    })
    .await;
    room.assert_nothing_left();
}

#[tokio::test]
async fn a_schema_that_is_dropped_under_the_run_is_counted() {
    let server = start().await;
    let room = Room::new();
    let flags = ["--rate", "40", "--duration", "4s"];
    let mut running = start_run(&room, &server.url(), "cone_search", &flags);
    until_measuring(&mut running, "cone_search").await;
    let schema = schemas(&server).await.remove(0);
    execute(
        &server,
        &format!("SET client_min_messages = error; DROP SCHEMA {schema} CASCADE"),
    )
    .await;
    let ended = running.end().await;
    let report = room.report();
    let test = report
        .test("cone_search")
        .unwrap_or_else(|| panic!("{ended:#?}"));
    assert!(test.error_count > 0);
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
