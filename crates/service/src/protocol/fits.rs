//! FITS as it arrives (FITS standard 4.0): headers that announce data, and whether that data came.

use common::units::size_u64;

use super::Malformed;

/// Bytes of a block, of which headers and data are made.
const BLOCK: u64 = 2880;
/// Bytes of a card, a line of a header.
const CARD: usize = 80;

/// What was found in a complete FITS file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FitsSummary {
    /// Header and data units, the primary one included.
    pub units: u32,
    /// Bytes of data that the headers announce, without padding.
    pub data_bytes: u64,
}

/// Reads a FITS file in chunks.
#[derive(Debug, Default)]
pub struct FitsReader {
    /// The unfinished card of earlier chunks.
    held: Vec<u8>,
    /// Bytes before the current place.
    offset: u64,
    /// Data bytes, or padding after a header, that are still to come.
    skip: u64,
    /// Whether the current place is in a header.
    in_header: bool,
    header: Header,
    summary: FitsSummary,
    failed: Option<Malformed>,
}

/// What the current header says of its data (sections 4.4.1, 6, 7).
#[derive(Debug, Default)]
struct Header {
    bitpix: Option<i64>,
    naxis: Option<u64>,
    /// The product of the axes; with random groups without the first one.
    elements: Option<u64>,
    axes: u64,
    first_axis_is_zero: bool,
    groups: bool,
    pcount: u64,
    gcount: u64,
}

impl FitsReader {
    /// Takes the next chunk, of any size. After an error it does nothing.
    pub fn feed(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.try_feed(chunk).err();
        }
    }

    /// The first error so far; a caller may stop reading then.
    pub fn failed(&self) -> Option<&Malformed> {
        self.failed.as_ref()
    }

    /// The body has ended: what was found, or why it is no complete FITS file.
    pub fn finish(self) -> Result<FitsSummary, Malformed> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let end = self.offset + size_u64(self.held.len());
        let cut = |what: String| Err(Malformed::truncated(end, what));
        if end == 0 {
            return cut("the body is empty".into());
        }
        if self.skip > 0 {
            let unit = self.summary.units;
            return cut(format!("{} bytes are missing in unit {unit}", self.skip));
        }
        if self.in_header || !self.held.is_empty() {
            return cut("the body ends inside a header".into());
        }
        Ok(self.summary)
    }

    fn try_feed(&mut self, mut chunk: &[u8]) -> Result<(), Malformed> {
        while !chunk.is_empty() {
            if self.skip > 0 {
                let taken = common::units::count_usize(self.skip).min(chunk.len());
                self.skip -= size_u64(taken);
                self.offset += size_u64(taken);
                chunk = &chunk[taken..];
                continue;
            }
            let (part, rest) = chunk.split_at(chunk.len().min(CARD - self.held.len()));
            self.held.extend_from_slice(part);
            chunk = rest;
            self.check_begin()?;
            if self.held.len() == CARD {
                let card = std::mem::take(&mut self.held);
                self.card(&card)?;
                self.offset += size_u64(CARD);
                self.held = card;
                self.held.clear();
            }
        }
        Ok(())
    }

    /// Fails as soon as the bytes at hand cannot begin a file or an extension.
    fn check_begin(&self) -> Result<(), Malformed> {
        if self.in_header {
            return Ok(());
        }
        let (begin, what): (&[u8], _) = if self.summary.units == 0 {
            (b"SIMPLE  =", "the body does not begin with `SIMPLE  =`")
        } else {
            (b"XTENSION=", "bytes after the data that begin no extension")
        };
        let common = self.held.len().min(begin.len());
        if self.held[..common] == begin[..common] {
            return Ok(());
        }
        Err(Malformed::at(self.offset, what))
    }

    /// A whole card.
    fn card(&mut self, card: &[u8]) -> Result<(), Malformed> {
        if !self.in_header {
            self.in_header = true;
            self.summary.units = self.summary.units.saturating_add(1);
            self.header = Header {
                gcount: 1,
                ..Header::default()
            };
        }
        let wrong = |what: String| Malformed::at(self.offset, what);
        if !card.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(wrong(
                "a header with a character that is no printable ASCII".into(),
            ));
        }
        let text = String::from_utf8_lossy(card);
        let (keyword, value) = text.split_at(8);
        let keyword = keyword.trim_ascii_end();
        if keyword == "END" {
            return self.end_header();
        }
        let Some(value) = value.strip_prefix("= ") else {
            return Ok(());
        };
        let value = value.split('/').next().unwrap_or_default().trim();
        self.header
            .keyword(keyword, value)
            .map_err(|()| wrong(format!("the keyword {keyword} has the value `{value}`")))
    }

    /// The header ends with the card at `offset`: what follows is padding and data.
    fn end_header(&mut self) -> Result<(), Malformed> {
        let data = self
            .header
            .data_bytes()
            .map_err(|what| Malformed::at(self.offset, what))?;
        let header_end = self.offset + size_u64(CARD);
        let padding = header_end.next_multiple_of(BLOCK) - header_end;
        let padded = data.checked_next_multiple_of(BLOCK);
        let skip = padded.and_then(|it| it.checked_add(padding));
        let total = self.summary.data_bytes.checked_add(data);
        let (Some(skip), Some(total)) = (skip, total) else {
            let what = "a header that announces more data than can be counted";
            return Err(Malformed::at(self.offset, what));
        };
        self.skip = skip;
        self.summary.data_bytes = total;
        self.in_header = false;
        Ok(())
    }
}

