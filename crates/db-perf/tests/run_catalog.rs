//! Catalogues from files.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_common;

use std::fmt::Write as _;
use std::io::Write as _;

use run_common::server::{assert_nothing_left, start, texts};
use run_common::{Ended, Room, report};

/// 2,000 sources as a file with the given names of columns.
fn catalogue(header: &str) -> String {
    let mut text = format!("{header}\n");
    for i in 0..2000_u32 {
        let ra = (f64::from(i) * 222.492_235_949_962) % 360.0;
        let dec = (f64::from(i) / 1000.0 - 1.0).asin().to_degrees();
        writeln!(text, "s{i},{ra},{dec},{}", 5 + i % 15).unwrap();
    }
    text
}

async fn run(room: &Room, url: &str, file: &str, more: &[&str]) -> Ended {
    let arguments = [
        "--quick",
        "--url",
        url,
        "--tests",
        "cone_search",
        "--catalog",
        file,
    ];
    room.run(&[&arguments[..], more].concat()).await
}

#[tokio::test]
async fn files_that_cannot_be_used_are_found_before_the_run() {
    // Nothing listens here: the file is looked at first.
    let url = "postgres://me@127.0.0.1:1/sky";
    let room = Room::new();
    room.file("columns.csv", catalogue("name,alpha,delta,mag").as_bytes());
    room.file("empty.csv", b"");
    room.file("broken.csv.gz", b"this is no gzip\n");
    for (file, more, words) in [
        ("columns.csv", &[][..], "has no column `ra` or `ra_deg` or "),
        (
            "columns.csv",
            &["--ra", "alpha", "--dec", "dek"],
            "has no column `dek`; it has: name, alpha, delta, mag",
        ),
        (
            "columns.csv",
            &["--ra", "alpha", "--dec", "delta", "--mag", "v"],
            "has no column `v`",
        ),
        (
            "missing.csv",
            &[],
            "failed to read `missing.csv`: No such file or directory",
        ),
        ("empty.csv", &[], "has no column `ra`"),
        ("broken.csv.gz", &[], "failed to read `broken.csv.gz`: "),
        (".", &[], "failed to read `.`: "),
    ] {
        let ended = run(&room, url, file, more).await;
        ended.assert_error(2, &[words]);
        assert!(!room.has_report());
    }
    room.assert_nothing_left();
}

#[tokio::test]
async fn broken_lines_are_counted_and_the_rest_is_measured() {
    let server = start().await;
    let room = Room::new();
    let mut text = catalogue("name,RAJ2000,DEJ2000,Vmag");
    text += "x,not a number,5,5\ny,400,5,5\nz,10,-91,5\nshort,1\nw,10,10,faint\nok,10,10,\n\"open";
    let file = room.file("broken.csv", text.as_bytes());
    let ended = run(&room, &server.url(), &file, &["--keep"]).await;
    ended.assert_exit(0);
    let report = room.report();
    let told = report
        .limitations
        .iter()
        .find(|it| it.code == "broken_lines")
        .unwrap();
    let expected = "6 lines of the file were left out, such as line 2002: right ascension is no number: `not a number`";
    assert_eq!(told.message, expected);
    assert!(
        ended.stdout.contains("6 lines of the file were left out"),
        "{}",
        ended.stdout
    );
    assert_eq!(report.target["catalogue"]["rows"], 2001);
    let schema = run_common::server::schemas(&server).await.remove(0);
    let count = format!("SELECT count(*)::text FROM {schema}.astronomical_objects");
    assert_eq!(texts(&server, &count).await, ["2001"]);
    assert!(report.test("cone_search").unwrap().is_clean());
    room.run(&["clean", "--url", &server.url()])
        .await
        .assert_exit(0);
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_compressed_catalogue_with_mapped_columns_is_measured() {
    let server = start().await;
    let room = Room::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(catalogue("name,alpha,delta,mag").as_bytes())
        .unwrap();
    let file = room.file("stars.csv.gz", &encoder.finish().unwrap());
    let ended = room
        .run(&[
            "--quick",
            "--url",
            &server.url(),
            "--catalog",
            &file,
            "--ra",
            "alpha",
            "--dec",
            "delta",
            "--duration",
            "1s",
            "--tests",
            "cone_search,complex_queries,concurrent_load",
        ])
        .await;
    ended.assert_exit(0);
    let report = room.report();
    assert_eq!(report.target["catalogue"]["rows"], 2000);
    for test in &report.tests {
        assert_eq!(test.error_count, 0, "{}: {:?}", test.test_name, test.errors);
    }
    assert!(!report::limitations(&report).contains(&"broken_lines"));
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_without_a_usable_line_is_an_error_and_leaves_nothing() {
    let server = start().await;
    let room = Room::new();
    let half = catalogue("name,ra,dec,mag");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(half.as_bytes()).unwrap();
    let mut cut = encoder.finish().unwrap();
    cut.truncate(cut.len() / 2);
    room.file("bad.csv", b"name,ra,dec\na,x,y\nb,x,y\n");
    room.file("header.csv", b"name,ra,dec\n");
    for (file, words) in [
        (
            "bad.csv",
            "has no usable line: line 2: right ascension is no number: `x`",
        ),
        ("header.csv", "has no usable line"),
    ] {
        let ended = run(&room, &server.url(), file, &[]).await;
        ended.assert_error(2, &[words]);
        assert!(!room.has_report());
        assert_nothing_left(&server).await;
    }

    // A download that broke off: what came is used, and that it broke off is said.
    room.file("cut.csv.gz", &cut);
    let ended = run(&room, &server.url(), "cut.csv.gz", &[]).await;
    ended.assert_exit(0);
    let report = room.report();
    assert!(
        report::limitations(&report).contains(&"broken_lines"),
        "{ended:#?}"
    );
    assert_nothing_left(&server).await;
    server.stop().await.unwrap();
}
