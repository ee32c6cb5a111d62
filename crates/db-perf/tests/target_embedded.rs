//! Live tests of the throwaway server.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::large_futures,
    reason = "a failed step is a failed test"
)]

mod target_common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use db_perf::target::{
    ConnectFailure, Embedded, EmbeddedError, EmbeddedOptions, Listen, install_sky_extensions,
    remove_server_leftover, server_leftovers,
};
use target_common::{LIMIT, flags_for, resolve, within};

/// Set in the child process of the test that kills one.
const CHILD: &str = "TARGET_EMBEDDED_CHILD";

#[tokio::test]
async fn a_server_starts_with_postgis_and_leaves_nothing() {
    let begin = tokio::time::Instant::now();
    let server = within(Embedded::start(EmbeddedOptions::default()))
        .await
        .unwrap();
    eprintln!("started in {:.2} s", begin.elapsed().as_secs_f64());
    let folder = server.folder().to_owned();
    let session = within(server.spec().connect()).await.unwrap();
    let row = session
        .query_one("SELECT postgis_lib_version(), current_setting('fsync'), current_user::text, current_setting('client_min_messages'), current_setting('application_name')", &[])
        .await
        .unwrap();
    let text = |index: usize| row.get::<_, String>(index);
    assert_eq!((text(1).as_str(), text(2).as_str()), ("on", "astro"));
    assert_eq!((text(3).as_str(), text(4).as_str()), ("warning", "db-perf"));
    assert!(server.version().starts_with(|c: char| c.is_ascii_digit()));
    assert_eq!(server.settings()["jit"], "off");
    assert_eq!(server.port(), None);
    let url = server.url();
    assert!(!url.contains(":@") && url.contains("host="), "{url}");
    assert!(server_leftovers().iter().all(|left| left.folder != folder));
    session.close().await;
    let pid = server.pid();
    let begin = tokio::time::Instant::now();
    within(server.stop()).await.unwrap();
    eprintln!("stopped in {:.2} s", begin.elapsed().as_secs_f64());
    assert!(!folder.exists());
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[tokio::test]
async fn dropping_a_server_stops_and_removes_it_even_with_open_sessions() {
    let server = within(Embedded::start(EmbeddedOptions::default()))
        .await
        .unwrap();
    let (folder, pid) = (server.folder().to_owned(), server.pid());
    let session = within(server.spec().connect()).await.unwrap();
    drop(server);
    assert!(!folder.exists() && !Path::new(&format!("/proc/{pid}")).exists());
    assert!(within(session.query_one("SELECT 1", &[])).await.is_err());
}

#[tokio::test]
async fn two_servers_start_at_once_on_ports_of_their_own() {
    let options = || EmbeddedOptions {
        listen: Listen::FreePort,
        ..EmbeddedOptions::default()
    };
    let (one, other) =
        within(async { tokio::join!(Embedded::start(options()), Embedded::start(options())) })
            .await;
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.port(), other.port());
    for server in [&one, &other] {
        let spec = resolve(&flags_for(&server.url()));
        let session = within(spec.connect()).await.unwrap();
        let row = session
            .query_one("SELECT inet_server_addr()::text", &[])
            .await
            .unwrap();
        assert_eq!(row.get::<_, String>(0), "127.0.0.1/32");
        assert!(!spec.describe().contains(&server.url()));
    }
    let taken = EmbeddedOptions {
        listen: Listen::Port(one.port().unwrap()),
        ..EmbeddedOptions::default()
    };
    let error = within(Embedded::start(taken)).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::PortInUse { .. }), "{error}");
    within(one.stop()).await.unwrap();
    within(other.stop()).await.unwrap();
}