impl Header {
    fn keyword(&mut self, keyword: &str, value: &str) -> Result<(), ()> {
        let count = || value.parse::<u64>().map_err(drop);
        match keyword {
            "BITPIX" => {
                let bitpix = value.parse().map_err(drop)?;
                if ![8, 16, 32, 64, -32, -64].contains(&bitpix) {
                    return Err(());
                }
                self.bitpix = Some(bitpix);
            }
            "NAXIS" => self.naxis = Some(count()?).filter(|it| *it <= 999),
            "PCOUNT" => self.pcount = count()?,
            "GCOUNT" => self.gcount = count()?,
            "GROUPS" => self.groups = value == "T",
            _ => {
                let Some(axis) = keyword.strip_prefix("NAXIS") else {
                    return Ok(());
                };
                let Ok(axis) = axis.parse::<u64>() else {
                    return Ok(());
                };
                let length = count()?;
                self.axes += 1;
                if axis == 1 && length == 0 {
                    self.first_axis_is_zero = true;
                } else {
                    let elements = self.elements.unwrap_or(1);
                    self.elements = Some(elements.checked_mul(length).ok_or(())?);
                }
            }
        }
        Ok(())
    }

    /// Bytes of the data that follow; fails with a clause.
    fn data_bytes(&self) -> Result<u64, String> {
        let (Some(bitpix), Some(naxis)) = (self.bitpix, self.naxis) else {
            return Err("a header without BITPIX or NAXIS".into());
        };
        if self.axes < naxis {
            return Err(format!("a header with {} of {naxis} axes", self.axes));
        }
        let has_groups = self.groups && self.first_axis_is_zero;
        if naxis == 0 || (self.first_axis_is_zero && !has_groups) {
            return Ok(0);
        }
        self.elements
            .unwrap_or(u64::from(has_groups))
            .checked_add(self.pcount)
            .and_then(|it| it.checked_mul(self.gcount))
            .and_then(|it| it.checked_mul(bitpix.unsigned_abs() / 8))
            .ok_or_else(|| "a header that announces more data than can be counted".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Fault;

    fn block(cards: &[&str]) -> Vec<u8> {
        let mut block: Vec<u8> = cards
            .iter()
            .chain(&["END"])
            .flat_map(|card| format!("{card:<80}").into_bytes())
            .collect();
        block.resize(block.len().next_multiple_of(2880), b' ');
        block
    }

    fn image() -> Vec<u8> {
        let mut file = block(&[
            "SIMPLE  =                    T / standard",
            "BITPIX  =                  -32",
            "NAXIS   =                    2",
            "NAXIS1  =                   30 / fast",
            "NAXIS2  =                   40",
            "COMMENT   NAXIS3 = 1000",
        ]);
        file.resize(file.len() + 5760, 0);
        file
    }

    fn read(body: &[u8]) -> Result<FitsSummary, Malformed> {
        let mut reader = FitsReader::default();
        reader.feed(body);
        let whole = reader.finish();
        for size in [1, 7, 80, 2879] {
            let mut reader = FitsReader::default();
            body.chunks(size).for_each(|it| reader.feed(it));
            assert_eq!(whole, reader.finish());
        }
        whole
    }

    #[test]
    fn an_image_with_a_table_is_complete() {
        let mut file = image();
        file.extend(block(&[
            "XTENSION= 'BINTABLE'",
            "BITPIX  =                    8",
            "NAXIS   =                    2",
            "NAXIS1  =                   10",
            "NAXIS2  =                  100",
            "PCOUNT  =                 2000 / heap",
            "GCOUNT  =                    1",
        ]));
        file.resize(file.len() + 5760, 0);
        let summary = read(&file).unwrap();
        assert_eq!((summary.units, summary.data_bytes), (2, 4800 + 3000));
    }

    #[test]
    fn a_file_cut_anywhere_is_truncated() {
        let file = image();
        for end in 0..file.len() {
            let mut reader = FitsReader::default();
            reader.feed(&file[..end]);
            assert_eq!(reader.finish().unwrap_err().kind, Fault::Truncated, "{end}");
        }
        read(&file).unwrap();
    }

    #[test]
    fn what_is_no_fits_file_is_malformed_at_once() {
        let mut after = image();
        after.extend(b"<html>");
        for (body, offset) in [(b"<html>".to_vec(), 0), (after, 2880 * 3)] {
            let error = read(&body).unwrap_err();
            assert_eq!((error.kind, error.offset), (Fault::Malformed, offset));
        }
    }

    #[test]
    fn a_header_that_announces_absurd_data_is_malformed() {
        let file = block(&[
            "SIMPLE  =                    T",
            "BITPIX  =                   64",
            "NAXIS   =                    2",
            "NAXIS1  = 18446744073709551615",
            "NAXIS2  =                    2",
        ]);
        assert_eq!(read(&file).unwrap_err().kind, Fault::Malformed);
    }

    #[test]
    fn random_groups_have_no_first_axis() {
        let mut file = block(&[
            "SIMPLE  =                    T",
            "BITPIX  =                   16",
            "NAXIS   =                    2",
            "NAXIS1  =                    0",
            "NAXIS2  =                    3",
            "GROUPS  =                    T",
            "PCOUNT  =                    2",
            "GCOUNT  =                    4",
        ]);
        file.resize(file.len() + 2880, 0);
        assert_eq!(read(&file).unwrap().data_bytes, 2 * 4 * (2 + 3));
    }
}
