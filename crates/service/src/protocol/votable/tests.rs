use super::*;
use crate::protocol::{Fault, RowPosition};

type Rows = Vec<(Option<f64>, Option<f64>)>;

/// Reads a document in chunks of a size.
fn read_in(text: &[u8], size: usize) -> (Result<VotableSummary, Malformed>, Rows) {
    let mut reader = VotableReader::default();
    let mut rows = Vec::new();
    for chunk in text.chunks(size) {
        reader.feed(chunk, &mut |row: RowPosition| {
            rows.push((row.ra_deg, row.dec_deg));
        });
    }
    (reader.finish(), rows)
}

/// Reads a document; in chunks of other sizes the outcome is the same.
fn read(text: &str) -> (Result<VotableSummary, Malformed>, Rows) {
    let whole = read_in(text.as_bytes(), text.len().max(1));
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(read_in(text.as_bytes(), size), whole, "chunks of {size}");
    }
    whole
}

fn summary(text: &str) -> VotableSummary {
    read(text).0.unwrap()
}

fn error(text: &str) -> Malformed {
    read(text).0.unwrap_err()
}

fn table(data: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<!-- a > b -- c -->\
         <VOTABLE version='1.4' xmlns='http://www.ivoa.net/xml/VOTable/v1.3'><RESOURCE type='results'>\
         <INFO name='QUERY_STATUS' value='OK'/><TABLE>\
         <FIELD name='id' datatype='int'/>\
         <FIELD name='ra' datatype='double' unit='deg' ucd='pos.eq.ra;meta.main'>\
         <DESCRIPTION>a &lt; b</DESCRIPTION><VALUES><MIN value='1'></MIN></VALUES></FIELD>\
         <FIELD name='dec' datatype='double' unit='deg' ucd='pos.eq.dec;meta.main'/>\
         <DATA>{data}</DATA></TABLE></RESOURCE></VOTABLE>\n"
    )
}

fn cells(rows: &str) -> String {
    table(&format!("<TABLEDATA>{rows}</TABLEDATA>"))
}

#[test]
fn rows_of_elements_are_counted_with_their_positions() {
    let text = cells(
        "<TR><TD>1</TD><TD>10.5</TD><TD>-20</TD></TR>\n\
         <TR ID='x'><TD>2</TD><TD><![CDATA[ 11 ]]></TD><TD>&#x2D;2&#49;</TD></TR>\
         <TR><TD/><TD></TD><TD>NaN</TD></TR>\
         <TR> <TD>a ]] b</TD><TD>1e1<!-- 9 -->1</TD><TD>one</TD> </TR>",
    );
    let (summary, rows) = read(&text);
    let summary = summary.unwrap();
    assert_eq!(summary.rows, 4);
    assert_eq!(summary.serialization, Some(Serialization::TableData));
    assert_eq!(summary.position_columns, (Some(1), Some(2)));
    assert_eq!(
        rows,
        [
            (Some(10.5), Some(-20.0)),
            (Some(11.0), Some(-21.0)),
            (None, None),
            (Some(1e11), None),
        ]
    );
}

#[test]
fn references_in_plain_rows_are_resolved_and_checked() {
    let rows = "<TR><TD>1</TD><TD>1&#48;</TD><TD>&#x2D;20</TD></TR>";
    let (summary, positions) = read(&cells(rows));
    assert_eq!(summary.unwrap().rows, 1);
    assert_eq!(positions, [(Some(10.0), Some(-20.0))]);
    let wrong = cells("<TR><TD>a & b</TD><TD>1</TD><TD>2</TD></TR>");
    assert_eq!(error(&wrong).what, "a `&` that begins no reference");
    let wrong = cells("<TR><TD>&nbsp;</TD><TD>1</TD><TD>2</TD></TR>");
    assert_eq!(error(&wrong).what, "an unknown reference `&nbsp;`");
}

