//! CSV and TSV answers (RFC 4180, text/tab-separated-values) as they arrive: header, rows, positions.
//!
//! DALI gives these formats no place for a status, so only the shape can be judged: every row has as
//! many fields as the header, and the last line is complete.

use common::units::size_u64;

use super::Malformed;
use super::position::{OnRow, RowPosition, columns_by_name, number};
use super::utf8::{Encoding, Utf8};

/// The longest field that is kept, bytes: names of columns and numbers.
const MAX_FIELD_BYTES: usize = 256;
/// The most columns that are read.
const MAX_COLUMNS: usize = 16_384;

/// What a reader of CSV is told beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvRules {
    /// What separates fields: a comma, or a tab, with which quotes mean nothing.
    pub delimiter: u8,
    /// Whether a last line without a line end counts as cut off. RFC 4180 allows it, but then a cut
    /// inside the last field cannot be seen.
    pub needs_final_newline: bool,
    /// Names of the columns of right ascension and declination; `None` finds them by usual names.
    pub position_columns: Option<(String, String)>,
}

impl CsvRules {
    /// Comma-separated values.
    pub fn csv() -> Self {
        Self {
            delimiter: b',',
            needs_final_newline: true,
            position_columns: None,
        }
    }

    /// Tab-separated values.
    pub fn tsv() -> Self {
        Self {
            delimiter: b'\t',
            ..Self::csv()
        }
    }
}

/// What was found in a complete table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvSummary {
    /// The names in the header.
    pub columns: Vec<String>,
    /// Rows below the header.
    pub rows: u64,
}

/// Where the reader is in a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// Before the first byte of a field.
    #[default]
    Start,
    Plain,
    Quoted,
    /// After a quote inside quotes: it ends the field or is the first of two.
    Quote,
}

/// Reads a table in chunks.
#[derive(Debug)]
pub struct CsvReader {
    rules: CsvRules,
    utf8: Utf8,
    records: Records,
    failed: Option<Malformed>,
}

/// The records of a table.
#[derive(Debug, Default)]
struct Records {
    place: Place,
    /// Bytes before the current piece.
    before: u64,
    /// Where the current record began.
    start: u64,
    /// Fields of this record that are complete.
    fields: usize,
    /// The current field as far as it is kept.
    field: Vec<u8>,
    /// Whether the current record has begun.
    is_begun: bool,
    /// Whether it holds anything but carriage returns.
    has_content: bool,
    header: Option<Vec<String>>,
    names: Vec<String>,
    columns: (Option<usize>, Option<usize>),
    position: RowPosition,
    rows: u64,
}

impl CsvReader {
    /// A reader for one table.
    pub fn new(rules: CsvRules) -> Self {
        Self {
            rules,
            utf8: Utf8::default(),
            records: Records::default(),
            failed: None,
        }
    }

    /// Takes the next chunk, of any size, and tells of each row that it completes. After an error
    /// it does nothing.
    pub fn feed(&mut self, chunk: &[u8], on_row: &mut OnRow<'_>) {
        if self.failed.is_some() {
            return;
        }
        let (rules, records) = (&self.rules, &mut self.records);
        self.failed = self
            .utf8
            .feed(chunk, &mut |piece| {
                records.feed(piece, rules, on_row)?;
                Ok(Encoding::Utf8)
            })
            .err();
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what was found, or why it is no complete table.
    pub fn finish(mut self, on_row: &mut OnRow<'_>) -> Result<CsvSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        self.utf8.finish()?;
        let records = &mut self.records;
        let end = records.before;
        let cut = |what: &str| Err(Malformed::truncated(end, what));
        if records.place == Place::Quoted {
            return cut("the body ends inside quotes");
        }
        if records.is_begun && self.rules.needs_final_newline {
            return cut("the last line has no line end");
        }
        if records.is_begun {
            let header = records.header.as_ref().map(Vec::len);
            if header.is_some_and(|columns| records.fields + 1 < columns) {
                return cut("the last line has fewer fields than the header");
            }
            records.end_field()?;
            records.end_record(&self.rules, on_row)?;
        }
        let Some(columns) = self.records.header else {
            return cut("the body has no header");
        };
        Ok(CsvSummary {
            columns,
            rows: self.records.rows,
        })
    }
}

impl Records {
    fn feed(
        &mut self,
        piece: &[u8],
        rules: &CsvRules,
        on_row: &mut OnRow<'_>,
    ) -> Result<(), Malformed> {
        let mut at = 0;
        if self.before == 0 && piece.starts_with(b"\xEF\xBB\xBF") {
            at = 3;
        }
        let base = self.before;
        self.before += size_u64(piece.len());
        while at < piece.len() {
            let offset = base + size_u64(at);
            at += self.step(&piece[at..], offset, rules, on_row)?;
        }
        Ok(())
    }

