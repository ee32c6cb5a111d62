//! Writing what a pipeline made: images and a table of measured sources.

use std::io::{Cursor, Write};

use fitsio_pure::header::Card;

use super::error::FitsError;
use super::hdu::{ImagePlan, Output, PixelType, Pixels};
use super::header::Header;

/// Rows that are compressed at a time.
const STRIP: usize = 64;

/// Pixels of an image to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Plane {
    /// 32-bit floats, as science and error planes have.
    F32(Vec<f32>),
    /// 16-bit integers, as data-quality planes have.
    I16(Vec<i16>),
    /// 16-bit unsigned integers (BZERO 32768), as raw planes have.
    U16(Vec<u16>),
    /// 32-bit integers.
    I32(Vec<i32>),
    /// 32-bit unsigned integers (BZERO 2147483648).
    U32(Vec<u32>),
}

impl Plane {
    fn len(&self) -> usize {
        match self {
            Self::F32(pixels) => pixels.len(),
            Self::I16(pixels) => pixels.len(),
            Self::U16(pixels) => pixels.len(),
            Self::I32(pixels) => pixels.len(),
            Self::U32(pixels) => pixels.len(),
        }
    }

    fn pixel_type(&self) -> PixelType {
        match self {
            Self::F32(_) => PixelType::F32,
            Self::I16(_) => PixelType::I16,
            Self::U16(_) => PixelType::U16,
            Self::I32(_) => PixelType::I32,
            Self::U32(_) => PixelType::U32,
        }
    }

    fn slice(&self, pixels: core::ops::Range<usize>) -> Pixels<'_> {
        match self {
            Self::F32(plane) => Pixels::F32(&plane[pixels]),
            Self::I16(plane) => Pixels::I16(&plane[pixels]),
            Self::U16(plane) => Pixels::U16(&plane[pixels]),
            Self::I32(plane) => Pixels::I32(&plane[pixels]),
            Self::U32(plane) => Pixels::U32(&plane[pixels]),
        }
    }
}

/// An image extension to be written.
#[derive(Clone, Debug)]
pub struct ImageHdu {
    /// EXTNAME, such as `SCI`, `ERR`, `DQ`.
    pub name: String,
    /// EXTVER, from 1.
    pub version: u32,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The pixels, row by row.
    pub plane: Plane,
    /// Further keywords; those of the HDU's form are left out.
    pub header: Header,
}

/// A source found in an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredSource {
    /// Centroid along the rows, pixels from 1.
    pub x: f64,
    /// Centroid across the rows, pixels from 1.
    pub y: f64,
    /// Right ascension, degrees; NaN without a WCS.
    pub ra_deg: f64,
    /// Declination, degrees; NaN without a WCS.
    pub dec_deg: f64,
    /// Flux in the unit of the image.
    pub flux: f64,
    /// Its standard error.
    pub flux_error: f64,
    /// Magnitude; NaN where the flux is not above 0 or no zero point is known.
    pub mag: f64,
}

/// A table of sources as columns `X`, `Y`, `RA`, `DEC`, `FLUX`, `FLUX_ERR`, `MAG`.
#[derive(Clone, Copy, Debug)]
pub struct SourceTable<'a> {
    /// The sources.
    pub sources: &'a [MeasuredSource],
    /// Unit of the fluxes, as in BUNIT.
    pub flux_unit: &'a str,
}

/// Writes a multi-extension file: an empty primary HDU with keywords, the images, and the table of
/// sources (EXTNAME `SOURCES`) if there is one; every HDU with its checksums. Gives the bytes written.
///
/// # Errors
///
/// An image does not fill its axes, or the sink fails.
pub fn write_images(
    mut out: impl Write,
    primary: &Header,
    images: &[ImageHdu],
    table: Option<SourceTable<'_>>,
    compress: bool,
) -> Result<u64, FitsError> {
    let mut output = Output::new(Cursor::new(Vec::new()), compress)?;
    let mut header = primary.without_structure();
    header.set("NEXTEND", images.len() + usize::from(table.is_some()), "");
    output.empty(true, &header)?;
    for image in images {
        write_image(&mut output, image)?;
    }
    if let Some(table) = table {
        let (cards, data) = source_table(&table);
        output.whole(&cards, &data)?;
    }
    let bytes = output.bytes();
    out.write_all(&output.finish()?.into_inner())?;
    Ok(bytes)
}

fn write_image(output: &mut Output<Cursor<Vec<u8>>>, image: &ImageHdu) -> Result<(), FitsError> {
    let (width, height) = (image.width, image.height);
    if width == 0 || width.checked_mul(height) != Some(image.plane.len()) || height == 0 {
        return Err(FitsError::Shape {
            name: image.name.clone(),
            pixels: image.plane.len(),
            width,
            height,
        });
    }
    let mut header = Header::new();
    header.set("EXTNAME", image.name.as_str(), "");
    header.set("EXTVER", image.version, "");
    header.inherit(&image.header);
    output.open(vec![ImagePlan {
        primary: false,
        header,
        pixel_type: image.plane.pixel_type(),
        axes: vec![width, height],
    }])?;
    for row in (0..height).step_by(STRIP) {
        let end = (row + STRIP).min(height);
        output.put(0, 0, row, image.plane.slice(row * width..end * width))?;
    }
    output.close()
}

fn source_table(table: &SourceTable<'_>) -> (Vec<Card>, Vec<u8>) {
    let columns = [
        ("X", "pixel"),
        ("Y", "pixel"),
        ("RA", "deg"),
        ("DEC", "deg"),
        ("FLUX", table.flux_unit),
        ("FLUX_ERR", table.flux_unit),
        ("MAG", "mag"),
    ];
    let mut header = Header::new();
    header.set("XTENSION", "BINTABLE", "binary table extension");
    header.set("BITPIX", 8, "");
    header.set("NAXIS", 2, "");
    header.set("NAXIS1", 8 * columns.len(), "width of table in bytes");
    header.set("NAXIS2", table.sources.len(), "number of sources");
    header.set("PCOUNT", 0, "");
    header.set("GCOUNT", 1, "");
    header.set("TFIELDS", columns.len(), "");
    for (i, (name, unit)) in columns.iter().enumerate() {
        header.set(&format!("TTYPE{}", i + 1), *name, "");
        header.set(&format!("TFORM{}", i + 1), "1D", "");
        header.set(&format!("TUNIT{}", i + 1), *unit, "");
    }
    header.set("EXTNAME", "SOURCES", "");
    let mut data = Vec::with_capacity(56 * table.sources.len());
    for s in table.sources {
        for value in [s.x, s.y, s.ra_deg, s.dec_deg, s.flux, s.flux_error, s.mag] {
            data.extend_from_slice(&value.to_be_bytes());
        }
    }
    (header.cards().to_vec(), data)
}
