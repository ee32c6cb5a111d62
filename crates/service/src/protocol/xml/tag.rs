//! The inside of a start tag.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::events::attributes::Attributes;

use crate::protocol::Malformed;

/// A start tag.
#[derive(Debug)]
pub(in crate::protocol) struct Tag<'a> {
    /// Its name without a namespace prefix.
    pub(in crate::protocol) name: &'a str,
    /// Where its `<` is, bytes.
    pub(in crate::protocol) offset: u64,
    full_name: &'a str,
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Tag<'a> {
    /// Reads what stands between `<` and `>` or `/>`; every attribute is checked.
    pub(super) fn read(content: &'a str, offset: u64) -> Result<Self, Malformed> {
        let wrong = |what: String| Malformed::at(offset, what);
        let name_len = content
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(content.len());
        let name = &content[..name_len];
        if !is_name(name) {
            return Err(wrong("a tag without a proper name".into()));
        }
        let mut attributes = Vec::new();
        if name_len < content.len() {
            if content.contains('<') {
                return Err(wrong(format!("a `<` inside the tag `{name}`")));
            }
            for attribute in Attributes::new(content, name_len) {
                let attribute =
                    attribute.map_err(|error| wrong(format!("in the tag `{name}`: {error}")))?;
                let value = attribute
                    .normalized_value(XmlVersion::Implicit1_0)
                    .map_err(|error| wrong(format!("in the tag `{name}`: {error}")))?;
                attributes.push((Cow::Borrowed(attribute.key.into_inner()), value));
            }
        }
        Ok(Self {
            name: local(name),
            offset,
            full_name: name,
            attributes,
        })
    }

    /// Its name with its namespace prefix.
    pub(super) fn full_name(&self) -> &'a str {
        self.full_name
    }

    /// The value of an attribute, by its name without a prefix.
    pub(in crate::protocol) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| local(key) == name)
            .map(|(_, value)| value.as_ref())
    }

    /// All attributes, their names without prefixes.
    pub(super) fn attributes(&self) -> Vec<(String, String)> {
        self.attributes
            .iter()
            .map(|(key, value)| (local(key).to_owned(), value.clone().into_owned()))
            .collect()
    }
}

/// A name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Whether a name holds only characters that a name may hold; those beyond ASCII are not examined.
fn is_name(name: &str) -> bool {
    let Some(first) = name.bytes().next() else {
        return false;
    };
    let begins = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':' | 0x80..);
    begins(first)
        && name
            .bytes()
            .all(|byte| begins(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
}
