//! The reference service: an image-processing and catalogue service that does real work, to try, test
//! and calibrate a tester with.
//!
//! It answers the `astro-pipeline` API: `/actuator`, `/api/v1/catalog` on a generated sky in PostGIS
//! or in memory, and `/api/v1/processing/jobs` on real FITS files. Its answers are right and known:
//! [`Reference::expected`] counts cones exactly, [`Reference::injected`] tells the faults that were
//! asked for and happened. There is no authentication and no TLS: it is for a machine of one's own.
//!
//! The throwaway server ends with the thread that started it, so [`Reference::start`] must run on a
//! thread that lives as long as the service, such as the main one.

mod catalogue;
mod error;
mod faults;
mod fields;
mod folder;
mod ground;
mod http;
mod jobs;
mod metrics;
mod options;
mod server;
mod service;
mod vitals;

pub use error::ReferenceError;
pub use faults::{BadFault, Delay, Fault, FaultKind, Share, Stall};
pub use fields::DeepField;
pub use options::{CatalogueSource, ReferenceOptions};
pub use service::Reference;
