//! What can go wrong with a FITS file or with the exposure it is to hold.

/// A FITS file that cannot be read, written or made.
#[derive(Debug, thiserror::Error)]
pub enum FitsError {
    /// The bytes are not a FITS file at all.
    #[error("not a FITS file: {0}")]
    NotFits(String),
    /// The file ends before its headers say it does.
    #[error("truncated FITS file: HDU {hdu} needs {needed} bytes, the file has {found}")]
    Truncated {
        /// Number of the HDU, the primary is 0.
        hdu: usize,
        /// Bytes up to the end of the HDU.
        needed: u64,
        /// Bytes of the file.
        found: u64,
    },
    /// An HDU breaks the standard, or is larger or of another kind than can be read here.
    #[error("cannot read HDU {hdu}: {reason}")]
    BadHdu {
        /// Number of the HDU, the primary is 0.
        hdu: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A keyword that is needed is missing or of another type.
    #[error("header keyword {keyword} is missing or is not {expected}")]
    Keyword {
        /// The keyword.
        keyword: String,
        /// What it should be, with its article.
        expected: &'static str,
    },
    /// An image whose data do not fill its axes.
    #[error("image `{name}` has {pixels} pixels but is {width} by {height}")]
    Shape {
        /// Name of the extension.
        name: String,
        /// Pixels given.
        pixels: usize,
        /// First axis.
        width: usize,
        /// Second axis.
        height: usize,
    },
    /// An exposure that cannot be made.
    #[error("{0}")]
    Exposure(String),
    /// The sink failed.
    #[error("failed to write FITS data: {0}")]
    Io(#[from] std::io::Error),
    /// The FITS library refused a header or data of ours.
    #[error("failed to form FITS data: {0}")]
    Form(#[from] fitsio_pure::Error),
}
