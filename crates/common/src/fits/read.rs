//! Reading images for a pipeline: every plane of every image HDU as 32-bit floats.

use core::ops::Range;

use fitsio_pure::BLOCK_SIZE;
use fitsio_pure::hdu::{Hdu, HduInfo};
use fitsio_pure::header::{header_byte_len, parse_header_blocks};
use fitsio_pure::image::read_image_physical_f32;

use super::error::FitsError;
use super::header::Header;
use crate::units::{size_f64, size_u64};

/// Most pixels of one HDU that are read: more than any detector here, little enough to fit in memory
/// when a header lies.
const MOST_PIXELS: u64 = 1 << 27;

/// One image plane with BSCALE and BZERO applied.
#[derive(Clone, Debug)]
pub struct Image {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Pixels, row by row from the first; blank ones are NaN.
    pub data: Vec<f32>,
    /// Keywords of the HDU.
    pub header: Header,
    /// Name of the extension.
    pub extname: Option<String>,
    /// Number of the HDU, the primary is 0.
    pub hdu: usize,
    /// Number of the plane in a cube, from 0.
    pub plane: usize,
}

impl Image {
    /// The image without its overscan: the median of each BIASSEC subtracted from its DATASEC, which are
    /// put side by side, the reference pixel moved along. An image without overscan stays as it is.
    ///
    /// # Errors
    ///
    /// A section is no section of this image, or the sections differ in height.
    pub fn without_overscan(&self) -> Result<Self, FitsError> {
        let sections = self.sections()?;
        let Some(((first, _), height)) = sections.first().map(|s| (s, s.0.rows.len())) else {
            return Ok(self.clone());
        };
        let mut data = Vec::with_capacity(self.data.len());
        let levels: Vec<f32> = sections.iter().map(|(_, bias)| self.median(bias)).collect();
        for row in 0..height {
            for ((section, _), level) in sections.iter().zip(&levels) {
                if section.rows.len() != height {
                    return Err(self.section_error("DATASEC2"));
                }
                let start = (section.rows.start + row) * self.width;
                let columns = start + section.columns.start..start + section.columns.end;
                data.extend(self.data[columns].iter().map(|pixel| pixel - level));
            }
        }
        let mut header = self.header.clone();
        for number in ["", "1", "2"] {
            header.remove(&format!("DATASEC{number}"));
            header.remove(&format!("BIASSEC{number}"));
        }
        for (keyword, start) in [
            ("CRPIX1", first.columns.start),
            ("CRPIX2", first.rows.start),
        ] {
            if let Some(place) = header.f64(keyword) {
                header.set(keyword, place - size_f64(start), "reference pixel");
            }
        }
        Ok(Self {
            width: data.len() / height,
            height,
            data,
            header,
            ..self.clone()
        })
    }

    /// Sections with light and their overscan.
    fn sections(&self) -> Result<Vec<(Section, Section)>, FitsError> {
        let mut sections = Vec::new();
        for number in ["", "1", "2"] {
            let section = |name: &str| -> Result<Option<Section>, FitsError> {
                let keyword = format!("{name}{number}");
                let Some(text) = self.header.str(&keyword) else {
                    return Ok(None);
                };
                let section = Section::parse(&text).filter(|section| {
                    section.columns.end <= self.width && section.rows.end <= self.height
                });
                section
                    .map(Some)
                    .ok_or_else(|| self.section_error(&keyword))
            };
            if let (Some(data), Some(bias)) = (section("DATASEC")?, section("BIASSEC")?) {
                sections.push((data, bias));
            }
        }
        Ok(sections)
    }

    fn section_error(&self, keyword: &str) -> FitsError {
        bad(
            self.hdu,
            &format!(
                "{keyword} is no section of an image of {} by {}",
                self.width, self.height
            ),
        )
    }

