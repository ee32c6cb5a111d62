//! The catalogue under test: where its rows come from, how they are stored and loaded.

pub mod binary;
mod csv_file;
mod load;
mod reservoir;
mod row;
pub mod tables;

use common::sky::{Sky, SkyConfig, Source};
use serde::Serialize;

pub use csv_file::{BrokenLines, CsvError, CsvFile, CsvRows};
pub use load::{LoadError, LoadOptions, Loaded, copy_catalog, copy_encoded, load};
pub use reservoir::Reservoir;
pub use row::Row;

/// Where the rows come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "source")]
pub enum Origin {
    /// The generated sky.
    Generated {
        /// What decides the sky.
        sky: SkyConfig,
        /// How many sources.
        objects: u64,
    },
    /// A file of the user's.
    File(CsvFile),
}

/// The catalogue, ready to be streamed as often as needed.
pub enum Catalog {
    /// The generated sky with the number of sources.
    Generated(Box<Sky>, u64),
    /// A file of the user's.
    File(CsvFile),
}

impl Catalog {
    /// Prepares the rows of an origin.
    pub fn new(origin: &Origin) -> Self {
        match origin {
            Origin::Generated { sky, objects } => {
                Self::Generated(Box::new(Sky::new(*sky)), *objects)
            }
            Origin::File(file) => Self::File(file.clone()),
        }
    }

    /// Hands every row to `visit`, with the whole source where it was generated, until that says
    /// false. Returns the lines of a file that could not be used.
    pub fn for_each(
        &self,
        mut visit: impl FnMut(&Row, Option<&Source>) -> bool,
    ) -> Result<BrokenLines, CsvError> {
        match self {
            Self::Generated(sky, objects) => {
                let wanted = common::units::count_usize(*objects);
                for source in sky.sources_from(0).take(wanted) {
                    if !visit(&Row::from(&source), Some(&source)) {
                        break;
                    }
                }
                Ok(BrokenLines::default())
            }
            Self::File(file) => {
                let mut rows = file.open()?;
                let mut count = 0_u64;
                for row in rows.by_ref() {
                    count += 1;
                    if !visit(&row, None) {
                        return Ok(rows.broken().clone());
                    }
                }
                if count == 0 {
                    return Err(file.no_rows(rows.broken()));
                }
                Ok(rows.broken().clone())
            }
        }
    }
}
