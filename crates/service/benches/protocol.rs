//! What judging an answer of 1 MB costs: every row read, its position tested against a cone; beside
//! it what quick-xml's pull reader and `serde_json` need only to walk through the document.
//!
//! On Linux the time is that of the processor, so that other work on the machine counts less.

mod cpu_time;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::sky::{Cone, Position};
use cpu_time::CpuTime;
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use quick_xml::events::Event;
use service::protocol::{JsonReader, JsonRules, RowPosition, VotableOptions, VotableReader};

/// Bytes that a body comes in at a time: what hyper hands on of a busy connection.
const CHUNK: usize = 16 * 1024;
/// The least size of a `VOTable`, bytes.
const SIZE: usize = 1_000_000;

const CONE: Cone = Cone {
    center: Position {
        ra_deg: 56.75,
        dec_deg: 24.12,
    },
    radius_deg: 1.0,
};

/// The columns of a cone search of a survey: identifier, position, two magnitudes, a name, a flag.
const FIELDS: &str = r#"<FIELD name="id" datatype="long" ucd="meta.id;meta.main"/>
<FIELD name="ra" datatype="double" unit="deg" ucd="pos.eq.ra;meta.main"/>
<FIELD name="dec" datatype="double" unit="deg" ucd="pos.eq.dec;meta.main"/>
<FIELD name="gmag" datatype="float" unit="mag" ucd="phot.mag"><VALUES><MIN value="1"></MIN></VALUES></FIELD>
<FIELD name="rmag" datatype="float" unit="mag" ucd="phot.mag"/>
<FIELD name="name" datatype="char" arraysize="*" ucd="meta.id"/>
<FIELD name="variable" datatype="boolean"/>"#;

struct Row {
    id: i64,
    ra_deg: f64,
    dec_deg: f64,
    gmag: f32,
    rmag: f32,
    name: String,
}

/// Positions inside and around the cone, in a fixed pattern.
fn row(number: u16) -> Row {
    let turn = f64::from(number) * 2.399_963_2;
    let distance = (f64::from(number) / 8192.0).sqrt();
    Row {
        id: 4_611_686_018_427_000_000 + i64::from(number) * 131,
        ra_deg: CONE.center.ra_deg + distance * turn.cos(),
        dec_deg: CONE.center.dec_deg + distance * turn.sin(),
        gmag: 12.0 + f32::from(number % 900) / 100.0,
        rmag: 11.5 + f32::from(number % 700) / 100.0,
        name: format!("Star J{number:05}+2407"),
    }
}

fn rows() -> impl Iterator<Item = Row> {
    (0..u16::MAX).map(row)
}

fn votable(data: &str) -> Vec<u8> {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<VOTABLE version='1.4' \
         xmlns='http://www.ivoa.net/xml/VOTable/v1.3'><RESOURCE type='results'>\
         <INFO name='QUERY_STATUS' value='OK'/><TABLE>{FIELDS}<DATA>{data}</DATA></TABLE>\
         <INFO name='QUERY_STATUS' value='OVERFLOW'/></RESOURCE></VOTABLE>\n"
    )
    .into_bytes()
}

fn table_data() -> Vec<u8> {
    let mut data = String::from("<TABLEDATA>\n");
    for row in rows() {
        if data.len() >= SIZE {
            break;
        }
        let Row {
            id,
            ra_deg,
            dec_deg,
            gmag,
            rmag,
            name,
        } = row;
        let _ = writeln!(
            data,
            "<TR><TD>{id}</TD><TD>{ra_deg}</TD><TD>{dec_deg}</TD><TD>{gmag}</TD><TD>{rmag}</TD>\
             <TD>{name}</TD><TD>T</TD></TR>"
        );
    }
    votable(&(data + "</TABLEDATA>"))
}

fn binary(kind: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in rows() {
        // Base64 in lines of 76 characters makes 77 bytes of 57.
        if bytes.len() * 77 / 57 >= SIZE {
            break;
        }
        if kind == "BINARY2" {
            bytes.push(0);
        }
        bytes.extend(row.id.to_be_bytes());
        bytes.extend(row.ra_deg.to_be_bytes());
        bytes.extend(row.dec_deg.to_be_bytes());
        bytes.extend(row.gmag.to_be_bytes());
        bytes.extend(row.rmag.to_be_bytes());
        bytes.extend([0, 0, 0]);
        bytes.push(u8::try_from(row.name.len()).expect("names are short"));
        bytes.extend(row.name.bytes());
        bytes.push(b'T');
    }
    let mut data = format!("<{kind}><STREAM encoding='base64'>\n");
    for line in STANDARD.encode(bytes).as_bytes().chunks(76) {
        data += std::str::from_utf8(line).expect("base64 is ASCII");
        data += "\n";
    }
    votable(&(data + &format!("</STREAM></{kind}>")))
}