#[test]
fn the_last_query_status_decides() {
    let rows = "<TR><TD>1</TD><TD>1</TD><TD>2</TD></TR>";
    let late = "</TABLE><INFO name='QUERY_STATUS' value='OVERFLOW'> more\n </INFO></RESOURCE>";
    let text = cells(rows).replace("</TABLE></RESOURCE>", late);
    let summary = summary(&text);
    let status = summary.query_status.unwrap();
    assert_eq!(status.state, QueryState::Overflow);
    assert_eq!(status.message, "more");
    assert_eq!(summary.infos.len(), 2);
    let text = text.replace("OVERFLOW", "LIMITED");
    let state = read(&text).0.unwrap().query_status.unwrap().state;
    assert_eq!(state, QueryState::Other("LIMITED".into()));
}

#[test]
fn cone_errors_are_found_in_each_of_their_places() {
    for (inside, expected) in [
        ("<INFO name='Error' value='no'/>", Some("no")),
        ("<INFO name='Error'>no</INFO>", Some("no")),
        (
            "<RESOURCE><INFO name='ERROR' value='no'/></RESOURCE>",
            Some("no"),
        ),
        (
            "<RESOURCE><PARAM name='Error' datatype='char' value='no'/></RESOURCE>",
            Some("no"),
        ),
        (
            "<v:DEFINITIONS><v:PARAM name='Error' value='no'><DESCRIPTION>x</DESCRIPTION></v:PARAM></v:DEFINITIONS>",
            Some("no"),
        ),
        (
            "<RESOURCE><PARAM name='error' datatype='float' value='3'/></RESOURCE>",
            None,
        ),
        (
            "<RESOURCE><TABLE><PARAM name='Error' value='3'/></TABLE></RESOURCE>",
            None,
        ),
        (
            "<RESOURCE><GROUP><PARAM name='Error' value='3'/></GROUP></RESOURCE>",
            None,
        ),
    ] {
        let summary = summary(&format!("<VOTABLE xmlns:v='x'>{inside}</VOTABLE>"));
        assert_eq!(summary.error.as_deref(), expected, "{inside}");
    }
}

#[test]
fn only_the_result_table_is_counted_as_the_result() {
    let other = "<TABLE><FIELD name='a' datatype='int'/><DATA><TABLEDATA>\
        <TR><TD>1</TD></TR><TR><TD>1</TD></TR></TABLEDATA></DATA></TABLE>";
    let result = cells("<TR><TD>1</TD><TD>1</TD><TD>2</TD></TR>");
    let meta = format!("<RESOURCE type='meta'>{other}</RESOURCE><RESOURCE type='results'>");
    let text = result.replace("<RESOURCE type='results'>", &meta).replace(
        "</VOTABLE>",
        &format!("<RESOURCE>{other}</RESOURCE></VOTABLE>"),
    );
    let (summary, rows) = read(&text);
    let summary = summary.unwrap();
    assert_eq!(
        (summary.rows, summary.other_rows, summary.tables),
        (1, 4, 3)
    );
    assert_eq!(rows.len(), 1);
    assert_eq!(
        summary.fields[1].ucd.as_deref(),
        Some("pos.eq.ra;meta.main")
    );
}

#[test]
fn position_columns_are_found_by_meaning_before_name() {
    let find = |fields: &str| {
        let text = format!("<VOTABLE><RESOURCE><TABLE>{fields}</TABLE></RESOURCE></VOTABLE>");
        summary(&text).position_columns
    };
    let old = "<FIELD name='ra' ucd='POS_EQ_RA'/><FIELD name='a' ucd='POS_EQ_RA_MAIN'/>\
        <FIELD name='b' ucd='POS_EQ_DEC_MAIN' unit='rad'/>";
    assert_eq!(find(old), (Some(1), Some(2)));
    let names = "<FIELD name='x'/><FIELD name='DEJ2000'/><FIELD name='RAJ2000'/>";
    assert_eq!(find(names), (Some(2), Some(1)));
    let hours = "<FIELD name='ra' unit='h:m:s'/><FIELD name='dec'/>";
    assert_eq!(find(hours), (None, Some(1)));
    assert_eq!(find(""), (None, None));
}

