//! What holds for every body: no reader panics, and how a body is cut makes no difference.

use std::path::PathBuf;

use proptest::prelude::*;
use service::protocol::{
    BodyReader, BodySummary, CsvReader, CsvRules, Fault, FitsReader, JsonReader, JsonRules,
    Malformed, Pointer, PrometheusReader, RowPosition, TextReader, VotableOptions, VotableReader,
    XmlReader, XmlRules, parse_availability, parse_capabilities, parse_tables, parse_uws_job,
};

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/votable"
    ));
    std::fs::read(folder.join(name)).expect("the fixture is there")
}

/// A new reader of each kind.
fn readers() -> Vec<BodyReader> {
    let json = JsonRules {
        rows: Some(Pointer::inside_row("/rows")),
        captures: vec![Pointer::inside_row("/status")],
        row_fields: Some(("ra".into(), "/at/dec".into())),
    };
    let tsv = CsvRules {
        needs_final_newline: false,
        ..CsvRules::tsv()
    };
    vec![
        BodyReader::Votable(Box::new(VotableReader::new(VotableOptions::default()))),
        BodyReader::Json(Box::new(JsonReader::new(&json))),
        BodyReader::Text(TextReader::default()),
        BodyReader::Csv(Box::new(CsvReader::new(CsvRules::csv()))),
        BodyReader::Csv(Box::new(CsvReader::new(tsv))),
        BodyReader::Prometheus(PrometheusReader::new(false)),
        BodyReader::Prometheus(PrometheusReader::new(true)),
        BodyReader::Fits(FitsReader::default()),
        BodyReader::Xml(Box::new(XmlReader::new(XmlRules {
            root: None,
            rows: Some("TD".into()),
        }))),
        BodyReader::Ignore,
    ]
}

/// Documents of every kind, each with the index of its reader.
fn documents() -> Vec<(usize, Vec<u8>)> {
    let mut documents: Vec<(usize, Vec<u8>)> = [
        "cone_error.xml",
        "cone_error_param.xml",
        "tap_error.xml",
        "tap_overflow.xml",
        "astropy/4_tabledata.xml",
        "astropy/4_binary.xml",
        "astropy/4_binary2.xml",
        "astropy/29_binary2.xml",
    ]
    .into_iter()
    .map(|name| (0, fixture(name)))
    .collect();
    let odd = "\u{feff}<?xml version='1.0'?><!-- -x- --><!DOCTYPE VOTABLE [<!ENTITY a '>'>]><VOTABLE>\
        <RESOURCE><TABLE><FIELD name='ra'/><FIELD name='é'/><DATA><TABLEDATA><TR><TD><![CDATA[1]]]>\
        </TD><TD>]]&amp;&#233;é</TD></TR><?x y?></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>";
    let json = r#"{"status":"a\u00e9\ud83d\ude00é", "rows":[{"ra":1.5e2,"at":{"dec":-0.5}},[null,true],"x"]}"#;
    let csv = "ra,dec,\"a \"\"b\"\"\"\r\n1,2,\"x\ny\"\r\n\r\n3,,é\r\n";
    let tsv = "ra\tdec\n1\t\"2\n3\t4";
    let metrics = "# HELP a b\na{b=\"c\\\"}\",d=\"é\"} 1 2\nb NaN\n";
    let open_metrics = "# TYPE a counter\na_total{b=\"c\"} 1 # {d=\"e\"} 2 3\n# EOF\n";
    let mut fits = String::new();
    for card in [
        "SIMPLE  =                    T",
        "BITPIX  =                   16",
        "NAXIS   =                    1",
        "NAXIS1  =                 1450 / x",
        "END",
    ] {
        fits.extend(format!("{card:<80}").chars());
    }
    let mut fits = format!("{fits:<2880}").into_bytes();
    fits.resize(2880 * 3, 7);
    documents.extend([
        (0, odd.into()),
        (8, odd.into()),
        (8, fixture("tap_overflow.xml")),
        (1, json.into()),
        (3, csv.into()),
        (4, tsv.into()),
        (5, metrics.into()),
        (6, open_metrics.into()),
        (7, fits),
    ]);
    documents
}

type Outcome = (Result<BodySummary, Malformed>, Vec<RowPosition>);

fn read<'a>(mut reader: BodyReader, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut rows = Vec::new();
    for chunk in chunks {
        reader.feed(chunk, &mut |row| rows.push(row));
    }
    let result = reader.finish(&mut |row| rows.push(row));
    (result, rows)
}

/// The body in pieces whose lengths are `sizes`, over and over.
fn pieces<'a>(mut body: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if body.is_empty() {
            break;
        }
        let (piece, rest) = body.split_at(body.len().min(*size));
        pieces.push(piece);
        body = rest;
    }
    pieces
}

