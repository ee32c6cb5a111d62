//! From chunks of bytes to tags and text.

use std::borrow::Cow;

use common::units::size_u64;
use memchr::{memchr, memchr2};
use quick_xml::escape::unescape;
use quick_xml::events::attributes::Attributes;
use quick_xml::parser::{ElementParser, Parser as _, PiParser};

use super::Tag;
use super::ends::{after_closing, after_doc_type};
use super::nesting::Nesting;
use crate::protocol::Malformed;
use crate::protocol::utf8::Encoding;

/// The longest tag that is kept, bytes. Real `FIELD` tags are below 2 kB.
const MAX_TAG_BYTES: usize = 64 * 1024;
/// The longest reference (`&name;`) that is kept, bytes.
const MAX_REFERENCE_BYTES: usize = 64;
/// Bytes of a processing instruction that are kept, enough for an XML declaration.
const MAX_DECLARATION_BYTES: usize = 256;

/// Who is told what the document holds.
pub(in crate::protocol) trait Sink {
    /// An element begins.
    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Malformed>;
    /// The innermost element ends; `offset` is where its end tag begins.
    fn end(&mut self, offset: u64) -> Result<(), Malformed>;
    /// Character data inside an element, in pieces of any size, references resolved.
    fn text(&mut self, bytes: &[u8], offset: u64) -> Result<(), Malformed>;
    /// Lets the sink take whole elements from the front of raw bytes by a faster way; says how many
    /// bytes it took.
    fn take(&mut self, bytes: &[u8]) -> usize;
}

#[derive(Debug)]
enum State {
    /// Between tags.
    Text,
    /// After `<`.
    Open,
    /// In a tag, collected in `held` when it spans chunks.
    Tag(ElementParser),
    /// After `<!`, collected until the kind is known.
    Bang,
    /// In a comment, with the number of `-` just seen.
    Comment(usize),
    /// In a CDATA section, with the number of `]` just seen.
    CData(usize),
    /// In a processing instruction.
    Instruction(PiParser),
    /// In a document type declaration.
    DocType { quote: Option<u8>, brackets: usize },
    /// In a reference.
    Reference,
}

/// The scanner: fed chunks, it tells a [`Sink`].
#[derive(Debug)]
pub(in crate::protocol) struct Scanner {
    state: State,
    /// The part of a piece of markup that came with earlier chunks.
    held: Vec<u8>,
    /// Where the current piece of markup began.
    markup: u64,
    /// Bytes before the current chunk.
    before: u64,
    nesting: Nesting,
    encoding: Encoding,
    doc_type: bool,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Text,
            held: Vec::new(),
            markup: 0,
            before: 0,
            nesting: Nesting::default(),
            encoding: Encoding::Utf8,
            doc_type: false,
        }
    }
}

impl Scanner {
    /// Takes the next chunk, which ends on a character boundary.
    pub(in crate::protocol) fn feed(
        &mut self,
        chunk: &[u8],
        sink: &mut impl Sink,
    ) -> Result<Encoding, Malformed> {
        let mut at = 0;
        if self.before == 0 && chunk.starts_with(b"\xEF\xBB\xBF") {
            at = 3;
        }
        while at < chunk.len() {
            at += self.step(&chunk[at..], self.before + size_u64(at), sink)?;
        }
        self.before += size_u64(chunk.len());
        Ok(self.encoding)
    }

    /// Fails when the document is not complete.
    pub(in crate::protocol) fn finish(&self) -> Result<(), Malformed> {
        let end = self.before;
        if !matches!(self.state, State::Text) {
            return Err(Malformed::truncated(end, "the body ends inside a tag"));
        }
        self.nesting.finish(end)
    }

