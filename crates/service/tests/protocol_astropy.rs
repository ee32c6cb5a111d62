//! `VOTables` that astropy wrote: rows and positions are those that astropy reads.

use std::path::PathBuf;

use serde::Deserialize;
use service::protocol::{Serialization, VotableReader};

#[derive(Deserialize)]
struct Table {
    file: String,
    rows: u64,
    ra: Vec<Option<f64>>,
    dec: Vec<Option<f64>>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/votable/astropy"
    ))
}

/// Equal as single-precision numbers: in TABLEDATA, astropy rounds the text of a `float`.
fn agree(ours: &[Option<f64>], theirs: &[Option<f64>]) -> bool {
    let close = |pair: (&Option<f64>, &Option<f64>)| match pair {
        (Some(a), Some(b)) => (a - b).abs() <= 2e-7 * b.abs(),
        (a, b) => a == b,
    };
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(close)
}

#[test]
fn rows_and_positions_are_those_of_astropy() {
    let index = std::fs::read_to_string(folder().join("index.json")).unwrap();
    let tables: Vec<Table> = serde_json::from_str(&index).unwrap();
    assert!(tables.len() >= 12);
    for table in tables {
        let body = std::fs::read(folder().join(&table.file)).unwrap();
        for size in [1, 13, 4096, body.len()] {
            let mut reader = VotableReader::default();
            let (mut ra, mut dec) = (Vec::new(), Vec::new());
            for chunk in body.chunks(size) {
                reader.feed(chunk, &mut |row| {
                    ra.push(row.ra_deg);
                    dec.push(row.dec_deg);
                });
            }
            let summary = reader
                .finish()
                .unwrap_or_else(|it| panic!("{}: {it}", table.file));
            assert_eq!(summary.rows, table.rows, "{}", table.file);
            assert!(agree(&ra, &table.ra), "{}: {ra:?}", table.file);
            assert!(agree(&dec, &table.dec), "{}: {dec:?}", table.file);
            let expected = match table.file.split(['_', '.']).nth(1) {
                Some("tabledata") => Serialization::TableData,
                Some("binary") => Serialization::Binary,
                _ => Serialization::Binary2,
            };
            if table.rows > 0 {
                assert_eq!(summary.serialization, Some(expected), "{}", table.file);
            }
        }
    }
}
