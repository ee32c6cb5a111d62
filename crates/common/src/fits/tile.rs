//! Tile compression (`RICE_1`, one row a tile) of images that arrive in strips.
//!
//! The library compresses whole images. Rows are compressed strip by strip here, which gives the
//! same tiles, and the tables of the strips are joined; only compressed bytes are held.

use fitsio_pure::compress::{
    CompressPixel, DitherSeed, Quantize, TileCompression, compress_image_hdu,
};
use fitsio_pure::header::{Card, header_byte_len, parse_header_blocks};
use fitsio_pure::value::Value;

use super::error::FitsError;
use super::hdu::{ImagePlan, PixelType, Pixels};
use super::header::Header;

/// Steps of quantized floats per standard deviation of the noise: adds 0.03 % to its variance.
const STEPS_PER_SIGMA: f32 = 16.0;
/// Dither sequences, which tiles take in turn.
const DITHERS: usize = 10_000;

/// One tile: its bytes, whether they are gzipped raw floats, and its scale.
#[derive(Debug)]
struct Tile {
    length: u32,
    lossless: bool,
    scale: [u8; 16],
}

/// The compressed rows of one plane.
#[derive(Debug, Default)]
struct Plane {
    tiles: Vec<Tile>,
    heap: Vec<u8>,
}

/// The compressed rows of an image.
#[derive(Debug)]
pub(crate) struct Tiles {
    planes: Vec<Plane>,
}

impl Tiles {
    pub(crate) fn new(planes: usize) -> Self {
        Self {
            planes: (0..planes).map(|_| Plane::default()).collect(),
        }
    }

    /// Compresses rows, which must come in order within their plane.
    pub(crate) fn put(
        &mut self,
        plane: usize,
        first_row: usize,
        width: usize,
        pixels: Pixels<'_>,
    ) -> Result<(), FitsError> {
        let plane = &mut self.planes[plane];
        debug_assert_eq!(plane.tiles.len(), first_row);
        match pixels {
            Pixels::F32(pixels) => plane.add(first_row, width, pixels),
            Pixels::I16(pixels) => plane.add(first_row, width, pixels),
            Pixels::U16(pixels) => plane.add(first_row, width, pixels),
            Pixels::I32(pixels) => plane.add(first_row, width, pixels),
            Pixels::U32(pixels) => plane.add(first_row, width, pixels),
        }
    }

    /// Cards and data of the binary table that holds the image.
    pub(crate) fn table(&self, plan: &ImagePlan) -> Result<(Vec<Card>, Vec<u8>), FitsError> {
        let float = plan.pixel_type == PixelType::F32;
        let tiles = || self.planes.iter().flat_map(|plane| &plane.tiles);
        let heap: usize = self.planes.iter().map(|plane| plane.heap.len()).sum();
        let mut data = Vec::with_capacity(heap + 32 * tiles().count());
        let mut offset = 0_u32;
        for tile in tiles() {
            let here = [tile.length.to_be_bytes(), offset.to_be_bytes()].concat();
            let nothing = [0; 8];
            if float {
                let (rice, gzip) = if tile.lossless {
                    (&nothing[..], &here[..])
                } else {
                    (&here[..], &nothing[..])
                };
                data.extend_from_slice(rice);
                data.extend_from_slice(&tile.scale);
                data.extend_from_slice(gzip);
            } else {
                data.extend_from_slice(&here);
            }
            offset = offset.checked_add(tile.length).ok_or_else(too_large)?;
        }
        for plane in &self.planes {
            data.extend_from_slice(&plane.heap);
        }
        let longest = |lossless: bool| {
            let lengths = tiles().filter(|tile| tile.lossless == lossless);
            lengths.map(|tile| tile.length).max().unwrap_or(0)
        };
        let columns = if float {
            vec![
                ("COMPRESSED_DATA", format!("1PB({})", longest(false))),
                ("ZSCALE", "1D".to_owned()),
                ("ZZERO", "1D".to_owned()),
                ("GZIP_COMPRESSED_DATA", format!("1PB({})", longest(true))),
            ]
        } else {
            vec![("COMPRESSED_DATA", format!("1PB({})", longest(false)))]
        };
        let cards = cards(plan, &columns, tiles().count(), heap)?;
        Ok((cards, data))
    }
}

