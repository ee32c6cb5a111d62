//! What happens when this process may open no more files. The only test of its process: it takes them all.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![cfg(unix)]

mod client_support;

use std::fs::File;

use client_support::{ENOUGH, Server, Then, client, failure_of, get, ok, options};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use service::client::TransportKind;

#[tokio::test]
async fn no_more_descriptors_is_a_kind_of_its_own() {
    let server = Server::saying(ok(b"hello"), Then::KeepOn).await;
    let mut early = client(options(&server.url()));
    get(&mut early, "/", ENOUGH).await.unwrap();
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 100, most).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        files.push(file);
    }
    for url in [server.url(), "http://localhost:1".to_owned()] {
        let error = failure_of(&url, ENOUGH).await;
        assert_eq!(error.kind, TransportKind::TooManyFiles, "{error}");
        assert!(error.message.contains("ulimit -n"), "{error}");
    }
    // Who is connected goes on, parked or not.
    early.park();
    get(&mut early, "/", ENOUGH).await.unwrap();
}
