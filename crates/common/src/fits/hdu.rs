//! HDUs written as a stream: pixels go to their places strip by strip, headers with their checksums
//! follow when the last strip is written.

use std::io::{Seek, SeekFrom, Write};

use fitsio_pure::BLOCK_SIZE;
use fitsio_pure::extension::{ExtensionType, build_extension_header};
use fitsio_pure::header::Card;
use fitsio_pure::primary::build_primary_header;
use fitsio_pure::value::Value;

use super::checksum::{Sum, stamped_header};
use super::error::FitsError;
use super::header::Header;
use super::tile::Tiles;
use crate::units::size_u64;

/// Pixels of one of the stored types.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pixels<'a> {
    F32(&'a [f32]),
    I16(&'a [i16]),
    U16(&'a [u16]),
    I32(&'a [i32]),
    U32(&'a [u32]),
}

/// Type of the pixels of an image HDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PixelType {
    F32,
    I16,
    /// 16 bits with BZERO 32768.
    U16,
    I32,
    /// 32 bits with BZERO 2147483648.
    U32,
}

impl PixelType {
    pub(crate) fn bitpix(self) -> i64 {
        match self {
            Self::F32 => -32,
            Self::I16 | Self::U16 => 16,
            Self::I32 | Self::U32 => 32,
        }
    }

    pub(crate) fn bytes(self) -> u64 {
        self.bitpix().unsigned_abs() / 8
    }

    fn zero(self) -> Option<i64> {
        match self {
            Self::U16 => Some(32_768),
            Self::U32 => Some(2_147_483_648),
            _ => None,
        }
    }
}

impl Pixels<'_> {
    /// The bytes of the pixels without padding, which the library's functions would add.
    fn big_endian(self) -> Vec<u8> {
        match self {
            Self::F32(pixels) => bytes(pixels, f32::to_be_bytes),
            Self::I16(pixels) => bytes(pixels, i16::to_be_bytes),
            Self::I32(pixels) => bytes(pixels, i32::to_be_bytes),
            // Subtracting half the range flips the highest bit.
            Self::U16(pixels) => bytes(pixels, |pixel| (pixel ^ 0x8000).to_be_bytes()),
            Self::U32(pixels) => bytes(pixels, |pixel| (pixel ^ 0x8000_0000).to_be_bytes()),
        }
    }
}

fn bytes<T: Copy, const N: usize>(pixels: &[T], of: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut bytes = vec![0; N * pixels.len()];
    for (place, pixel) in bytes.as_chunks_mut::<N>().0.iter_mut().zip(pixels) {
        *place = of(*pixel);
    }
    bytes
}

/// An image HDU to be written.
#[derive(Clone, Debug)]
pub(crate) struct ImagePlan {
    pub(crate) primary: bool,
    pub(crate) header: Header,
    pub(crate) pixel_type: PixelType,
    /// Lengths of the axes, fastest first: two or more, or none of a null array.
    pub(crate) axes: Vec<usize>,
}

impl ImagePlan {
    fn plane_pixels(&self) -> u64 {
        match self.axes.as_slice() {
            [width, height, ..] => size_u64(*width) * size_u64(*height),
            _ => 0,
        }
    }

    fn planes(&self) -> usize {
        self.axes.iter().skip(2).product()
    }

    fn data_bytes(&self) -> u64 {
        self.plane_pixels() * size_u64(self.planes()) * self.pixel_type.bytes()
    }

    fn cards(&self) -> Result<Vec<Card>, FitsError> {
        let mut cards = image_cards(self.primary, self.pixel_type, &self.axes)?;
        cards.extend_from_slice(self.header.cards());
        Ok(cards)
    }
}

fn image_cards(
    primary: bool,
    pixel_type: PixelType,
    axes: &[usize],
) -> Result<Vec<Card>, FitsError> {
    let mut cards = if primary {
        let mut cards = build_primary_header(pixel_type.bitpix(), axes)?;
        cards.push(Card::new("EXTEND", Value::Logical(true))?);
        cards
    } else {
        build_extension_header(ExtensionType::Image, pixel_type.bitpix(), axes, 0, 1)?
    };
    if let Some(zero) = pixel_type.zero() {
        cards.push(Card::new("BSCALE", Value::Integer(1))?);
        cards.push(Card::new("BZERO", Value::Integer(zero))?);
    }
    Ok(cards)
}

/// One open image: where its data go and what has been written of them.
struct Open {
    plan: ImagePlan,
    header_at: u64,
    data_at: u64,
    sum: Sum,
    tiles: Option<Tiles>,
}

/// A FITS file being written to a sink that can seek.
pub(crate) struct Output<W> {
    sink: W,
    /// Where the sink stood when the file began, and where the next HDU begins.
    start: u64,
    end: u64,
    compress: bool,
    open: Vec<Open>,
    pub(crate) hdus: u32,
    pub(crate) pixels: u64,
}

impl<W: Write + Seek> Output<W> {
    pub(crate) fn new(mut sink: W, compress: bool) -> Result<Self, FitsError> {
        let start = sink.stream_position()?;
        Ok(Self {
            sink,
            start,
            end: start,
            compress,
            open: Vec::new(),
            hdus: 0,
            pixels: 0,
        })
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.end - self.start
    }

    /// Writes an HDU without data: the primary one, or an extension that stands for a null array.
    pub(crate) fn empty(&mut self, primary: bool, header: &Header) -> Result<(), FitsError> {
        let pixel_type = if primary {
            PixelType::I16
        } else {
            PixelType::F32
        };
        let mut cards = image_cards(primary, pixel_type, &[])?;
        cards.extend_from_slice(header.cards());
        self.whole(&cards, &[])
    }

    /// Writes an HDU whose data are at hand.
    pub(crate) fn whole(&mut self, cards: &[Card], data: &[u8]) -> Result<(), FitsError> {
        let mut sum = Sum::default();
        sum.add(0, data);
        let header = stamped_header(cards, sum)?;
        self.sink.seek(SeekFrom::Start(self.end))?;
        self.sink.write_all(&header)?;
        self.sink.write_all(data)?;
        self.end += size_u64(header.len()) + padded(size_u64(data.len()));
        self.pad(size_u64(data.len()))?;
        self.hdus += 1;
        Ok(())
    }

    /// Opens image HDUs that follow each other and are filled together.
    pub(crate) fn open(&mut self, plans: Vec<ImagePlan>) -> Result<(), FitsError> {
        for plan in plans {
            let header_at = self.end;
            let mut tiles = None;
            let mut data_at = header_at;
            if self.compress {
                let null = plan.axes.is_empty();
                tiles = (!null).then(|| Tiles::new(plan.planes()));
            } else {
                // The two checksums take two more cards.
                let header = stamped_header(&plan.cards()?, Sum::default())?;
                data_at += size_u64(header.len());
                self.end = data_at + padded(plan.data_bytes());
            }
            self.open.push(Open {
                plan,
                header_at,
                data_at,
                sum: Sum::default(),
                tiles,
            });
        }
        Ok(())
    }

    /// Puts whole rows of one plane of an open image in their place.
    pub(crate) fn put(
        &mut self,
        image: usize,
        plane: usize,
        first_row: usize,
        pixels: Pixels<'_>,
    ) -> Result<(), FitsError> {
        let open = &mut self.open[image];
        let width = open.plan.axes[0];
        if let Some(tiles) = &mut open.tiles {
            return tiles.put(plane, first_row, width, pixels);
        }
        let bytes = pixels.big_endian();
        let first = size_u64(plane) * open.plan.plane_pixels() + size_u64(first_row * width);
        let offset = first * open.plan.pixel_type.bytes();
        open.sum.add(offset, &bytes);
        self.sink.seek(SeekFrom::Start(open.data_at + offset))?;
        self.sink.write_all(&bytes)?;
        Ok(())
    }

    /// Writes the headers of the open images, which are full now.
    pub(crate) fn close(&mut self) -> Result<(), FitsError> {
        for open in std::mem::take(&mut self.open) {
            self.pixels += open.plan.plane_pixels() * size_u64(open.plan.planes());
            if let Some(tiles) = open.tiles {
                let (mut cards, data) = tiles.table(&open.plan)?;
                cards.extend_from_slice(open.plan.header.cards());
                self.whole(&cards, &data)?;
                continue;
            }
            if self.compress {
                self.whole(&open.plan.cards()?, &[])?;
                continue;
            }
            let header = stamped_header(&open.plan.cards()?, open.sum)?;
            self.sink.seek(SeekFrom::Start(open.header_at))?;
            self.sink.write_all(&header)?;
            let bytes = open.plan.data_bytes();
            self.sink.seek(SeekFrom::Start(open.data_at + bytes))?;
            self.pad(bytes)?;
            self.hdus += 1;
        }
        Ok(())
    }

    /// Leaves the sink at the end of the file.
    pub(crate) fn finish(mut self) -> Result<W, FitsError> {
        self.sink.seek(SeekFrom::Start(self.end))?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn pad(&mut self, data_bytes: u64) -> Result<(), FitsError> {
        let padding = crate::units::count_usize(padded(data_bytes) - data_bytes);
        self.sink.write_all(&[0; BLOCK_SIZE][..padding])?;
        Ok(())
    }
}

/// Length with the padding to whole blocks.
fn padded(bytes: u64) -> u64 {
    bytes.next_multiple_of(size_u64(BLOCK_SIZE))
}
