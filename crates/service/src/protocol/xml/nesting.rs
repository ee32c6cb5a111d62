//! Which elements are open.

use crate::protocol::Malformed;

/// The deepest nesting that is read; `VOTables` of real services stay below 12.
const MAX_DEPTH: usize = 64;

/// The names of the open elements, and whether the one root has begun.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    names: String,
    starts: Vec<usize>,
    had_root: bool,
}

impl Nesting {
    /// Whether an element is open.
    pub(super) fn is_inside(&self) -> bool {
        !self.starts.is_empty()
    }

    /// Whether the root has begun.
    pub(super) fn had_root(&self) -> bool {
        self.had_root
    }

    /// An element with this full name begins.
    pub(super) fn open(&mut self, name: &str, offset: u64) -> Result<(), Malformed> {
        if self.starts.is_empty() && self.had_root {
            let what = format!("an element `{name}` after the end of the document");
            return Err(Malformed::at(offset, what));
        }
        if self.starts.len() >= MAX_DEPTH {
            return Err(Malformed::too_deep(offset, MAX_DEPTH));
        }
        self.had_root = true;
        self.starts.push(self.names.len());
        self.names.push_str(name);
        Ok(())
    }

    /// The innermost element ends by an end tag of this name.
    pub(super) fn close(&mut self, name: &str, offset: u64) -> Result<(), Malformed> {
        let Some(start) = self.starts.pop() else {
            let what = format!("an end tag `{name}` without a start");
            return Err(Malformed::at(offset, what));
        };
        let open = &self.names[start..];
        if open != name {
            let what = format!("an end tag `{name}` where `{open}` is open");
            return Err(Malformed::at(offset, what));
        }
        self.names.truncate(start);
        Ok(())
    }

    /// The innermost element ends without an end tag.
    pub(super) fn close_empty(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
    }

    /// Fails when the root has not ended at the end of the body.
    pub(super) fn finish(&self, end: u64) -> Result<(), Malformed> {
        if let Some(start) = self.starts.last() {
            let what = format!(
                "the body ends inside the element `{}`",
                &self.names[*start..]
            );
            return Err(Malformed::truncated(end, what));
        }
        if !self.had_root {
            let what = if end == 0 {
                "the body is empty"
            } else {
                "the body has no root element"
            };
            return Err(Malformed::truncated(end, what));
        }
        Ok(())
    }
}
