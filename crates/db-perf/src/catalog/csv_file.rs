//! A real catalogue from a CSV file, plain or gzip.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use common::sky::Position;
use flate2::read::MultiGzDecoder;
use serde::Serialize;
use thiserror::Error;

use super::Row;

/// A CSV file with the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CsvFile {
    /// The file; gzip when the name ends in `.gz`.
    pub path: PathBuf,
    /// The column of right ascensions in degrees; guessed when absent.
    pub ra: Option<String>,
    /// The column of declinations in degrees; guessed when absent.
    pub dec: Option<String>,
    /// The column of magnitudes; guessed when absent, and may be missing in the file.
    pub mag: Option<String>,
}

/// Why a file cannot be used at all.
#[derive(Debug, Error)]
pub enum CsvError {
    /// It cannot be opened or read.
    #[error("failed to read `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// A column is not there.
    #[error("`{}` has no column `{wanted}`; it has: {present}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
        /// The columns of the file.
        present: String,
    },
    /// No line could be used.
    #[error("`{}` has no usable line{example}", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
        /// The first broken line, if there was one.
        example: String,
    },
}

/// Lines of a file that could not be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BrokenLines {
    /// How many.
    pub count: u64,
    /// The first one: its number and what is wrong with it.
    pub example: Option<String>,
}

const RA_NAMES: &[&str] = &[
    "ra",
    "ra_deg",
    "raj2000",
    "ra_icrs",
    "ra_j2000",
    "right_ascension",
];
const DEC_NAMES: &[&str] = &[
    "dec",
    "dec_deg",
    "dej2000",
    "decl",
    "de_icrs",
    "dec_j2000",
    "declination",
];
const MAG_NAMES: &[&str] = &[
    "mag",
    "magnitude",
    "vmag",
    "magnitude_v",
    "phot_g_mean_mag",
    "gmag",
];

impl CsvFile {
    /// Opens the file and finds its columns.
    pub fn open(&self) -> Result<CsvRows, CsvError> {
        let file = File::open(&self.path).map_err(|error| self.read_error(&error))?;
        let is_gzip = self
            .path
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("gz"));
        let input: Box<dyn Read + Send> = if is_gzip {
            Box::new(MultiGzDecoder::new(BufReader::new(file)))
        } else {
            Box::new(BufReader::new(file))
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(input);
        let headers = reader
            .headers()
            .map_err(|error| self.read_error(&error))?
            .clone();
        let find = |wanted: Option<&String>, guesses: &[&str]| {
            headers.iter().position(|name| match wanted {
                Some(wanted) => name == wanted,
                None => guesses.iter().any(|guess| name.eq_ignore_ascii_case(guess)),
            })
        };
        let need = |wanted: Option<&String>, guesses: &[&str]| {
            find(wanted, guesses).ok_or_else(|| CsvError::NoColumn {
                path: self.path.clone(),
                wanted: wanted.cloned().unwrap_or_else(|| guesses.join("` or `")),
                present: headers.iter().collect::<Vec<_>>().join(", "),
            })
        };
        Ok(CsvRows {
            ra: need(self.ra.as_ref(), RA_NAMES)?,
            dec: need(self.dec.as_ref(), DEC_NAMES)?,
            mag: match &self.mag {
                Some(_) => Some(need(self.mag.as_ref(), MAG_NAMES)?),
                None => find(None, MAG_NAMES),
            },
            reader,
            record: csv::StringRecord::new(),
            next_id: 1,
            broken: BrokenLines::default(),
        })
    }

    /// The error of a file without a usable line.
    pub fn no_rows(&self, broken: &BrokenLines) -> CsvError {
        let example = broken.example.as_ref();
        CsvError::NoRows {
            path: self.path.clone(),
            example: example.map(|it| format!(": {it}")).unwrap_or_default(),
        }
    }

    fn read_error(&self, error: &dyn std::error::Error) -> CsvError {
        CsvError::Read {
            path: self.path.clone(),
            cause: error.to_string(),
        }
    }

