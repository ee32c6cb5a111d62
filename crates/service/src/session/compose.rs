//! From a template to a request: placeholders are filled in, everything is encoded as its place needs it.

use std::fmt::Write as _;

use bytes::Bytes;
use common::sky::Position;
use http::{HeaderMap, HeaderValue, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::draws::{Draws, Occasion};
use super::{Problem, kinds};
use crate::profile::{
    BodyTemplate, Call, JsonTemplate, PartContent, PartTemplate, Template, Value,
};
use crate::request::{Request, Target};

/// What stands in a parameter as it is.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// A path keeps its slashes too, and what RFC 3986 allows in a segment.
const PATH: &AsciiSet = &PARAMETER
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b',');

/// A request with what its answer is compared with.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) request: Request,
    /// The rows it asks for at most.
    pub(super) limit: Option<u64>,
}

pub(super) fn compose(
    call: &Call,
    draws: &mut Draws,
    occasion: &Occasion,
) -> Result<Composed, Problem> {
    let template = &call.request;
    draws.take_missing();
    let mut limit = None;
    let mut see = |name: &str, value: &str| {
        if call.success.limit.as_deref() == Some(name) {
            limit = value.parse().ok();
        }
    };
    let mut text = String::new();
    template.path.render(
        &mut text,
        |piece, out| out.extend(path_piece(piece)),
        |it| draws.draw(it, occasion),
    );
    parameters(&template.query, '?', &mut text, draws, occasion, &mut see);
    let mut headers = HeaderMap::new();
    for (name, value) in &template.headers {
        let mut text = String::new();
        value.render(
            &mut text,
            |piece, out| out.push_str(piece),
            |it| draws.draw(it, occasion),
        );
        let value = HeaderValue::from_str(&text).map_err(|_| {
            Problem::new(
                kinds::BAD_REQUEST,
                format!("header `{name}` cannot hold `{text}`"),
            )
        })?;
        headers.insert(name.clone(), value);
    }
    let body = match &template.body {
        BodyTemplate::Empty => Vec::new(),
        BodyTemplate::Form(fields) => {
            let mut form = String::new();
            parameters(fields, '\0', &mut form, draws, occasion, &mut see);
            put(&mut headers, "application/x-www-form-urlencoded");
            vec![Bytes::from(form)]
        }
        BodyTemplate::Json(json) => {
            let value = json_value(json, draws, occasion);
            put(&mut headers, "application/json");
            vec![Bytes::from(value.to_string())]
        }
        BodyTemplate::Multipart(parts) => multipart(parts, draws, occasion, &mut headers)?,
    };
    if let Some(missing) = draws.take_missing() {
        let message = format!("the request needs {missing}, which this user does not have yet");
        return Err(Problem::new(kinds::VALUE_MISSING, message));
    }
    Ok(Composed {
        request: Request {
            method: template.method.clone(),
            target: target(text)?,
            headers,
            body,
            timeout: template.timeout.unwrap_or(draws.scene.timeout),
        },
        limit,
    })
}

/// A placeholder may hold a whole address (`Location` of a job) or a link, which is already encoded.
fn path_piece(piece: &str) -> Vec<&str> {
    let is_address = piece.starts_with("http://") || piece.starts_with("https://");
    if is_address || is_reference(piece) || piece.contains('%') {
        vec![piece]
    } else {
        utf8_percent_encode(piece, PATH).collect()
    }
}

/// A path with a query, as links in answers have them.
fn is_reference(piece: &str) -> bool {
    let is_graphic = |it: u8| it.is_ascii_graphic();
    piece.starts_with('/') && piece.contains('?') && piece.bytes().all(is_graphic)
}

fn target(text: String) -> Result<Target, Problem> {
    if text.starts_with('/') {
        return Ok(Target::Below(text));
    }
    let uri: Result<Uri, _> = text.parse();
    match uri {
        Ok(uri) if uri.authority().is_some() => Ok(Target::Absolute(uri)),
        _ => Err(Problem::new(
            kinds::BAD_REQUEST,
            format!("`{text}` is neither a path nor an address"),
        )),
    }
}

fn put(headers: &mut HeaderMap, media_type: &'static str) {
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static(media_type));
}

