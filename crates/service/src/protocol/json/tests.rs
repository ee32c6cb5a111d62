use super::*;
use crate::protocol::{Fault, RowPosition};

type Rows = Vec<(Option<f64>, Option<f64>)>;

fn rules(rows: &str, captures: &[&str], fields: (&str, &str)) -> JsonRules {
    JsonRules {
        rows: Some(rows.parse().unwrap()),
        captures: captures.iter().map(|it| it.parse().unwrap()).collect(),
        row_fields: Some((fields.0.into(), fields.1.into())),
    }
}

fn read_in(text: &[u8], rules: &JsonRules, size: usize) -> (Result<JsonSummary, Malformed>, Rows) {
    let mut reader = JsonReader::new(rules);
    let mut rows = Vec::new();
    for chunk in text.chunks(size) {
        reader.feed(chunk, &mut |row: RowPosition| {
            rows.push((row.ra_deg, row.dec_deg));
        });
    }
    (reader.finish(), rows)
}

/// Reads a document; in chunks of other sizes the outcome is the same.
fn read(text: &str, rules: &JsonRules) -> (Result<JsonSummary, Malformed>, Rows) {
    let whole = read_in(text.as_bytes(), rules, text.len().max(1));
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(
            read_in(text.as_bytes(), rules, size),
            whole,
            "chunks of {size}"
        );
    }
    whole
}

#[test]
fn rows_are_counted_where_the_pointer_points() {
    let rules = rules(
        "/data/rows",
        &["/status", "/data/n", "/none", "/data"],
        ("ra", "/at/dec"),
    );
    let text = r#"{"status": "a\u00e9\"b", "rows": [1, 2], "data": {"n": -1.5e3, "rows": [
        {"ra": 10.5, "at": {"dec": -2, "ra": 7}, "x": [{"ra": 1}, []]},
        {"ra": "11.5", "dec": 3}, null, [1, 2]], "m": true}}"#;
    let (summary, rows) = read(text, &rules);
    let summary = summary.unwrap();
    assert_eq!(summary.rows, Some(4));
    assert_eq!(
        summary.captures,
        [
            Some(Scalar::String("aé\"b".into())),
            Some(Scalar::Number("-1.5e3".into())),
            None,
            None
        ]
    );
    assert_eq!(
        summary.captures[1].as_ref().and_then(Scalar::as_f64),
        Some(-1500.0)
    );
    let expected = [
        (Some(10.5), Some(-2.0)),
        (Some(11.5), None),
        (None, None),
        (None, None),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn rows_can_be_arrays_and_the_document_itself() {
    let (summary, rows) = read(
        "[[1, 2.5, 3], []]",
        &rules("", &["/0/2", "/01"], ("/1", "2")),
    );
    let summary = summary.unwrap();
    assert_eq!(summary.rows, Some(2));
    assert_eq!(summary.captures, [Some(Scalar::Number("3".into())), None]);
    assert_eq!(rows, [(Some(2.5), Some(3.0)), (None, None)]);
}

#[test]
fn an_absent_array_is_no_empty_one() {
    let rules = rules("/a", &[], ("ra", "dec"));
    for (text, expected) in [
        ("{\"a\": []}", Some(0)),
        ("{\"a\": {}}", None),
        ("{\"a\": null}", None),
        ("{}", None),
        ("7", None),
        ("\u{feff} {\"b\": {\"a\": [1]}} \r\n", None),
        // The last of several with one name counts.
        ("{\"a\": [1], \"a\": [1, 2]}", Some(2)),
    ] {
        assert_eq!(read(text, &rules).0.unwrap().rows, expected, "{text}");
    }
}

#[test]
fn what_is_no_json_is_refused_at_its_place() {
    for (text, offset) in [
        ("<html>", 0),
        ("{\"a\": 1} x", 9),
        ("{\"a\": 1}{}", 8),
        ("[1,]", 3),
        ("[1 2]", 3),
        ("{a: 1}", 1),
        ("[\"a\nb\"]", 3),
        ("[01]", 2),
        ("[tru]", 1),
        ("[NaN]", 1),
    ] {
        let error = read(text, &JsonRules::default()).0.unwrap_err();
        assert_eq!(
            (error.kind, error.offset),
            (Fault::Malformed, offset),
            "{text}: {error}"
        );
    }
    let error = read_in(b"[\"\xFF\"]", &JsonRules::default(), 2)
        .0
        .unwrap_err();
    assert_eq!((error.kind, error.offset), (Fault::Malformed, 2), "{error}");
}

#[test]
fn a_document_cut_anywhere_is_truncated() {
    let text = r#"{"a": [1.5, "b\u00e9é", true, null, {}], "c": -2e+7}"#.as_bytes();
    for end in 0..text.len() {
        for size in [1, 1000] {
            let error = read_in(&text[..end], &JsonRules::default(), size)
                .0
                .unwrap_err();
            assert_eq!(error.kind, Fault::Truncated, "{end}: {error}");
            assert_eq!(error.offset, u64::try_from(end).unwrap());
        }
    }
}

#[test]
fn memory_is_bounded_for_endless_documents() {
    let endless = |start: &str, piece: &str| {
        let mut reader = JsonReader::new(&JsonRules::default());
        reader.feed(start.as_bytes(), &mut |_| {});
        let piece = piece.repeat(10_000);
        let mut most = 0;
        for _ in 0..300 {
            reader.feed(piece.as_bytes(), &mut |_| {});
            most = most.max(reader.held.len());
        }
        assert!(most <= MAX_TOKEN_BYTES + piece.len());
        reader.finish().unwrap_err().kind
    };
    assert_eq!(endless("[\"", "a"), Fault::TooLong);
    assert_eq!(endless("[", "1"), Fault::TooLong);
    assert_eq!(endless("", "["), Fault::TooDeep);
    assert_eq!(endless("", "{\"a\":"), Fault::TooDeep);
    assert_eq!(endless("", " "), Fault::Truncated);
    assert_eq!(endless("[1", ",1"), Fault::Truncated);
}

#[test]
fn a_token_over_the_limit_is_too_long_however_it_comes() {
    for (extra, fits) in [(0, true), (1, false)] {
        let long = "a".repeat(MAX_TOKEN_BYTES - 2 + extra);
        let text = format!("[1 , \"{long}\"]");
        for size in [1000, 65_536, text.len()] {
            let result = read_in(text.as_bytes(), &JsonRules::default(), size).0;
            match result {
                Ok(_) => assert!(fits),
                Err(error) => {
                    assert!(!fits, "{error}");
                    assert_eq!((error.kind, error.offset), (Fault::TooLong, 5));
                }
            }
        }
    }
}

#[test]
fn pointers_are_read_and_written() {
    for text in ["", "/a/b", "/a~1b/~0c", "/"] {
        assert_eq!(text.parse::<Pointer>().unwrap().to_string(), text);
    }
    let error = "a/b".parse::<Pointer>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "a JSON pointer is empty or begins with `/`, got `a/b`"
    );
}