    /// Handles the front of `bytes`, which begin at `offset`, and says how many it handled; 0 only
    /// when the state has changed.
    fn step(
        &mut self,
        bytes: &[u8],
        offset: u64,
        sink: &mut impl Sink,
    ) -> Result<usize, Malformed> {
        match &mut self.state {
            State::Text => self.text(bytes, offset, sink),
            State::Open => Ok(self.open(bytes[0])),
            State::Tag(parser) => {
                let end = parser.feed(bytes);
                self.hold_tag(&bytes[..end.unwrap_or(bytes.len())])?;
                let Some(end) = end else {
                    return Ok(bytes.len());
                };
                self.state = State::Text;
                let held = std::mem::take(&mut self.held);
                self.tag(&held, sink)?;
                self.held = held;
                Ok(end + 1)
            }
            State::Bang => self.bang(bytes[0]).map(|()| 1),
            State::Comment(dashes) => {
                let end = after_closing(bytes, b'-', dashes);
                if end.is_some() {
                    self.state = State::Text;
                }
                Ok(end.unwrap_or(bytes.len()))
            }
            State::CData(brackets) => {
                let (next, taken) = cdata(*brackets, bytes, offset, sink)?;
                self.state = next;
                Ok(taken)
            }
            State::Instruction(parser) => {
                let end = parser.feed(bytes);
                let content = &bytes[..end.unwrap_or(bytes.len())];
                let room = MAX_DECLARATION_BYTES - self.held.len();
                self.held
                    .extend_from_slice(&content[..content.len().min(room)]);
                let Some(end) = end else {
                    return Ok(bytes.len());
                };
                self.state = State::Text;
                self.instruction()?;
                Ok(end + 1)
            }
            State::DocType { quote, brackets } => {
                let end = after_doc_type(bytes, quote, brackets);
                if end.is_some() {
                    self.state = State::Text;
                }
                Ok(end.unwrap_or(bytes.len()))
            }
            State::Reference => self.reference(bytes, sink),
        }
    }

    /// Text up to the next tag or reference.
    fn text(
        &mut self,
        bytes: &[u8],
        offset: u64,
        sink: &mut impl Sink,
    ) -> Result<usize, Malformed> {
        let end = if self.nesting.is_inside() {
            let taken = sink.take(bytes);
            if taken > 0 {
                return Ok(taken);
            }
            let end = memchr2(b'<', b'&', bytes);
            let text = &bytes[..end.unwrap_or(bytes.len())];
            if !text.is_empty() {
                sink.text(text, offset)?;
            }
            end
        } else {
            let end = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
            if let Some(end) = end
                && bytes[end] != b'<'
            {
                return Err(Malformed::at(
                    offset + size_u64(end),
                    "text outside of the root element",
                ));
            }
            end
        };
        let Some(end) = end else {
            return Ok(bytes.len());
        };
        self.markup = offset + size_u64(end);
        self.held.clear();
        self.state = if bytes[end] == b'<' {
            State::Open
        } else {
            State::Reference
        };
        // The usual tag is at hand; deciding here saves a round.
        if let (State::Open, Some(next)) = (&self.state, bytes.get(end + 1)) {
            return Ok(end + 1 + self.open(*next));
        }
        Ok(end + 1)
    }

    /// What the byte after `<` begins; says how many bytes that used.
    fn open(&mut self, byte: u8) -> usize {
        match byte {
            b'!' => self.state = State::Bang,
            b'?' => self.state = State::Instruction(PiParser::default()),
            _ => {
                self.state = State::Tag(ElementParser::default());
                return 0;
            }
        }
        1
    }

    fn hold_tag(&mut self, content: &[u8]) -> Result<(), Malformed> {
        if self.held.len() + content.len() > MAX_TAG_BYTES {
            let what = format!("a tag longer than {MAX_TAG_BYTES} bytes");
            return Err(Malformed::too_long(self.markup, what));
        }
        self.held.extend_from_slice(content);
        Ok(())
    }

    /// A whole tag, without `<` and `>`.
    fn tag(&mut self, content: &[u8], sink: &mut impl Sink) -> Result<(), Malformed> {
        let content = self.decode(content);
        if let Some(name) = content.strip_prefix('/') {
            self.nesting.close(name.trim_ascii_end(), self.markup)?;
            return sink.end(self.markup);
        }
        let (content, empty) = match content.strip_suffix('/') {
            Some(content) => (content, true),
            None => (content.as_ref(), false),
        };
        let tag = Tag::read(content, self.markup)?;
        self.nesting.open(tag.full_name(), self.markup)?;
        sink.start(&tag)?;
        if empty {
            self.nesting.close_empty();
            sink.end(self.markup)?;
        }
        Ok(())
    }

