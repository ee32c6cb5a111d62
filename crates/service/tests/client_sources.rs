//! Where connections come from, and what the generator itself runs out of.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
#![cfg(target_os = "linux")]

mod client_support;

use std::net::IpAddr;

use client_support::{ENOUGH, Server, client, get, ok, options, read_head, text};
use service::client::{Client, Endpoint, TransportKind};
use tokio::io::AsyncWriteExt as _;

/// Answers with the address that the client came from.
async fn mirror(address: &str) -> Server {
    Server::start_at(address, |mut stream, _| async move {
        let from = stream.peer_addr().unwrap().ip().to_string();
        while read_head(&mut stream).await.is_some() {
            stream.write_all(&ok(from.as_bytes())).await.unwrap();
        }
    })
    .await
}

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|it| it.parse().unwrap()).collect()
}

#[tokio::test]
async fn connections_come_from_the_source_addresses_in_turn() {
    let server = mirror("127.0.0.1:0").await;
    let mut options = options(&server.url());
    // The one that cannot reach the server is passed over.
    options.source_addresses = addresses(&["127.0.0.2", "::1", "127.0.0.3"]);
    let shared = client(options).endpoint().clone();
    let mut seen = Vec::new();
    for _ in 0..6 {
        let mut client = Client::new(shared.clone());
        let first = text(&mut client, "/").await;
        // A connection keeps its address.
        assert_eq!(text(&mut client, "/").await, first);
        seen.push(first);
    }
    for address in ["127.0.0.2", "127.0.0.3"] {
        assert_eq!(
            seen.iter().filter(|it| *it == address).count(),
            3,
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn an_ipv6_server_is_reached_from_an_ipv6_source() {
    let server = mirror("[::1]:0").await;
    let mut own = options(&server.url());
    own.source_addresses = addresses(&["::1"]);
    assert_eq!(text(&mut client(own), "/").await, "::1");

    let mut other = options(&server.url());
    other.source_addresses = addresses(&["127.0.0.2"]);
    let error = get(&mut client(other), "/", ENOUGH).await.unwrap_err();
    assert_eq!(error.kind, TransportKind::AddressUnavailable);
    assert!(
        error
            .message
            .ends_with("no source address is of the family of ::1"),
        "{error}"
    );
}

#[test]
fn a_source_that_this_machine_does_not_have_is_refused_at_once() {
    let mut options = options("http://127.0.0.1:1");
    // An address of documentation (RFC 5737).
    options.source_addresses = addresses(&["127.0.0.1", "192.0.2.1"]);
    let error = Endpoint::new(options).unwrap_err().to_string();
    assert_eq!(
        error,
        "failed to open connections from `192.0.2.1`: this machine does not have it"
    );
}