#[tokio::test]
async fn the_port_of_a_throwaway_server_asks_for_its_password() {
    let options = EmbeddedOptions {
        listen: Listen::FreePort,
        ..EmbeddedOptions::default()
    };
    let server = within(Embedded::start(options)).await.unwrap();
    let port = server.port().unwrap();
    for (url, wrong) in [
        (
            format!("postgres://astro:nonsense@127.0.0.1:{port}/astro"),
            true,
        ),
        (format!("postgres://astro@127.0.0.1:{port}/astro"), false),
    ] {
        let error = within(resolve(&flags_for(&url)).connect())
            .await
            .unwrap_err();
        assert!(!error.to_string().contains("nonsense"), "{error}");
        assert_eq!(
            matches!(error.failure, ConnectFailure::WrongPassword { .. }),
            wrong,
            "{error}"
        );
        assert_eq!(
            matches!(error.failure, ConnectFailure::PasswordMissing),
            !wrong,
            "{error}"
        );
    }
    let url = format!("postgres://postgres@127.0.0.1:{port}/astro");
    let error = within(resolve(&flags_for(&url)).connect())
        .await
        .unwrap_err();
    assert!(
        matches!(error.failure, ConnectFailure::NotAllowed { .. }),
        "{error}"
    );
    within(server.stop()).await.unwrap();
}

#[tokio::test]
async fn a_setting_the_server_refuses_is_a_clear_error_and_leaves_nothing() {
    let settings = vec![("shared_buffers".to_owned(), "nonsense".to_owned())];
    let options = EmbeddedOptions {
        settings,
        ..EmbeddedOptions::default()
    };
    let error = within(Embedded::start(options)).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::Ended { .. }), "{error}");
    assert!(error.to_string().contains("shared_buffers"), "{error}");
}

#[tokio::test]
async fn a_folder_without_postgresql_is_named_with_the_packages_to_install() {
    let options = EmbeddedOptions {
        bindir: Some("/nonexistent".into()),
        ..Default::default()
    };
    let error = within(Embedded::start(options)).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent"));
    assert!(error.hint().unwrap().contains("postgresql-NN-postgis-3"));
}

#[tokio::test]
async fn the_sky_extensions_that_are_installed_work() {
    let server = within(Embedded::start(EmbeddedOptions::default()))
        .await
        .unwrap();
    let session = within(server.spec().connect()).await.unwrap();
    for (name, result) in within(install_sky_extensions(&server, &session)).await {
        if !server.binaries().has_extension(name) {
            assert!(result.unwrap_err().contains("postgresql-"));
            continue;
        }
        result.unwrap();
        let sql = match name {
            "q3c" => "SELECT q3c_radial_query(10, 10, 10.1, 10, 1)",
            _ => "SELECT spoint '(10d,10d)' <@ scircle '<(10.1d,10d),1d>'",
        };
        assert!(
            session.query_one(sql, &[]).await.unwrap().get::<_, bool>(0),
            "{name}"
        );
    }
    within(server.stop()).await.unwrap();
}

#[test]
fn a_killed_run_takes_its_server_along_and_leaves_a_folder_that_is_found() {
    if std::env::var_os(CHILD).is_some() {
        return run_until_killed();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "a_killed_run_takes_its_server_along_and_leaves_a_folder_that_is_found",
        ])
        .arg("--nocapture")
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (folder, pid) = read_announcement(&mut child);
    let server = format!("/proc/{pid}");
    assert!(Path::new(&server).exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        !Path::new(&server).exists()
    });
    assert!(ended, "the server outlives the run that was killed");
    let left = server_leftovers()
        .into_iter()
        .find(|left| left.folder == Path::new(&folder));
    let left = left.unwrap();
    assert_eq!((left.run_pid, left.server_pid), (child.id(), None));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(remove_server_leftover(&left)).unwrap();
    assert!(!Path::new(&folder).exists());
}

fn run_until_killed() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
        println!("\nSERVER {} {}", server.pid(), server.folder().display());
        tokio::time::sleep(LIMIT).await;
    });
}

fn read_announcement(child: &mut std::process::Child) -> (String, String) {
    use std::io::BufRead;
    let output = std::io::BufReader::new(child.stdout.take().unwrap());
    let line = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("SERVER ").map(ToOwned::to_owned))
        .unwrap();
    let (pid, folder) = line.split_once(' ').unwrap();
    (folder.to_owned(), pid.to_owned())
}