    /// The file for people.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The usable rows of a file; the others are counted.
pub struct CsvRows {
    reader: csv::Reader<Box<dyn Read + Send>>,
    record: csv::StringRecord,
    ra: usize,
    dec: usize,
    mag: Option<usize>,
    next_id: i64,
    broken: BrokenLines,
}

impl CsvRows {
    /// The lines that could not be used so far.
    pub fn broken(&self) -> &BrokenLines {
        &self.broken
    }

    fn parse(&self) -> Result<Row, String> {
        let number = |index: usize, name: &str| {
            let text = self
                .record
                .get(index)
                .ok_or_else(|| format!("{name} is missing"))?;
            text.parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(|| format!("{name} is no number: `{text}`"))
        };
        let ra = number(self.ra, "right ascension")?;
        let dec = number(self.dec, "declination")?;
        if !(0.0..=360.0).contains(&ra) {
            return Err(format!(
                "right ascension must be within 0 and 360, got {ra}"
            ));
        }
        if !(-90.0..=90.0).contains(&dec) {
            return Err(format!("declination must be within -90 and 90, got {dec}"));
        }
        // An unknown magnitude is an empty field and not a broken line.
        let mag = match self.mag.and_then(|index| self.record.get(index)) {
            None | Some("") => None,
            Some(_) => Some(number(self.mag.unwrap_or_default(), "magnitude")?),
        };
        let ra = if ra >= 360.0 { 0.0 } else { ra };
        Ok(Row::plain(self.next_id, Position::new(ra, dec), mag))
    }

    fn note(&mut self, line: Option<u64>, reason: &str) {
        self.broken.count += 1;
        self.broken.example.get_or_insert_with(|| match line {
            Some(line) => format!("line {line}: {reason}"),
            None => reason.to_owned(),
        });
    }
}

impl Iterator for CsvRows {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            match self.reader.read_record(&mut self.record) {
                Ok(false) => return None,
                Err(error) => {
                    let line = error.position().map(csv::Position::line);
                    self.note(line, &error.to_string());
                    // A broken gzip stream would be reported for ever.
                    if matches!(error.kind(), csv::ErrorKind::Io(_)) {
                        return None;
                    }
                }
                Ok(true) => match self.parse() {
                    Ok(row) => {
                        self.next_id += 1;
                        return Some(row);
                    }
                    Err(reason) => {
                        let line = self.record.position().map(csv::Position::line);
                        self.note(line, &reason);
                    }
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> (tempfile::NamedTempFile, CsvFile) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let csv = CsvFile {
            path: file.path().to_owned(),
            ra: None,
            dec: None,
            mag: None,
        };
        (file, csv)
    }

    #[test]
    fn broken_lines_are_counted_and_the_first_is_shown() {
        let (_keep, csv) =
            file("name,RA,DEC,Vmag\na,10,20,5\nb,x,20,5\nc,370,0,5\nd,11\ne,12,-5,\n");
        let mut rows = csv.open().unwrap();
        let good: Vec<Row> = rows.by_ref().collect();
        assert_eq!(good.len(), 2);
        assert_eq!(good[1].id, 2);
        assert_eq!(good[1].v, None);
        assert_eq!(rows.broken().count, 3);
        assert_eq!(
            rows.broken().example.as_deref(),
            Some("line 3: right ascension is no number: `x`")
        );
    }

    #[test]
    fn a_missing_column_names_those_that_are_there() {
        let (_keep, csv) = file("name,alpha,delta\na,1,2\n");
        let error = csv.open().err().unwrap().to_string();
        assert!(error.contains("it has: name, alpha, delta"), "{error}");
        let mapped = CsvFile {
            ra: Some("alpha".into()),
            dec: Some("delta".into()),
            ..csv
        };
        assert_eq!(mapped.open().unwrap().count(), 1);
    }

    #[test]
    fn gzip_is_read() {
        let mut file = tempfile::Builder::new()
            .suffix(".csv.gz")
            .tempfile()
            .unwrap();
        let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        encoder.write_all(b"ra,dec\n1,2\n3,4\n").unwrap();
        encoder.finish().unwrap();
        let csv = CsvFile {
            path: file.path().to_owned(),
            ra: None,
            dec: None,
            mag: None,
        };
        assert_eq!(csv.open().unwrap().count(), 2);
    }
}