#[test]
fn what_is_no_votable_is_refused_at_its_place() {
    for (text, offset, what) in [
        (
            "<html><body>",
            0,
            "the root element is `html`, not `VOTABLE`",
        ),
        ("{\"a\": 1}", 0, "text outside of the root element"),
        (
            "<VOTABLE></VOTABLE> x",
            20,
            "text outside of the root element",
        ),
        (
            "<VOTABLE/><VOTABLE/>",
            10,
            "an element `VOTABLE` after the end of the document",
        ),
        (
            "<VOTABLE><A></B></VOTABLE>",
            12,
            "an end tag `B` where `A` is open",
        ),
        (
            "<VOTABLE>&nbsp;</VOTABLE>",
            9,
            "an unknown reference `&nbsp;`",
        ),
        (
            "<VOTABLE>a & b</VOTABLE>",
            11,
            "a `&` that begins no reference",
        ),
        (
            "<VOTABLE><!x></VOTABLE>",
            9,
            "a `<!` that begins no comment, CDATA section or DOCTYPE",
        ),
        ("</VOTABLE>", 0, "an end tag `VOTABLE` without a start"),
        ("<VOTABLE>< a/></VOTABLE>", 9, "a tag without a proper name"),
        (
            "<VOTABLE><a b='<'/></VOTABLE>",
            9,
            "a `<` inside the tag `a`",
        ),
        (
            "<VOTABLE> <?xml version='1.0'?></VOTABLE>",
            10,
            "an XML declaration that is not at the start",
        ),
    ] {
        let error = error(text);
        assert_eq!(
            (error.offset, error.what.as_str()),
            (offset, what),
            "{text}"
        );
        assert_eq!(error.kind, Fault::Malformed);
    }
    for attributes in ["b", "b=c", "b='1' b='2'", "b='&x;'"] {
        let error = error(&format!("<VOTABLE><a {attributes}/></VOTABLE>"));
        assert_eq!(
            (error.offset, error.kind),
            (9, Fault::Malformed),
            "{attributes}"
        );
    }
}

#[test]
fn rows_that_do_not_fit_the_fields_are_refused() {
    for (row, what) in [
        (
            "<TR><TD>1</TD><TD>1</TD></TR>",
            "row 2 has 2 cells for 3 fields",
        ),
        (
            "<TR><TD/><TD/><TD/><TD/></TR>",
            "row 2 has 4 cells for 3 fields",
        ),
        ("<TR><TD/><TD/>x<TD/></TR>", "text among the cells"),
        (
            "<TR><TD/><TH/><TD/></TR>",
            "an element `TH` among the cells",
        ),
        ("x", "text among the cells"),
    ] {
        let text = cells(&format!("<TR><TD/><TD/><TD/></TR>{row}"));
        let (result, rows) = read(&text);
        assert_eq!((result.unwrap_err().what.as_str(), rows.len()), (what, 1));
    }
}

#[test]
fn a_document_cut_anywhere_is_truncated() {
    let text = cells("<TR><TD>é</TD><TD><![CDATA[1]]></TD><TD>&amp;</TD></TR>");
    let text = text.trim_end().as_bytes();
    for end in 0..text.len() {
        let error = read_in(&text[..end], 1000).0.unwrap_err();
        assert_eq!(error.kind, Fault::Truncated, "{end}: {error}");
        assert_eq!(error.offset, u64::try_from(end).unwrap());
    }
    assert!(read_in(text, 1000).0.is_ok());
}

#[test]
fn old_documents_and_other_encodings_are_read() {
    let text = "\u{feff}<?xml version='1.0'?>\n<!DOCTYPE VOTABLE SYSTEM 'http://us-vo.org/xml/VOTable.dtd' \
        [<!ENTITY a \"]>\">]>\n<VOTABLE version=\"v1.0\"><INFO name='a' value='&a;'/></VOTABLE>\n<!-- -->\n<?x?>";
    // The value of a declared entity is not known, and in an attribute it cannot be left out.
    assert!(error(text).what.contains("&a;") || error(text).what.contains("`a`"));
    let text = text
        .replace("value='&a;'", "value='b'")
        .replace("</VOTABLE>", "&a;</VOTABLE>");
    assert_eq!(summary(&text).version.as_deref(), Some("v1.0"));

    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><VOTABLE><INFO name='\xE9' value='1'/></VOTABLE>";
    for size in [1, 50, 1000] {
        let summary = read_in(latin, size).0.unwrap();
        assert_eq!(summary.infos[0].name, "é");
    }
    let wrong = b"<?xml version='1.0'?><VOTABLE><INFO name='\xE9' value='1'/></VOTABLE>";
    for size in [1, 50, 1000] {
        let error = read_in(wrong, size).0.unwrap_err();
        assert_eq!(
            (error.offset, error.what.as_str()),
            (42, "a byte that is not UTF-8")
        );
    }
}