impl Plane {
    fn add<T: CompressPixel>(
        &mut self,
        first_row: usize,
        width: usize,
        pixels: &[T],
    ) -> Result<(), FitsError> {
        // The library numbers tiles from the start of what it is given.
        let seed = u16::try_from(first_row % DITHERS + 1).unwrap_or(1);
        let quantize = Quantize::new()
            .level(STEPS_PER_SIGMA)
            .seed(DitherSeed::Fixed(seed));
        let compression = TileCompression::rice().quantize(quantize);
        let strip = compress_image_hdu(&[width, pixels.len() / width], pixels, &compression, &[])?;
        let start = header_byte_len(&strip)?;
        let header = Header::from_cards(parse_header_blocks(&strip[..start])?);
        let number = |keyword: &str| {
            let value = header.int(keyword).and_then(|n| usize::try_from(n).ok());
            value.ok_or_else(|| FitsError::Keyword {
                keyword: keyword.to_owned(),
                expected: "a number",
            })
        };
        let (row_bytes, rows, heap) = (number("NAXIS1")?, number("NAXIS2")?, number("PCOUNT")?);
        let heap_start = start + row_bytes * rows;
        for row in strip[start..heap_start].chunks_exact(row_bytes) {
            let length = |at: usize| {
                let bytes = row.get(at..at + 4).and_then(|b| b.try_into().ok());
                bytes.map_or(0, u32::from_be_bytes)
            };
            // Columns: data, then scale and zero of floats, then gzipped data where any tile has them.
            let (rice, gzip) = (length(0), length(24));
            let mut scale = [0; 16];
            if let Some(bytes) = row.get(8..24) {
                scale.copy_from_slice(bytes);
            }
            self.tiles.push(Tile {
                length: rice.max(gzip),
                lossless: rice == 0,
                scale,
            });
        }
        self.heap
            .extend_from_slice(&strip[heap_start..heap_start + heap]);
        Ok(())
    }
}

fn too_large() -> FitsError {
    FitsError::Exposure("a compressed image must stay below 4 GiB".to_owned())
}

/// Header of the table that holds a compressed image (FITS Standard 4.0, 10.1).
fn cards(
    plan: &ImagePlan,
    columns: &[(&str, String)],
    rows: usize,
    heap: usize,
) -> Result<Vec<Card>, FitsError> {
    // A descriptor and a double take eight bytes each.
    let row_bytes = 8 * columns.len();
    let mut header = Header::new();
    header.set("XTENSION", "BINTABLE", "binary table extension");
    header.set("BITPIX", 8, "");
    header.set("NAXIS", 2, "");
    header.set("NAXIS1", row_bytes, "width of table in bytes");
    header.set("NAXIS2", rows, "number of tiles");
    header.set("PCOUNT", heap, "bytes of compressed data");
    header.set("GCOUNT", 1, "");
    header.set("TFIELDS", columns.len(), "");
    for (i, (name, form)) in columns.iter().enumerate() {
        header.set(&format!("TTYPE{}", i + 1), *name, "");
        header.set(&format!("TFORM{}", i + 1), form.as_str(), "");
    }
    header.set("ZIMAGE", true, "extension contains compressed image");
    if plan.primary {
        header.set("ZSIMPLE", true, "the image was the primary array");
    }
    let bitpix = plan.pixel_type.bitpix();
    header.set("ZBITPIX", bitpix, "data type of original image");
    header.set("ZNAXIS", plan.axes.len(), "");
    for (i, length) in plan.axes.iter().enumerate() {
        header.set(&format!("ZNAXIS{}", i + 1), *length, "");
    }
    for i in 0..plan.axes.len() {
        let length = if i == 0 { plan.axes[0] } else { 1 };
        header.set(&format!("ZTILE{}", i + 1), length, "size of tiles");
    }
    header.set("ZCMPTYPE", "RICE_1", "compression algorithm");
    if plan.pixel_type == PixelType::F32 {
        header.set("ZQUANTIZ", "SUBTRACTIVE_DITHER_1", "");
        header.set("ZDITHER0", 1, "dithering offset");
    }
    let bytes = if bitpix == 16 { 2 } else { 4 };
    header.set("ZNAME1", "BLOCKSIZE", "");
    header.set("ZVAL1", 32, "pixels per block");
    header.set("ZNAME2", "BYTEPIX", "");
    header.set("ZVAL2", bytes, "bytes per pixel");
    let mut cards = header.cards().to_vec();
    let zero = match plan.pixel_type {
        PixelType::U16 => Some(32_768),
        PixelType::U32 => Some(2_147_483_648_i64),
        _ => None,
    };
    if let Some(zero) = zero {
        cards.push(Card::new("BZERO", Value::Integer(zero))?);
        cards.push(Card::new("BSCALE", Value::Integer(1))?);
    }
    Ok(cards)
}