/// Appends `name=value` pairs; `lead` stands before the first one unless it is NUL.
fn parameters(
    fields: &[(String, Template)],
    lead: char,
    out: &mut String,
    draws: &mut Draws,
    occasion: &Occasion,
    see: &mut impl FnMut(&str, &str),
) {
    let mut separator = lead;
    for (name, template) in fields {
        if separator != '\0' {
            out.push(separator);
        }
        separator = '&';
        out.extend(utf8_percent_encode(name, PARAMETER));
        out.push('=');
        let start = out.len();
        template.render(
            out,
            |piece, out| out.extend(utf8_percent_encode(piece, PARAMETER)),
            |it| draws.draw(it, occasion),
        );
        see(name, &out[start..]);
    }
}

fn json_value(json: &JsonTemplate, draws: &mut Draws, occasion: &Occasion) -> serde_json::Value {
    match json {
        JsonTemplate::Plain(value) => value.clone(),
        JsonTemplate::Text(text) => match text.value(|it| draws.draw(it, occasion)) {
            Value::Text(text) => text.into(),
            Value::Number(number) => number.into(),
            Value::Bool(truth) => truth.into(),
        },
        JsonTemplate::List(list) => list
            .iter()
            .map(|it| json_value(it, draws, occasion))
            .collect(),
        JsonTemplate::Object(fields) => fields
            .iter()
            .map(|(name, it)| (name.clone(), json_value(it, draws, occasion)))
            .collect(),
    }
}

/// Parts are sent one after the other, so that a file is shared by all users and never copied.
fn multipart(
    parts: &[PartTemplate],
    draws: &mut Draws,
    occasion: &Occasion,
    headers: &mut HeaderMap,
) -> Result<Vec<Bytes>, Problem> {
    let boundary = format!(
        "astro-perf-{:016x}{:016x}",
        draws.index(usize::MAX),
        draws.index(usize::MAX)
    );
    let mut pieces: Vec<Bytes> = Vec::new();
    let mut text = String::new();
    for part in parts {
        let name = &part.name;
        let _ = write!(
            text,
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\""
        );
        match &part.content {
            PartContent::Text(template) => {
                text.push_str("\r\n\r\n");
                template.render(
                    &mut text,
                    |piece, out| out.push_str(piece),
                    |it| draws.draw(it, occasion),
                );
            }
            PartContent::Positions { low, high } => {
                text.push_str(
                    "; filename=\"targets.xml\"\r\nContent-Type: application/x-votable+xml\r\n\r\n",
                );
                write_positions(&mut text, &draws.positions(*low, *high));
            }
            PartContent::Fits => {
                let Some((name, bytes)) =
                    draws.file(occasion).map(|it| (&it.name, it.bytes.clone()))
                else {
                    return Err(Problem::new(
                        kinds::BAD_REQUEST,
                        "there is no FITS file to upload",
                    ));
                };
                let _ = write!(
                    text,
                    "; filename=\"{name}\"\r\nContent-Type: application/fits\r\n\r\n"
                );
                pieces.push(Bytes::from(std::mem::take(&mut text)));
                pieces.push(bytes);
            }
        }
        text.push_str("\r\n");
    }
    let _ = write!(text, "--{boundary}--\r\n");
    pieces.push(Bytes::from(text));
    let media_type = format!("multipart/form-data; boundary={boundary}");
    let value = HeaderValue::from_str(&media_type)
        .map_err(|_| Problem::new(kinds::BAD_REQUEST, "a boundary must be ASCII"))?;
    headers.insert(header::CONTENT_TYPE, value);
    Ok(pieces)
}

/// A VOTable with a number and a position in each row.
fn write_positions(out: &mut String, positions: &[Position]) {
    out.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <VOTABLE version=\"1.3\" xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\"><RESOURCE><TABLE>\
         <FIELD name=\"n\" datatype=\"long\" ucd=\"meta.id;meta.main\"/>\
         <FIELD name=\"ra\" datatype=\"double\" unit=\"deg\" ucd=\"pos.eq.ra;meta.main\"/>\
         <FIELD name=\"dec\" datatype=\"double\" unit=\"deg\" ucd=\"pos.eq.dec;meta.main\"/>\
         <DATA><TABLEDATA>",
    );
    for (number, position) in positions.iter().enumerate() {
        let (ra, dec) = (position.ra_deg, position.dec_deg);
        let _ = write!(out, "<TR><TD>{number}</TD><TD>{ra}</TD><TD>{dec}</TD></TR>");
    }
    out.push_str("</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>\n");
}
