//! A small document as a tree.

use super::{Scanner, Sink, Tag};
use crate::protocol::Malformed;
use crate::protocol::utf8::Utf8;

/// The largest document that is made a tree, bytes. Job and capability documents have some kB.
const MAX_DOCUMENT_BYTES: usize = 4 * 1024 * 1024;

/// An element with what it holds.
#[derive(Debug, Default)]
pub(in crate::protocol) struct Node {
    /// Its name without a namespace prefix.
    pub(in crate::protocol) name: String,
    /// Its own text, untrimmed.
    text: Vec<u8>,
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

impl Node {
    /// Reads a whole document whose root has this name.
    pub(in crate::protocol) fn read(body: &[u8], root: &str) -> Result<Self, Malformed> {
        if body.len() > MAX_DOCUMENT_BYTES {
            let what = format!("a document of more than {MAX_DOCUMENT_BYTES} bytes");
            return Err(Malformed::too_long(0, what));
        }
        let mut builder = Builder::default();
        let mut scanner = Scanner::default();
        let mut utf8 = Utf8::default();
        utf8.feed(body, &mut |piece| scanner.feed(piece, &mut builder))?;
        utf8.finish()?;
        scanner.finish()?;
        let node = builder.root.unwrap_or_default();
        if node.name != root {
            let name = &node.name[..node.name.floor_char_boundary(60)];
            let what = format!("the root element is `{name}`, not `{root}`");
            return Err(Malformed::at(0, what));
        }
        Ok(node)
    }

    /// The first child with this name.
    pub(in crate::protocol) fn child(&self, name: &str) -> Option<&Self> {
        self.children(name).next()
    }

    /// All children with this name.
    pub(in crate::protocol) fn children(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |it| it.name == name)
    }

    /// Its text, trimmed.
    pub(in crate::protocol) fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).trim().to_owned()
    }

    /// The text of the first child with this name; `None` when there is none or it is empty.
    pub(in crate::protocol) fn child_text(&self, name: &str) -> Option<String> {
        self.child(name).map(Self::text).filter(|it| !it.is_empty())
    }

    /// An attribute, by its name without a prefix.
    pub(in crate::protocol) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
    }
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Node>,
    root: Option<Node>,
}

impl Sink for Builder {
    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        self.open.push(Node {
            name: tag.name.to_owned(),
            attributes: tag.attributes(),
            ..Node::default()
        });
        Ok(())
    }

    fn end(&mut self, _offset: u64) -> Result<(), Malformed> {
        let Some(node) = self.open.pop() else {
            return Ok(());
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8], _offset: u64) -> Result<(), Malformed> {
        if let Some(node) = self.open.last_mut() {
            node.text.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn take(&mut self, _bytes: &[u8]) -> usize {
        0
    }
}