fn one(index: usize) -> BodyReader {
    readers().swap_remove(index)
}

/// A change of a document.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
    Cut(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..4096_usize;
    let markup = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "]]>",
        "<!--",
        "-->",
        "<![CDATA[",
        "\"",
        "'",
        "=",
        "/",
        "<TR>",
        "</TD>",
        "\n",
        ",",
        "{",
        "}",
        "[",
        "]",
        "\\",
        "\\u12",
        "é",
        "0",
        "-",
        "#",
        "\t",
        "\r",
        "<?xml ?>",
    ]);
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place.clone(), markup).prop_map(|(at, text)| Change::Insert(at, text.into())),
        (place.clone(), 1..40_usize).prop_map(|(at, bytes)| Change::Remove(at, bytes)),
        (place.clone(), 1..200_usize).prop_map(|(at, bytes)| Change::Repeat(at, bytes)),
        place.prop_map(Change::Cut),
    ]
}

fn changed(mut body: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let at = |place: usize| place % (body.len() + 1);
        match change {
            Change::Set(place, byte) => {
                let at = at(*place);
                if at < body.len() {
                    body[at] = *byte;
                }
            }
            Change::Insert(place, bytes) => {
                let at = at(*place);
                body.splice(at..at, bytes.iter().copied());
            }
            Change::Remove(place, bytes) => {
                let at = at(*place);
                body.drain(at..(at + bytes).min(body.len()));
            }
            Change::Repeat(place, bytes) => {
                let at = at(*place);
                let part = body[at..(at + bytes).min(body.len())].to_vec();
                body.splice(at..at, part);
            }
            Change::Cut(place) => body.truncate(at(*place)),
        }
    }
    body
}

fn assert_small_parsers_do_not_panic(body: &[u8]) {
    let _ = parse_uws_job(body);
    let _ = parse_availability(body);
    let _ = parse_capabilities(body);
    let _ = parse_tables(body);
}

#[test]
fn every_document_is_read_whatever_the_two_pieces_are() {
    for (index, body) in documents() {
        let whole = read(one(index), [body.as_slice()]);
        assert!(whole.0.is_ok(), "{index}: {:?}", whole.0);
        for at in 0..=body.len() {
            let (first, second) = body.split_at(at);
            assert_eq!(read(one(index), [first, second]), whole, "{index} at {at}");
        }
    }
}

#[test]
fn every_document_cut_short_is_refused_or_a_shorter_table() {
    for (index, body) in documents() {
        for at in 0..body.len() {
            let result = read(one(index), [&body[..at]]).0;
            let is_complete = match index {
                // Lines of a table may end anywhere between rows, values of the last line anywhere.
                3..=5 => result.is_ok(),
                // Line ends after the document.
                _ => body[at..].trim_ascii().is_empty(),
            };
            match result {
                Ok(_) => assert!(is_complete, "{index} at {at}"),
                Err(error) => assert_eq!(error.kind, Fault::Truncated, "{index} at {at}: {error}"),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn random_bytes_are_refused_alike_in_any_pieces(
        body in prop::collection::vec(any::<u8>(), 0..400),
        sizes in prop::collection::vec(1..30_usize, 1..8),
    ) {
        for (whole, parts) in readers().into_iter().zip(readers()) {
            prop_assert_eq!(read(whole, [body.as_slice()]), read(parts, pieces(&body, &sizes)));
        }
        assert_small_parsers_do_not_panic(&body);
    }

    #[test]
    fn text_full_of_markup_is_judged_alike_in_any_pieces(
        body in "[<>&;'\"=/!?\\-\\[\\]{},:.#\\\\ \nTRDaé0-9]{0,200}",
        sizes in prop::collection::vec(1..10_usize, 1..8),
    ) {
        let body = body.as_bytes();
        for start in ["", "<VOTABLE><RESOURCE><TABLE><DATA><TABLEDATA>", "<VOTABLE>", "[", "a 1\n"] {
            let body = [start.as_bytes(), body].concat();
            for (whole, parts) in readers().into_iter().zip(readers()) {
                prop_assert_eq!(read(whole, [body.as_slice()]), read(parts, pieces(&body, &sizes)));
            }
        }
    }

    #[test]
    fn changed_documents_are_judged_alike_in_any_pieces(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
        sizes in prop::collection::vec(prop_oneof![1..4_usize, 1..600_usize], 1..8),
    ) {
        let documents = documents();
        let (index, body) = &documents[which.index(documents.len())];
        let body = changed(body.clone(), &changes);
        let whole = read(one(*index), [body.as_slice()]);
        prop_assert_eq!(&read(one(*index), pieces(&body, &sizes)), &whole);
        if let Err(error) = whole.0 {
            prop_assert!(error.offset <= u64::try_from(body.len()).unwrap());
        }
        assert_small_parsers_do_not_panic(&body);
    }
}