    fn median(&self, section: &Section) -> f32 {
        let mut pixels: Vec<f32> = section
            .rows
            .clone()
            .flat_map(|row| {
                let start = row * self.width;
                &self.data[start + section.columns.start..start + section.columns.end]
            })
            .copied()
            .collect();
        let middle = pixels.len() / 2;
        let (_, median, _) = pixels.select_nth_unstable_by(middle, f32::total_cmp);
        *median
    }
}

/// Columns and rows of a section, from 0; not empty.
struct Section {
    columns: Range<usize>,
    rows: Range<usize>,
}

impl Section {
    /// Reads `[first column:last column,first row:last row]`, from 1.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().strip_prefix('[')?.strip_suffix(']')?;
        let (columns, rows) = text.split_once(',')?;
        let range = |text: &str| {
            let (first, last) = text.split_once(':')?;
            let first = first.trim().parse::<usize>().ok()?.checked_sub(1)?;
            let last = last.trim().parse::<usize>().ok()?;
            (first < last).then_some(first..last)
        };
        Some(Self {
            columns: range(columns)?,
            rows: range(rows)?,
        })
    }
}

/// Reads every image of a FITS file, tile-compressed ones too; a cube gives one image a plane.
/// Tables and HDUs without data are passed over.
///
/// # Errors
///
/// The bytes are no FITS file, are cut short, or an HDU cannot be decoded.
pub fn read_images(bytes: &[u8]) -> Result<Vec<Image>, FitsError> {
    let mut images = Vec::new();
    for (number, hdu) in hdus(bytes)?.iter().enumerate() {
        let Some(axes) = axes(number, hdu)? else {
            continue;
        };
        let data = read_image_physical_f32(bytes, hdu).map_err(|error| bad(number, &error))?;
        let (width, height) = (axes[0], axes.get(1).copied().unwrap_or(1));
        let header = Header::from_cards(hdu.cards.clone());
        for (plane, pixels) in data.chunks_exact(width * height).enumerate() {
            images.push(Image {
                width,
                height,
                data: pixels.to_vec(),
                header: header.clone(),
                extname: header.str("EXTNAME"),
                hdu: number,
                plane,
            });
        }
    }
    Ok(images)
}

/// Reads the headers of all HDUs, the primary first, without touching the data.
///
/// # Errors
///
/// As [`read_images`].
pub fn read_headers(bytes: &[u8]) -> Result<Vec<Header>, FitsError> {
    let headers = hdus(bytes)?.into_iter();
    Ok(headers.map(|hdu| Header::from_cards(hdu.cards)).collect())
}

fn bad(hdu: usize, reason: &impl ToString) -> FitsError {
    FitsError::BadHdu {
        hdu,
        reason: reason.to_string(),
    }
}

/// The HDUs of a file, each of which must be there in full.
///
/// The library's own walk stops silently at a damaged header and trusts negative lengths.
fn hdus(bytes: &[u8]) -> Result<Vec<Hdu>, FitsError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(FitsError::NotFits(
            "it is gzipped, unpack it first".to_owned(),
        ));
    }
    if !bytes.starts_with(b"SIMPLE  =") {
        return Err(FitsError::NotFits(
            "it does not start with `SIMPLE  =`".to_owned(),
        ));
    }
    let mut hdus = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let number = hdus.len();
        let rest = &bytes[at..];
        if number > 0 && !rest.starts_with(b"XTENSION") {
            // The standard allows special records and fill after the last HDU.
            break;
        }
        let short = |needed: u64| FitsError::Truncated {
            hdu: number,
            needed,
            found: size_u64(bytes.len()),
        };
        let header_bytes = header_byte_len(rest)
            .map_err(|_| short(size_u64(at + rest.len().next_multiple_of(BLOCK_SIZE) + 1)))?;
        let text = printable(&rest[..header_bytes]);
        let cards = parse_header_blocks(&text).map_err(|e| bad(number, &e))?;
        check_structure(number, &Header::from_cards(cards.clone()))?;
        let start = at + header_bytes;
        let hdu = Hdu::from_cards(cards, at, start).map_err(|error| bad(number, &error))?;
        let end = start.checked_add(hdu.data_len);
        let Some(end) = end.filter(|&end| end <= bytes.len()) else {
            return Err(short(
                size_u64(start).saturating_add(size_u64(hdu.data_len)),
            ));
        };
        at = end.next_multiple_of(BLOCK_SIZE);
        hdus.push(hdu);
    }
    Ok(hdus)
}

