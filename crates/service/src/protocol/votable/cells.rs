//! Rows of TABLEDATA: a fast way for plain ones, a place to collect the cells of others.

use memchr::memchr2;

use super::columns::{Column, PositionColumns};
use crate::protocol::position::{RowPosition, number};

/// The longest cell that is looked at as a number, bytes.
const MAX_NUMBER_BYTES: usize = 64;

/// The cells of the row that is under way.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// Cells that have begun.
    pub(super) count: usize,
    ra: Vec<u8>,
    dec: Vec<u8>,
}

impl Cells {
    /// Takes text of the current cell.
    pub(super) fn text(&mut self, text: &[u8], columns: &PositionColumns) {
        let Some(current) = self.count.checked_sub(1) else {
            return;
        };
        let is_current = |column: Option<Column>| column.is_some_and(|it| it.index == current);
        for (column, cell) in [(columns.ra, &mut self.ra), (columns.dec, &mut self.dec)] {
            if is_current(column) {
                // One byte too many makes it unreadable, as it should be.
                let room = (MAX_NUMBER_BYTES + 1).saturating_sub(cell.len());
                cell.extend_from_slice(&text[..text.len().min(room)]);
            }
        }
    }

    /// The row ends.
    pub(super) fn end_row(&mut self, columns: &PositionColumns) -> RowPosition {
        let position = RowPosition {
            ra_deg: angle(&self.ra, columns.ra),
            dec_deg: angle(&self.dec, columns.dec),
        };
        self.count = 0;
        self.ra.clear();
        self.dec.clear();
        position
    }
}

/// A row without anything but plain cells, at the front of `bytes` after white space: its length
/// and position. Everything else is left to the scanner, which judges it.
pub(super) fn plain_row(
    bytes: &[u8],
    fields: usize,
    columns: &PositionColumns,
) -> Option<(usize, RowPosition)> {
    let mut rest = bytes.trim_ascii_start().strip_prefix(b"<TR>")?;
    let mut position = RowPosition::default();
    let mut count = 0;
    loop {
        rest = rest.trim_ascii_start();
        if let Some(cell) = rest.strip_prefix(b"<TD>") {
            let end = memchr2(b'<', b'&', cell)?;
            rest = cell[end..].strip_prefix(b"</TD>")?;
            if columns.ra.is_some_and(|it| it.index == count) {
                position.ra_deg = angle(&cell[..end], columns.ra);
            }
            if columns.dec.is_some_and(|it| it.index == count) {
                position.dec_deg = angle(&cell[..end], columns.dec);
            }
        } else if let Some(after) = rest.strip_prefix(b"<TD/>") {
            rest = after;
        } else {
            rest = rest.strip_prefix(b"</TR>")?;
            break;
        }
        count += 1;
    }
    (count == fields).then_some((bytes.len() - rest.len(), position))
}

fn angle(text: &[u8], column: Option<Column>) -> Option<f64> {
    if text.len() > MAX_NUMBER_BYTES {
        return None;
    }
    Some(number(text)? * column?.degrees)
}
