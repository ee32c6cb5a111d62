//! Counting the rows of a binary stream while its bytes arrive.

use common::units::{count_usize, size_u64};

use super::columns::PositionColumns;
use super::layout::{Angle, Number, Step, mask_bytes, steps};
use super::{Field, Serialization};
use crate::protocol::position::{OnRow, RowPosition};

/// The rows of one binary stream.
#[derive(Debug)]
pub(super) struct BinaryRows {
    steps: Vec<Step>,
    mask: Mask,
    /// Bytes of a row when all rows have the same.
    fixed: Option<usize>,
    /// The step that is under way; `steps.len()` never between calls.
    step: usize,
    /// Bytes of the mask of this row that were read.
    mask_read: u64,
    /// Bytes left to skip in this step, 0 at its start.
    skip: u64,
    /// The bytes of a number or count that came so far.
    number: [u8; 8],
    number_len: usize,
    position: RowPosition,
    ra_is_null: bool,
    dec_is_null: bool,
    rows: u64,
}

/// The mask of nulls before a row of BINARY2.
#[derive(Debug, Clone, Copy, Default)]
struct Mask {
    /// Its length; 0 for BINARY.
    bytes: u64,
    /// Byte and bit of right ascension and declination.
    ra: Option<(u64, u8)>,
    dec: Option<(u64, u8)>,
}

impl BinaryRows {
    /// Prepares for rows of these fields; fails with a clause when their layout is not known.
    pub(super) fn new(
        fields: &[Field],
        columns: &PositionColumns,
        serialization: Serialization,
    ) -> Result<Self, String> {
        let steps = steps(fields, columns)?;
        let mut mask = Mask::default();
        if serialization == Serialization::Binary2 {
            let place = |index: usize| (size_u64(index / 8), 0x80_u8 >> (index % 8));
            mask = Mask {
                bytes: mask_bytes(fields.len()),
                ra: columns.ra.map(|it| place(it.index)),
                dec: columns.dec.map(|it| place(it.index)),
            };
        }
        let width = |step: &Step| match step {
            Step::Skip(bytes) => Some(*bytes),
            Step::Value(angle) => Some(size_u64(angle.number.width())),
            Step::Array(_) => None,
        };
        let fixed = steps
            .iter()
            .map(width)
            .try_fold(mask.bytes, |sum, bytes| sum.checked_add(bytes?))
            .map(count_usize);
        Ok(Self {
            steps,
            mask,
            fixed,
            step: 0,
            mask_read: 0,
            skip: 0,
            number: [0; 8],
            number_len: 0,
            position: RowPosition::default(),
            ra_is_null: false,
            dec_is_null: false,
            rows: 0,
        })
    }

    /// Rows that are complete.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the stream ends between rows.
    pub(super) fn is_between_rows(&self) -> bool {
        self.step == 0 && self.mask_read == 0 && self.skip == 0 && self.number_len == 0
    }

    /// Takes the next bytes; fails with a clause when they cannot be rows.
    pub(super) fn feed(&mut self, mut bytes: &[u8], on_row: &mut OnRow<'_>) -> Result<(), String> {
        while !bytes.is_empty() {
            if let Some(width) = self.fixed
                && bytes.len() >= width
                && self.is_between_rows()
            {
                let (row, rest) = bytes.split_at(width);
                self.whole_row(row);
                self.end_row(on_row);
                bytes = rest;
                continue;
            }
            if self.mask_read < self.mask.bytes {
                self.read_mask(self.mask_read, bytes[0]);
                self.mask_read += 1;
                bytes = &bytes[1..];
                continue;
            }
            bytes = self.part(bytes)?;
            if self.step == self.steps.len() {
                self.end_row(on_row);
            }
        }
        Ok(())
    }

    /// A row of fixed width that is at hand.
    fn whole_row(&mut self, row: &[u8]) {
        let (mask, mut row) = row.split_at(count_usize(self.mask.bytes).min(row.len()));
        for index in 0..self.steps.len() {
            let width = match self.steps[index] {
                Step::Skip(bytes) => count_usize(bytes),
                Step::Value(angle) => {
                    self.keep(angle, angle.number.read(row));
                    angle.number.width()
                }
                Step::Array(_) => 0,
            };
            row = row.get(width..).unwrap_or_default();
        }
        for (index, byte) in mask.iter().enumerate() {
            self.read_mask(size_u64(index), *byte);
        }
    }

    /// Bytes at the front of `bytes` as the step that is under way; gives back the rest.
    fn part<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], String> {
        match self.steps[self.step] {
            Step::Skip(count) => {
                if self.skip == 0 {
                    self.skip = count;
                }
                Ok(self.skip(bytes))
            }
            Step::Array(_) if self.skip > 0 => Ok(self.skip(bytes)),
            Step::Array(bits) => {
                let Some(rest) = self.collect(bytes, Number::Int.width()) else {
                    return Ok(&[]);
                };
                let [a, b, c, d, ..] = self.number;
                let items = i32::from_be_bytes([a, b, c, d]);
                let Ok(items) = u64::try_from(items) else {
                    return Err(format!("an array of {items} items in a binary row"));
                };
                self.skip = (items * bits).div_ceil(8);
                if self.skip == 0 {
                    self.step += 1;
                }
                Ok(rest)
            }
            Step::Value(angle) => {
                let Some(rest) = self.collect(bytes, angle.number.width()) else {
                    return Ok(&[]);
                };
                self.keep(angle, angle.number.read(&self.number));
                self.step += 1;
                Ok(rest)
            }
        }
    }

    /// Skips what is left of the step; gives back the rest.
    fn skip<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let taken = bytes.len().min(count_usize(self.skip));
        self.skip -= size_u64(taken);
        if self.skip == 0 {
            self.step += 1;
        }
        &bytes[taken..]
    }

    /// Collects a number of `width` bytes; gives back the rest when it is complete.
    fn collect<'a>(&mut self, bytes: &'a [u8], width: usize) -> Option<&'a [u8]> {
        let (part, rest) = bytes.split_at(bytes.len().min(width - self.number_len));
        let end = self.number_len + part.len();
        self.number[self.number_len..end].copy_from_slice(part);
        if end < width {
            self.number_len = end;
            return None;
        }
        self.number_len = 0;
        Some(rest)
    }

    fn keep(&mut self, angle: Angle, value: Option<f64>) {
        let value = value.map(|it| it * angle.degrees);
        if angle.is_ra {
            self.position.ra_deg = value;
        } else {
            self.position.dec_deg = value;
        }
    }

    /// The byte of the mask with this index.
    fn read_mask(&mut self, index: u64, byte: u8) {
        let is_null = |place: Option<(u64, u8)>| {
            place.is_some_and(|(at, bit)| at == index && byte & bit != 0)
        };
        self.ra_is_null |= is_null(self.mask.ra);
        self.dec_is_null |= is_null(self.mask.dec);
    }

    fn end_row(&mut self, on_row: &mut OnRow<'_>) {
        let mut position = std::mem::take(&mut self.position);
        if std::mem::take(&mut self.ra_is_null) {
            position.ra_deg = None;
        }
        if std::mem::take(&mut self.dec_is_null) {
            position.dec_deg = None;
        }
        self.rows += 1;
        self.step = 0;
        self.mask_read = 0;
        on_row(position);
    }
}