/// A header with question marks for what is no printable ASCII: some writers put accents into comments,
/// and the library cuts strings at any byte.
fn printable(header: &[u8]) -> Vec<u8> {
    let readable = |byte: &u8| {
        if (b' '..=b'~').contains(byte) {
            *byte
        } else {
            b'?'
        }
    };
    header.iter().map(readable).collect()
}

/// Turns away lengths that no file has, before anything is sized by them.
fn check_structure(number: usize, header: &Header) -> Result<(), FitsError> {
    let within = |keyword: &str, low: i64, high: i64| match header.int(keyword) {
        Some(value) if (low..=high).contains(&value) => Ok(()),
        None => Ok(()),
        Some(value) => Err(bad(number, &format!("{keyword} is {value}"))),
    };
    let largest = 1 << 40;
    for keyword in ["NAXIS", "ZNAXIS", "TFIELDS"] {
        within(keyword, 0, 999)?;
    }
    for axis in 1..=header.int("NAXIS").unwrap_or(0) {
        within(&format!("NAXIS{axis}"), 0, largest)?;
    }
    for axis in 1..=header.int("ZNAXIS").unwrap_or(0) {
        within(&format!("ZNAXIS{axis}"), 0, largest)?;
        within(&format!("ZTILE{axis}"), 1, largest)?;
    }
    within("PCOUNT", 0, largest)?;
    within("GCOUNT", 1, largest)?;
    within("THEAP", 0, largest)?;
    if header.logical("ZIMAGE") == Some(true) {
        within("ZVAL1", 1, 4096)?;
        within("ZVAL2", 1, 4096)?;
    }
    if header
        .int("BITPIX")
        .is_none_or(|b| ![8, 16, 32, 64, -32, -64].contains(&b))
    {
        return Err(bad(number, &"BITPIX is not one of 8, 16, 32, 64, -32, -64"));
    }
    Ok(())
}

/// Axes of an image HDU that has pixels.
fn axes(number: usize, hdu: &Hdu) -> Result<Option<&[usize]>, FitsError> {
    let (axes, tiles) = match &hdu.info {
        HduInfo::Primary { naxes, .. } | HduInfo::Image { naxes, .. } => (naxes, None),
        HduInfo::CompressedImage {
            znaxes,
            ztile,
            naxis2,
            ..
        } => (znaxes, Some((ztile, *naxis2))),
        _ => return Ok(None),
    };
    if axes.is_empty() || axes.contains(&0) {
        return Ok(None);
    }
    let product = |lengths: &[usize]| {
        let mut lengths = lengths.iter();
        lengths.try_fold(1_u64, |all, &length| all.checked_mul(size_u64(length)))
    };
    match product(axes) {
        Some(pixels) if pixels <= MOST_PIXELS => {}
        _ => {
            let reason = format!("more than {MOST_PIXELS} pixels: {axes:?}");
            return Err(bad(number, &reason));
        }
    }
    if let Some((tile, rows)) = tiles {
        let grid = axes.iter().zip(tile).map(|(n, tile)| n.div_ceil(*tile));
        if product(&grid.collect::<Vec<_>>()) != Some(size_u64(rows)) {
            let reason = format!("{rows} compressed tiles do not cover an image of {axes:?}");
            return Err(bad(number, &reason));
        }
    }
    Ok(Some(axes))
}
