//! FITS files of real instruments' geometry, made from stars of the sky and read for a pipeline.
//!
//! [`Exposure`] says what is observed; [`write_exposure`] makes its file as a stream: stars through a
//! gnomonic projection and a point-spread function, sky, shot and read noise, cosmic rays, and the
//! detector's bias, dark current and response, which bias, dark and flat frames of the same
//! instrument share. [`read_images`] gives the images of any FITS file to a pipeline, and
//! [`write_images`] writes its result. One exposure gives the same bytes on every platform.

mod brightness;
mod camera;
mod checksum;
mod cosmic;
mod detector;
mod error;
mod exposure;
mod filters;
mod geometry;
mod hdu;
mod header;
mod instrument;
mod keywords;
mod layout;
mod name;
mod number;
mod product;
mod psf;
mod read;
mod readout;
mod scene;
mod tile;
mod time;
mod wcs;
mod write;

pub use error::FitsError;
pub use exposure::Exposure;
pub use header::{Header, HeaderValue};
pub use instrument::{FrameKind, Instrument, Product, UnknownInstrument};
pub use product::{ImageHdu, MeasuredSource, Plane, SourceTable, write_images};
pub use read::{Image, read_headers, read_images};
pub use scene::Star;
pub use wcs::Wcs;
pub use write::{Written, write_exposure};
