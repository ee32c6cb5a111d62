//! Any XML document as it arrives: complete, with the right root, and how often an element occurs.

use super::Malformed;
use super::utf8::Utf8;
use super::xml::{Scanner, Sink, Tag};

/// What a reader of XML is told beforehand; names are without namespace prefixes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XmlRules {
    /// The name of the root, such as `capabilities`; `None` allows every one.
    pub root: Option<String>,
    /// The element that is counted, such as `table`.
    pub rows: Option<String>,
}

/// What was found in a complete XML document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct XmlSummary {
    /// The name of the root without a namespace prefix.
    pub root: String,
    /// How often the element to count occurs, at any depth; `None` when none was asked for.
    pub rows: Option<u64>,
}

/// Reads an XML document in chunks.
#[derive(Debug, Default)]
pub struct XmlReader {
    utf8: Utf8,
    scanner: Scanner,
    count: Count,
    failed: Option<Malformed>,
}

#[derive(Debug, Default)]
struct Count {
    rules: XmlRules,
    summary: XmlSummary,
}

impl XmlReader {
    /// A reader for one document.
    pub fn new(rules: XmlRules) -> Self {
        let summary = XmlSummary {
            root: String::new(),
            rows: rules.rows.as_ref().map(|_| 0),
        };
        Self {
            count: Count { rules, summary },
            ..Self::default()
        }
    }

    /// Takes the next chunk, of any size. After an error it does nothing.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            let (scanner, count) = (&mut self.scanner, &mut self.count);
            let mut scan = |piece: &[u8]| scanner.feed(piece, count);
            self.failed = self.utf8.feed(chunk, &mut scan).err();
        }
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what was found, or why it is no such document.
    pub fn finish(self) -> Result<XmlSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.utf8.finish()?;
        self.scanner.finish()?;
        Ok(self.count.summary)
    }
}

impl Sink for Count {
    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        let Self { rules, summary } = self;
        if summary.root.is_empty() {
            let name = &tag.name[..tag.name.floor_char_boundary(60)];
            if let Some(root) = rules.root.as_ref().filter(|it| *it != tag.name) {
                let what = format!("the root element is `{name}`, not `{root}`");
                return Err(Malformed::at(tag.offset, what));
            }
            name.clone_into(&mut summary.root);
        }
        if rules.rows.as_deref() == Some(tag.name) {
            summary.rows = summary.rows.map(|count| count + 1);
        }
        Ok(())
    }

    fn end(&mut self, _offset: u64) -> Result<(), Malformed> {
        Ok(())
    }

    fn text(&mut self, _bytes: &[u8], _offset: u64) -> Result<(), Malformed> {
        Ok(())
    }

    fn take(&mut self, _bytes: &[u8]) -> usize {
        0
    }
}