    /// One more byte after `<!`.
    fn bang(&mut self, byte: u8) -> Result<(), Malformed> {
        self.held.push(byte);
        let wrong = |what| Err(Malformed::at(self.markup, what));
        match self.held.as_slice() {
            b"--" => self.state = State::Comment(0),
            b"[CDATA[" if self.nesting.is_inside() => self.state = State::CData(0),
            b"[CDATA[" => return wrong("text outside of the root element"),
            b"DOCTYPE" if self.nesting.had_root() => {
                return wrong("a document type declaration inside the document");
            }
            b"DOCTYPE" => {
                self.doc_type = true;
                self.state = State::DocType {
                    quote: None,
                    brackets: 0,
                };
            }
            begun => {
                let kinds: [&[u8]; 3] = [b"--", b"[CDATA[", b"DOCTYPE"];
                if !kinds.iter().any(|kind| kind.starts_with(begun)) {
                    return wrong("a `<!` that begins no comment, CDATA section or DOCTYPE");
                }
            }
        }
        Ok(())
    }

    /// A whole processing instruction.
    fn instruction(&mut self) -> Result<(), Malformed> {
        let text = self.decode(&self.held);
        let text = text.strip_suffix('?').unwrap_or(&text);
        let Some(attributes) = text.strip_prefix("xml") else {
            return Ok(());
        };
        if !attributes.starts_with(|c: char| c.is_ascii_whitespace()) {
            return Ok(());
        }
        if self.nesting.had_root() || self.markup > 3 {
            let what = "an XML declaration that is not at the start";
            return Err(Malformed::at(self.markup, what));
        }
        let mut encoding = Encoding::Utf8;
        for attribute in Attributes::new(attributes, 0) {
            let attribute = attribute.map_err(|error| {
                Malformed::at(self.markup, format!("in the XML declaration: {error}"))
            })?;
            let known = ["utf-8", "utf8", "us-ascii", "ascii"];
            let is_encoding = attribute.key.into_inner() == "encoding";
            if is_encoding && !known.contains(&attribute.value.to_ascii_lowercase().as_str()) {
                encoding = Encoding::Other;
            }
        }
        self.encoding = encoding;
        Ok(())
    }

    /// The rest of a reference after `&`.
    fn reference(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, Malformed> {
        let wrong = |what: String| Err(Malformed::at(self.markup, what));
        let ends =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b';' | b'<' | b'&' | b'>');
        let end = bytes.iter().position(ends);
        let name = &bytes[..end.unwrap_or(bytes.len())];
        let too_long = self.held.len() + name.len() > MAX_REFERENCE_BYTES;
        if too_long || end.is_some_and(|end| bytes[end] != b';') {
            return wrong("a `&` that begins no reference".into());
        }
        self.held.extend_from_slice(name);
        let Some(end) = end else {
            return Ok(bytes.len());
        };
        let reference = format!("&{};", self.decode(&self.held));
        match unescape(&reference) {
            Ok(text) => sink.text(text.as_bytes(), self.markup)?,
            // What a document type declares is not read; its entities stand for nothing.
            Err(_) if self.doc_type => {}
            Err(_) => return wrong(format!("an unknown reference `{reference}`")),
        }
        self.state = State::Text;
        Ok(end + 1)
    }

    /// Markup as text. Bytes of another encoding are read as Latin-1, which is right for most and
    /// harmless for the rest, since all names of the protocols are ASCII.
    fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        match self.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(bytes),
            Encoding::Other if bytes.is_ascii() => String::from_utf8_lossy(bytes),
            Encoding::Other => bytes.iter().map(|byte| char::from(*byte)).collect(),
        }
    }
}

/// The next piece of a CDATA section after `brackets` closing brackets, at most two.
fn cdata(
    brackets: usize,
    bytes: &[u8],
    offset: u64,
    sink: &mut impl Sink,
) -> Result<(State, usize), Malformed> {
    match (brackets, bytes[0]) {
        (2, b'>') => Ok((State::Text, 1)),
        (2, b']') => {
            sink.text(b"]", offset)?;
            Ok((State::CData(2), 1))
        }
        (_, b']') => Ok((State::CData(brackets + 1), 1)),
        (0, _) => {
            let end = memchr(b']', bytes).unwrap_or(bytes.len());
            sink.text(&bytes[..end], offset)?;
            Ok((State::CData(0), end))
        }
        _ => {
            sink.text(&b"]]"[..brackets], offset)?;
            Ok((State::CData(0), 0))
        }
    }
}
