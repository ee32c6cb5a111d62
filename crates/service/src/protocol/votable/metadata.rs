//! What is kept of the elements that describe the rows.

use super::summary::{Field, Info, QueryState, QueryStatus, VotableSummary};
use crate::protocol::Malformed;
use crate::protocol::xml::Tag;

/// The longest value or text that is kept whole, bytes.
const MAX_TEXT_BYTES: usize = 1024;
/// All values together, bytes. A table of a thousand columns has some 200 kB.
const MAX_METADATA_BYTES: usize = 4 * 1024 * 1024;
/// What an element costs beside its text, bytes.
const ELEMENT_BYTES: usize = 256;

/// Metadata within a limit.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// What was found.
    pub(super) summary: VotableSummary,
    /// The columns of the current table.
    pub(super) fields: Vec<Field>,
    /// The INFO or PARAM that is open.
    open: Option<Open>,
    spent: usize,
}

#[derive(Debug)]
struct Open {
    info: Info,
    text: Vec<u8>,
    is_info: bool,
    may_be_cone_error: bool,
}

impl Metadata {
    /// A column of the current table.
    pub(super) fn field(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        self.spend(ELEMENT_BYTES, tag.offset)?;
        let mut text = |name| self.text(tag, name);
        let field = Field {
            name: text("name")?.unwrap_or_default(),
            id: text("ID")?,
            ucd: text("ucd")?,
            datatype: text("datatype")?.unwrap_or_default(),
            arraysize: text("arraysize")?,
            unit: text("unit")?,
            xtype: text("xtype")?,
        };
        self.fields.push(field);
        Ok(())
    }

    /// An INFO or PARAM begins.
    pub(super) fn open(
        &mut self,
        tag: &Tag<'_>,
        is_info: bool,
        may_be_cone_error: bool,
    ) -> Result<(), Malformed> {
        if is_info {
            self.spend(ELEMENT_BYTES, tag.offset)?;
        }
        self.open = Some(Open {
            info: Info {
                name: self.text(tag, "name")?.unwrap_or_default(),
                value: self.text(tag, "value")?.unwrap_or_default(),
                text: String::new(),
            },
            text: Vec::new(),
            is_info,
            may_be_cone_error,
        });
        Ok(())
    }

    /// Text inside the open INFO.
    pub(super) fn add_text(&mut self, text: &[u8]) {
        if let Some(open) = &mut self.open {
            let room = MAX_TEXT_BYTES.saturating_sub(open.text.len());
            open.text.extend_from_slice(&text[..text.len().min(room)]);
        }
    }

    /// The INFO or PARAM ends at `offset`.
    pub(super) fn close(&mut self, offset: u64) -> Result<(), Malformed> {
        let Some(Open {
            mut info,
            text,
            is_info,
            may_be_cone_error,
        }) = self.open.take()
        else {
            return Ok(());
        };
        self.spend(text.len(), offset)?;
        String::from_utf8_lossy(&text)
            .trim()
            .clone_into(&mut info.text);
        // SCS 1.03 writes `Error`; services write other cases in an INFO. A PARAM `error` is data.
        let is_error = info.name == "Error" || (is_info && info.name.eq_ignore_ascii_case("error"));
        if is_error && may_be_cone_error {
            let message = [&info.value, &info.text];
            let message = message.into_iter().find(|it| !it.trim().is_empty());
            self.summary.error = Some(message.cloned().unwrap_or_default());
        }
        if is_info && info.name.eq_ignore_ascii_case("QUERY_STATUS") {
            self.summary.query_status = Some(QueryStatus {
                state: QueryState::of(&info.value),
                message: info.text.clone(),
            });
        }
        if is_info {
            self.summary.infos.push(info);
        }
        Ok(())
    }

    /// An attribute as it is kept.
    pub(super) fn text(&mut self, tag: &Tag<'_>, name: &str) -> Result<Option<String>, Malformed> {
        let Some(value) = tag.attribute(name) else {
            return Ok(None);
        };
        let kept = &value[..value.floor_char_boundary(MAX_TEXT_BYTES)];
        self.spend(kept.len(), tag.offset)?;
        Ok(Some(kept.to_owned()))
    }

    fn spend(&mut self, bytes: usize, offset: u64) -> Result<(), Malformed> {
        self.spent += bytes;
        if self.spent > MAX_METADATA_BYTES {
            let what = format!("more than {MAX_METADATA_BYTES} bytes of metadata");
            return Err(Malformed::too_long(offset, what));
        }
        Ok(())
    }
}
