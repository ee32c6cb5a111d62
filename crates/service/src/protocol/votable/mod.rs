//! `VOTable` 1.0 to 1.5 as it arrives: what it says, how many rows it has, where they are.
//!
//! TABLEDATA, BINARY and BINARY2 are read; rows in FITS or behind an address are recognised and
//! left. Memory is bounded: a tag of 64 kB, metadata of 4 MB, one block of base64.

mod base64;
mod binary;
mod cells;
mod columns;
mod elements;
mod judge;
mod layout;
mod metadata;
mod summary;

#[cfg(test)]
mod tests;

use self::judge::{Judge, Reading};
pub use self::summary::{Field, Info, QueryState, QueryStatus, Serialization, VotableSummary};
use super::Malformed;
use super::position::OnRow;
use super::utf8::Utf8;
use super::xml::Scanner;

/// What a reader of `VOTables` is told beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VotableOptions {
    /// Names or identifiers of the columns of right ascension and declination; `None` finds them by
    /// UCD or by usual names.
    pub position_columns: Option<(String, String)>,
}

/// Reads a `VOTable` in chunks.
#[derive(Debug, Default)]
pub struct VotableReader {
    utf8: Utf8,
    scanner: Scanner,
    reading: Reading,
    failed: Option<Malformed>,
}

impl VotableReader {
    /// A reader for one document.
    pub fn new(options: VotableOptions) -> Self {
        Self {
            reading: Reading::new(options),
            ..Self::default()
        }
    }

    /// Takes the next chunk, of any size, and tells of each row that it completes. After an error
    /// it does nothing.
    pub fn feed(&mut self, chunk: &[u8], on_row: &mut OnRow<'_>) {
        if self.failed.is_some() {
            return;
        }
        let (utf8, scanner) = (&mut self.utf8, &mut self.scanner);
        let mut judge = Judge {
            reading: &mut self.reading,
            on_row,
        };
        self.failed = utf8
            .feed(chunk, &mut |piece| scanner.feed(piece, &mut judge))
            .err();
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what it said, or why it is no complete `VOTable`.
    pub fn finish(self) -> Result<VotableSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.utf8.finish()?;
        self.scanner.finish()?;
        Ok(self.reading.summary())
    }
}
