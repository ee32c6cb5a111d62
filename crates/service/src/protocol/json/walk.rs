//! The way through a document: counting rows, keeping values.

use json_event_parser::JsonEvent;

use super::pointer::{Key, Pointer, Tracker};
use super::{JsonRules, JsonSummary, Scalar};
use crate::protocol::Malformed;
use crate::protocol::position::{OnRow, RowPosition, number};

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 128;
/// The longest string that is kept, bytes.
const MAX_CAPTURE_BYTES: usize = 1024;

/// Where the walk is and what it has found.
#[derive(Debug)]
pub(super) struct Walk {
    open: Vec<Container>,
    rows: Option<Tracker>,
    /// The depth of the rows while the array of rows is open.
    in_rows: Option<usize>,
    count: Option<u64>,
    captures: Vec<(Tracker, Option<Scalar>)>,
    row_fields: Option<(Tracker, Tracker)>,
    position: RowPosition,
}

#[derive(Debug, Clone, Copy)]
enum Container {
    Object,
    /// An array with the number of its elements so far.
    Array(u64),
}

impl Walk {
    pub(super) fn new(rules: &JsonRules) -> Self {
        let row_fields = rules.rows.as_ref().zip(rules.row_fields.as_ref());
        Self {
            open: Vec::new(),
            rows: rules.rows.as_ref().map(Tracker::new),
            in_rows: None,
            count: None,
            captures: rules
                .captures
                .iter()
                .map(|it| (Tracker::new(it), None))
                .collect(),
            row_fields: row_fields.map(|(rows, (ra, dec))| {
                let field = |name: &str| Tracker::in_rows(rows, &Pointer::inside_row(name));
                (field(ra), field(dec))
            }),
            position: RowPosition::default(),
        }
    }

    /// The next event, which was read from `offset` on.
    pub(super) fn event(
        &mut self,
        event: &JsonEvent<'_>,
        offset: u64,
        on_row: &mut OnRow<'_>,
    ) -> Result<(), Malformed> {
        match event {
            JsonEvent::ObjectKey(key) => self.enter(Key::Name(key)),
            JsonEvent::StartObject => self.begin(Container::Object, offset)?,
            JsonEvent::StartArray => self.begin(Container::Array(0), offset)?,
            JsonEvent::EndObject | JsonEvent::EndArray => {
                self.open.pop();
                if self.in_rows.is_some_and(|depth| depth > self.open.len()) {
                    self.in_rows = None;
                }
                self.end_value(on_row);
            }
            JsonEvent::String(_)
            | JsonEvent::Number(_)
            | JsonEvent::Boolean(_)
            | JsonEvent::Null => {
                self.begin_value();
                self.scalar(event);
                self.end_value(on_row);
            }
            JsonEvent::Eof => {}
        }
        Ok(())
    }

    pub(super) fn summary(self) -> JsonSummary {
        JsonSummary {
            rows: self.count,
            captures: self.captures.into_iter().map(|(_, value)| value).collect(),
        }
    }

    fn trackers(&mut self) -> impl Iterator<Item = &mut Tracker> {
        let fields = self.row_fields.as_mut().map(|(ra, dec)| [ra, dec]);
        self.rows
            .as_mut()
            .into_iter()
            .chain(self.captures.iter_mut().map(|(tracker, _)| tracker))
            .chain(fields.into_iter().flatten())
    }

    fn enter(&mut self, key: Key<'_>) {
        // A key stands in the innermost container, whose own depth is one less.
        let depth = self.open.len().saturating_sub(1);
        self.trackers().for_each(|it| it.enter(depth, key));
    }

    /// A value begins: in an array, that is a step into it.
    fn begin_value(&mut self) {
        if let Some(Container::Array(count)) = self.open.last_mut() {
            let index = *count;
            *count += 1;
            self.enter(Key::Index(index));
        }
        let depth = self.open.len();
        for (tracker, value) in &mut self.captures {
            if tracker.is_here(depth) {
                *value = None;
            }
        }
    }

    fn begin(&mut self, container: Container, offset: u64) -> Result<(), Malformed> {
        self.begin_value();
        let depth = self.open.len();
        if depth >= MAX_DEPTH {
            return Err(Malformed::too_deep(offset, MAX_DEPTH));
        }
        self.open.push(container);
        let is_rows = self.rows.as_ref().is_some_and(|it| it.is_here(depth));
        if is_rows {
            self.count = None;
            if matches!(container, Container::Array(_)) {
                self.count = Some(0);
                self.in_rows = Some(depth + 1);
            }
        }
        Ok(())
    }

    /// A value ends; at the depth of the rows, it was one.
    fn end_value(&mut self, on_row: &mut OnRow<'_>) {
        if self.in_rows == Some(self.open.len()) {
            self.count = self.count.map(|count| count + 1);
            on_row(std::mem::take(&mut self.position));
        }
    }

    fn scalar(&mut self, event: &JsonEvent<'_>) {
        let depth = self.open.len();
        for (tracker, value) in &mut self.captures {
            if tracker.is_here(depth) {
                *value = scalar(event);
            }
        }
        let Some((ra, dec)) = &self.row_fields else {
            return;
        };
        if let JsonEvent::Number(text) | JsonEvent::String(text) = event {
            if ra.is_here(depth) {
                self.position.ra_deg = number(text.as_bytes());
            }
            if dec.is_here(depth) {
                self.position.dec_deg = number(text.as_bytes());
            }
        }
    }
}

/// A scalar as it is kept.
fn scalar(event: &JsonEvent<'_>) -> Option<Scalar> {
    let kept = |text: &str| text[..text.floor_char_boundary(MAX_CAPTURE_BYTES)].to_owned();
    match event {
        JsonEvent::Null => Some(Scalar::Null),
        JsonEvent::Boolean(value) => Some(Scalar::Bool(*value)),
        JsonEvent::Number(text) => Some(Scalar::Number(kept(text))),
        JsonEvent::String(text) => Some(Scalar::String(kept(text))),
        _ => None,
    }
}
