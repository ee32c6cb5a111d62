//! The document's structure: which rows belong to which table, and what is out of place.

use super::VotableOptions;
use super::base64::Base64;
use super::binary::BinaryRows;
use super::cells::{Cells, plain_row};
use super::columns::PositionColumns;
use super::elements::Element;
use super::metadata::Metadata;
use super::summary::{Serialization, VotableSummary};
use crate::protocol::Malformed;
use crate::protocol::position::{OnRow, RowPosition};
use crate::protocol::xml::{Sink, Tag};

/// What has been read so far.
#[derive(Debug, Default)]
pub(super) struct Reading {
    options: VotableOptions,
    metadata: Metadata,
    open: Vec<Element>,
    /// Whether the current table is the one whose rows are the result.
    in_result: bool,
    had_result: bool,
    columns: PositionColumns,
    cells: Cells,
    rows: u64,
    stream: Option<Stream>,
}

/// A binary stream that is under way.
#[derive(Debug)]
struct Stream {
    text: Base64,
    rows: BinaryRows,
}

impl Reading {
    pub(super) fn new(options: VotableOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    pub(super) fn summary(self) -> VotableSummary {
        self.metadata.summary
    }

    fn is_in_meta_resource(&self) -> bool {
        self.open.contains(&Element::Resource { is_meta: true })
    }

    /// A table begins.
    fn begin_table(&mut self) {
        let summary = &mut self.metadata.summary;
        summary.tables = summary.tables.saturating_add(1);
        self.metadata.fields.clear();
        self.rows = 0;
        self.in_result = !self.had_result && !self.is_in_meta_resource();
        self.had_result |= self.in_result;
    }

    /// The rows of a table begin.
    fn begin_rows(&mut self, serialization: Serialization) {
        self.columns = PositionColumns::find(&self.metadata.fields, &self.options);
        if self.in_result {
            self.metadata.summary.serialization = Some(serialization);
        }
    }

    /// A table ends.
    fn end_table(&mut self) {
        let columns = PositionColumns::find(&self.metadata.fields, &self.options);
        let summary = &mut self.metadata.summary;
        if self.in_result {
            summary.rows = self.rows;
            summary.fields = std::mem::take(&mut self.metadata.fields);
            summary.position_columns = (
                columns.ra.map(|it| it.index),
                columns.dec.map(|it| it.index),
            );
        } else {
            summary.other_rows = summary.other_rows.saturating_add(self.rows);
        }
        self.in_result = false;
    }

    /// A stream begins inside BINARY or BINARY2.
    fn begin_stream(
        &mut self,
        tag: &Tag<'_>,
        serialization: Serialization,
    ) -> Result<(), Malformed> {
        let is_remote = tag
            .attribute("href")
            .is_some_and(|it| !it.trim().is_empty());
        if is_remote {
            self.begin_rows(Serialization::Remote);
            return Ok(());
        }
        let encoding = tag.attribute("encoding").map_or("base64", str::trim);
        if encoding != "base64" {
            let what = format!("a stream inside the document with the encoding `{encoding}`");
            return Err(Malformed::at(tag.offset, what));
        }
        self.begin_rows(serialization);
        let rows = BinaryRows::new(&self.metadata.fields, &self.columns, serialization)
            .map_err(|what| Malformed::at(tag.offset, what))?;
        self.stream = Some(Stream {
            text: Base64::default(),
            rows,
        });
        Ok(())
    }
}

/// The reading with the one who is told of each row.
pub(super) struct Judge<'a, 'b> {
    pub(super) reading: &'a mut Reading,
    pub(super) on_row: &'a mut OnRow<'b>,
}

impl Judge<'_, '_> {
    fn row(&mut self, position: RowPosition) {
        self.reading.rows += 1;
        if self.reading.in_result {
            (self.on_row)(position);
        }
    }

    fn end_row(&mut self, offset: u64) -> Result<(), Malformed> {
        let reading = &mut *self.reading;
        let (cells, fields) = (reading.cells.count, reading.metadata.fields.len());
        let position = reading.cells.end_row(&reading.columns);
        if cells != fields {
            let row = reading.rows + 1;
            let what = format!("row {row} has {cells} cells for {fields} fields");
            return Err(Malformed::at(offset, what));
        }
        self.row(position);
        Ok(())
    }

