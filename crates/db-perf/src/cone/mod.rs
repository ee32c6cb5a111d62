//! Cone searches: the ways to ask for them, and the oracle that knows the answers.

mod covering;
mod executor;
mod oracle;
mod strategy;

pub use covering::{LonLatBox, healpix_ranges, lon_lat_boxes};
pub use executor::{Answer, ConeQuery, Found};
pub use oracle::{Comparison, EDGE_DEG, Expected, Oracle};
pub use strategy::{Columns, EARTH_RADIUS_M, Strategy};