#[test]
fn rows_in_fits_or_elsewhere_are_recognised() {
    let fits = table("<FITS extnum='1'><STREAM encoding='base64'>U0lNUExF</STREAM></FITS>");
    assert_eq!(summary(&fits).serialization, Some(Serialization::Fits));
    let remote = table("<BINARY><STREAM encoding='gzip' href='http://h/x.gz'/></BINARY>");
    assert_eq!(summary(&remote).serialization, Some(Serialization::Remote));
    let neither = table("<BINARY><STREAM encoding='gzip'>AAAA</STREAM></BINARY>");
    assert_eq!(
        error(&neither).what,
        "a stream inside the document with the encoding `gzip`"
    );
}

#[test]
fn memory_is_bounded_for_endless_documents() {
    let endless = |start: &str, piece: &str| {
        let mut reader = VotableReader::default();
        reader.feed(start.as_bytes(), &mut |_| {});
        let piece = piece.repeat(1000);
        for _ in 0..2000 {
            reader.feed(piece.as_bytes(), &mut |_| {});
        }
        reader.finish().unwrap_err().kind
    };
    assert_eq!(endless("<VOTABLE><INFO name='", "a"), Fault::TooLong);
    assert_eq!(endless("<VOTABLE>", "<a>"), Fault::TooDeep);
    assert_eq!(
        endless("<VOTABLE>", "<INFO name='a' value='b'/>"),
        Fault::TooLong
    );
    assert_eq!(
        endless("<VOTABLE><RESOURCE><TABLE>", "<FIELD name='a'/>"),
        Fault::TooLong
    );
    assert_eq!(endless("<VOTABLE>&", "a"), Fault::Malformed);
    assert_eq!(endless("<VOTABLE><!-- ", "a"), Fault::Truncated);
    assert_eq!(endless("<VOTABLE><INFO>", "a"), Fault::Truncated);
    assert_eq!(endless("<!DOCTYPE ", "[["), Fault::Truncated);
}

/// The bytes of a row of `fields()` as base64.
fn stream(kind: &str, fields: &str, bytes: &[u8]) -> String {
    use ::base64::Engine as _;
    let text = ::base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(10)
        .map(String::from_utf8_lossy)
        .collect();
    let lines = lines.join("\n\t");
    format!(
        "<VOTABLE><RESOURCE><TABLE>{fields}<DATA><{kind}><STREAM encoding='base64'>\n{lines}\n\
         </STREAM></{kind}></DATA></TABLE></RESOURCE></VOTABLE>"
    )
}

#[test]
fn binary_rows_of_every_datatype_are_counted() {
    let fields = "<FIELD name='a' datatype='bit' arraysize='9'/>\
        <FIELD name='b' datatype='char' arraysize='*'/>\
        <FIELD name='ra' datatype='float'/>\
        <FIELD name='c' datatype='unicodeChar' arraysize='2x*'/>\
        <FIELD name='d' datatype='bit' arraysize='*'/>\
        <FIELD name='dec' datatype='short' unit='deg'/>\
        <FIELD name='e' datatype='doubleComplex' arraysize='1x2'/>\
        <FIELD name='f' datatype='boolean'/>";
    let row = |ra: f32, dec: i16, text: &[u8]| {
        let mut row = vec![0xFF, 0x80];
        row.extend(i32::try_from(text.len()).unwrap().to_be_bytes());
        row.extend(text);
        row.extend(ra.to_be_bytes());
        row.extend([0, 0, 0, 2, 0, 65, 0, 66]);
        row.extend([0, 0, 0, 17, 1, 2, 3]);
        row.extend(dec.to_be_bytes());
        row.extend([0; 32]);
        row.push(b'T');
        row
    };
    let mut bytes = row(1.5, -3, b"");
    bytes.extend(row(f32::NAN, 4, b"some text"));
    let (summary, rows) = read(&stream("BINARY", fields, &bytes));
    assert_eq!(summary.unwrap().rows, 2);
    assert_eq!(rows, [(Some(1.5), Some(-3.0)), (None, Some(4.0))]);

    let masked = |mask: u8, row: Vec<u8>| [vec![mask], row].concat();
    let mut bytes = masked(0b0000_0000, row(1.5, -3, b""));
    bytes.extend(masked(0b0010_0000, row(1.5, 4, b"some text")));
    bytes.extend(masked(0b1101_1111, row(2.5, 4, b"x")));
    let (summary, rows) = read(&stream("BINARY2", fields, &bytes));
    assert_eq!(summary.unwrap().rows, 3);
    let expected = [
        (Some(1.5), Some(-3.0)),
        (None, Some(4.0)),
        (Some(2.5), None),
    ];
    assert_eq!(rows, expected);

    let cut = error(&stream("BINARY2", fields, &bytes[..bytes.len() - 1]));
    assert_eq!(cut.what, "the stream ends inside row 3");
}