    /// Handles the front of `bytes` and says how many bytes that was.
    fn step(
        &mut self,
        bytes: &[u8],
        offset: u64,
        rules: &CsvRules,
        on_row: &mut OnRow<'_>,
    ) -> Result<usize, Malformed> {
        if !self.is_begun {
            self.start = offset;
        }
        if self.header.is_none() && !self.is_begun && bytes[0] == b'<' {
            return Err(Malformed::at(offset, "a document in XML or HTML, no table"));
        }
        let has_quotes = rules.delimiter != b'\t';
        match (self.place, bytes[0]) {
            (Place::Start, b'"') if has_quotes => self.place = Place::Quoted,
            (Place::Quoted, b'"') => self.place = Place::Quote,
            (Place::Quoted, _) => {
                let end = memchr::memchr(b'"', bytes).unwrap_or(bytes.len());
                self.keep(&bytes[..end]);
                return Ok(end);
            }
            (Place::Quote, b'"') => {
                self.keep(b"\"");
                self.place = Place::Quoted;
            }
            (_, b'\n') => {
                self.end_line(rules, on_row)?;
                return Ok(1);
            }
            (_, byte) if byte == rules.delimiter => self.end_field()?,
            (Place::Quote, b'\r') => {}
            (Place::Quote, _) => {
                return Err(Malformed::at(offset, "text after the quotes of a field"));
            }
            _ => {
                let end = memchr::memchr2(rules.delimiter, b'\n', bytes).unwrap_or(bytes.len());
                self.keep(&bytes[..end]);
                self.place = Place::Plain;
                self.is_begun = true;
                self.has_content |= bytes[..end].iter().any(|it| *it != b'\r');
                return Ok(end);
            }
        }
        self.is_begun = true;
        self.has_content = true;
        Ok(1)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let is_kept = self.header.is_none()
            || self.columns.0 == Some(self.fields)
            || self.columns.1 == Some(self.fields);
        if is_kept {
            let room = (MAX_FIELD_BYTES + 1).saturating_sub(self.field.len());
            self.field
                .extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn end_line(&mut self, rules: &CsvRules, on_row: &mut OnRow<'_>) -> Result<(), Malformed> {
        // A blank line is an empty value in a table of one column, and nothing in others.
        if !self.has_content && self.header.as_ref().is_none_or(|header| header.len() != 1) {
            self.field.clear();
            self.place = Place::Start;
            self.is_begun = false;
            return Ok(());
        }
        self.end_field()?;
        self.end_record(rules, on_row)
    }

    fn end_field(&mut self) -> Result<(), Malformed> {
        let value = self.field.trim_ascii();
        if self.header.is_none() {
            if self.fields >= MAX_COLUMNS {
                let what = format!("more than {MAX_COLUMNS} columns");
                return Err(Malformed::too_long(self.start, what));
            }
            let value = value.strip_prefix(b"# ").unwrap_or(value);
            self.names.push(String::from_utf8_lossy(value).into_owned());
        } else {
            if self.columns.0 == Some(self.fields) {
                self.position.ra_deg = number(value);
            }
            if self.columns.1 == Some(self.fields) {
                self.position.dec_deg = number(value);
            }
        }
        self.fields += 1;
        self.field.clear();
        self.place = Place::Start;
        Ok(())
    }

    fn end_record(&mut self, rules: &CsvRules, on_row: &mut OnRow<'_>) -> Result<(), Malformed> {
        let fields = std::mem::take(&mut self.fields);
        self.is_begun = false;
        self.has_content = false;
        match &self.header {
            None => {
                let names = std::mem::take(&mut self.names);
                self.columns = match &rules.position_columns {
                    Some((ra, dec)) => {
                        let named = |wanted: &String| {
                            names.iter().position(|it| it.eq_ignore_ascii_case(wanted))
                        };
                        (named(ra), named(dec))
                    }
                    None => columns_by_name(&names),
                };
                self.header = Some(names);
            }
            Some(header) if header.len() != fields => {
                let row = self.rows + 1;
                let columns = header.len();
                let what = format!("row {row} has {fields} fields for {columns} columns");
                return Err(Malformed::at(self.start, what));
            }
            Some(_) => {
                self.rows += 1;
                on_row(std::mem::take(&mut self.position));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Fault;

    type Rows = Vec<(Option<f64>, Option<f64>)>;

    fn read(text: &str, rules: &CsvRules) -> (Result<CsvSummary, Malformed>, Rows) {
        let mut rows = Vec::new();
        let mut on_row = |it: RowPosition| rows.push((it.ra_deg, it.dec_deg));
        let mut reader = CsvReader::new(rules.clone());
        for chunk in text.as_bytes().chunks(3) {
            reader.feed(chunk, &mut on_row);
        }
        let result = reader.finish(&mut on_row);
        (result, rows)
    }

    #[test]
    fn rows_have_positions_by_the_names_in_the_header() {
        let text = "name,Dec,RA_deg\r\n\"a, \"\"b\"\"\nc\",-1,2.5\r\n\r\n,\"3\",\r\n";
        let (summary, rows) = read(text, &CsvRules::csv());
        let summary = summary.unwrap();
        assert_eq!(summary.columns, ["name", "Dec", "RA_deg"]);
        assert_eq!(summary.rows, 2);
        assert_eq!(rows, [(Some(2.5), Some(-1.0)), (None, Some(3.0))]);
        let rules = CsvRules {
            position_columns: Some(("x".into(), "y".into())),
            ..CsvRules::tsv()
        };
        let (_, rows) = read("x\ty\tra\n1\t2\t\"3\n", &rules);
        assert_eq!(rows, [(Some(1.0), Some(2.0))]);
    }

    #[test]
    fn a_blank_line_is_a_row_only_of_one_column() {
        assert_eq!(read("a\n\n1\n\n", &CsvRules::csv()).0.unwrap().rows, 3);
        assert_eq!(read("a,b\n\n1,2\n\n", &CsvRules::csv()).0.unwrap().rows, 1);
    }

    #[test]
    fn a_last_line_without_its_end_is_cut_off_unless_that_is_allowed() {
        let error = read("a,b\n1,2", &CsvRules::csv()).0.unwrap_err();
        assert_eq!(error.kind, Fault::Truncated);
        let lenient = CsvRules {
            needs_final_newline: false,
            ..CsvRules::csv()
        };
        assert_eq!(read("a,b\n1,2", &lenient).0.unwrap().rows, 1);
        for cut in ["", "\n", "a,b\n1", "a,b\n1,\"2"] {
            let error = read(cut, &lenient).0.unwrap_err();
            assert_eq!(error.kind, Fault::Truncated, "{cut}");
        }
    }

    #[test]
    fn what_is_no_table_is_refused_at_its_place() {
        for (text, offset, what) in [
            ("<html>\n", 0, "a document in XML or HTML, no table"),
            ("a,b\n1,2\n1\n", 8, "row 2 has 1 fields for 2 columns"),
            ("a,b\n1,2,3\n", 4, "row 1 has 3 fields for 2 columns"),
            ("a\n\"1\"2\n", 5, "text after the quotes of a field"),
        ] {
            let error = read(text, &CsvRules::csv()).0.unwrap_err();
            assert_eq!((error.offset, error.what.as_str()), (offset, what));
        }
    }

    #[test]
    fn memory_is_bounded_for_endless_headers() {
        let mut reader = CsvReader::new(CsvRules::csv());
        for _ in 0..100_000 {
            reader.feed(b"aaaaaaaaaaaaaaaaaaaa", &mut |_| {});
        }
        assert!(reader.records.field.len() <= MAX_FIELD_BYTES + 1);
        reader.feed(",a".repeat(2 * MAX_COLUMNS).as_bytes(), &mut |_| {});
        assert_eq!(reader.finish(&mut |_| {}).unwrap_err().kind, Fault::TooLong);
    }
}