/// 5,000 rows of some 200 bytes.
fn json() -> Vec<u8> {
    let mut data = String::from("{\"status\": \"OK\", \"objects\": [");
    for row in rows().take(5000) {
        let separator = if data.ends_with('[') { "" } else { ", " };
        let _ = write!(
            data,
            "{separator}{{\"objectId\": \"{}\", \"ra\": {}, \"dec\": {}, \"magnitudes\": {{\"g\": {}, \
             \"r\": {}}}, \"name\": \"{}\", \"objectType\": \"STAR\", \"variable\": true, \
             \"discoveredAt\": \"2026-01-02T03:04:05Z\"}}",
            row.id, row.ra_deg, row.dec_deg, row.gmag, row.rmag, row.name
        );
    }
    (data + "], \"total\": 5000}").into_bytes()
}

/// Counts the rows that lie in the cone.
fn inside(count: &mut u64) -> impl FnMut(RowPosition) {
    |row| {
        if let (Some(ra_deg), Some(dec_deg)) = (row.ra_deg, row.dec_deg) {
            *count += u64::from(CONE.contains(Position { ra_deg, dec_deg }));
        }
    }
}

fn judge_votable(body: &[u8]) -> (u64, u64) {
    let mut reader = VotableReader::new(VotableOptions::default());
    let mut count = 0;
    let mut on_row = inside(&mut count);
    for chunk in body.chunks(CHUNK) {
        reader.feed(chunk, &mut on_row);
    }
    let summary = reader.finish().expect("the document is complete");
    drop(on_row);
    (summary.rows, count)
}

fn judge_json(body: &[u8]) -> (u64, u64) {
    let mut reader = JsonReader::new(&JsonRules {
        rows: "/objects".parse().ok(),
        captures: "/status".parse().into_iter().collect(),
        row_fields: Some(("ra".into(), "dec".into())),
    });
    let mut count = 0;
    let mut on_row = inside(&mut count);
    for chunk in body.chunks(CHUNK) {
        reader.feed(chunk, &mut on_row);
    }
    let summary = reader.finish().expect("the document is complete");
    drop(on_row);
    (summary.rows.unwrap_or_default(), count)
}

/// The plain loop over a document that is there as a whole: no values, no positions.
fn pull(body: &[u8]) -> u64 {
    let mut reader = quick_xml::Reader::from_reader(body);
    let mut rows = 0;
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return rows,
            Ok(Event::Start(tag)) => rows += u64::from(tag.local_name().as_ref() == "TR"),
            Ok(_) => {}
            Err(error) => panic!("{error}"),
        }
        buffer.clear();
    }
}

fn bodies(criterion: &mut Criterion<CpuTime>) {
    for (name, body) in [
        ("TABLEDATA", table_data()),
        ("BINARY", binary("BINARY")),
        ("BINARY2", binary("BINARY2")),
    ] {
        let (rows, count) = judge_votable(&body);
        assert!(count > rows / 2, "{count} of {rows} rows in the cone");
        let mut group = criterion.benchmark_group(format!("VOTable {name}, {rows} rows"));
        group.sampling_mode(SamplingMode::Flat);
        group.throughput(Throughput::BytesDecimal(common::units::size_u64(
            body.len(),
        )));
        group.bench_function("judged", |it| it.iter(|| judge_votable(black_box(&body))));
        group.bench_function("quick-xml pull loop", |it| {
            it.iter(|| pull(black_box(&body)));
        });
        group.finish();
    }
    let body = json();
    let (rows, count) = judge_json(&body);
    assert!(count > rows / 2, "{count} of {rows} rows in the cone");
    let mut group = criterion.benchmark_group(format!("JSON, {rows} rows"));
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::BytesDecimal(common::units::size_u64(
        body.len(),
    )));
    group.bench_function("judged", |it| it.iter(|| judge_json(black_box(&body))));
    group.bench_function("serde_json value", |it| {
        it.iter(|| serde_json::from_slice::<serde_json::Value>(black_box(&body)));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    // Long samples of one length, since some kernels count processor time in steps of milliseconds.
    config = Criterion::default()
        .with_measurement(CpuTime)
        .sample_size(10)
        .measurement_time(Duration::from_secs(8));
    targets = bodies
}
criterion_main!(benches);
