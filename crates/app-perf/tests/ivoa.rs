//! What a real IVOA server said (`fixtures/dachs`), replayed: each of its traps is classified rightly.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod support;

use std::path::Path;

use support::Room;
use support::server::{Mood, Server};

/// A recorded answer as it came, with the length in place of the chunks.
fn recording(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/dachs");
    let head = common::files::read(&folder.join(format!("{name}.headers"))).unwrap();
    let body = std::fs::read(folder.join(format!("{name}.body"))).unwrap();
    let mut answer = String::new();
    for line in head.lines() {
        let lower = line.to_ascii_lowercase();
        if !line.is_empty()
            && !lower.starts_with("transfer-encoding:")
            && !lower.starts_with("content-length:")
            && !lower.starts_with("connection:")
        {
            answer.push_str(line);
            answer.push_str("\r\n");
        }
    }
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    answer.push_str(&length);
    [answer.into_bytes(), body].concat()
}

/// A profile of one question, whose cone is the one of the recordings.
fn profile(success: &str) -> String {
    format!(
        "format = 1\nname = \"replay\"\n[[operation]]\nname = \"ask\"\ngroup = \"catalog\"\n\
         request = {{ path = \"/x\", query = {{ RA = \"{{ra}}\", DEC = \"{{dec}}\", SR = \"{{radius}}\" }} }}\nsuccess = {{ {success} }}\n"
    )
}

/// How a recording is judged: the kinds of its failures; empty for a success.
async fn judged(name: &str, success: &str) -> Vec<String> {
    let room = Room::new();
    let bytes = recording(name);
    let server = Server::start(Mood::Says(bytes)).await;
    let file = room.file("replay.toml", profile(success).as_bytes());
    let arguments = [
        "--url",
        &server.url(),
        "--api",
        &file,
        "--quick",
        "--users",
        "1",
        "--tests",
        "catalog_queries",
    ];
    let ended = room.run(&arguments).await;
    assert!(ended.errors().is_empty(), "{ended:?}");
    let report = room.report();
    report
        .test("catalog_queries")
        .unwrap()
        .errors
        .keys()
        .cloned()
        .collect()
}

#[tokio::test]
async fn right_answers_in_every_serialisation_are_successes() {
    for name in [
        "scs-ok",
        "scs-ok-td",
        "scs-ok-b2",
        "scs-ok-mime",
        "scs-verb3",
        "tap-ok",
        "tap-ok-td",
        "tap-ok-b2",
        "tap-upload",
    ] {
        assert_eq!(
            judged(name, "content = \"votable\", min_rows = 1").await,
            Vec::<String>::new(),
            "{name}"
        );
    }
    assert_eq!(
        judged(
            "scs-ok",
            "content = \"votable\", min_rows = 47, max_rows = 47"
        )
        .await,
        Vec::<String>::new()
    );
    assert_eq!(
        judged("tap-ok-csv", "content = \"csv\", min_rows = 3").await,
        Vec::<String>::new()
    );
    // No row and metadata only are no errors.
    for name in [
        "scs-empty",
        "scs-sr-zero",
        "tap-maxrec-0",
        "sia-latitude-100",
    ] {
        assert_eq!(
            judged(name, "content = \"votable\", max_rows = 0, overflow = true").await,
            Vec::<String>::new(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn errors_behind_status_200_are_errors() {
    for name in [
        "scs-ra-not-a-number",
        "scs-sr-missing",
        "scs-dec-95",
        "scs-bad-format",
        "tap-unknown-table",
        "tap-syntax-error",
        "tap-no-lang",
        "tap-no-query",
        "tap-upload-missing",
        "sia-pos-square",
    ] {
        assert_eq!(
            judged(name, "content = \"votable\"").await,
            ["query_error"],
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_table_that_was_cut_off_is_no_success_unless_that_is_allowed() {
    assert_eq!(
        judged("tap-maxrec-2", "content = \"votable\"").await,
        ["wrong_count"]
    );
    assert_eq!(
        judged("tap-maxrec-2", "content = \"votable\", overflow = true").await,
        Vec::<String>::new()
    );
    assert_eq!(
        judged("scs-maxrec-2", "content = \"votable\"").await,
        ["wrong_count"]
    );
}

#[tokio::test]
async fn availability_and_pages_are_told_apart() {
    assert_eq!(
        judged("sia-availability", "content = \"availability\"").await,
        Vec::<String>::new()
    );
    assert_eq!(
        judged("unknown-service", "content = \"votable\"").await,
        ["http_status_404"]
    );
}

#[tokio::test]
async fn rows_outside_of_the_cone_are_found_in_every_serialisation() {
    // The recordings hold the Pleiades, whatever cone is asked for.
    for name in ["scs-ok", "scs-ok-td", "scs-ok-b2"] {
        let rules = "content = \"votable\", inside_cone = true";
        assert_eq!(judged(name, rules).await, ["outside_cone"], "{name}");
    }
}