    /// Text of a stream (`Some`) or its end at `offset` (`None`).
    fn stream(&mut self, text: Option<&[u8]>, offset: u64) -> Result<(), Malformed> {
        let Reading {
            stream, in_result, ..
        } = &mut *self.reading;
        let Some(Stream { text: base64, rows }) = stream else {
            return Ok(());
        };
        let mut ignore = |_| {};
        let on_row: &mut OnRow<'_> = if *in_result { self.on_row } else { &mut ignore };
        let mut take = |bytes: &[u8]| rows.feed(bytes, on_row);
        if let Some(text) = text {
            return base64.feed(text, offset, &mut take);
        }
        base64.finish(offset, &mut take)?;
        let count = rows.rows();
        if !rows.is_between_rows() {
            let what = format!("the stream ends inside row {}", count + 1);
            return Err(Malformed::at(offset, what));
        }
        self.reading.rows += count;
        self.reading.stream = None;
        Ok(())
    }
}

impl Sink for Judge<'_, '_> {
    fn start(&mut self, tag: &Tag<'_>) -> Result<(), Malformed> {
        let reading = &mut *self.reading;
        let parent = reading.open.last().copied();
        let mut element = Element::of(parent, tag.name);
        match (parent, element) {
            (None, Element::Votable) => {
                let version = reading.metadata.text(tag, "version")?;
                reading.metadata.summary.version = version;
            }
            (None, _) => {
                let what = format!("the root element is `{}`, not `VOTABLE`", shown(tag.name));
                return Err(Malformed::at(tag.offset, what));
            }
            (Some(Element::TableData | Element::Row), Element::Other) => {
                let what = format!("an element `{}` among the cells", shown(tag.name));
                return Err(Malformed::at(tag.offset, what));
            }
            (_, Element::Resource { .. }) => {
                let is_meta = tag.attribute("type") == Some("meta");
                element = Element::Resource { is_meta };
            }
            (_, Element::Table) => reading.begin_table(),
            (_, Element::Field) => reading.metadata.field(tag)?,
            (Some(parent), Element::Info | Element::Param) => {
                let is_info = element == Element::Info;
                reading
                    .metadata
                    .open(tag, is_info, parent.may_hold_cone_error())?;
            }
            (_, Element::TableData) => reading.begin_rows(Serialization::TableData),
            (_, Element::Fits) => reading.begin_rows(Serialization::Fits),
            (Some(Element::Binary), Element::Stream) => {
                reading.begin_stream(tag, Serialization::Binary)?;
            }
            (Some(Element::Binary2), Element::Stream) => {
                reading.begin_stream(tag, Serialization::Binary2)?;
            }
            (_, Element::Cell) => reading.cells.count += 1,
            _ => {}
        }
        reading.open.push(element);
        Ok(())
    }

    fn end(&mut self, offset: u64) -> Result<(), Malformed> {
        let Some(element) = self.reading.open.pop() else {
            return Ok(());
        };
        match element {
            Element::Info | Element::Param => self.reading.metadata.close(offset),
            Element::Row => self.end_row(offset),
            Element::Stream => self.stream(None, offset),
            Element::Table => {
                self.reading.end_table();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn text(&mut self, bytes: &[u8], offset: u64) -> Result<(), Malformed> {
        match self.reading.open.last() {
            Some(Element::Cell) => self.reading.cells.text(bytes, &self.reading.columns),
            Some(Element::Info) => self.reading.metadata.add_text(bytes),
            Some(Element::Stream) => self.stream(Some(bytes), offset)?,
            Some(Element::TableData | Element::Row) => {
                let wrong = bytes.iter().position(|it| !it.is_ascii_whitespace());
                if let Some(index) = wrong {
                    let offset = offset + common::units::size_u64(index);
                    return Err(Malformed::at(offset, "text among the cells"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> usize {
        if self.reading.open.last() != Some(&Element::TableData) {
            return 0;
        }
        let mut taken = 0;
        let fields = self.reading.metadata.fields.len();
        while let Some((length, position)) =
            plain_row(&bytes[taken..], fields, &self.reading.columns)
        {
            taken += length;
            self.row(position);
        }
        taken
    }
}

/// A name as far as it is shown.
fn shown(name: &str) -> &str {
    &name[..name.floor_char_boundary(60)]
}
