//! Plain text: whether there is any, and whether it is a web page instead.

use super::Malformed;
use super::content::looks_like_html;

/// Bytes from the front that are kept.
const HEAD_BYTES: usize = 1024;

/// Reads plain text in chunks.
#[derive(Debug, Default)]
pub struct TextReader {
    head: Vec<u8>,
    has_text: bool,
}

/// What was found in a text that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextSummary {
    /// Its first 1024 bytes, trimmed.
    pub head: String,
    /// Whether it looks like a web page.
    pub looks_like_html: bool,
}

impl TextReader {
    /// Takes the next chunk, of any size.
    pub fn feed(&mut self, chunk: &[u8]) {
        let room = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&chunk[..chunk.len().min(room)]);
        self.has_text = self.has_text || !chunk.trim_ascii().is_empty();
    }

    /// The body has ended; an empty one is an error.
    pub fn finish(self) -> Result<TextSummary, Malformed> {
        if !self.has_text {
            return Err(Malformed::truncated(0, "the body is empty"));
        }
        Ok(TextSummary {
            head: String::from_utf8_lossy(&self.head).trim().to_owned(),
            looks_like_html: looks_like_html(&self.head),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Fault;

    #[test]
    fn a_text_is_not_empty_and_no_web_page() {
        let read = |text: &str| {
            let mut reader = TextReader::default();
            text.as_bytes().chunks(2).for_each(|it| reader.feed(it));
            reader.finish()
        };
        let summary = read(" COMPLETED\n").unwrap();
        assert_eq!(
            (summary.head.as_str(), summary.looks_like_html),
            ("COMPLETED", false)
        );
        assert!(read("\n<!DOCTYPE HTML>\n").unwrap().looks_like_html);
        assert_eq!(read(" \n").unwrap_err().kind, Fault::Truncated);
        assert_eq!(read(&"a".repeat(5000)).unwrap().head.len(), HEAD_BYTES);
    }
}
