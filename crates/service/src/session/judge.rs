//! Whether an answer is right: status, media type, a complete document, what the document says of itself,
//! how many rows it has and where they are. It is read as it arrives.

mod body;
mod rows;

use common::units::size_u64;
use http::{HeaderMap, StatusCode};

use self::body::Wanted;
use self::rows::RowCheck;
use super::capture::Keep;
use super::draws::Occasion;
use super::{Answer, Problem, kinds};
use crate::client::{Exchange, Flow, Inspect, TransportError};
use crate::profile::{Content, Success};
use crate::protocol::{BodyReader, content_type_is, looks_like_html};

/// The first bytes of an answer that is no success are kept for its message.
const SNIPPET_BYTES: usize = 2048;
/// Small documents (UWS jobs, VOSI) are kept whole up to this size, and so is what expressions search.
const DOCUMENT_BYTES: usize = 256 * 1024;

/// Judges one answer.
pub(super) struct Judge<'a> {
    rules: &'a Success,
    wanted: Wanted,
    reader: Option<BodyReader>,
    rows: RowCheck,
    limit: Option<u64>,
    status: Option<StatusCode>,
    media_type: String,
    start: Vec<u8>,
    /// Whether the body is kept as far as documents are.
    keeps_body: bool,
    keep: usize,
}

impl<'a> Judge<'a> {
    /// `limit` is what the request limits the rows to, `keep` is what the caller needs of the body.
    pub(super) fn new(
        rules: &'a Success,
        occasion: &Occasion,
        limit: Option<u64>,
        keep: &Keep,
    ) -> Self {
        Self {
            rules,
            wanted: Wanted::new(rules, &keep.pointers),
            reader: None,
            rows: RowCheck::new(rules, occasion),
            limit,
            status: None,
            media_type: String::new(),
            start: Vec::new(),
            keeps_body: keep.body || rules.content == Content::Xml,
            keep: SNIPPET_BYTES,
        }
    }

    /// The verdict, after the exchange.
    pub(super) fn verdict(
        mut self,
        outcome: Result<Exchange, TransportError>,
        occasion: &Occasion,
    ) -> Result<Answer, Problem> {
        let exchange = outcome?;
        if !self.rules.status.contains(&exchange.status) {
            let again = exchange.headers.get(http::header::RETRY_AFTER);
            let again = again.and_then(|it| it.to_str().ok());
            let again = again.map(|it| format!("(Retry-After {it}) "));
            let detail = again.unwrap_or_default() + &self.snippet();
            return Err(Problem::status(exchange.status, detail.trim()));
        }
        self.check_media_type()?;
        let reader = self.reader.take();
        let found = match reader {
            Some(reader) => {
                let rows = &mut self.rows;
                let summary = reader.finish(&mut |position| rows.see(position));
                body::judge(self.rules, summary, &self.start, self.limit, &self.wanted)?
            }
            None => body::Found::default(),
        };
        let count_checked = self.rows.check(self.rules, found.rows, self.limit)?;
        let mut captures = found.captures;
        captures.truncate(self.wanted.kept);
        Ok(Answer {
            rows: found.rows,
            count_checked,
            connect: exchange.connect,
            first_byte: exchange.first_byte,
            total: exchange.total,
            wire_bytes: exchange.wire_bytes,
            sent_bytes: exchange.sent_bytes,
            target: occasion.asked.map(|it| it.target),
            headers: exchange.headers,
            captures,
            positions: self.rows.positions(),
            body: if self.keeps_body {
                self.start
            } else {
                Vec::new()
            },
        })
    }

    /// A page for people instead of data is the classic lie of status 200.
    fn check_media_type(&self) -> Result<(), Problem> {
        if matches!(self.rules.content, Content::Any | Content::None) {
            return Ok(());
        }
        if looks_like_html(&self.start) {
            let message = format!("a page for people instead of data: {}", self.snippet());
            return Err(Problem::new(kinds::WRONG_CONTENT, message));
        }
        let types = &self.rules.content_type;
        let is_right = types.is_empty() || content_type_is(&self.media_type, types);
        if is_right {
            return Ok(());
        }
        let message = format!(
            "content type `{}` is none of {}",
            self.media_type,
            types.join(", ")
        );
        Err(Problem::new(kinds::WRONG_CONTENT, message))
    }

    fn snippet(&self) -> String {
        let end = self.start.len().min(SNIPPET_BYTES);
        let text = String::from_utf8_lossy(&self.start[..end]);
        common::redact::mask_urls(text.trim())
    }
}

impl Inspect for Judge<'_> {
    fn head(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.status = Some(status);
        let media_type = headers.get(http::header::CONTENT_TYPE);
        let text = media_type.and_then(|it| it.to_str().ok());
        text.unwrap_or_default().clone_into(&mut self.media_type);
        if self.rules.status.contains(&status) {
            self.reader = Some(self.wanted.reader(self.rules, &self.media_type));
            if self.keeps_body {
                self.keep = DOCUMENT_BYTES;
            }
        }
    }

    fn chunk(&mut self, bytes: &[u8]) -> Flow {
        let room = self.keep - self.start.len().min(self.keep);
        self.start
            .extend_from_slice(&bytes[..bytes.len().min(room)]);
        if let Some(reader) = &mut self.reader {
            let rows = &mut self.rows;
            reader.feed(bytes, &mut |position| rows.see(position));
            return Flow::Continue;
        }
        // The text of an error is wanted only as far as it is shown.
        if size_u64(self.start.len()) >= size_u64(SNIPPET_BYTES) {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }
}