#[test]
fn fixed_rows_with_masks_have_positions() {
    let fields = "<FIELD name='i' datatype='long'/><FIELD name='ra' datatype='double'/>\
        <FIELD name='dec' datatype='double' unit='rad'/>";
    let row = |mask: u8, ra: f64, dec: f64| {
        let mut row = vec![mask];
        row.extend([7; 8]);
        row.extend(ra.to_be_bytes());
        row.extend(dec.to_be_bytes());
        row
    };
    let bytes = [
        row(0x80, 10.0, 0.5),
        row(0x20, 350.0, 0.5),
        row(0, 1.0, -0.5),
    ]
    .concat();
    let (summary, rows) = read(&stream("BINARY2", fields, &bytes));
    assert_eq!(summary.unwrap().rows, 3);
    let half = 0.5_f64.to_degrees();
    let expected = [
        (Some(10.0), Some(half)),
        (Some(350.0), None),
        (Some(1.0), Some(-half)),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn streams_that_cannot_be_rows_are_refused() {
    let field = |attributes: &str| format!("<FIELD name='a' {attributes}/>");
    for (attributes, what) in [
        (
            "datatype='int8'",
            "the field `a` has the unknown datatype `int8`",
        ),
        ("", "the field `a` has no datatype"),
        (
            "datatype='int' arraysize='two'",
            "the field `a` has the arraysize `two`",
        ),
        (
            "datatype='int' arraysize='0'",
            "the rows of a binary stream have no width",
        ),
        (
            "datatype='int' arraysize='4294967296x4294967296'",
            "the field `a` has the arraysize `4294967296x4294967296`",
        ),
    ] {
        assert_eq!(
            error(&stream("BINARY", &field(attributes), b"abcd")).what,
            what
        );
    }
    let negative = stream("BINARY", &field("datatype='int' arraysize='*'"), &[0xFF; 4]);
    assert_eq!(
        error(&negative).what,
        "an array of -1 items in a binary row"
    );
    // Two gigabytes are announced; nothing is reserved for them.
    let huge = stream(
        "BINARY",
        &field("datatype='double' arraysize='*'"),
        &[0x7F; 400],
    );
    assert_eq!(error(&huge).what, "the stream ends inside row 1");
    let int = field("datatype='int'");
    let good = stream("BINARY", &int, &[0; 5000]);
    let place = good.find("AAAA\n\tAA").unwrap() + 4;
    let wrong = good.replacen("AAAA\n\tAA", "AAAA\n\t*A", 1);
    let error_there = error(&wrong);
    assert_eq!(error_there.what, "`*` is no base64");
    assert_eq!(error_there.offset, u64::try_from(place + 2).unwrap());
    let late = good.replace("</STREAM>", "AAAA</STREAM>");
    assert_eq!(error(&late).what, "`=` is no base64");
    let block_and_one = stream("BINARY", &field("datatype='unsignedByte'"), &[0; 3071]);
    let late = block_and_one.replace("</STREAM>", "AAAA</STREAM>");
    assert_eq!(error(&late).what, "base64 goes on after its padding");
    let short = stream("BINARY", &int, &[0; 12]).replace("AAAA\n</STREAM>", "AAA\n</STREAM>");
    assert!(error(&short).what.contains("left over") || error(&short).what.contains("no base64"));
}
